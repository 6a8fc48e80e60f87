"""Shifts: extrema that are taken out and put back, so that nothing depends on them.

In ``m + np.log(np.sum(np.exp(x - m)))`` the extremum keeps numbers in range; what it is does not
matter, and its derivative is zero in all. Each value that follows from ``m`` is seen as something
plus ``a * m``, or times ``exp(b * m)``; where all that is left has ``a`` or ``b`` of zero, ``m``
counts as a constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from adxform.analysis.types import Types
from adxform.core.ir import (
    Block,
    Const,
    Function,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    blocks_of,
    names_in,
    parts_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import ANY, dims_of, rank
from adxform.rules.table import RULES

EXTREMA = frozenset({"np.max", "np.amax", ".max()", "np.min", "np.amin", ".min()", "max", "min",
                     "np.maximum", "np.minimum"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Follows:
    """How a value depends on an extremum m: it is ``v + factor * m``, or ``v * exp(factor * m)``
    where it ``scales``. ``axes`` says for each of its axes along which of m's it goes, if any.
    """

    factor: float
    scales: bool
    axes: tuple[int | None, ...]

    @property
    def constant(self) -> bool:
        """Whether it goes along no axis."""
        return all(axis is None for axis in self.axes)

    def times(self, factor: float) -> Follows:
        return replace(self, factor=self.factor * factor)


def without_influence(function: Function, types: Types) -> frozenset[str]:
    """The names of extrema that the result does not depend on."""
    found: set[str] = set()
    if any(_is_extremum(stmt) for stmt in walk(function.body)):
        _visit(function.body, types, _ends(function), found)
    return frozenset(found)


def _ends(function: Function) -> set[str]:
    """The names that are tests, results, or merged with others in what is read at all."""
    ends, read = set(names_in(function.result)), set[str]()
    phis: list[Phi] = []
    for stmt in walk(function.body):
        ends.update(tests_of(stmt))
        read.update(reads_of(stmt))
        phis.extend(phis_of(stmt))
    before = -1
    while len(ends) > before:
        before = len(ends)
        for phi in phis:
            if phi.target in ends or phi.target in read:
                ends.update(uses((phi.first, phi.second)))
    return ends


def _visit(block: Block, types: Types, ends: set[str], found: set[str]) -> None:
    extrema = [stmt for stmt in block if _is_extremum(stmt)]
    readers = _readers(block) if extrema else {}
    for stmt in extrema:
        assert isinstance(stmt, Let)
        if _Following(types, ends).cancels(stmt, block, readers):
            found.add(stmt.target)
    for stmt in block:
        for inner in blocks_of(stmt):
            _visit(inner, types, ends, found)


def _readers(block: Block) -> dict[str, list[int]]:
    """The places in a block of what reads each name, within nested blocks too."""
    found: dict[str, list[int]] = {}
    for place, stmt in enumerate(block):
        inside = (stmt,) if isinstance(stmt, Let) else walk((stmt,))
        for name in {name for s in inside for name in reads_of(s)}:
            found.setdefault(name, []).append(place)
    return found


def _is_extremum(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and stmt.op.name in EXTREMA


class _Following:
    """Follows an extremum through the statements after it."""

    def __init__(self, types: Types, ends: set[str]) -> None:
        self.types = types
        self.ends = ends
        self.known: dict[str, Follows] = {}

    def cancels(self, extremum: Let, block: Block, readers: dict[str, list[int]]) -> bool:
        """Whether nothing that is left depends on an extremum."""
        dims = dims_of(self.types.get(extremum.target, ANY))
        if dims is None:
            return False
        axes = tuple(None if d == 1 else i for i, d in enumerate(dims))
        self.known[extremum.target] = Follows(1.0, scales=False, axes=axes)
        places, done = list(readers.get(extremum.target, ())), -1
        try:
            while places:
                place = heappop(places)
                if place > done:
                    done = place
                    for name in self._followers(block[place]):
                        for reader in readers.get(name, ()):
                            heappush(places, reader)
        except _Unknown:
            return False
        return self.ends.isdisjoint(self.known)

    def _followers(self, stmt: Stmt) -> list[str]:
        """The names that a statement which reads some that follow gives to others."""
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            raise _Unknown
        rule = RULES[stmt.op.name]
        pairs = zip(stmt.op.params, stmt.args, strict=True)
        if not any(name in self.known for p, a in pairs if p in rule.pull for name in uses((a,))):
            return []  # no derivative passes
        way = _WAYS.get(stmt.op.name)
        if way is None:
            raise _Unknown
        made = way(self, stmt)
        if made is None or not made.factor:
            return []
        self.known[stmt.target] = made
        return [stmt.target]

    def of(self, operand: Operand) -> Follows | None:
        """What an operand is; a container of one that follows is not known."""
        if isinstance(operand, Var):
            return self.known.get(operand.name)
        if any(name in self.known for name in names_in(operand)):
            raise _Unknown
        return None

    def fitted(self, follows: Follows, stmt: Let) -> Follows:
        """The same, stretched to the rank of a result."""
        known = rank(self.types.get(stmt.target, ANY))
        if follows.constant and known is None:
            return follows
        if known is None or known < len(follows.axes):
            raise _Unknown
        return replace(follows, axes=(None,) * (known - len(follows.axes)) + follows.axes)

    def both(self, stmt: Let) -> tuple[Follows | None, Follows | None]:
        """What the operands of an operation of two are, stretched to its result."""
        first, second = (self.of(arg) for arg in stmt.args)
        one = None if first is None else self.fitted(first, stmt)
        other = None if second is None else self.fitted(second, stmt)
        if one is not None and other is not None:
            apart = one.axes != other.axes and not (one.constant and other.constant)
            if apart or one.scales != other.scales:
                raise _Unknown
        return one, other

    def only(self, stmt: Let) -> Follows:
        """What the first operand is, where no other follows."""
        first, *rest = (self.of(arg) for arg in stmt.args)
        if first is None or any(r is not None for r in rest):
            raise _Unknown
        return first


class _Unknown(Exception):
    """Something becomes of an extremum that is neither a shift nor a scale."""


Way = Callable[[_Following, Let], Follows | None]


def _sum(sign: int) -> Way:
    def way(walk: _Following, stmt: Let) -> Follows | None:
        one, other = walk.both(stmt)
        if one is not None and other is not None:
            if one.scales:
                if one.factor != other.factor:
                    raise _Unknown
                return one
            return replace(one, factor=one.factor + sign * other.factor)
        found = one if one is not None else other
        assert found is not None
        if found.scales:
            raise _Unknown
        return found if found is one else found.times(sign)

    return way


def _product(sign: int) -> Way:
    """A product (or with a ``sign`` of -1 a quotient)."""

    def way(walk: _Following, stmt: Let) -> Follows | None:
        one, other = walk.both(stmt)
        if one is not None and other is not None:
            if not one.scales:
                raise _Unknown
            return replace(one, factor=one.factor + sign * other.factor)
        found = one if one is not None else other
        assert found is not None
        if found.scales:
            return found if found is one else found.times(sign)
        number = _number(stmt.args[1] if found is one else stmt.args[0])
        if number is None or not number or (found is other and sign < 0):
            raise _Unknown
        return found.times(number if sign > 0 else 1.0 / number)

    return way


def _number(operand: Operand) -> float | None:
    number = isinstance(operand, Const) and type(operand.value) in (int, float)
    return float(operand.value) if number else None  # type: ignore[union-attr]


def _power(walk: _Following, stmt: Let) -> Follows | None:
    found, number = walk.only(stmt), _number(stmt.args[1])
    if not found.scales or number is None:
        raise _Unknown
    return walk.fitted(found.times(number), stmt)


def _turned(scales: bool) -> Way:
    """An exponential makes a scale of a shift, a logarithm a shift of a scale."""

    def way(walk: _Following, stmt: Let) -> Follows | None:
        found = walk.only(stmt)
        if found.scales == scales:
            raise _Unknown
        return replace(found, scales=scales)

    return way


def _same(factor: float = 1.0, scales: bool | None = None) -> Way:
    """An operation that multiplies a shift, or what a scale multiplies, by a number."""

    def way(walk: _Following, stmt: Let) -> Follows | None:
        found = walk.only(stmt)
        if scales is not None and found.scales != scales:
            raise _Unknown
        return found.times(factor)

    return way


def _negative(walk: _Following, stmt: Let) -> Follows | None:
    found = walk.only(stmt)
    return found if found.scales else found.times(-1.0)


def _total(mean: bool) -> Way:
    """A sum or mean along axes that an extremum does not go along."""

    def way(walk: _Following, stmt: Let) -> Follows | None:
        found = walk.only(stmt)
        assert isinstance(stmt.op, Primitive)
        args = dict(zip(stmt.op.params, stmt.args, strict=True))
        plain = args.get("where", Const(True)) == Const(True)
        if not plain or not (mean or found.scales):
            raise _Unknown
        if found.constant:
            return walk.fitted(replace(found, axes=()), stmt)
        axes, count = _places(args["axis"]), len(found.axes)
        gone = {axis % count for axis in axes if -count <= axis < count}
        if not axes or any(found.axes[axis] is not None for axis in gone):
            raise _Unknown
        kept = args["keepdims"] == Const(True)
        if not kept and args["keepdims"] != Const(False):
            raise _Unknown
        left = [axis for i, axis in enumerate(found.axes) if kept or i not in gone]
        return replace(found, axes=tuple(left))

    return way


def _places(axis: Operand) -> list[int]:
    parts = axis.items if isinstance(axis, Tuple) else (axis,)
    numbers = [p.value for p in parts if isinstance(p, Const) and type(p.value) is int]
    if len(numbers) != len(parts):
        raise _Unknown
    return numbers


def _item(walk: _Following, stmt: Let) -> Follows | None:
    """An index that stretches an array or drops axes that an extremum does not go along."""
    found = walk.only(stmt)
    if found.constant:
        return walk.fitted(replace(found, axes=()), stmt)
    axes, left = list(found.axes), list[int | None]()
    for part in parts_of(stmt.args[1]):
        if part == Const(None):
            left.append(None)
        elif axes and part == Slice():
            left.append(axes.pop(0))
        elif axes and axes[0] is None and _number(part) is not None:
            axes.pop(0)
        else:
            raise _Unknown
    return replace(found, axes=(*left, *axes))


_WAYS: dict[str, Way] = {
    **dict.fromkeys(("op.Add", "np.add"), _sum(1)),
    **dict.fromkeys(("op.Sub", "np.subtract"), _sum(-1)),
    **dict.fromkeys(("op.Mult", "np.multiply"), _product(1)),
    **dict.fromkeys(("op.Div", "np.divide", "np.true_divide"), _product(-1)),
    **dict.fromkeys(("op.Pow", "np.power"), _power),
    **dict.fromkeys(("op.USub", "np.negative"), _negative),
    **dict.fromkeys(("copy", "rename", "number", "np.copy", ".copy()", "recorded"), _same()),
    "op.UAdd": _same(),
    **dict.fromkeys(("np.exp", "math.exp"), _turned(scales=True)),
    "np.log": _turned(scales=False),
    "np.sqrt": _same(0.5, scales=True),
    **dict.fromkeys(("np.sum", ".sum()"), _total(mean=False)),
    **dict.fromkeys(("np.mean", ".mean()"), _total(mean=True)),
    "[]": _item,
}
