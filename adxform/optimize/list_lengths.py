"""Lengths of lists that grow: ``len(ys)`` is counted, not asked.

What is written to such a list and read from it then stands at places that the reverse sweep knows,
or has recorded as numbers; a list that were recorded would be copied in each iteration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    phis_of,
    walk,
)
from adxform.core.types import INT, Scalar
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter, is_op


@dataclass(frozen=True, slots=True)
class Length:
    """A number of items: what is counted by a name, if any, and some more."""

    counted: str | None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """The length of what a ``phi`` carries, carried by a loop itself; ``steady`` if it grows by one
    item in each iteration.
    """

    phi: Phi
    name: str
    first: Operand
    steady: bool


class ListLengths(Rewriter):
    """Knows the length of a list that begins empty, and of one at the start of an iteration.

    ``index_of`` are lists that grow by one item in each iteration of a loop which counts, so that
    its index tells the length; ``open`` are what the loops around count by.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.lengths: dict[str, Length] = {}
        self.whole: dict[str, Operand] = {}  # lists with an item for each iteration of a loop
        self.counted: set[str] = set()  # lengths, which are not negative
        self.index_of: set[str] = set()
        self.open: set[str | None] = {None}
        self.sums: dict[str, Length] = {}

    def let(self, stmt: Let) -> None:
        first = stmt.args[0] if stmt.args else None
        if is_op(stmt, "empty_list"):
            self.lengths[stmt.target] = Length(None)
        elif is_op(stmt, "append") and isinstance(first, Var) and first.name in self.lengths:
            before = self.lengths[first.name]
            self.lengths[stmt.target] = replace(before, more=before.more + 1)
        elif is_op(stmt, "len") and stmt.target not in self.builder.bases:
            known = self.length(stmt.args[0])
            if known is not None:
                self.env[stmt.target] = known
                return
            self.counted.add(stmt.target)
        elif is_op(stmt, "op.Add", "op.Sub"):
            found = self.sum(stmt)
            if found is not None and stmt.args[0] != Var(found.counted or ""):  # a sum of a sum
                self.env[stmt.target] = self.emitted(found)
                return
            if found is not None:
                self.sums[stmt.target] = found
        self.builder.append(stmt)

    def sum(self, stmt: Let) -> Length | None:
        """What an operation gives that adds a number, which is written out, to a whole number."""
        one, other = stmt.args
        known = self.builder.type_of(one)
        if not isinstance(known, Scalar) or known.dtype != "int64" or not isinstance(one, Var):
            return None
        if not isinstance(other, Const) or type(other.value) is not int:
            return None
        before = self.sums.get(one.name, Length(one.name))
        more = other.value if is_op(stmt, "op.Add") else -other.value
        return replace(before, more=before.more + more)

    def length(self, held: Operand) -> Operand | None:
        """A list's length, as a number or counted by a loop that it grows in."""
        if not isinstance(held, Var):
            return None
        if held.name in self.whole:
            return self.whole[held.name]
        known = self.lengths.get(held.name)
        return self.emitted(known) if known is not None and known.counted in self.open else None

    def emitted(self, length: Length) -> Operand:
        if length.counted is None:
            return Const(length.more)
        if length.more == 0:
            return Var(length.counted)
        sign = "op.Add" if length.more > 0 else "op.Sub"
        args = Var(length.counted), Const(abs(length.more))
        made = self.builder.emit(primitive(sign), args)
        self.builder.types[made.name] = INT
        self.sums[made.name] = length
        return made

    # --- branches -----------------------------------------------------------------------------

    def branch(self, stmt: If) -> None:
        super().branch(stmt)
        phis: list[Phi] = []
        then: list[Stmt] = []
        orelse: list[Stmt] = []
        for phi in stmt.phis:
            first, second = self.known(phi.first), self.known(phi.second)
            if first is None or second is None:
                continue
            if first == second:
                self.lengths[phi.target] = first
                continue
            name = self.count(phi.target)
            phis.append(Phi(name, self.at_end(first, then), self.at_end(second, orelse)))
            self.lengths[phi.target] = Length(name)
            self.open.add(name)
        if phis:
            made = self.builder.stmts.pop()
            assert isinstance(made, If)
            blocks = (*made.then, *then), (*made.orelse, *orelse)
            self.builder.append(replace(
                made, then=blocks[0], orelse=blocks[1], phis=(*made.phis, *phis)
            ))

    def known(self, held: Operand) -> Length | None:
        held = self.sub(held)
        return self.lengths.get(held.name) if isinstance(held, Var) else None

    def at_end(self, length: Length, tail: list[Stmt]) -> Operand:
        """A length at the end of a block, of which ``tail`` is what is added there."""
        outer, self.builder = self.builder, self.builder.nested()
        found = self.emitted(length)
        tail += self.builder.stmts
        self.builder = outer
        return found

    def count(self, target: str) -> str:
        """A name for a list's length."""
        name = self.builder.name(f"len_{self.builder.bases.get(target, 'items')}")
        self.builder.types[name] = INT
        return name

    # --- loops --------------------------------------------------------------------------------

    def loop(self, stmt: For | While) -> None:
        carried: list[Carried] = []
        for phi in stmt.phis:
            growth = _growth(phi, stmt.body)
            if growth is None:
                continue
            before = self.known(phi.first)
            steady = growth == 1 and before is not None and before.counted is None
            more = before.more if steady and before is not None else 0
            if steady and isinstance(stmt, For) and (start := _counts_from(stmt)) is not None:
                self.lengths[phi.target] = Length(stmt.index, more - start)
                self.index_of.add(phi.target)
                continue
            first = Const(0) if steady else self.asked(phi.first)  # which counts the iterations
            carried.append(Carried(phi, self.count(phi.target), first, steady))
            self.lengths[phi.target] = Length(carried[-1].name, more)
        outer = self.open
        self.open = outer | {each.name for each in carried}
        if isinstance(stmt, For):
            self.open.add(stmt.index)
        super().loop(stmt)
        if carried:
            self.carry(carried)
        self.open = outer
        for phi in stmt.phis:
            if phi.target in self.index_of:
                self.ended(phi, stmt)

    def asked(self, held: Operand) -> Operand:
        """The length of a list before a loop."""
        known = self.length(self.sub(held))
        return self.builder.emit(primitive("len"), (self.sub(held),)) if known is None else known

    def carry(self, carried: list[Carried]) -> None:
        """The loop that was made last, with lengths that it carries."""
        made = self.builder.stmts.pop()
        assert isinstance(made, For | While)
        tail: list[Stmt] = []
        phis: list[Phi] = []
        for each in carried:
            after = self.known(each.phi.second)
            if each.steady:
                after = Length(each.name, 1)
            assert after is not None  # it is known of all that only grows
            phis.append(Phi(each.name, each.first, self.at_end(after, tail)))
        self.builder.append(
            replace(made, body=(*made.body, *tail), phis=(*made.phis, *phis))
        )

    def ended(self, phi: Phi, stmt: For | While) -> None:
        """After a loop whose index told a length, that is known if it is the loop's bound."""
        assert isinstance(stmt, For)
        self.index_of.remove(phi.target)
        del self.lengths[phi.target]
        before, stop = self.known(phi.first), self.sub(stmt.bounds[-1])
        full = stmt.stop is None and before == Length(None) and stmt.start == Const(0)
        if full and isinstance(stop, Var) and stop.name in self.counted:
            self.whole[phi.target] = stop


def _counts_from(loop: For) -> int | None:
    """The number from which a loop's index counts its iterations, if it does."""
    start = loop.start.value if isinstance(loop.start, Const) else None
    return start if type(start) is int and loop.step == Const(1) and not loop.reverse else None


def _growth(phi: Phi, body: Block) -> int | None:
    """By how many items a list is longer after each iteration: 1, or any number (0); None if it is
    no list that only grows.
    """
    made = {t: s for s in walk(body) if isinstance(s, Let) for t in s.targets}
    merged = {p.target: p for s in walk(body) for p in phis_of(s)}
    last = made.get(phi.second.name) if isinstance(phi.second, Var) else None
    steady = last is not None and last in body and is_op(last, "append")
    if steady and last.args[0] == Var(phi.target):  # type: ignore[union-attr]
        return 1
    seen: set[str] = set()
    work, appends = [phi.second], False
    while work:
        held = work.pop()
        if not isinstance(held, Var):
            return None
        if held.name == phi.target or held.name in seen:
            continue
        seen.add(held.name)
        let = made.get(held.name)
        if held.name in merged:
            work += [merged[held.name].first, merged[held.name].second]
        elif let is not None and is_op(let, "append"):
            work.append(let.args[0])
            appends = True
        else:
            return None
    return 0 if appends else None
