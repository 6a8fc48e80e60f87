"""Which of Python's integers may grow beyond 64 bits: powers, products that loops carry, and sums.

What is computed from these may, too; what counts, or is the size or an index of something, does
not.
"""

from __future__ import annotations

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import (
    Block,
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    binds_of,
    phis_of,
    walk,
)
from adxform.core.types import Scalar, Type

SMALL = 2**31  # constants below are nothing that a product need fear
NAMED = {
    "np.add": "Add", "np.subtract": "Sub", "np.multiply": "Mult", "np.floor_divide": "FloorDiv",
    "np.remainder": "Mod", "np.mod": "Mod", "np.power": "Pow", "np.negative": "USub",
}  # fmt: skip


def arithmetic_of(stmt: Let) -> str:
    """What a statement computes, by Python's name of the operator, or its own name."""
    name = stmt.op.name if isinstance(stmt.op, Primitive) else ""
    return NAMED.get(name, name.removeprefix("op.").removeprefix("augment."))


def is_integer(t: Type) -> bool:
    """Whether a value is one of Python's integers."""
    return isinstance(t, Scalar) and t.weak and t.dtype == "int64"


class Large:
    """Finds them in a function's block."""

    def __init__(self, block: Block, types: Types) -> None:
        self.types = types
        self.made: dict[str, Let] = {}
        self.merged: dict[str, tuple[Phi, Stmt]] = {}
        self.within: dict[Stmt, set[str]] = {}
        self.steady: dict[str, bool] = {}
        self.indices: set[str] = set()  # which begin at 0, or later
        for stmt in walk(block):
            if isinstance(stmt, Let):
                self.made.update(dict.fromkeys(stmt.targets, stmt))
            self.merged.update((phi.target, (phi, stmt)) for phi in phis_of(stmt))
            if isinstance(stmt, For) and self.not_negative(stmt.start) and stmt.step == Const(1):
                self.indices.add(stmt.index)
            if isinstance(stmt, For | While):
                self.within[stmt] = {n for s in walk((stmt,)) for n in binds_of(s)}
        self.large: set[str] = set()
        before = -1
        while before < len(self.large):
            before = len(self.large)
            self.large.update(filter(self.grows, (*self.made, *self.merged)))

    def asked(self, stmt: Let, how: str, depth: int) -> bool:
        """Whether it has to be asked if what a statement makes fits, so many loops deep."""
        if how == "LShift" or how == "Pow":
            plain = all(isinstance(arg, Const) for arg in stmt.args)
            return not plain and (depth == 0 or not self.is_square(stmt))
        if how not in ("Add", "Sub", "Mult"):
            return False
        if how != "Mult":  # one that was asked itself leaves room for what is not large
            return all(map(self.is_large, stmt.args))
        alone = depth == 0 and not any(map(self.is_size, stmt.args))
        return alone or any(map(self.is_large, stmt.args))

    def not_negative(self, operand: Operand) -> bool:
        """Whether a number is known not to be negative."""
        if isinstance(operand, Const):
            return type(operand.value) is int and operand.value >= 0
        return isinstance(operand, Var) and operand.name in self.indices

    def is_square(self, stmt: Let) -> bool:
        base, exponent = stmt.args
        low = isinstance(exponent, Const) and exponent.value in (0, 1, 2)
        return arithmetic_of(stmt) == "Pow" and low and not self.is_large(base)

    def is_large(self, operand: Operand) -> bool:
        if isinstance(operand, Const):
            return is_integer(type_of(operand, self.types)) and abs(operand.value) >= SMALL
        return isinstance(operand, Var) and operand.name in self.large

    def is_size(self, operand: Operand) -> bool:
        """Whether a number is written out, or the size of something."""
        let = self.made.get(operand.name) if isinstance(operand, Var) else None
        return isinstance(operand, Const) or (
            let is not None and getattr(let.op, "name", "") in ("[]", "len", ".size", ".ndim")
        )

    def grows(self, name: str) -> bool:
        """Whether a name is large, by what is known of others so far."""
        if not is_integer(self.types.get(name, Scalar("bool"))):
            return False
        if name in self.merged:
            phi, stmt = self.merged[name]
            ends = self.is_large(phi.first) or self.is_large(phi.second)
            return ends or (not isinstance(stmt, If) and not self.is_steady(name))
        let = self.made[name]
        how = arithmetic_of(let)
        if how in ("LShift", "Pow") and not self.is_square(let):
            return True
        return any(isinstance(a, Var) and a.name in self.large for a in let.args)

    # --- what loops carry ---------------------------------------------------------------------

    def is_steady(self, name: str) -> bool:
        """Whether what a loop carries only counts: by each iteration it grows by no more than what
        is known before, or is set anew.
        """
        if name not in self.steady:
            self.steady[name] = True  # while it is asked for
            phi, stmt = self.merged[name]
            self.steady[name] = self.follows(phi.second, name, self.within[stmt])
        return self.steady[name]

    def follows(self, operand: Operand, name: str, within: set[str]) -> bool:
        """Whether a number is what the loop carries, but for some steps, or is no more than what is
        known before it.
        """
        if not isinstance(operand, Var) or operand.name == name:
            return True
        if operand.name in self.merged and operand.name in within:
            phi, stmt = self.merged[operand.name]
            inner = isinstance(stmt, If) or self.is_steady(operand.name)
            ends = (phi.first, phi.second) if isinstance(stmt, If) else (phi.first,)
            return inner and all(self.follows(end, name, within) for end in ends)
        let = self.made.get(operand.name)
        if let is None or operand.name not in within:
            return True  # an index, or known before
        how = arithmetic_of(let)
        if how in ("copy", "rename"):
            return self.follows(let.args[0], name, within)
        if how in ("Add", "Sub"):
            one, other = let.args
            return any(
                self.follows(a, name, within) and self.is_known(b, within)
                for a, b in ((one, other), (other, one))
            )
        if how in ("FloorDiv", "Mod", "RShift"):
            return self.follows(let.args[0], name, within) and self.is_known(let.args[1], within)
        return self.is_known(operand, within)

    def is_known(self, operand: Operand, within: set[str]) -> bool:
        """Whether a number is made of what no loop carries."""
        if not isinstance(operand, Var) or operand.name not in within:
            return True
        if operand.name in self.merged:
            phi, stmt = self.merged[operand.name]
            ends = (phi.first, phi.second)
            return isinstance(stmt, If) and all(self.is_known(e, within) for e in ends)
        let = self.made.get(operand.name)
        if let is None:
            return True  # an index
        taken = not is_integer(self.types.get(operand.name, Scalar("bool")))
        return taken or all(self.is_known(a, within) for a in let.args if isinstance(a, Var))
