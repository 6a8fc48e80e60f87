"""Jacobians and Hessians: of arrays, and of containers of them, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from adxform.adapters import adapted
from adxform.arguments import Argnums, require_float, resolve_argnums
from adxform.binding import Binder
from adxform.derivatives import Derivative
from adxform.errors import ArgumentError, Diagnostic
from adxform.products import kept, linearized, several
from adxform.structures import is_inexact, items_of, leaves_of, with_leaves

Function = Callable[..., Any]
AT_ONCE = 32  # columns of a Jacobian, so that memory does not grow with their number


def jacobian(f: Function, argnums: Argnums = 0, *, backend: str = "numpy") -> Function:
    """The Jacobian of ``f``, of shape ``result.shape + argument.shape``.

    Rows are taken by reverse mode where results are fewer than the argument's elements, columns
    by forward mode otherwise.

    Parameters
    ----------
    f : callable
        A Python function.
    argnums : int, str or sequence of these
        The parameters to differentiate in, by place or name.
    backend : {"numpy", "numba"}
        As in `grad`.

    Returns
    -------
    callable
        Called like ``f``. If the result or the argument is a container, it gives the structure of
        the result, which holds that of the argument (a tuple of several, if ``argnums`` is a
        sequence), which holds the blocks; None for what has no derivative.
    """
    places = resolve_argnums(f, argnums)
    single = isinstance(argnums, str) or not isinstance(argnums, Sequence)
    bind = Binder(adapted(f))

    def jacobian_of(*given: Any, **named: Any) -> Any:
        args = bind(given, named)
        for place in places:
            _require_real(args[place], place)
        value = f(*args)
        if all(items_of(v) is None for v in (value, *(args[place] for place in places))):
            found = tuple([_block(f, args, place, value, backend) for place in places])
            return found[0] if single else found
        blocks = [_blocks(f, args, place, value, backend) for place in places]

        def inner() -> Iterator[Any]:
            for out in range(len(blocks[0])):
                made = tuple([with_leaves(args[place], iter(held[out]))
                              for place, held in zip(places, blocks, strict=True)])  # fmt: skip
                yield made[0] if single else made

        return with_leaves(value, inner())

    jacobian_of.__name__ = f"jacobian of {getattr(f, '__name__', 'f')}"
    return jacobian_of


def hessian(f: Function, argnums: Argnums = 0, *, backend: str = "numpy") -> Function:
    """The Hessian of a function with one real result, by forward mode over `grad`.

    Parameters and the structure of what is returned are those of `jacobian` of the gradient.
    """
    argnums = tuple(argnums) if isinstance(argnums, list) else argnums
    return jacobian(kept(Derivative, f, argnums), argnums, backend=backend)


def _require_real(arg: Any, place: int) -> None:
    require_float(f"argument {place}", arg, "the jacobian")
    if any(map(np.iscomplexobj, leaves_of(arg))):
        raise ArgumentError(Diagnostic(
            f"the jacobian is asked for in argument {place}, which is complex",
            hint="Ask for it in the real and imaginary parts, put together by a + 1j * b."))


def _block(f: Function, args: tuple[Any, ...], place: int, value: Any, backend: str) -> Any:
    """The Jacobian of an array in an array."""
    if np.size(value) <= np.size(args[place]) and not np.iscomplexobj(value):
        return _rows(f, args, place, backend)
    ((block,),) = _blocks(f, args, place, value, backend)
    return block


def _rows(f: Function, args: tuple[Any, ...], place: int, backend: str) -> Any:
    value, pullback = linearized(f, args, backend, apart=False)
    shape = np.shape(value)
    rows = []
    for index in np.ndindex(*shape):
        seed = np.zeros(shape)
        seed[index] = 1.0
        rows.append(pullback(seed if shape else 1.0)[place])
    size = np.shape(args[place])
    return np.array(rows).reshape(shape + size)[()]


def _blocks(
    f: Function, args: tuple[Any, ...], place: int, value: Any, backend: str
) -> list[list[Any]]:
    """For each array of the result its Jacobian in each array of an argument."""
    outs = list(leaves_of(value))
    leaves = list(leaves_of(args[place]))
    found: list[list[Any]] = [[] for _ in outs]
    for which, leaf in enumerate(leaves):
        columns = _columns(f, args, place, which, backend) if is_inexact(leaf) else None
        for out, held, blocks in zip(outs, columns or [None] * len(outs), found, strict=True):
            shape = np.shape(out) + np.shape(leaf)
            none = held is None or not is_inexact(out)
            blocks.append(None if none else held.reshape(shape)[()])
    return found


def _columns(
    f: Function, args: tuple[Any, ...], place: int, which: int, backend: str
) -> list[Any]:
    """The derivatives of all results in each element of one array of an argument."""
    leaves = list(leaves_of(args[place]))
    size, dtype = np.size(leaves[which]), np.asarray(leaves[which]).dtype
    found: list[list[Any]] = []
    for first in range(0, size, AT_ONCE):
        count = min(AT_ONCE, size - first)
        directions = np.zeros((size, count), dtype)
        directions[first : first + count] = np.eye(count)
        held: list[Any] = [None] * len(leaves)
        held[which] = directions.reshape((*np.shape(leaves[which]), count))
        tangents: list[Any] = [None] * len(args)
        tangents[place] = with_leaves(args[place], iter(held))
        found.append(list(leaves_of(several(f, args, tangents, count, backend)[1])))
    return [
        None if parts[0] is None else np.concatenate(parts, axis=-1)
        for parts in zip(*found, strict=True)
    ]
