"""Structure mirrored: the test of a branch asked again, a loop run backward as often as it ran."""

from __future__ import annotations

from collections.abc import Iterable

from adxform.analysis.activity import Activity, transparent
from adxform.analysis.changed import reads_changed
from adxform.core.builder import Builder
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Const,
    For,
    If,
    Let,
    Opaque,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    phis_of,
    uses,
    walk,
)
from adxform.core.types import INT
from adxform.differentiate.common import primitive
from adxform.differentiate.cotangents import Cotangents
from adxform.differentiate.gaps import Gaps
from adxform.differentiate.sweeps import Bars, counts_trips, is_test


class Mirrors(Cotangents):
    """Writes the branches and loops of the reverse sweep; ``made_by`` is the Let behind each name,
    ``counters`` are the names of the numbers of iterations that are counted, ``growing`` those of
    lists whose cotangents may stay longer than they are, ``changed`` of what statements carried
    verbatim may change.
    """

    def __init__(self, builder: Builder, activity: Activity, gaps: Gaps) -> None:
        super().__init__(builder, activity, gaps)
        self.counters: dict[Stmt, str] = {}
        self.made_by: dict[str, Let] = {}
        self.growing: frozenset[str] = frozenset()
        self.changed: set[str] = set()

    def block(self, block: Block, bars: Bars) -> None:
        """The reverse of a block, which adds to the cotangents of what it reads."""
        raise NotImplementedError

    def outside(self, stmt: If | For | While) -> list[str]:
        """The active names from outside a branch or loop that its statements read."""
        bound = {name for inner in walk((stmt,)) for name in binds_of(inner)}
        found: list[str] = []
        for inner in walk((stmt,)):
            if isinstance(inner, Let):
                found.extend(transparent(inner))
            for phi in phis_of(inner):
                found.extend(
                    uses(
                        (phi.second,)
                        if inner is stmt and not isinstance(inner, If)
                        else (phi.first, phi.second)
                    )
                )
        return [n for n in dict.fromkeys(found) if n in self.activity and n not in bound]

    def branch(self, stmt: If, bars: Bars) -> None:
        phis = [p for p in stmt.phis if p.target in bars]
        given = [(p, bars.pop(p.target)) for p in phis]
        outside = self.outside(stmt)
        if not given:
            return
        ends = []
        for side, block in enumerate(blocks_of(stmt)):
            outer = self.builder
            self.builder = outer.nested()
            inner = {name: bars[name] for name in outside if name in bars}
            for phi, bar in given:
                self.add(inner, (phi.first, phi.second)[side], bar)
            self.block(block, inner)
            ends.append((self.builder, inner))
            self.builder = outer
        merged = list(self.merge(outside, bars, ends))
        (then, _), (orelse, _) = ends
        self.builder.append(
            If(
                self.retest(stmt.test),
                then.block,
                orelse.block,
                tuple(merged),
                stmt.origin,
                mirror=stmt,
            )
        )

    def merge(
        self, outside: list[str], bars: Bars, ends: list[tuple[Builder, Bars]]
    ) -> Iterable[Phi]:
        """A phi for each cotangent that either side of a branch has changed."""
        for name in outside:
            before = bars.get(name)
            after = [inner.get(name) for _, inner in ends]
            if all(value is before for value in after):
                continue
            values = [
                value or self.gaps.zero(builder, name, self.base(name))
                for value, (builder, _) in zip(after, ends, strict=True)
            ]
            target = self.bar_name(name)
            bars[name] = Var(target)
            yield Phi(target, values[0], values[1])

    def loop(self, stmt: For | While, bars: Bars) -> None:
        """A loop's reverse runs backward; the cotangents of what it carries run through it."""
        active = [p for p in stmt.phis if p.target in self.activity]
        outside = self.outside(stmt)
        if not any(p.target in bars for p in active):
            return
        carried = [(p, self.bar_name(p.target), self.bar_or_zero(bars, p.target)) for p in active]
        outer_bars = [(n, self.bar_name(n), self.bar_or_zero(bars, n)) for n in outside]
        for phi in active:
            bars.pop(phi.target, None)
        outer = self.builder
        self.builder = outer.nested()
        inner: Bars = {name: Var(bar) for name, bar, _ in outer_bars}
        for phi, bar, _ in carried:
            self.add_quietly(inner, phi.second, Var(bar))
        self.block(stmt.body, inner)
        headers = [
            Phi(bar, before, self.bar_or_zero(inner, phi.target)) for phi, bar, before in carried
        ]
        headers += [Phi(bar, before, inner[name]) for name, bar, before in outer_bars]
        body, self.builder = self.builder.block, outer
        self.builder.append(self.mirror(stmt, tuple(headers), body))
        for name, bar, _ in outer_bars:
            bars[name] = Var(bar)
        for phi, bar, _ in carried:
            if phi.first != UNDEFINED:
                self.add_quietly(bars, phi.first, Var(bar))

    # --- tests and trips ----------------------------------------------------------------------

    def retest(self, test: Operand) -> Operand:
        """A branch's condition in the reverse sweep: a comparison is written again."""
        let = self.made_by.get(test.name) if isinstance(test, Var) else None
        if let is None or let.target in self.builder.bases or not is_test(let):
            return test
        if reads_changed(let, self.changed):
            return test
        if isinstance(let.op, Opaque) and not self.gaps.names.isdisjoint(let.reads):
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
        return made in loop.body and counts_trips(phi, made)

    def done(self, loop: For) -> tuple[Operand, ...]:
        """The part of its range that a loop with an early end has run over."""
        start, step = loop.start, loop.step
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
