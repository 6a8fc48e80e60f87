"""Elements at places that arrays name, taken and added to, as Numba has it for one array only.

A place out of bounds raises an IndexError. Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.ranks import MISFIT, axis_of, function, item, nested, refused, tuple_of
from adxform.rules import runtime


def add_at(a: Any, index: Any, value: Any, lead: int = 0) -> None:
    """``np.add.at``, after ``lead`` axes of which all places are meant."""
    places = index if isinstance(index, tuple) else (index,)
    np.add.at(a, (*(slice(None),) * lead, *places), value)


@overload(add_at, strict=False, prefer_literal=True)
def _add_at(a: Any, index: Any, value: Any, lead: Any) -> Callable[..., Any] | None:
    if all(isinstance(part, types.Integer) for part in _parts(index)):
        return _add_one if getattr(lead, "literal_value", None) == 0 else None
    if not isinstance(lead, types.IntegerLiteral):
        return None
    count, before = _count(a, index), lead.literal_value
    if not count or not isinstance(a.dtype, types.Float) or before + count > a.ndim:
        return None
    loops = {f"r{axis}": f"a.shape[{axis}]" for axis in range(before)}
    rest = _rest(a, before + count)
    lines = _flat(index, count)
    given = "value"
    if not isinstance(value, types.Float | types.Integer):
        if not isinstance(value, types.Array) or (
            value.ndim != before + _rank(index) + len(rest)
        ):
            return None
        shape = [*loops.values(), *(f"{_first(index)}.shape[{i}]" for i in range(_rank(index)))]
        shape += rest.values()
        for axis, size in enumerate(shape):
            lines += refused(f"value.shape[{axis}] != {size}", MISFIT)
        whole = tuple_of([*loops.values(), "n", *rest.values()])
        lines.append(f"values = np.ascontiguousarray(value).reshape({whole})")
        given = item("values", [*loops, "t", *rest])
    place = item("a", [*loops, *_places(count), *rest])
    body = [*_place(count, before), *nested(rest, [f"{place} += {given}"])]
    return function("a, index, value, lead", [*lines, *nested({**loops, "t": "n"}, body)])


def _add_one(a: Any, index: Any, value: Any, lead: Any) -> None:
    """Of one place, which is added to once."""
    a[index] += value


def scatter_along(g: Any, like: Any, indices: Any, axis: Any) -> Any:
    """The helper of this name."""
    return runtime.scatter_along(g, like, indices, axis)


@overload(scatter_along, strict=False, prefer_literal=True)
def _scatter_along(g: Any, like: Any, indices: Any, axis: Any) -> Callable[..., Any] | None:
    rank = getattr(like, "ndim", 0)
    along = axis_of(axis, rank)
    if along is not None:
        return _scattered_lines(g, indices, rank, along)
    if not isinstance(axis, types.NoneType) or not isinstance(like, types.Array):
        return None

    def of_all(g: Any, like: Any, indices: Any, axis: Any) -> Any:
        made = np.zeros(like.size, like.dtype)
        add_at(made, indices, g, 0)
        return made.reshape(like.shape)

    return of_all


def _scattered_lines(
    g: Any, indices: Any, rank: int, along: int
) -> Callable[..., Any] | None:
    """The same of each line along an axis."""
    if getattr(g, "ndim", -1) != rank or getattr(indices, "ndim", -1) != rank:
        return None
    loops = {f"i{k}": f"indices.shape[{k}]" for k in range(rank)}
    added = [item("indices", list(loops)) if k == along else f"i{k}" for k in range(rank)]
    misfit = [f"like.shape[{k}] != indices.shape[{k}]" for k in range(rank) if k != along]
    misfit += [f"g.shape[{k}] != indices.shape[{k}]" for k in range(rank)]
    return function("g, like, indices, axis", [
        *refused(" or ".join(misfit), MISFIT),
        "made = np.zeros(like.shape, like.dtype)",
        *nested(loops, [f"{item('made', added)} += {item('g', list(loops))}"]),
        "return made",
    ])  # fmt: skip


def last_written(g: Any, index: Any) -> Any:
    """The helper of this name."""
    return runtime.last_written(g, index)


@overload(last_written, strict=False)
def _last_written(g: Any, index: Any) -> Callable[..., Any] | None:
    count = _count(g, index)
    if not count:
        return None
    rest = {i: size.replace("a.", "g.") for i, size in _rest(g, count).items()}
    seen = item("seen", _places(count))
    place = [line.replace("a.shape", "g.shape") for line in _place(count)]
    part = f"{item('part', ['t', *rest])} = {item('g', [*_places(count), *rest])}"
    shape = [f"g.shape[{axis}]" for axis in range(count)]
    first = [f"{_first(index)}.shape[{axis}]" for axis in range(_rank(index))]
    return function("g, index", [
        *_flat(index, count),
        f"seen = np.empty({tuple_of(shape)}, np.int64)",
        *nested({"t": "n"}, [*place, f"{seen} = t"]),
        f"part = np.zeros({tuple_of(['n', *rest.values()])}, g.dtype)",
        *nested({"t": "n"}, [*place, f"if {seen} == t:",
                             *(f"    {line}" for line in nested(rest, [part]))]),
        f"return part.reshape({tuple_of([*first, *rest.values()])})",
    ])  # fmt: skip


def take(a: Any, index: Any, axis: Any) -> Any:
    """``np.take``."""
    return np.take(a, index, axis=axis)


@overload(take, strict=False, prefer_literal=True)
def _take(a: Any, index: Any, axis: Any) -> Callable[..., Any] | None:
    if not isinstance(a, types.Array) or _count(a, index) != 1:
        known = isinstance(axis, types.NoneType)
        return (lambda a, index, axis: np.take(a, index)) if known else None
    if isinstance(axis, types.NoneType):
        return lambda a, index, axis: take(np.ascontiguousarray(a).reshape(a.size), index, 0)
    if not isinstance(axis, types.IntegerLiteral) or not -a.ndim <= axis.literal_value < a.ndim:
        return None
    along = axis.literal_value % a.ndim
    loops = {f"r{i}": f"a.shape[{i}]" for i in range(a.ndim) if i != along}
    before, after = list(loops)[:along], list(loops)[along:]
    sizes = list(loops.values())
    shape = [f"index.shape[{axis}]" for axis in range(index.ndim)]
    fill = f"{item('made', [*before, 't', *after])} = {item('a', [*before, 'p0', *after])}"
    return function("a, index, axis", [
        *_flat(index, 1),
        f"made = np.empty({tuple_of([*sizes[:along], 'n', *sizes[along:]])}, a.dtype)",
        *nested({"t": "n"}, [*_place(1, along), *nested(loops, [fill])]),
        f"return made.reshape({tuple_of([*sizes[:along], *shape, *sizes[along:]])})",
    ])  # fmt: skip


def _count(a: Any, index: Any) -> int:
    """How many axes an index names places along; 0 if it is none that is known here."""
    parts = _parts(index)
    whole = all(isinstance(p, types.Array) and isinstance(p.dtype, types.Integer) for p in parts)
    fits = isinstance(a, types.Array) and len(parts) <= a.ndim
    if not whole or not fits or any(not p.ndim for p in parts):
        return 0
    return len(parts) if len(parts) == 1 or all(p.ndim == 1 for p in parts) else 0


def _parts(index: Any) -> list[Any]:
    return [index] if not hasattr(index, "__len__") else list(index)


def _first(index: Any) -> str:
    return "index[0]" if isinstance(index, types.BaseTuple) else "index"


def _rank(index: Any) -> int:
    rank: int = _parts(index)[0].ndim
    return rank


def _rest(a: Any, count: int) -> dict[str, str]:
    """A loop for each axis that no place is named along."""
    return {f"r{axis}": f"a.shape[{axis}]" for axis in range(count, a.ndim)}


def _places(count: int) -> list[str]:
    return [f"p{n}" for n in range(count)]


def _flat(index: Any, count: int) -> list[str]:
    """The lines that lay each array of places out in a row, all of one length."""
    whole = isinstance(index, types.BaseTuple)
    lines = [f"f{n} = {f'index[{n}]' if whole else 'index'}.ravel()" for n in range(count)]
    lines.append("n = f0.size")
    for other in range(1, count):
        lines += refused(f"f{other}.size != n", MISFIT)
    return lines


def _place(count: int, along: int = 0) -> list[str]:
    """The lines that give the place numbered t, counted from 0."""
    lines = []
    for n in range(count):
        size = f"a.shape[{along + n}]"
        lines += [
            f"p{n} = f{n}[t]",
            f"if p{n} < 0:",
            f"    p{n} += {size}",
            f"if p{n} < 0 or p{n} >= {size}:",
            "    raise IndexError('index out of bounds')",
        ]
    return lines


def places_between(begin: int, end: int) -> range:
    """Places that are not counted from the end: none is negative."""
    return range(max(begin, 0), max(begin, end, 0))


@overload(places_between, strict=False)
def _places_between(begin: Any, end: Any) -> Callable[..., Any]:
    def between(begin: Any, end: Any) -> Any:
        first = max(begin, 0)
        return range(np.uint64(first), np.uint64(max(first, end)))  # LLVM asks for no sign

    return between


def signed(place: int) -> int:
    """A place as a number to compute with."""
    return place


@overload(signed, strict=False)
def _signed(place: Any) -> Callable[..., Any]:
    return lambda place: np.int64(place)


def place_in(place: int, length: int) -> int:
    """A place in a list of which the first ``length`` items count."""
    return range(length)[place]


@overload(place_in, strict=False)
def _place_in(place: Any, length: Any) -> Callable[..., Any]:
    def checked(place: Any, length: Any) -> Any:
        at = place + length if place < 0 else place
        if at < 0 or at >= length:
            raise IndexError("list index out of range")
        return at

    return checked
