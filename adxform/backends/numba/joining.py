"""Lists of arrays as one array, arrays filled with others, and choices, as Numba lacks them.

Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.ranks import (
    MISFIT,
    axis_of,
    function,
    item,
    known,
    nested,
    refused,
    tuple_of,
)


def array(items: Any) -> Any:
    """``np.array``."""
    return np.array(items)


@overload(array, strict=False)
def _array(items: Any) -> Callable[..., Any] | None:
    if isinstance(items, types.Array):
        return lambda items: items.copy()
    if _is_list(items):
        return lambda items: stack(items, 0)
    return lambda items: np.array(items)


def stack(items: Any, axis: Any) -> Any:
    """``np.stack``."""
    return np.stack(items, axis)


@overload(stack, strict=False, prefer_literal=True)
def _stack(items: Any, axis: Any) -> Callable[..., Any] | None:
    if not _is_list(items):
        return None
    rank = items.dtype.ndim
    along = axis_of(axis, rank + 1)
    if along is None:
        return None
    sizes = [f"first.shape[{i}]" for i in range(rank)]
    loops = {f"i{i}": size for i, size in enumerate(sizes)}
    places = [*list(loops)[:along], "t", *list(loops)[along:]]
    return function("items, axis", [
        *refused("len(items) == 0", "need at least one array to stack"),
        "first = items[0]",
        f"made = np.empty({tuple_of([*sizes[:along], 'len(items)', *sizes[along:]])}, first.dtype)",
        "for t in range(len(items)):",
        "    part = items[t]",
        *(f"    {line}" for line in [
            *refused("part.shape != first.shape", "all input arrays must have the same shape"),
            *nested(loops, [f"{item('made', places)} = {item('part', list(loops))}"]),
        ]),
        "return made",
    ])  # fmt: skip


def full_like(like: Any, value: Any) -> Any:
    """``np.full_like``."""
    return np.full_like(like, value)


@overload(full_like, strict=False)
def _full_like(like: Any, value: Any) -> Callable[..., Any] | None:
    if not isinstance(like, types.Array) or not like.ndim:
        return None
    if not isinstance(value, types.Array):
        return lambda like, value: np.full_like(like, value)
    rank, full = value.ndim, like.ndim
    if rank > full or not isinstance(like.dtype, types.Float):
        return None
    lines: list[str] = []
    places = []
    for axis in range(rank):
        own, whole = f"value.shape[{axis}]", f"like.shape[{full - rank + axis}]"
        lines += refused(f"{own} != 1 and {own} != {whole}", MISFIT)
        places.append(f"i{full - rank + axis} if {own} != 1 else 0")
    loops = {f"i{axis}": f"like.shape[{axis}]" for axis in range(full)}
    given = item("value", places) if places else "value[()]"
    return function("like, value", [
        *lines,
        "made = np.empty(like.shape, like.dtype)",
        *nested(loops, [f"{item('made', list(loops))} = {given}"]),
        "return made",
    ])  # fmt: skip


def where(condition: Any, x: Any, y: Any) -> Any:
    """``np.where``; of numbers, which Numba would make an array of, a number."""
    return np.where(condition, x, y)


@overload(where, strict=False)
def _where(condition: Any, x: Any, y: Any) -> Callable[..., Any] | None:
    if all(isinstance(given, types.Number | types.Boolean) for given in (condition, x, y)):
        return lambda condition, x, y: x if condition else y
    return lambda condition, x, y: np.where(condition, x, y)


def least(items: Any) -> Any:
    """``np.min``, of a tuple, too."""
    return np.min(items)


@overload(least, strict=False)
def _least(items: Any) -> Callable[..., Any]:
    return _of_all("min", items)


def largest(items: Any) -> Any:
    """``np.max``, of a tuple, too."""
    return np.max(items)


@overload(largest, strict=False)
def _largest(items: Any) -> Callable[..., Any]:
    return _of_all("max", items)


def _of_all(how: str, items: Any) -> Callable[..., Any]:
    if not isinstance(items, types.BaseTuple) or len(items) < 2:
        return function("items", [f"return np.{how}(items)"])
    parts = ", ".join(f"items[{i}]" for i in range(len(items)))
    return function("items", [f"return {how}({parts})"])


def meshgrid(x: Any, y: Any, indexing: Any) -> Any:
    """``np.meshgrid``, of two vectors."""
    return np.meshgrid(x, y, indexing=indexing)


@overload(meshgrid, strict=False, prefer_literal=True)
def _meshgrid(x: Any, y: Any, indexing: Any) -> Callable[..., Any] | None:
    vectors = all(isinstance(a, types.Array) and a.ndim == 1 for a in (x, y))
    if not vectors or known(indexing) not in ("xy", "ij"):
        return None
    turned = known(indexing) == "xy"
    shape = "(y.size, x.size)" if turned else "(x.size, y.size)"
    places = "j, i" if turned else "i, j"
    return function("x, y, indexing", [
        f"a, b = np.empty({shape}, x.dtype), np.empty({shape}, y.dtype)",
        *nested({"i": "x.size", "j": "y.size"}, [f"a[{places}], b[{places}] = x[i], y[j]"]),
        "return [a, b]" if x.dtype == y.dtype else "return a, b",
    ])  # fmt: skip


def _is_list(items: Any) -> bool:
    """Whether something is a list of arrays."""
    return isinstance(items, types.List) and isinstance(items.dtype, types.Array)
