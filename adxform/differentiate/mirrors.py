"""Structure mirrored: the test of a branch asked again, a loop run backward as often as it ran."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Const,
    For,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    uses,
)
from adxform.core.types import INT
from adxform.differentiate.common import primitive
from adxform.differentiate.gaps import Gaps
from adxform.differentiate.sweeps import is_test


class Mirrors:
    """Makes the tests and loops of the reverse sweep; ``made_by`` is the Let behind each name."""

    def __init__(self, builder: Builder, gaps: Gaps) -> None:
        self.builder = builder
        self.gaps = gaps
        self.counters: dict[Stmt, str] = {}
        self.made_by: dict[str, Let] = {}

    def retest(self, test: Operand) -> Operand:
        """A branch's condition in the reverse sweep: a comparison is written again."""
        let = self.made_by.get(test.name) if isinstance(test, Var) else None
        if let is None or let.target in self.builder.bases or not is_test(let):
            return test
        if isinstance(let.op, Opaque) and not self.gaps.names.isdisjoint(uses(let.args)):
            return test  # `c and y > 0` reads y only where c holds
        return self.builder.emit(let.op, let.args)  # type: ignore[arg-type]

    def mirror(self, stmt: For | While, phis: tuple[Phi, ...], body: Block) -> For:
        """The loop of the reverse sweep that undoes a loop, with the given headers and body."""
        if isinstance(stmt, For):
            index = self.builder.name(self.builder.bases.get(stmt.index))
            self.builder.types[index] = INT
            bounds = stmt.bounds if stmt.stop is None else self.done(stmt)
            return For(index, bounds, phis, body, not stmt.reverse, stmt.origin, mirror=stmt)
        index = self.builder.name("trip")
        self.builder.types[index] = INT
        return For(index, (self.trips(stmt),), phis, body, True, stmt.origin, mirror=stmt)

    def trips(self, loop: For | While) -> Var:
        """How many iterations a loop has begun: counted in the forward sweep."""
        if isinstance(loop, For):
            for phi in loop.phis:
                if self.counting(phi, loop):
                    return Var(phi.target)
        if loop not in self.counters:
            self.counters[loop] = self.builder.name("trips")
            self.builder.types[self.counters[loop]] = INT
        return Var(self.counters[loop])

    def counting(self, phi: Phi, loop: For) -> bool:
        """Whether what a loop carries is the number of its trips."""
        made = self.made_by.get(phi.second.name) if isinstance(phi.second, Var) else None
        return (
            phi.first == Const(0)
            and made in loop.body
            and made is not None
            and made.args == (Var(phi.target), Const(1))
            and isinstance(made.op, Primitive)
            and made.op.text == "Add"
        )

    def done(self, loop: For) -> tuple[Operand, ...]:
        """The part of its range that a loop with an early end has run over."""
        start = loop.bounds[0] if len(loop.bounds) > 1 else Const(0)
        step = loop.bounds[2] if len(loop.bounds) > 2 else Const(1)
        length: Operand = self.trips(loop)
        if start == Const(0) and step == Const(1):
            return (length,)
        if step == Const(-1):
            return start, self.builder.emit(primitive("op.Sub"), (start, length)), step
        if step != Const(1):
            length = self.builder.emit(primitive("op.Mult"), (step, length))
        terms = (length, start) if isinstance(start, Const) else (start, length)
        end = self.builder.emit(primitive("op.Add"), terms)
        return (start, end) if step == Const(1) else (start, end, step)
