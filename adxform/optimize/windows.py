"""Windows: short stretches of arrays, ``x[i - 1 : i + 2]``, and where their items are in these."""

from __future__ import annotations

from dataclasses import dataclass

from adxform.core.builder import Builder
from adxform.core.forms import TUPLE
from adxform.core.ir import Block, Const, For, Let, Operand, Slice, Tuple, Var, parts_of, walk
from adxform.core.types import INT
from adxform.differentiate.common import primitive
from adxform.optimize.walk import is_op


@dataclass(frozen=True, slots=True)
class Place:
    """A whole number, as ``more`` than what a name stands for, or than nothing."""

    base: str | None
    more: int


class Windows:
    """Knows of a block where the stretches begin that are taken of arrays."""

    def __init__(self, block: Block) -> None:
        stmts = walk(block)
        self.made = {s.target: s for s in stmts if is_op(s, "op.Add", "op.Sub")}
        self.loops = {s.index: s for s in stmts if isinstance(s, For)}

    def of(self, index: Operand) -> list[Slice]:
        """The stretches of an index, if all are windows: of a length that is written out, or open
        at their end, and beginning at a place that is not counted from the end.
        """
        found = [part for part in parts_of(index) if isinstance(part, Slice)]
        return found if all(map(self._is_window, found)) else []

    def _is_window(self, stretch: Slice) -> bool:
        begin = self.place(stretch.lower)
        least = None if begin is None else self._least(begin)
        if stretch.step not in (None, Const(1)) or least is None or least < 0:
            return False
        return stretch.upper is None or self._size(stretch) is not None

    def _size(self, stretch: Slice) -> int | None:
        begin, end = self.place(stretch.lower), self.place(stretch.upper)
        if begin is None or end is None or begin.base != end.base:
            return None
        return end.more - begin.more

    def place(self, number: Operand | None) -> Place | None:
        """A number as a sum."""
        if number is None:
            return Place(None, 0)
        if isinstance(number, Const):
            return Place(None, number.value) if type(number.value) is int else None
        if not isinstance(number, Var):
            return None
        made = self.made.get(number.name)
        one, other = (None, None) if made is None else made.args
        if is_op(made, "op.Add") and isinstance(one, Const):
            one, other = other, one
        before = self.place(one) if isinstance(one, Var) else None
        if before is None or not isinstance(other, Const) or type(other.value) is not int:
            return Place(number.name, 0)
        more = other.value if is_op(made, "op.Add") else -other.value
        return Place(before.base, before.more + more)

    def _least(self, place: Place) -> int | None:
        """A bound below a number, which the index of a loop may give."""
        if place.base is None:
            return place.more
        loop = self.loops.get(place.base)
        step = loop.step.value if loop is not None and isinstance(loop.step, Const) else None
        if loop is None or type(step) is not int:
            return None
        falls = step < 0
        first = self.place(loop.bounds[1] if falls else loop.start)
        least = None if first is None else self._least(first)
        return None if least is None else least + falls + place.more

    def reads(self, index: Operand, item: Operand) -> bool:
        """Whether items of windows are read at places that are written out, and are in them."""
        windows, places = self.of(index), parts_of(item)
        return 0 < len(windows) <= len(places) and all(
            isinstance(place, Const) and type(place.value) is int and place.value >= 0
            and (window.upper is None or place.value < (self._size(window) or 0))
            for window, place in zip(windows, places, strict=False)
        )

    def joined(self, index: Operand, item: Operand, builder: Builder) -> Operand:
        """The index in an array of what is at some place in a window of it."""
        places = list(parts_of(item))
        found = []
        for part in parts_of(index):
            if isinstance(part, Slice):
                place = places.pop(0)
                assert isinstance(place, Const)
                found.append(self._emitted(part.lower, place.value, builder))
            else:
                found.append(part)
        found += places
        return found[0] if len(found) == 1 else Tuple(tuple(found), TUPLE)

    def _emitted(self, begin: Operand | None, more: int, builder: Builder) -> Operand:
        if begin is not None and more == 0:
            return begin
        place = self.place(begin)
        assert place is not None
        more += place.more
        if place.base is None:
            return Const(more)
        if more == 0:
            return Var(place.base)
        sign = primitive("op.Add" if more > 0 else "op.Sub")
        made = builder.emit(sign, (Var(place.base), Const(abs(more))))
        builder.types[made.name] = INT
        return made


def is_window(read: Let) -> bool:
    """Whether a statement takes stretches of an array."""
    return any(isinstance(part, Slice) for part in parts_of(read.args[1]))
