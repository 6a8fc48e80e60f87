"""Regions of arrays: whether two indices, at two moments of a program, may name a common element.

An index is seen as a sum of multiples of names, and the name of a loop over a range has bounds
(Banerjee 1988). What is not seen to be apart may overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.constant import constant, constant_by_value
from adxform.core.ir import (
    Block,
    Const,
    For,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    parts_of,
)
from adxform.core.types import Scalar

DEPTH = 12  # how often a name is replaced by what it depends on
LATER = "+"  # marks a name's value in a later iteration
STEPS = "later"  # the name for how much later that is: at least 0

Loops = tuple[For | While, ...]


@constant_by_value
class Sum:
    """``constant`` plus multiples of names."""

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    def plus(self, other: Sum, factor: int = 1) -> Sum:
        if not other.terms:
            return Sum(self.terms, self.constant + factor * other.constant)
        found = dict(self.terms)
        for name, count in other.terms:
            found[name] = found.get(name, 0) + factor * count
        terms = tuple(sorted((n, c) for n, c in found.items() if c))
        return Sum(terms, self.constant + factor * other.constant)

    def replaced(self, new: Callable[[str], Sum]) -> Sum:
        total = Sum((), self.constant)
        for name, count in self.terms:
            total = total.plus(new(name), count)
        return total


Bounds = tuple[Sum | None, Sum | None]
ONE = Sum((), 1)


@constant
class Access:
    """Elements of an array that a statement inside ``loops`` (outermost first) reads or writes.

    An ``index`` of None is the whole array. There is one of each kind: see `Regions.access`.
    """

    index: Operand | None
    loops: Loops


@dataclass(slots=True)
class Moment:
    """When the second of two accesses happens: in the same iteration of the loops around both, or
    in a later one of ``loop``, in which the names of ``varying`` have other values.
    """

    loop: For | While | None = None
    varying: tuple[Set[str], ...] = ()


def is_place(part: Operand, types: Types) -> bool:
    """Whether a part of an index is one place of its axis."""
    if isinstance(part, Const):
        return type(part.value) is int
    known = type_of(part, types) if isinstance(part, Var) else None
    return isinstance(known, Scalar) and known.dtype.startswith("int")


class Regions:
    """Compares accesses to one array."""

    def __init__(self, block: Block, types: Types) -> None:
        self.types = types
        self.made: dict[str, Let] = {}
        self.loop_of: dict[str, For] = {}
        self.home: dict[str, Loops] = {}
        self.inside: dict[Stmt, set[str]] = defaultdict(set)
        self.accesses: dict[tuple[Operand | None, Loops], Access] = {}
        self.met: dict[tuple[Access, Access, bool], bool] = {}
        self.ends: dict[Operand, tuple[Bounds, Bounds]] = {}
        self.ranges: dict[str, Bounds] = {}  # of loops' indices
        self._index(block, ())

    def _index(self, block: Block, loops: Loops) -> None:
        """Where each name is bound, and by what."""
        for stmt in block:
            if isinstance(stmt, Let):  # as most are
                self.made[stmt.target] = stmt
                self._bind(stmt.targets, loops)
                continue
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            for inner in blocks_of(stmt):
                self._index(inner, inside)
            self._bind(binds_of(stmt), inside)
            if isinstance(stmt, For):
                self.loop_of[stmt.index] = stmt

    def _bind(self, names: Sequence[str], loops: Loops) -> None:
        for name in names:
            self.home[name] = loops
        for loop in loops:
            self.inside[loop].update(names)

    def access(self, index: Operand | None, loops: Loops) -> Access:
        """What a statement inside loops reads or writes: the same for the same index there."""
        return self.accesses.setdefault((index, loops), Access(index, loops))

    def may_meet(self, first: Access, second: Access, *, in_order: bool) -> bool:
        """Whether the second access may touch an element of the first at a later moment.

        ``in_order`` says that it follows in the same iteration of the loops around both, too.
        """
        asked = first, second, in_order
        if asked not in self.met:
            self.met[asked] = self._may_meet(first, second, in_order)
        return self.met[asked]

    def _may_meet(self, first: Access, second: Access, in_order: bool) -> bool:
        common: list[For | While] = []
        for one, other in zip(first.loops, second.loops, strict=False):
            if one is not other:
                break
            common.append(one)
        own = tuple(self.inside[loop] for loop in first.loops[len(common) :])
        moments = [Moment(loop, (*own, self.inside[loop])) for loop in common]
        if in_order:
            moments.append(Moment(None, own))
        return any(not self.apart(first.index, second.index, m) for m in moments)

    def apart(self, a: Operand | None, b: Operand | None, moment: Moment | None = None) -> bool:
        """Whether two indices name no common element: on some axis their places differ. Without a
        ``moment`` all names have the same values in both.
        """
        moment = moment or Moment()
        if a is None or b is None:
            return False
        for one, other in zip(parts_of(a), parts_of(b), strict=False):
            if not (self._plain(one) and self._plain(other)):
                return False
            if self._places_apart(one, other, moment):
                return True
        return False

    def _plain(self, part: Operand) -> bool:
        """Whether a part of an index is a place or a stretch of one axis."""
        return isinstance(part, Slice) or is_place(part, self.types)

    def _places_apart(self, a: Operand, b: Operand, moment: Moment) -> bool:
        if isinstance(a, Const) and isinstance(b, Const):  # both counted from the same end
            return bool(a.value != b.value and (a.value < 0) == (b.value < 0))
        if moment.loop is None and not moment.varying and a == b and not isinstance(a, Slice):
            return False  # the same place, in the same iteration
        pairs = zip(self._ends(a), self._ends(b), strict=True)
        return any(self._one_before(own, its, moment) for own, its in pairs)

    def _ends(self, part: Operand) -> tuple[Bounds, Bounds]:
        """Where a part of an index begins and ends, from the start and from the end."""
        if part not in self.ends:
            self.ends[part] = self._stretch(part), self._from_end(part)
        return self.ends[part]

    def _one_before(self, own: Bounds, its: Bounds, moment: Moment) -> bool:
        """Whether one stretch ends where the other, at the later moment, begins, or before."""
        low, high = (None if s is None else self._shifted(s, moment) for s in its)
        return self._not_below(low, own[1], moment) or self._not_below(own[0], high, moment)

    def _not_below(self, a: Sum | None, b: Sum | None, moment: Moment) -> bool:
        if a is None or b is None:
            return False
        least = self.least(a.plus(b, -1), moment)
        return least is not None and least >= 0

    def _stretch(self, part: Operand) -> Bounds:
        """The first place of a part of an index, and the place after its last; None if unknown."""
        if not isinstance(part, Slice):
            place = self._signed(part, 1)
            return (Sum(), None) if place is None else (place, place.plus(ONE))
        if not _steps_up(part.step):
            return Sum(), None
        return self._signed(part.lower, 1) or Sum(), self._signed(part.upper, 1)

    def _from_end(self, part: Operand) -> Bounds:
        """The same, counted from the end, which is 0: the last place is -1."""
        if not isinstance(part, Slice):
            place = self._signed(part, -1)
            return (None, Sum()) if place is None else (place, place.plus(ONE))
        if not _steps_up(part.step):
            return None, Sum()
        return self._signed(part.lower, -1), self._signed(part.upper, -1) or Sum()

    def _signed(self, operand: Operand | None, sign: int) -> Sum | None:
        """A number that is known to be 0 or more, or with a ``sign`` of -1 to be less than 0."""
        found = self.sum(operand)
        least = None if found is None else self.least(Sum().plus(found, sign))
        return found if least is not None and least >= (sign < 0) else None

    # --- sums ---------------------------------------------------------------------------------

    def sum(self, operand: Operand | None, depth: int = DEPTH) -> Sum | None:
        """An integer as a sum, or None where it is not known to be an integer."""
        if operand is None or not is_place(operand, self.types):
            return None
        if isinstance(operand, Const):
            return Sum((), operand.value)
        assert isinstance(operand, Var)
        let = self.made.get(operand.name)
        if let is not None and isinstance(let.op, Primitive) and depth:
            if let.op.name == "copy":
                return self.sum(let.args[0], depth - 1)
            if let.op.name in ("op.Add", "op.Sub"):
                first, second = (self.sum(a, depth - 1) for a in let.args)
                if first is not None and second is not None:
                    return first.plus(second, 1 if let.op.name == "op.Add" else -1)
        return Sum(((operand.name, 1),))

    def least(self, value: Sum, moment: Moment | None = None) -> int | None:
        """A number that a sum is never below, or None."""
        for _ in range(DEPTH):
            if not value.terms:
                return value.constant
            name, count = max(value.terms, key=lambda term: self._depth(term[0]))
            low, high = self._bounds(name, moment or Moment())
            bound = low if count > 0 else high
            if bound is None:
                return None
            value = value.plus(Sum(((name, 1),)), -count).plus(bound, count)
        return None

    def _depth(self, name: str) -> tuple[int, str]:
        """Names in the order in which they are replaced by their bounds: inner loops' last."""
        plain = name.removesuffix(LATER)
        return len(self.home.get(plain, ())) if plain in self.loop_of else -1, name

    def _bounds(self, name: str, moment: Moment) -> Bounds:
        """The least and the greatest value of a name."""
        plain = name.removesuffix(LATER)
        if name == STEPS or self._is_length(plain):
            return Sum(), None
        if plain not in self.ranges:
            self.ranges[plain] = self._range(plain)
        low, high = self.ranges[plain]
        if plain == name:
            return low, high
        ends = [None if s is None else self._shifted(s, moment) for s in (low, high)]
        return ends[0], ends[1]

    def _range(self, index: str) -> Bounds:
        """The least and the greatest value of a loop's index, where it is one."""
        loop = self.loop_of.get(index)
        step = None if loop is None else self._step(loop)
        if loop is None or step is None:
            return None, None
        bounds = [self.sum(b) for b in loop.bounds]
        start, stop = (Sum(), bounds[0]) if len(bounds) == 1 else bounds[:2]
        last = None if stop is None else stop.plus(ONE, -1 if step > 0 else 1)
        return (start, last) if step > 0 else (last, start)

    def _shifted(self, value: Sum, moment: Moment) -> Sum:
        """A sum as it is at the later moment."""
        return value.replaced(lambda name: self._at(name, moment))

    def _at(self, name: str, moment: Moment) -> Sum:
        if not any(name in names for names in moment.varying):
            return Sum(((name, 1),))
        loop = moment.loop
        if isinstance(loop, For) and loop.index == name:
            step = self._step(loop)
            if step is not None:
                step = -step if loop.reverse else step
                return Sum(((name, 1),), step).plus(Sum(((STEPS, 1),)), 1 if step > 0 else -1)
        return Sum(((name + LATER, 1),))

    def _step(self, loop: For) -> int | None:
        """The step of a loop's range, where it is known."""
        step = loop.step
        known = isinstance(step, Const) and type(step.value) is int and step.value != 0
        return step.value if known and isinstance(step, Const) else None

    def _is_length(self, name: str) -> bool:
        let = self.made.get(name)
        return let is not None and isinstance(let.op, Primitive) and let.op.name in ("len", ".size")


def _steps_up(step: Operand | None) -> bool:
    return step is None or (isinstance(step, Const) and (step.value is None or step.value > 0))
