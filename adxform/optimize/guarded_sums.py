"""Guarded sums: what a branch makes zero on one side is added on the other side alone.

``v_bar = g if c else 0.0; x_bar[i] += v_bar`` becomes ``if c: x_bar[i] += g``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    blocks_of,
    uses,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import INT, Scalar
from adxform.differentiate.common import names_for, primitive

SUMS = {"accumulate": 1, "accumulate_at": 2}  # and which operand is added


def guard_sums(function: Function, types: Types) -> Function:
    """A function whose branches add what they make, where the other side adds zero."""
    if not any(isinstance(s, If) and _zeros(s) for s in index(function.body).others):
        return function
    counts = read_counts(function.body, function.result)
    builder = Builder(names_for(function, types), types, function.bases)
    return replace(function, body=_Guarding(builder, counts).block(function.body))


def _zeros(branch: If) -> list[Phi]:
    """The values that are zero on one side of a branch alone."""
    zero = Const(0.0)
    return [p for p in branch.phis if (p.first == zero) != (p.second == zero)]


class _Guarding:
    def __init__(self, builder: Builder, counts: Counter[str]) -> None:
        self.builder = builder
        self.counts = counts
        self.places: Block = ()  # that the sum to be taken in next needs

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        rest = list(block)
        while rest:
            stmt = rest.pop(0)
            match stmt:
                case If():
                    stmt = replace(
                        stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse)
                    )
                    stmt = self.branch(stmt, rest, made)
                case For() | While():
                    stmt = replace(stmt, body=self.block(stmt.body))
            made.append(stmt)
        return tuple(made)

    def branch(self, branch: If, rest: list[Stmt], made: list[Stmt]) -> If:
        """A branch with the sums behind it that it takes in; what they read is made before it."""
        bound = {p.target for p in branch.phis}
        bound |= {t for b in blocks_of(branch) for s in walk(b) for t in getattr(s, "targets", ())}
        while rest:
            self.places = ()
            let = self.last_only(branch, rest[0]) or rest[0]
            if not isinstance(let, Let) or not isinstance(let.op, Primitive):
                break
            phi = self.guarded(branch, let)
            if phi is not None and bound.isdisjoint(self.others(branch, let)):
                branch = self.taken(branch, phi, let)
            elif self.is_place(let) and bound.isdisjoint(let.reads):
                made.append(let)
            else:
                break
            rest.pop(0)
        return branch

    def last_only(self, branch: If, loop: Stmt) -> Let | None:
        """A loop that adds what a branch makes, in its first iteration alone, without the loop: the
        cotangent of what the user's loop leaves behind belongs to its last iteration.
        """
        if not isinstance(loop, For) or not loop.reverse or len(loop.bounds) != 1 or not loop.body:
            return None
        (stop,), (sums, *more) = loop.bounds, loop.body
        ended = [p for p in loop.phis if p.second == Const(0.0)]
        kept = [p for p in loop.phis if p not in ended]
        plain = not more and isinstance(sums, Let) and isinstance(sums.op, Primitive)
        if not plain or len(ended) != 1 or len(kept) != 1 or not isinstance(stop, Var):
            return None
        assert isinstance(sums, Let) and isinstance(sums.op, Primitive)
        (bar,), (total,) = ended, kept
        whole = (Var(total.target), Var(loop.index), Var(bar.target))
        unread = self.counts[bar.target] == 1 and total.second == Var(sums.target)
        if sums.op.name != "accumulate_at" or sums.args != whole or not unread:
            return None
        found = replace(sums, targets=(total.target,), args=(total.first, stop, bar.first))
        if self.guarded(branch, found) is None:
            return None
        self.builder.origin = sums.origin
        last = self.builder.emit(primitive("op.Sub"), (stop, Const(1)))
        self.builder.types[last.name] = INT
        self.places = (self.builder.stmts[-1],)
        return replace(found, args=(total.first, last, bar.first))

    def is_place(self, let: Let) -> bool:
        """Whether a statement computes a place in an array."""
        known = self.builder.types.get(let.target)
        whole = isinstance(known, Scalar) and known.dtype.startswith("int")
        assert isinstance(let.op, Primitive)
        return whole and let.op.name in ("op.Add", "op.Sub")

    def guarded(self, branch: If, let: Let) -> Phi | None:
        """The value that a sum adds, if a branch makes it for this sum alone."""
        assert isinstance(let.op, Primitive)
        place = SUMS.get(let.op.name)
        value = None if place is None else let.args[place]
        for phi in _zeros(branch):
            if value == Var(phi.target) and self.counts[phi.target] == 1:
                known = self.builder.types.get(phi.target)
                return phi if isinstance(known, Scalar) else None
        return None

    def others(self, branch: If, let: Let) -> list[str]:
        """The names that a sum reads but for what it adds, and what it adds to if the branch makes
        that.
        """
        assert isinstance(let.op, Primitive)
        place = SUMS[let.op.name]
        begun = any(let.args[0] == Var(p.target) for p in branch.phis)
        return uses([a for i, a in enumerate(let.args) if i != place and (i or not begun)])

    def taken(self, branch: If, phi: Phi, let: Let) -> If:
        """A branch that does a sum itself, on the side where it adds something."""
        side = 1 if phi.first == Const(0.0) else 0
        assert isinstance(let.op, Primitive)
        begun = next((p for p in branch.phis if let.args[0] == Var(p.target)), None)
        ends = [let.args[0]] * 2 if begun is None else [begun.first, begun.second]
        args = [ends[side], *let.args[1:]]
        args[SUMS[let.op.name]] = (phi.first, phi.second)[side]
        target = self.builder.name(self.builder.bases.get(let.target))
        self.builder.types[target] = self.builder.types[let.target]
        blocks = [branch.then, branch.orelse]
        summed = Let((target,), let.op, tuple(args), let.origin)
        blocks[side] = (*blocks[side], *self.places, summed)
        ends[side] = Var(target)
        phis = (*(p for p in branch.phis if p is not phi), Phi(let.target, *ends))
        then, orelse = blocks
        return replace(branch, then=then, orelse=orelse, phis=phis)
