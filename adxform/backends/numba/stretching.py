"""The shapes of arrays changed as Numba has it for some ranks and layouts only.

What may be a view in NumPy may be a copy here: generated code writes to no array of which that is
not known. Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.ranks import MISFIT, function, item, nested, refused, tuple_of
from adxform.rules import runtime


def reshape(a: Any, shape: Any) -> Any:
    """``np.reshape``."""
    return np.reshape(a, shape)


@overload(reshape, strict=False)
def _reshape(a: Any, shape: Any) -> Callable[..., Any] | None:
    if not isinstance(a, types.Array):
        return None
    if a.layout == "C":
        return lambda a, shape: a.reshape(shape)
    return lambda a, shape: np.ascontiguousarray(a).reshape(shape)


def as_like(g: Any, like: Any) -> Any:
    """The helper of this name."""
    return runtime.as_like(g, like)


@overload(as_like, strict=False)
def _as_like(g: Any, like: Any) -> Callable[..., Any] | None:
    ranks = _ranks(g, like)
    if ranks is None:
        return None
    if _scalar(g) == _scalar(like) or not isinstance(_scalar(like), types.Float):
        return lambda g, like: g
    kind = _kind(g, like)
    return function("g, like", [f"return {f'g.astype({kind})' if ranks[0] else f'{kind}(g)'}"])


def broadcast_like(g: Any, like: Any) -> Any:
    """The helper of this name."""
    return runtime.broadcast_like(g, like)


@overload(broadcast_like, strict=False)
def _broadcast_like(g: Any, like: Any) -> Callable[..., Any] | None:
    ranks = _ranks(g, like)
    if ranks is None or ranks[0] > ranks[1]:
        return None
    return function("g, like", _stretched(g, like, *ranks))


def unbroadcast(g: Any, like: Any) -> Any:
    """The helper of this name."""
    return runtime.unbroadcast(g, like)


@overload(unbroadcast, strict=False)
def _unbroadcast(g: Any, like: Any) -> Callable[..., Any] | None:
    ranks = _ranks(g, like)
    if ranks is None:
        return None
    stretched = ranks[0] < ranks[1]
    return function("g, like", (_stretched if stretched else _summed)(g, like, *ranks))


def spread(g: Any, like: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The helper of this name."""
    return runtime.spread(g, like, axis, keepdims)


@overload(spread, strict=False, prefer_literal=True)
def _spread(g: Any, like: Any, axis: Any = None, keepdims: Any = False) -> (
    Callable[..., Any] | None
):
    ranks = _ranks(g, like)
    kept = getattr(keepdims, "literal_value", getattr(keepdims, "value", keepdims))
    if ranks is None or not isinstance(kept, bool):
        return None
    if kept or not ranks[0]:
        return lambda g, like, axis=None, keepdims=False: broadcast_like(g, like)
    if isinstance(axis, types.Integer):
        axes = ["axis"]
    elif isinstance(axis, types.UniTuple) and isinstance(axis.dtype, types.Integer):
        axes = [f"axis[{n}]" for n in range(len(axis))]
    else:
        return None
    lines = [f"x{n} = {text} % {ranks[1]}" for n, text in enumerate(axes)]
    for own in range(ranks[1]):
        gone = " or ".join(f"x{n} == {own}" for n in range(len(axes)))
        before = " - ".join(f"(x{n} < {own})" for n in range(len(axes)))
        lines.append(f"s{own} = 1 if {gone} else g.shape[{own} - {before}]")
    shape = tuple_of([f"s{own}" for own in range(ranks[1])])
    lines.append(f"return broadcast_like(np.ascontiguousarray(g).reshape({shape}), like)")
    scope = {"broadcast_like": broadcast_like}
    return function("g, like, axis=None, keepdims=False", lines, scope)


def _ranks(g: Any, like: Any) -> tuple[int, int] | None:
    """The ranks of numbers and arrays, those of the first floating ones."""
    for given in (g, like):
        if not isinstance(given, types.Float | types.Integer | types.Boolean | types.Array):
            return None
        if isinstance(given, types.Array) and not given.ndim:
            return None
    plain = isinstance(_scalar(like), types.Float | types.Integer | types.Boolean)
    if not plain or not isinstance(_scalar(g), types.Float):
        return None
    return getattr(g, "ndim", 0), getattr(like, "ndim", 0)


def _scalar(given: Any) -> Any:
    return given.dtype if isinstance(given, types.Array) else given


def _kind(g: Any, like: Any) -> str:
    """The dtype that ``as_like`` gives."""
    own = _scalar(like)
    return f"np.{own if isinstance(own, types.Float) else _scalar(g)}"


def _as_is(g: Any, like: Any) -> list[str]:
    """The lines that return g itself, where it is a result already."""
    whole = isinstance(g, types.Array) and g.layout == "C" and g.mutable
    if not whole or g.ndim != getattr(like, "ndim", 0) or f"np.{g.dtype}" != _kind(g, like):
        return []
    return ["if g.shape == like.shape:", "    return g"]


def _stretched(g: Any, like: Any, rank: int, full: int) -> list[str]:
    """What stretches g to a shape."""
    if not full:
        return [f"return {_kind(g, like)}(g)"]
    lines = _as_is(g, like)
    places = []
    for axis in range(rank):
        size, whole = f"g.shape[{axis}]", f"like.shape[{full - rank + axis}]"
        lines += refused(f"{size} != 1 and {size} != {whole}", MISFIT)
        places.append(f"i{full - rank + axis} if {size} != 1 else 0")
    loops = {f"i{axis}": f"like.shape[{axis}]" for axis in range(full)}
    fill = f"{item('made', list(loops))} = {item('g', places)}"
    return [
        *lines,
        f"made = np.empty(like.shape, {_kind(g, like)})",
        *nested(loops, [fill]),
        "return made",
    ]


def _summed(g: Any, like: Any, full: int, rank: int) -> list[str]:
    """What adds up g along the axes that a shape does not have."""
    kind = _kind(g, like)
    if not full:
        return [f"return {kind}(g)"]
    loops = {f"i{axis}": f"g.shape[{axis}]" for axis in range(full)}
    value = item("g", list(loops))
    if not rank:
        start = f"total = np.{g.dtype}(0.0)"
        return [start, *nested(loops, [f"total += {value}"]), f"return {kind}(total)"]
    lines = _as_is(g, like)
    places = []
    for axis in range(rank):
        size, whole = f"like.shape[{axis}]", f"g.shape[{full - rank + axis}]"
        lines += refused(f"{size} != 1 and {size} != {whole}", MISFIT)
        places.append(f"i{full - rank + axis} if {size} != 1 else 0")
    return [
        *lines,
        "made = np.zeros(like.shape, g.dtype)",
        *nested(loops, [f"{item('made', places)} += {value}"]),
        "return made" if f"np.{g.dtype}" == kind else f"return made.astype({kind})",
    ]
