"""Lengths of lists that grow by one item in each iteration: ``len(ys)`` is counted, not asked."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import Const, For, Let, Operand, Phi, Primitive, Var, While
from adxform.core.types import INT
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter


class ListLengths(Rewriter):
    """Knows the length of a list that begins empty, and of one at the start of an iteration.

    What is written to and read from it then stands at places that the reverse sweep knows.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.lengths: dict[str, int] = {}
        self.whole: dict[str, Operand] = {}  # lists with an item for each iteration of a loop
        self.counted: set[str] = set()  # lengths, which are not negative
        self.growing: dict[str, tuple[For, int]] = {}

    def let(self, stmt: Let) -> None:
        name = stmt.op.name if isinstance(stmt.op, Primitive) else ""
        if name == "empty_list":
            self.lengths[stmt.target] = 0
        elif name == "append" and isinstance(stmt.args[0], Var):
            before = self.lengths.get(stmt.args[0].name)
            if before is not None:
                self.lengths[stmt.target] = before + 1
        elif name == "len" and stmt.target not in self.builder.bases:
            known = self.length(stmt.args[0])
            if known is not None:
                self.env[stmt.target] = known
                return
            self.counted.add(stmt.target)
        self.builder.append(stmt)

    def length(self, held: Operand) -> Operand | None:
        """A list's length, as a number or counted by the loop that it grows in."""
        if not isinstance(held, Var):
            return None
        if held.name in self.lengths:
            return Const(self.lengths[held.name])
        if held.name in self.whole:
            return self.whole[held.name]
        if held.name not in self.growing:
            return None
        loop, before = self.growing[held.name]
        more = before - loop.start.value  # type: ignore[union-attr]
        if more == 0:
            return Var(loop.index)
        sign = "op.Add" if more > 0 else "op.Sub"
        counted = self.builder.emit(primitive(sign), (Var(loop.index), Const(abs(more))))
        self.builder.types[counted.name] = INT
        return counted

    def loop(self, stmt: For | While) -> None:
        if isinstance(stmt, For) and self.counts(stmt):
            appended = {
                s.target: s.args[0]
                for s in stmt.body
                if isinstance(s, Let) and isinstance(s.op, Primitive) and s.op.name == "append"
            }
            for phi in stmt.phis:
                before = self.before(phi)
                grows = isinstance(phi.second, Var) and appended.get(phi.second.name)
                if before is not None and grows == Var(phi.target):
                    self.growing[phi.target] = stmt, before
        super().loop(stmt)
        if isinstance(stmt, For):
            for phi in stmt.phis:
                _, before = self.growing.pop(phi.target, (None, 1))
                stop = self.sub(stmt.bounds[-1])
                full = stmt.stop is None and stmt.start == Const(before) == Const(0)
                if full and isinstance(stop, Var) and stop.name in self.counted:
                    self.whole[phi.target] = stop

    def counts(self, loop: For) -> bool:
        """Whether a loop's index counts its iterations, from a number."""
        start = loop.start
        plain = isinstance(start, Const) and type(start.value) is int
        return plain and loop.step == Const(1) and not loop.reverse

    def before(self, phi: Phi) -> int | None:
        """The length of a list before a loop."""
        first = self.sub(phi.first)
        return self.lengths.get(first.name) if isinstance(first, Var) else None
