"""Merged branches: a branch of the reverse sweep right after one on the same condition joins it."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    While,
    walk,
)
from adxform.differentiate.common import names_for
from adxform.optimize.walk import Rewriter


def merge_branches(function: Function, types: Types) -> Function:
    """``if c: y = f(x)`` followed by ``if c: x_bar = ...`` asks only once."""
    if not any(isinstance(s, If) and s.mirror is not None for s in walk(function.body)):
        return function
    merging = _Merging(Builder(names_for(function, types), types, function.bases), function.body)
    return replace(function, body=merging.block(function.body))


class _Merging:
    def __init__(self, builder: Builder, body: Block) -> None:
        self.builder = builder
        self.made_by = {s.target: s for s in walk(body) if isinstance(s, Let)}

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, If):
                place = self.before(made, stmt)
                if place is None:
                    made.append(self.inner(stmt))
                else:
                    first = made.pop(place)
                    assert isinstance(first, If)
                    made.append(self.merged(first, stmt))
            else:
                made.append(self.inner(stmt))
        return tuple(made)

    def inner(self, stmt: Stmt) -> Stmt:
        match stmt:
            case If():
                return replace(stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse))
            case For() | While():
                return replace(stmt, body=self.block(stmt.body))
            case _:
                return stmt

    def before(self, made: list[Stmt], branch: If) -> int | None:
        """The place of a branch on the same condition, with at most that in between."""
        place = len(made) - 1
        while place >= 0 and isinstance(made[place], Let) and self.is_test(made[place], branch):
            place -= 1
        first = made[place] if place >= 0 else None
        same = isinstance(first, If) and self.same(first.test, branch.test)
        return place if same and branch.mirror is not None else None

    def is_test(self, stmt: Stmt, branch: If) -> bool:
        return isinstance(stmt, Let) and branch.test == Var(stmt.target)

    def same(self, a: Operand, b: Operand) -> bool:
        """Whether two conditions are one, or the same comparison."""
        first, second = (self.made_by.get(o.name) if isinstance(o, Var) else None for o in (a, b))
        if first is None or second is None or a == b:
            return a == b
        alike = isinstance(first.op, Primitive) and first.op is second.op
        return alike and first.op.style == "compare" and first.args == second.args  # type: ignore[union-attr]

    def merged(self, first: If, second: If) -> If:
        blocks, phis = [], list(second.phis)
        sides = ((first.then, second.then), (first.orelse, second.orelse))
        for side, (before, after) in enumerate(sides):
            renaming = Rewriter(self.builder)
            renaming.env = {p.target: (p.first, p.second)[side] for p in first.phis}
            blocks.append(self.block((*before, *renaming.nested(after))))
            for place, phi in enumerate(phis):
                part = renaming.sub((phi.first, phi.second)[side])
                phis[place] = replace(phi, first=part) if side == 0 else replace(phi, second=part)
        then, orelse = blocks
        return replace(first, then=then, orelse=orelse, phis=(*first.phis, *phis))
