"""Chains: the names that a carried value goes through while it is only added or written to."""

from __future__ import annotations

from adxform.core.ir import (
    Block,
    Callee,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    blocks_of,
    reads_of,
    tests_of,
    uses,
)

SUMS = frozenset({"accumulate", "accumulate_at", "op.Add", "op.Sub", "add_lists", "own"})
STORES = frozenset({"update", "keep"})


class Chain:
    """The names that one carried value goes through, if nothing else becomes of it.

    Each step is an operation of ``steps`` whose first operand is the name before; branches and
    inner loops carry it through.
    """

    def __init__(self, steps: frozenset[str], names: set[str]) -> None:
        self.steps = steps
        self.names = names

    def holds(self, operand: Operand) -> bool:
        return isinstance(operand, Var) and operand.name in self.names

    def block(self, block: Block) -> bool:
        return all(map(self.statement, block))

    def statement(self, stmt: Stmt) -> bool:
        if not self.names.isdisjoint(tests_of(stmt)):
            return False
        if isinstance(stmt, Let):
            return self.names.isdisjoint(stmt.reads) or self.step(stmt)
        if not self.names.isdisjoint(reads_of(stmt)):
            return False
        if isinstance(stmt, If):
            inside = self.block(stmt.then) and self.block(stmt.orelse)
            return inside and all(self.merges(phi) for phi in stmt.phis)
        if isinstance(stmt, For | While):
            own = [p for p in stmt.phis if self.holds(p.first)]
            self.names.update(p.target for p in own)
            inside = all(map(self.block, blocks_of(stmt)))
            others = uses([o for p in stmt.phis if p not in own for o in (p.first, p.second)])
            kept = all(self.holds(p.second) for p in own)
            return inside and kept and self.names.isdisjoint(others)
        return True

    def merges(self, phi: Phi) -> bool:
        """Whether a branch hands the value on on both sides, or on none."""
        sides = self.holds(phi.first), self.holds(phi.second)
        if all(sides):
            self.names.add(phi.target)
        return all(sides) or self.names.isdisjoint(uses((phi.first, phi.second)))

    def step(self, stmt: Let) -> bool:
        op = stmt.op
        if isinstance(op, Callee):
            return self.call(stmt, op)
        if not isinstance(op, Primitive) or op.name not in self.steps:
            return False
        first, *rest = stmt.args
        if op.name == "op.Add" and not self.holds(first):
            first, rest = rest[0], [first]
        if not self.holds(first) or not self.names.isdisjoint(uses(rest)):
            return False
        self.names.add(stmt.target)
        return True

    def call(self, stmt: Let, callee: Callee) -> bool:
        """What goes back adds to cotangents that it takes over."""
        taken = [(p, s) for p, s in callee.takes if self.holds(stmt.args[s])]
        rest = [arg for i, arg in enumerate(stmt.args) if all(i != s for _, s in taken)]
        if self.steps is not SUMS or not self.names.isdisjoint(uses(rest)):
            return False
        self.names.update(stmt.targets[place] for place, _ in taken)
        return True
