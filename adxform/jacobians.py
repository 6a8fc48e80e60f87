"""Jacobians, Hessians and products with them, from forward and reverse mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adxform.api import jvp, kept, vjp
from adxform.arguments import (
    Argnums,
    bound_arguments,
    require_float,
    require_sequence,
    resolve_argnums,
)
from adxform.derivatives import Derivative

Function = Callable[..., Any]


def jacobian(f: Function, argnums: int | str = 0, *, backend: str = "numpy") -> Function:
    """The Jacobian of ``f`` in one argument, of shape ``result.shape + argument.shape``.

    Rows are taken by reverse mode where results are fewer than the argument's elements, columns
    by forward mode otherwise. The ``backend`` is as in `grad`.
    """
    (place,) = resolve_argnums(f, argnums)

    def jacobian_of(*given: Any, **named: Any) -> Any:
        args = bound_arguments(f, given, named)
        require_float(f"argument {place}", args[place], "the jacobian")
        value = f(*args)
        outputs, inputs = np.size(value), np.size(args[place])
        rows = outputs <= inputs
        shape = np.shape(value)
        made = _rows(f, args, place, backend) if rows else _columns(f, args, place, shape, backend)
        return made if made.shape else made[()]

    jacobian_of.__name__ = f"jacobian of {getattr(f, '__name__', 'f')}"
    return jacobian_of


def _rows(f: Function, args: tuple[Any, ...], place: int, backend: str) -> Any:
    value, pullback = vjp(f, *args, backend=backend)
    shape = np.shape(value)
    rows = []
    for index in np.ndindex(*shape):
        seed = np.zeros(shape)
        seed[index] = 1.0
        rows.append(pullback(seed if shape else 1.0)[place])
    size = np.shape(args[place])
    return np.array(rows).reshape(shape + size)


def _columns(
    f: Function, args: tuple[Any, ...], place: int, shape: tuple[int, ...], backend: str
) -> Any:
    arg = args[place]
    columns = []
    for index in np.ndindex(*np.shape(arg)):
        direction = np.zeros_like(arg)
        direction[index] = 1.0
        tangents: list[Any] = [None] * len(args)
        tangents[place] = direction if np.shape(arg) else float(direction)
        columns.append(jvp(f, args, tangents, backend=backend)[1])
    return np.moveaxis(np.array(columns), 0, -1).reshape(shape + np.shape(arg))


def hessian(f: Function, argnums: int | str = 0, *, backend: str = "numpy") -> Function:
    """The Hessian of a function with one real result, by forward mode over `grad`."""
    return jacobian(Derivative(f, argnums), argnums, backend=backend)


def hvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, backend: str = "numpy"
) -> Any:
    """The Hessian of ``f`` times a vector, by forward over reverse mode, in a few times the cost
    of ``f``.

    Parameters
    ----------
    f : callable
        A function with one real result.
    primals, tangents : sequences
        The arguments, and the vector in the structure of the arguments (None: held constant).
    backend : {"numpy", "numba"}
        As in `grad`.

    Returns
    -------
    array, or tuple of arrays for several arguments
    """
    require_sequence("tangents", tangents)
    places = tuple(i for i, t in enumerate(tangents) if t is not None)
    argnums: Argnums = places[0] if len(places) == 1 else places
    gradient = kept(f, argnums, lambda: Derivative(f, argnums))
    return jvp(gradient, primals, tangents, backend=backend)[1]
