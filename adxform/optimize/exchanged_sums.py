"""Exchanged sums: what a loop adds to a value after others have, it adds before they do.

Loops that add to one cotangent stand in each other's way where they go back: the last one takes it
from those before. Sums may come in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.index import Index
from adxform.core.ir import For, Let, Operand, Phi, Stmt, Var
from adxform.optimize.chains import SUMS, Chain
from adxform.optimize.walk import Rewriter, is_op

MadeBy = Callable[[str], Stmt | None]


class Exchanging:
    """Exchanges sums in a function in which names are read as often as ``reads`` says."""

    def __init__(self, reads: Mapping[str, int], builder: Builder) -> None:
        self.reads = reads
        self.builder = builder
        self.before: dict[tuple[str, Stmt], Operand | None] = {}

    def exchanged(self, loop: For, made_by: MadeBy) -> tuple[For, dict[Stmt, Stmt]]:
        """A loop that adds before the statements that ``made_by`` knows, and what these become."""
        others: dict[Stmt, Stmt] = {}
        if any(self._comes_after(phi.first, made_by) for phi in loop.phis):
            return loop, others
        for phi in loop.phis:
            if not isinstance(phi.first, Var):
                continue
            last = phi.first.name
            sums, first = self._sums(last, made_by)
            if any(isinstance(stmt, For) for stmt in sums.values()):  # their names change places
                begin, end = next(reversed(sums)), phi.target
                made = {name: others.get(stmt, stmt) for name, stmt in sums.items()}
                others[sums[last]] = _giving(made[last], last, end, self.builder)
                if begin == last:
                    others[sums[last]] = _adding_to(others[sums[last]], end, Var(last))
                else:
                    others[sums[begin]] = _adding_to(made[begin], begin, Var(last))
                changed = _adding_to(_giving(loop, end, last, self.builder), last, first)
                assert isinstance(changed, For)
                loop = changed
        return loop, others

    def _comes_after(self, operand: Operand, made_by: MadeBy) -> bool:
        """Whether a value is a loop's that does more than add to it: what takes it comes later."""
        if not isinstance(operand, Var):
            return False
        made = made_by(operand.name)
        return isinstance(made, For) and self._added_to(operand.name, made) is None

    def _sums(self, last: str, made_by: MadeBy) -> tuple[dict[str, Stmt], Operand]:
        """The statements that do nothing but add until they give a name, by what each gives, the
        last one first; and what they begin with.
        """
        found: dict[str, Stmt] = {}
        value: Operand = Var(last)
        while isinstance(value, Var) and (made := made_by(value.name)) is not None:
            before = self._added_to(value.name, made)
            if before is None:
                break
            found[value.name] = made
            value = before
        return found, value

    def _added_to(self, name: str, made: Stmt) -> Operand | None:
        """What a statement adds to, so that it gives a certain name, if that is all that it does,
        and one other reads that.
        """
        asked = name, made
        if asked not in self.before:
            alone = self.reads[name] == Index((made,)).reads[name] + 1
            self.before[asked] = _added_to(name, made) if alone else None
        return self.before[asked]


def _added_to(name: str, made: Stmt) -> Operand | None:
    """What a statement adds to, so that it gives a certain name, if that is all that it does."""
    if is_op(made, *SUMS):
        return made.args[0]
    phis = [p for p in made.phis if p.target == name] if isinstance(made, For) else []
    sums = Chain(SUMS, {name})
    if not phis or not isinstance(made, For) or not sums.block(made.body):
        return None
    return phis[0].first if sums.holds(phis[0].second) else None


def _giving(stmt: Stmt, name: str, other: str, builder: Builder) -> Let | For:
    """A statement that gives a value another name."""
    if isinstance(stmt, Let):
        return Let((other,), stmt.op, stmt.args, stmt.origin)
    assert isinstance(stmt, For)
    walker = Rewriter(builder.nested())
    walker.env = {name: Var(other)}
    body = walker.nested(stmt.body)
    phis = [Phi(other if p.target == name else p.target, p.first, walker.sub(p.second))
            for p in stmt.phis]
    return replace(stmt, phis=tuple(phis), body=body)


def _adding_to(stmt: Stmt, name: str, other: Operand) -> Let | For:
    """A statement that adds to another value what it gives a name to."""
    if isinstance(stmt, Let):
        return Let(stmt.targets, stmt.op, (other, *stmt.args[1:]), stmt.origin)
    assert isinstance(stmt, For)
    phis = (replace(p, first=other) if p.target == name else p for p in stmt.phis)
    return replace(stmt, phis=tuple(phis))
