"""Derivatives of functions by dual numbers: directional, gradient, Jacobian and Hessian."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from adxform.dual.lifting import leaves, mapped
from adxform.dual.number import Dual, level_of

# Each derivative being taken has dual components of its own, later ones of higher level; so a
# derivative inside another one takes the outer one's dual numbers for constants.
_levels = itertools.count(1)


def derivative(f: Callable[..., Any], *args: Any, direction: Any = None) -> tuple[Any, Any]:
    """The value and the tangent of ``f`` at ``args``.

    Parameters
    ----------
    f
        A function of numbers and arrays. Its result may be a nest of lists, tuples and dicts.
    *args
        Where; anything at all for an argument whose direction is None. Copied.
    direction
        The tangent of the argument, of its shape; a tuple of one tangent or None (for a constant)
        for each of several arguments. By default 1 for every argument.

    Returns
    -------
    value, tangent
        Each in the form of ``f``'s result; what does not depend on the arguments has tangent 0.

    Raises
    ------
    ValueError
        When there is not one direction for each argument, of its shape.

    """
    if direction is None:
        direction = (1.0,) * len(args)
    directions = direction if isinstance(direction, tuple) else (direction,)
    if len(directions) != len(args):
        raise ValueError(f"{len(directions)} directions for {len(args)} arguments")
    level = next(_levels)
    out = f(
        *(
            arg if x_dot is None else Dual(arg, x_dot, level=level)
            for arg, x_dot in zip(args, directions, strict=True)
        )
    )
    return (
        mapped(functools.partial(_value, level), out),
        mapped(functools.partial(_tangent, level), out),
    )


def jacobian(f: Callable[..., Any], *args: Any) -> Any:
    """The Jacobian of ``f``, whose result is one number or array, for all its arguments.

    Returns
    -------
    array, or tuple of arrays where there are several arguments
        Of shape ``f(*args).shape + arg.shape``.

    """
    level = next(_levels)
    out = f(*Dual.basis(*args, level=level))
    sizes = [int(np.size(arg)) for arg in args]
    if level_of(out) != level:
        out = Dual(out, components=sum(sizes), level=level)
    function: Any = np.reshape
    ends = np.cumsum(sizes).tolist()
    parts = tuple(
        function(out.tangent[..., end - size : end], out.shape + np.shape(arg))
        for arg, size, end in zip(args, sizes, ends, strict=True)
    )
    return parts[0] if len(args) == 1 else parts


def gradient(f: Callable[..., Any], *args: Any) -> Any:
    """The gradient of ``f``, whose result is one number, for all its arguments.

    Returns
    -------
    array, or tuple of arrays where there are several arguments
        Of the argument's shape.

    Raises
    ------
    ValueError
        When the result is no number.

    """

    def scalar(*duals: Any) -> Any:
        out = f(*duals)
        if any(np.shape(leaf) for leaf in leaves(out)) or isinstance(out, list | tuple | dict):
            raise ValueError("the function has a gradient only if its result is one number")
        return out

    return jacobian(scalar, *args)


def hessian(f: Callable[..., Any], x: Any) -> Any:
    """The second derivatives of ``f``, whose result is one number: of shape ``x.shape * 2``."""
    return jacobian(functools.partial(gradient, f), x)


def _value(level: int, out: Any) -> Any:
    return out.value if level_of(out) == level else out


def _tangent(level: int, out: Any) -> Any:
    if level_of(out) == level:
        return out.tangent
    return np.zeros_like(out) if isinstance(out, np.ndarray | np.generic | Dual) else 0.0
