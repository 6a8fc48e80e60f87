"""Elements of arrays at other places, where Numba has it for some ranks, or not at all.

Axes and numbers of repetitions are written out. Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.ranks import axis_of, function, item, known, nested, refused, tuple_of
from adxform.rules import runtime

EDGES = {
    "edge": "min(max({j}, 0), {n} - 1)",
    "wrap": "{j} % {n}",
    "reflect": "{n} - 1 - abs({n} - 1 - abs({j}))",
    "symmetric": "-{j} - 1 if {j} < 0 else {j} if {j} < {n} else 2 * {n} - 1 - {j}",
}  # where what is beyond an edge is taken from


def roll(a: Any, shift: Any, axis: Any) -> Any:
    """``np.roll``."""
    return np.roll(a, shift, axis)


@overload(roll, strict=False, prefer_literal=True)
def _roll(a: Any, shift: Any, axis: Any) -> Callable[..., Any] | None:
    if not isinstance(a, types.Array) or not isinstance(shift, types.Integer):
        return None
    if known(axis) is None:
        return lambda a, shift, axis: np.roll(a, shift)
    along = axis_of(axis, a.ndim)
    if along is None:
        return None
    loops = _loops(a.ndim)
    size, place = f"a.shape[{along}]", f"i{along}"
    lines = [f"j = {place} + step", f"if j >= {size}:", f"    j -= {size}"]
    lines.append(f"{item('made', _with(loops, along, 'j'))} = {item('a', list(loops))}")
    return function("a, shift, axis", [
        "made = np.empty(a.shape, a.dtype)",
        f"step = shift % {size} if {size} else 0",
        *nested(loops, lines),
        "return made",
    ])  # fmt: skip


def diff(a: Any, n: Any, axis: Any) -> Any:
    """``np.diff``."""
    return np.diff(a, n, axis)


@overload(diff, strict=False, prefer_literal=True)
def _diff(a: Any, n: Any, axis: Any) -> Callable[..., Any] | None:
    times = known(n)
    if not isinstance(a, types.Array) or not isinstance(a.dtype, types.Float | types.Integer):
        return None
    along = axis_of(axis, a.ndim)
    if type(times) is not int or times < 1 or along is None:
        return None
    lead = ":, " * along
    return function("a, n, axis", [
        f"b = a[{lead}1:] - a[{lead}:-1]",
        *[f"b = b[{lead}1:] - b[{lead}:-1]"] * (times - 1),
        "return b",
    ])  # fmt: skip


def undiff(g: Any, like: Any, n: Any = 1, axis: Any = -1) -> Any:
    """The helper of this name."""
    return runtime.undiff(g, like, n, axis)


@overload(undiff, strict=False, prefer_literal=True)
def _undiff(g: Any, like: Any, n: Any = 1, axis: Any = -1) -> Callable[..., Any] | None:
    times = known(n)
    if not isinstance(g, types.Array) or not isinstance(g.dtype, types.Float):
        return None
    along = axis_of(axis, g.ndim)
    if type(times) is not int or times < 1 or along is None:
        return None
    lead = ":, " * along
    shape = [f"b.shape[{i}]{' + 1' * (i == along)}" for i in range(g.ndim)]
    return function("g, like, n=1, axis=-1", [
        f"if g.shape[{along}] == 0:",
        "    return np.zeros(like.shape, g.dtype)",
        "b = np.ascontiguousarray(g)",
        f"for _ in range({times}):",
        f"    c = np.zeros({tuple_of(shape)}, g.dtype)",
        f"    c[{lead}1:] += b",
        f"    c[{lead}:-1] -= b",
        "    b = c",
        "return b",
    ])  # fmt: skip


def tile(a: Any, reps: Any) -> Any:
    """``np.tile``."""
    return np.tile(a, reps)


@overload(tile, strict=False)
def _tile(a: Any, reps: Any) -> Callable[..., Any] | None:
    times = _times(a, reps)
    if not times:
        return None
    sizes, loops, places = _tiles(a, times)
    own = [f"i{i}" for i in range(len(times) - a.ndim, len(times))]
    shape = tuple_of([f"max({n}, 0) * {size}" for n, size in zip(times, sizes, strict=True)])
    return function("a, reps", [
        f"made = np.empty({shape}, a.dtype)",
        *nested(loops, [f"{item('made', places)} = {item('a', own)}"]),
        "return made",
    ])  # fmt: skip


def untile(g: Any, a: Any, reps: Any) -> Any:
    """The helper of this name."""
    return runtime.untile(g, a, reps)


@overload(untile, strict=False)
def _untile(g: Any, a: Any, reps: Any) -> Callable[..., Any] | None:
    times = _times(a, reps)
    if not times or getattr(g, "ndim", 0) != len(times):
        return None
    _, loops, places = _tiles(a, times)
    own = [f"i{i}" for i in range(len(times) - a.ndim, len(times))]
    return function("g, a, reps", [
        "made = np.zeros(a.shape, g.dtype)",
        *nested(loops, [f"{item('made', own)} += {item('g', places)}"]),
        "return made",
    ])  # fmt: skip


def _times(a: Any, reps: Any) -> list[str]:
    """How often an array is repeated along each axis of the result; none if that is not known."""
    if not isinstance(a, types.Array) or not a.ndim:
        return []
    if isinstance(reps, types.Integer):
        times = ["reps"]
    elif isinstance(reps, types.UniTuple) and isinstance(reps.dtype, types.Integer):
        times = [f"reps[{i}]" for i in range(len(reps))]
    else:
        return []
    return ["1"] * (a.ndim - len(times)) + times


def _tiles(a: Any, times: list[str]) -> tuple[list[str], dict[str, str], list[str]]:
    """The sizes of a tile, the loops over tiles and in them, and where an element is then."""
    rank = len(times)
    sizes = ["1"] * (rank - a.ndim) + [f"a.shape[{i}]" for i in range(a.ndim)]
    loops = {f"r{i}": text for i, text in enumerate(times) if text != "1"}
    loops.update((f"i{i}", text) for i, text in enumerate(sizes))
    places = [f"r{i} * {sizes[i]} + i{i}" if f"r{i}" in loops else f"i{i}" for i in range(rank)]
    return sizes, loops, places


def repeat(a: Any, repeats: Any, axis: Any) -> Any:
    """``np.repeat``."""
    return np.repeat(a, repeats, axis)


@overload(repeat, strict=False, prefer_literal=True)
def _repeat(a: Any, repeats: Any, axis: Any) -> Callable[..., Any] | None:
    if known(axis) is None:
        return lambda a, repeats, axis: np.repeat(a, repeats)
    if not isinstance(a, types.Array) or not isinstance(repeats, types.Integer):
        return None
    along = axis_of(axis, a.ndim)
    if along is None:
        return None
    loops = _loops(a.ndim)
    places = _with(loops, along, f"i{along} * repeats + r")
    sizes = list(loops.values())
    sizes[along] += " * repeats"
    return function("a, repeats, axis", [
        *refused("repeats < 0", "repeats may not contain negative values."),
        f"made = np.empty({tuple_of(sizes)}, a.dtype)",
        *nested({**loops, "r": "repeats"}, [f"{item('made', places)} = {item('a', list(loops))}"]),
        "return made",
    ])  # fmt: skip


def pad(a: Any, widths: Any, mode: Any, value: Any) -> Any:
    """``np.pad``, with zeros or another number, or with the array's own elements."""
    return np.pad(a, widths, mode, **({"constant_values": value} if mode == "constant" else {}))


@overload(pad, strict=False, prefer_literal=True)
def _pad(a: Any, widths: Any, mode: Any, value: Any) -> Callable[..., Any] | None:
    how, parts = known(mode), _widths(widths, getattr(a, "ndim", 0))
    if not isinstance(a, types.Array) or not parts or how not in ("constant", *EDGES):
        return None
    if isinstance(a.dtype, types.Integer) and not isinstance(value, types.Integer):
        return None
    loops = _loops(a.ndim)
    lines = [line for i, (b, e) in enumerate(parts) for line in (f"b{i} = {b}", f"e{i} = {e}")]
    lines += refused(" or ".join(f"b{i} < 0 or e{i} < 0" for i in range(a.ndim)),
                     "index can't contain negative values")
    shape = tuple_of([f"b{i} + a.shape[{i}] + e{i}" for i in range(a.ndim)])
    if how == "constant":
        fill = f"{item('made', [f'b{i} + i{i}' for i in range(a.ndim)])} = {item('a', list(loops))}"
        lines += [f"made = np.full({shape}, a.dtype.type(value))", *nested(loops, [fill])]
    else:
        for i in range(a.ndim):  # what is wrapped or turned more than once is NumPy's
            most = f"a.shape[{i}]{' - 1' * (how == 'reflect')}"
            far = f"a.shape[{i}] == 0 or max(b{i}, e{i}) > {most}"
            lines += refused(far, "too far from an edge")
        lines.append(f"made = np.empty({shape}, a.dtype)")
        places = [f"({EDGES[how].format(j=f'(i{i} - b{i})', n=f'a.shape[{i}]')})"
                  for i in range(a.ndim)]
        whole = {f"i{i}": f"made.shape[{i}]" for i in range(a.ndim)}
        lines += nested(whole, [f"{item('made', list(loops))} = {item('a', places)}"])
    return function("a, widths, mode, value", [*lines, "return made"])


def _widths(widths: Any, rank: int) -> list[tuple[str, str]]:
    """How much is put before and after along each axis, as texts; none if that is not known."""
    if isinstance(widths, types.Integer):
        return [("widths", "widths")] * rank
    if not isinstance(widths, types.BaseTuple):
        return []
    parts: list[Any] = list(widths)  # type: ignore[call-overload]
    if all(isinstance(part, types.Integer) for part in parts) and len(parts) in (1, 2):
        return [("widths[0]", f"widths[{len(parts) - 1}]")] * rank
    if len(parts) != rank or not all(
        isinstance(p, types.BaseTuple) and len(p) == 2 for p in parts
    ):
        return []
    return [(f"widths[{i}][0]", f"widths[{i}][1]") for i in range(rank)]


def _loops(rank: int) -> dict[str, str]:
    """A loop along each axis of an array called a."""
    return {f"i{axis}": f"a.shape[{axis}]" for axis in range(rank)}


def _with(places: dict[str, str], axis: int, other: str) -> list[str]:
    """Texts of places, another one along one axis."""
    return [other if n == axis else text for n, text in enumerate(places)]
