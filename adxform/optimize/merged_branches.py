"""Merged branches: a branch of the reverse sweep right after one on the same condition joins it."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cached_property

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Callee,
    Effect,
    Function,
    If,
    Let,
    Opaque,
    Operand,
    Primitive,
    Stmt,
    Var,
    uses,
    walk,
)
from adxform.core.types import Scalar
from adxform.differentiate.common import names_for
from adxform.differentiate.increments import same
from adxform.optimize.walk import Rewriter, with_bodies


def merge_branches(function: Function, types: Types) -> Function:
    """``if c: y = f(x)`` followed by ``if c: x_bar = ...`` asks only once."""
    if not any(isinstance(s, If) and s.mirror is not None for s in index(function.body).others):
        return function
    merging = _Merging(Builder(names_for(function, types), types, function.bases), function)
    body = merging.block(function.body)
    return replace(function, body=body) if merging.found else function


def _only_computes(stmt: Stmt) -> bool:
    if not isinstance(stmt, Let):
        return False
    op = stmt.op
    return op.pure if isinstance(op, Opaque) else isinstance(op, Primitive) and not writes(op)


def _may_write(stmt: Stmt) -> bool:
    """Whether a statement may write to what is not seen."""
    if isinstance(stmt, Let):
        return isinstance(stmt.op, Callee) or (isinstance(stmt.op, Opaque) and not stmt.op.pure)
    return isinstance(stmt, Effect)


class _Merging:
    def __init__(self, builder: Builder, function: Function) -> None:
        self.builder = builder
        self.function = function
        self.made_by = index(function.body).made_by
        self.found = False

    @cached_property
    def aliases(self) -> Aliases:
        return Aliases(self.function.body, self.builder.types)

    def block(self, block: Block, before: Block = ()) -> Block:
        """A block, after one that is merged already."""
        made: list[Stmt] = list(before)
        for stmt in block:
            if isinstance(stmt, If):
                place = self.before(made, stmt)
                if place is None:
                    made.append(with_bodies(stmt, self.block))
                else:
                    first = made.pop(place)
                    assert isinstance(first, If)
                    made.append(self.merged(first, stmt))
            else:
                made.append(with_bodies(stmt, self.block))
        return tuple(made)

    def before(self, made: list[Stmt], branch: If) -> int | None:
        """The place of a branch on the same condition which may as well come here."""
        if branch.mirror is None:
            return None
        place = len(made) - 1
        while place >= 0 and _only_computes(made[place]):
            place -= 1
        first = made[place] if place >= 0 else None
        if not isinstance(first, If) or not self.same(first.test, branch.test):
            return None
        between = [s for s in made[place + 1 :] if isinstance(s, Let)]
        return place if self.passes(first, between) else None

    def passes(self, branch: If, stmts: list[Let]) -> bool:
        """Whether a branch may come after some statements that only compute."""
        read = {n for s in stmts for n in s.reads}
        if not read.isdisjoint(p.target for p in branch.phis):
            return False
        arrays = {n for n in read if not isinstance(self.builder.types.get(n), Scalar)}
        if not arrays:
            return True
        inner = walk((*branch.then, *branch.orelse))
        if any(map(_may_write, inner)):
            return False
        written = {
            self.aliases.of(n)
            for s in inner
            if isinstance(s, Let) and isinstance(s.op, Primitive) and writes(s.op)
            for n in uses(s.args[:1])
        }
        return written.isdisjoint(map(self.aliases.of, arrays))

    def same(self, a: Operand, b: Operand) -> bool:
        """Whether two conditions are one, or the same comparison."""
        first, second = (self.made_by.get(o.name) if isinstance(o, Var) else None for o in (a, b))
        if first is None or second is None or a == b:
            return a == b
        if isinstance(first.op, Opaque) and isinstance(second.op, Opaque):
            alike = first.op.pure and first.op.reads == second.op.reads
            return alike and first.args == second.args and (
                ast.dump(first.op.tree) == ast.dump(second.op.tree)
            )
        if not isinstance(first.op, Primitive) or first.op is not second.op:
            return False
        pairs = zip(first.args, second.args, strict=True)
        return first.op.style == "compare" and all(same(x, y, self.made_by) for x, y in pairs)

    def merged(self, first: If, second: If) -> If:
        self.found = True
        blocks, phis = [], list(second.phis)
        sides = ((first.then, second.then), (first.orelse, second.orelse))
        for side, (before, after) in enumerate(sides):
            renaming = Rewriter(self.builder)
            renaming.env = {p.target: (p.first, p.second)[side] for p in first.phis}
            blocks.append(self.block(renaming.nested(after), before))
            for place, phi in enumerate(phis):
                part = renaming.sub((phi.first, phi.second)[side])
                phis[place] = replace(phi, first=part) if side == 0 else replace(phi, second=part)
        then, orelse = blocks
        return replace(first, then=then, orelse=orelse, phis=(*first.phis, *phis))
