"""What runs along one axis of an array of several, line by line, as Numba has it for vectors.

Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from adxform.backends.numba.ranks import axis_of, function, item, known, nested, refused, tuple_of
from adxform.rules import runtime_grids

_SHORT = "Shape of array too small to calculate a numerical gradient"


def by_lines(
    parameters: str, a: Any, axis: Any, line: str, scope: Mapping[str, Any], dtype: str = ""
) -> Callable[..., Any] | None:
    """A function that makes each line along an axis of its first array; ``line`` says of what, with
    ``{a}`` for the line of an array called a.
    """
    along = axis_of(axis, getattr(a, "ndim", 0))
    if not isinstance(a, types.Array) or along is None:
        return None
    name = parameters[0]
    loops, places = _others(name, a.ndim, along)
    lines = {own: item(own, places) for own in "abfg"}
    return function(parameters, [
        f"made = np.empty({name}.shape, {dtype or f'{name}.dtype'})",
        *nested(loops, [f"{item('made', places)} = {line.format(**lines)}"]),
        "return made",
    ], scope)  # fmt: skip


def _others(name: str, rank: int, along: int) -> tuple[dict[str, str], list[str]]:
    """Loops along the other axes of an array, and the places of a line."""
    loops = {f"i{k}": f"{name}.shape[{k}]" for k in range(rank) if k != along}
    return loops, [":" if k == along else f"i{k}" for k in range(rank)]


def _reduced(
    a: Any, axis: Any, keepdims: Any, line: str, parameters: str = "a, axis, keepdims"
) -> Callable[..., Any] | None:
    """A function that makes a number of each line along an axis."""
    kept, along = known(keepdims), axis_of(axis, getattr(a, "ndim", 0))
    if known(axis) is None and kept is False:
        return function(parameters, [f"return {line.format(a='a')}"])
    if not isinstance(a, types.Array) or not isinstance(a.dtype, types.Float):
        return None
    if along is None or kept not in (True, False):
        return None
    loops, places = _others("a", a.ndim, along)
    if a.ndim == 1 and not kept:
        return function(parameters, [f"return a.dtype.type({line.format(a='a')})"])
    sizes = ["1" if k == along else f"a.shape[{k}]" for k in range(a.ndim)]
    target = ["0" if k == along else f"i{k}" for k in range(a.ndim)]
    if not kept:
        del sizes[along], target[along]
    return function(parameters, [
        f"made = np.empty({tuple_of(sizes)}, a.dtype)",
        *nested(loops, [f"{item('made', target)} = {line.format(a=item('a', places))}"]),
        "return made",
    ])  # fmt: skip


def prod(a: Any, axis: Any, keepdims: Any) -> Any:
    """``np.prod``."""
    return np.prod(a, axis=axis, keepdims=keepdims)


@overload(prod, strict=False, prefer_literal=True)
def _prod(a: Any, axis: Any, keepdims: Any) -> Callable[..., Any] | None:
    return _reduced(a, axis, keepdims, "np.prod({a})")


def median(a: Any, axis: Any, keepdims: Any) -> Any:
    """``np.median``."""
    return np.median(a, axis=axis, keepdims=keepdims)


@overload(median, strict=False, prefer_literal=True)
def _median(a: Any, axis: Any, keepdims: Any) -> Callable[..., Any] | None:
    return _reduced(a, axis, keepdims, "np.median({a})")


def percentile(a: Any, q: Any, axis: Any, keepdims: Any) -> Any:
    """``np.percentile``."""
    return np.percentile(a, q, axis=axis, keepdims=keepdims)


@overload(percentile, strict=False, prefer_literal=True)
def _percentile(a: Any, q: Any, axis: Any, keepdims: Any) -> Callable[..., Any] | None:
    return _at_place(a, q, axis, keepdims, "np.percentile({a}, q)")


def quantile(a: Any, q: Any, axis: Any, keepdims: Any) -> Any:
    """``np.quantile``."""
    return np.quantile(a, q, axis=axis, keepdims=keepdims)


@overload(quantile, strict=False, prefer_literal=True)
def _quantile(a: Any, q: Any, axis: Any, keepdims: Any) -> Callable[..., Any] | None:
    return _at_place(a, q, axis, keepdims, "np.quantile({a}, q)")


def _at_place(
    a: Any, q: Any, axis: Any, keepdims: Any, line: str
) -> Callable[..., Any] | None:
    """A function of lines, and of one number that says at what place of each; or of the whole."""
    whole = known(axis) is None and known(keepdims) is False
    if not whole and not isinstance(known(q), float | int | types.Float | types.Integer):
        return None
    return _reduced(a, axis, keepdims, line, "a, q, axis, keepdims")


def cumprod(a: Any, axis: Any) -> Any:
    """``np.cumprod``."""
    return np.cumprod(a, axis)


@overload(cumprod, strict=False, prefer_literal=True)
def _cumprod(a: Any, axis: Any) -> Callable[..., Any] | None:
    if known(axis) is None:
        return lambda a, axis: np.cumprod(a)
    if not isinstance(getattr(a, "dtype", None), types.Float):
        return None
    return by_lines("a, axis", a, axis, "np.cumprod({a})", {})


def sort(a: Any, axis: Any) -> Any:
    """``np.sort``."""
    return np.sort(a, axis)


@overload(sort, strict=False, prefer_literal=True)
def _sort(a: Any, axis: Any) -> Callable[..., Any] | None:
    return by_lines("a, axis", a, axis, "np.sort({a})", {})


def argsort(a: Any, axis: Any) -> Any:
    """``np.argsort``."""
    return np.argsort(a, axis)


@overload(argsort, strict=False, prefer_literal=True)
def _argsort(a: Any, axis: Any) -> Callable[..., Any] | None:
    if getattr(a, "ndim", 0) == 1:
        return lambda a, axis: np.argsort(a)
    return by_lines("a, axis", a, axis, "np.argsort({a}, kind='mergesort')", {}, "np.int64")


def flip(a: Any, axis: Any) -> Any:
    """``np.flip``."""
    return np.flip(a, axis)


@overload(flip, strict=False, prefer_literal=True)
def _flip(a: Any, axis: Any) -> Callable[..., Any] | None:
    along = axis_of(axis, getattr(a, "ndim", 0))
    if known(axis) is None:
        return lambda a, axis: np.flip(a)
    return None if along is None else function("a, axis", [f"return a[{':, ' * along}::-1]"])


def take_along_axis(a: Any, indices: Any, axis: Any) -> Any:
    """``np.take_along_axis``."""
    return np.take_along_axis(a, indices, axis)


@overload(take_along_axis, strict=False, prefer_literal=True)
def _take_along_axis(a: Any, indices: Any, axis: Any) -> Callable[..., Any] | None:
    rank = getattr(a, "ndim", 0)
    along = axis_of(axis, rank)
    if along is None or getattr(indices, "ndim", -1) != rank:
        return None
    if not isinstance(indices.dtype, types.Integer):
        return None
    loops = {f"i{k}": f"indices.shape[{k}]" for k in range(rank)}
    place = item("indices", list(loops))
    taken = [place if k == along else f"i{k}" for k in range(rank)]
    return function("a, indices, axis", [
        *_alike(rank, along, "a", "indices"),
        "made = np.empty(indices.shape, a.dtype)",
        *nested(loops, [f"{item('made', list(loops))} = {item('a', taken)}"]),
        "return made",
    ])  # fmt: skip


def _alike(rank: int, along: int, first: str, second: str) -> list[str]:
    """Lines that refuse arrays of other sizes along all axes but one."""
    return [line for k in range(rank) if k != along for line in refused(
        f"{first}.shape[{k}] != {second}.shape[{k}]", "arrays of other shapes")]


def unravel_index(index: Any, shape: Any) -> Any:
    """``np.unravel_index``."""
    return np.unravel_index(index, shape)


@overload(unravel_index, strict=False)
def _unravel_index(index: Any, shape: Any) -> Callable[..., Any] | None:
    """Of one number, the place along each axis."""
    if not isinstance(index, types.Integer) or not isinstance(shape, types.UniTuple):
        return None
    size = " * ".join(f"shape[{k}]" for k in range(len(shape)))
    lines = refused(f"index < 0 or index >= {size}", "index is out of bounds")
    for k in range(len(shape) - 1, -1, -1):
        lines += [f"p{k} = index % shape[{k}]", f"index = index // shape[{k}]"]
    return function("index, shape", [
        *lines, f"return {tuple_of([f'p{k}' for k in range(len(shape))])}"])  # fmt: skip


def gradient(f: Any, spacing: Any, axis: Any, edge_order: Any) -> Any:
    """``np.gradient`` along one axis."""
    return np.gradient(f, spacing, axis=axis, edge_order=edge_order)


@overload(gradient, strict=False, prefer_literal=True)
def _gradient(f: Any, spacing: Any, axis: Any, edge_order: Any) -> Callable[..., Any] | None:
    return _differences("f, spacing, axis, edge_order", f, spacing, axis, gradient_of_line, "f")


def ungradient(
    g: Any, f: Any, spacing: Any = 1.0, axis: Any = None, edge_order: int = 1
) -> Any:
    """The helper of this name."""
    return runtime_grids.ungradient(g, f, spacing, axis, edge_order)


@overload(ungradient, strict=False, prefer_literal=True)
def _ungradient(
    g: Any, f: Any, spacing: Any = 1.0, axis: Any = None, edge_order: Any = 1
) -> Callable[..., Any] | None:
    parameters = "g, f, spacing=1.0, axis=None, edge_order=1"
    return _differences(parameters, g, spacing, axis, ungradient_of_line, "g")


def _differences(
    parameters: str, a: Any, spacing: Any, axis: Any, line: Callable[..., Any], name: str
) -> Callable[..., Any] | None:
    """A function of lines along an axis of an array, or of a vector, whose points are as far from
    each other.
    """
    if not isinstance(getattr(a, "dtype", None), types.Float):
        return None
    if not isinstance(known(spacing), float | int | types.Float | types.Integer):
        return None
    axis = 0 if known(axis) is None and a.ndim == 1 else axis
    text = f"line({{{name}}}, spacing, edge_order)"
    return by_lines(parameters, a, axis, text, {"line": line})


@register_jitable
def gradient_of_line(f: Any, h: Any, edge_order: Any) -> Any:
    """Differences in the middle of three values, at the ends of two or three."""
    n = f.size
    if n < edge_order + 1:
        raise ValueError(_SHORT)
    made = np.empty(n, f.dtype)
    for i in range(1, n - 1):
        made[i] = (f[i + 1] - f[i - 1]) / (2.0 * h)
    if edge_order == 1:
        made[0] = (f[1] - f[0]) / h
        made[n - 1] = (f[n - 1] - f[n - 2]) / h
    else:
        made[0] = (-1.5 * f[0] + 2.0 * f[1] - 0.5 * f[2]) / h
        made[n - 1] = (0.5 * f[n - 3] - 2.0 * f[n - 2] + 1.5 * f[n - 1]) / h
    return made


@register_jitable
def ungradient_of_line(g: Any, h: Any, edge_order: Any) -> Any:
    """Its transpose."""
    n = g.size
    made = np.zeros(n, g.dtype)
    for i in range(1, n - 1):
        made[i + 1] += g[i] / (2.0 * h)
        made[i - 1] -= g[i] / (2.0 * h)
    first, last = g[0] / h, g[n - 1] / h
    if edge_order == 1:
        made[0] -= first
        made[1] += first
        made[n - 2] -= last
        made[n - 1] += last
    else:
        made[0] -= 1.5 * first
        made[1] += 2.0 * first
        made[2] -= 0.5 * first
        made[n - 3] += 0.5 * last
        made[n - 2] -= 2.0 * last
        made[n - 1] += 1.5 * last
    return made
