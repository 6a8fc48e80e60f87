"""Scheduling: a variable takes its new value after the last use of its old one, where it can.

``s_bar_2 = s_bar * c; x_bar += s_bar * s`` becomes ``x_bar += s_bar * s; s_bar = s_bar * c``, so
that one variable is enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from adxform.analysis.aliasing import IN_PLACE, Aliases
from adxform.core.ir import (
    Block,
    For,
    Function,
    If,
    Let,
    Opaque,
    Primitive,
    Stmt,
    While,
    binds_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.emit.nesting import Nested, written_out


def schedule(function: Function, nested: Nested, aliases: Aliases) -> Function:
    """A function whose statements stand where fewest variables are needed."""
    scheduling = _Scheduling(function.bases, nested, aliases)
    return replace(function, body=scheduling.block(function.body))


class _Scheduling:
    def __init__(self, bases: dict[str, str], nested: Nested, aliases: Aliases) -> None:
        self.bases = bases
        self.several = {base for base, times in Counter(bases.values()).items() if times > 1}
        self.nested = nested
        self.aliases = aliases

    def block(self, block: Block) -> Block:
        stmts = [stmt if type(stmt) is Let else self.inner(stmt) for stmt in block]
        place = len(stmts) - 1
        while place >= 0:
            target = self.target_place(stmts, place)
            if target > place:
                stmts.insert(target, stmts.pop(place))
            place -= 1
        return tuple(stmts)

    def inner(self, stmt: Stmt) -> Stmt:
        match stmt:
            case If():
                return replace(stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse))
            case For():
                return replace(stmt, body=self.block(stmt.body))
            case While():
                return replace(stmt, body=self.block(stmt.body))
            case _:
                return stmt

    def leaves(self, stmt: Stmt) -> list[str]:
        """The names that a statement as it will be written reads, inner blocks included."""
        if isinstance(stmt, Let):  # as most are: it has no inner blocks
            return written_out(stmt.reads, self.nested)
        found = list(reads_of(stmt))
        for inner in walk((stmt,)):
            if inner is not stmt:
                found.extend(reads_of(inner))
            found.extend(n for p in phis_of(inner) for n in uses((p.first, p.second)))
            found.extend(tests_of(inner))
        return written_out(found, self.nested)

    def replaces(self, stmt: Stmt) -> str | None:
        """The older value of its own variable that a statement reads."""
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return None
        base = self.bases.get(stmt.target)
        if base not in self.several or stmt.target in self.nested or stmt.op.name in IN_PLACE:
            return None
        for name in self.leaves(stmt):
            if name != stmt.target and self.bases.get(name) == base:
                return name
        return None

    def target_place(self, stmts: list[Stmt], place: int) -> int:
        """How far down a statement can move, so that its variable's old value is used up."""
        stmt = stmts[place]
        old = self.replaces(stmt)
        if old is None:
            return place
        assert isinstance(stmt, Let)
        own = set(self.leaves(stmt))
        variables = {self.bases.get(n, n) for n in own} - {self.bases.get(stmt.target)}
        families = {self.aliases.of(n) for n in own}
        best = place
        for other in range(place + 1, len(stmts)):
            passed = stmts[other]
            if isinstance(passed, Let) and passed.target in self.nested:
                continue
            reads = self.leaves(passed)
            if stmt.target in reads or self.blocks(passed, variables, families):
                break
            if old in reads:
                best = other
        return best

    def blocks(self, passed: Stmt, variables: set[str], families: set[str]) -> bool:
        """Whether a statement changes something that the moving one reads."""
        for inner in (passed,) if isinstance(passed, Let) else walk((passed,)):
            if isinstance(inner, Let) and isinstance(inner.op, Primitive):
                written = inner.op.name in IN_PLACE and any(
                    self.aliases.of(n) in families for n in uses(inner.args[:1])
                )
                if written:
                    return True
            elif not isinstance(inner, If | For | While) and not (
                isinstance(inner, Let) and isinstance(inner.op, Opaque) and inner.op.pure
            ):
                return True
            if any(self.bases.get(n, n) in variables for n in binds_of(inner)):
                return True
        return False
