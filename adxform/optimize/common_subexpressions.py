"""Common-subexpression elimination: an operation repeated on the same operands is done once."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, ModuleType

import numpy as np

from adxform.core.builder import Builder
from adxform.core.ir import (
    Const,
    Effect,
    For,
    Global,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    substitute,
    walk,
)
from adxform.core.raising import raises
from adxform.core.types import Array, Inert, Unknown
from adxform.optimize.dead_code import has_effect
from adxform.optimize.walk import Rewriter

OWN_BUFFER = frozenset(
    {
        "copy",
        "update",
        "append",
        "keep",
        "own",
        "extend",
        "accumulate",
        "accumulate_at",
        "empty_list",
        "empty_stack",
        "list_of",
        "zero_numbers",
        "zero_arrays",
        "zero_values",
        "np.empty",
        "np.empty_like",
        "np.zeros",
        "np.zeros_like",
        "np.ones",
        "np.ones_like",
        "np.full",
        "np.full_like",
        "np.copy",
        ".copy()",
        "recorded",
    }
)  # each use of these gets memory of its own

Key = tuple[str, tuple[Operand | str, ...], int]  # a name stands for itself: hashed faster
ASKING = frozenset({"len", "bool", "[]", "op.In", "op.NotIn"})  # what a container holds
_STEADY = (int, float, complex, str, bytes, type(None), tuple, frozenset, np.ndarray, np.generic,
           np.ufunc, FunctionType, BuiltinFunctionType, ModuleType, type)  # fmt: skip


class CommonSubexpressions(Rewriter):
    """Remembers the operations done so far; a block's are forgotten at its end."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.known: dict[Key, str] = {}
        self.begun: list[list[Key]] = [[]]  # what each of the blocks at hand has added
        self.alike: dict[str, Operand] = {}
        self.adjoint: set[str] = set()
        self.false: list[set[Operand]] = [set()]  # where one of these holds, an error was raised
        self.effects = 0  # that there were so far: what lists from outside hold may have changed

    def enter(self) -> None:
        self.begun.append([])
        self.false.append(set(self.false[-1]))

    def leave(self) -> None:
        for key in self.begun.pop():
            del self.known[key]
        self.false.pop()

    def statement(self, stmt: Stmt) -> None:
        if isinstance(stmt, For | While) and any(map(has_effect, walk((stmt,)))):
            self.effects += 1  # of an iteration before
        super().statement(stmt)
        self.effects += isinstance(stmt, Effect)

    def branch(self, stmt: If) -> None:
        """A branch; none that only raises an error where the same raised one before."""
        if stmt.phis or stmt.orelse or not (stmt.then and raises(stmt.then[-1])):
            super().branch(stmt)
            return
        test = substitute(self.sub(stmt.test), self.alike)
        if test not in self.false[-1]:
            super().branch(stmt)
            self.false[-1].add(test)

    def let(self, stmt: Let) -> None:
        if not isinstance(stmt.op, Primitive) or stmt.op.name in OWN_BUFFER:
            self.effects += has_effect(stmt)
            self.builder.append(stmt)
            return
        args = stmt.args
        if not self.alike.keys().isdisjoint(stmt.reads):
            args = tuple([substitute(a, self.alike) for a in args])
        asks = stmt.op.name in ASKING
        since = self.effects if any(self.may_change(a, asks) for a in args) else 0
        key = (stmt.op.name, tuple([a.name if type(a) is Var else a for a in args]), since)
        seen = self.known.get(key)
        if seen is not None and self.short(stmt):  # stays, but is the same to what reads it
            self.alike[stmt.target] = Var(seen)
            self.builder.append(stmt)
            return
        if seen is not None and (stmt.target not in self.builder.bases or self.named(seen, stmt)):
            self.env[stmt.target] = Var(seen)
            return
        if seen is None:
            self.known[key] = stmt.target
            self.begun[-1].append(key)
        if stmt.origin is not None and stmt.origin.role == "adjoint":
            self.adjoint.add(stmt.target)
        self.builder.append(stmt)

    def merged(self, phis: tuple[Phi, ...]) -> tuple[Phi, ...]:
        """A branch's phis; a nameless one that merges what another does is that one."""
        first: dict[tuple[Operand, Operand], str] = {}
        kept = []
        for phi in super().merged(phis):
            seen = first.setdefault((phi.first, phi.second), phi.target)
            if seen == phi.target or phi.target in self.builder.bases:
                kept.append(phi)
            else:
                self.env[phi.target] = Var(seen)
        return tuple(kept)

    def named(self, seen: str, stmt: Let) -> bool:
        """Whether a value that is known has the name of ``stmt``: it is the same variable computed
        again, or a nameless value of the reverse sweep, which takes the name.
        """
        bases = self.builder.bases
        if stmt.origin is None and bases.get(seen) == bases[stmt.target]:
            return True
        if seen in bases or seen not in self.adjoint:
            return False
        bases[seen] = bases[stmt.target]
        return True

    def may_change(self, operand: Operand, asks: bool) -> bool:
        """Whether an operand may be another set or list, or object, by what it holds, if an
        operation asks for that.
        """
        if type(operand) is Var:
            return asks and isinstance(self.builder.type_of(operand), Inert | Unknown)
        return type(operand) is Global and not isinstance(operand.value, _STEADY)

    def short(self, stmt: Let) -> bool:
        """Whether an operation is as short to write again as to name.

        So are a comparison of numbers, an element, and the transpose of a variable.
        """
        assert isinstance(stmt.op, Primitive)
        if stmt.op.name == ".T":
            return isinstance(stmt.args[0], Var) and stmt.args[0].name in self.builder.bases
        if stmt.op.style == "compare" or stmt.op.name == "op.Not":
            return not isinstance(self.builder.type_of(Var(stmt.target)), Array)
        return stmt.op.style == "subscript" and isinstance(stmt.args[1], Var | Const)
