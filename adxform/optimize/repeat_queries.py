"""Shape queries and places are written where they are needed: ``x.shape[0]`` and ``x[i - 1]``."""

from __future__ import annotations

import operator
from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    For,
    Let,
    Operand,
    Primitive,
    Slice,
    Tuple,
    Var,
    While,
)
from adxform.core.types import Scalar
from adxform.optimize.walk import Remembering, is_tidy

PLACES = ("op.Add", "op.Sub")


class RepeatQueries(Remembering):
    """Gives each element taken of a shape a query of its own, and each place that is a sum its own
    sum: both are as short to write again as to name.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.places: set[str] = set()  # names of values that are a variable and a number added

    def block(self, block: Block) -> None:
        known = self.env or self.places or ".shape" in self.ops
        if known or self.concerned(block) or not is_tidy(block):
            super().block(block)
        else:
            self.builder.stmts += block

    def concerned(self, block: Block) -> bool:
        """Whether there may be something to do in a block."""
        held = index(block)
        return ".shape" in held.names or any(map(self.is_integer, held.of(*PLACES)))

    def let(self, stmt: Let) -> None:
        self.builder.origin = stmt.origin
        if self.is_place(stmt):
            self.places.add(stmt.target)
        elif self.places and isinstance(stmt.op, Primitive):
            args = tuple([self.again(a) for a in stmt.args])
            if not all(map(operator.is_, args, stmt.args)):
                stmt = Let(stmt.targets, stmt.op, args, stmt.origin)
        if isinstance(stmt.op, Primitive) and stmt.op.name == "[]":
            query = self.origin_of(stmt.args[0])
            if (
                query is not None
                and isinstance(query.op, Primitive)
                and (query.op.name == ".shape" and query.target not in self.builder.bases)
            ):
                own = self.builder.emit(query.op, query.args)
                stmt = Let(stmt.targets, stmt.op, (Var(own.name), *stmt.args[1:]), stmt.origin)
        self.builder.stmts.append(stmt)
        self.remember(stmt)

    def loop(self, stmt: For | While) -> None:
        if isinstance(stmt, For):
            self.builder.origin = None
            if self.places:
                stmt = replace(stmt, bounds=tuple(self.again(self.sub(b)) for b in stmt.bounds))
        super().loop(stmt)

    def again(self, operand: Operand) -> Operand:
        """An operand whose places are computed for it alone."""
        match operand:
            case Var(name):
                if name not in self.places:
                    return operand
                let = self.made_by[name]
                assert isinstance(let.op, Primitive)
                return self.builder.emit(let.op, [self.again(a) for a in let.args])
            case Tuple(items):
                return operand.with_items(self.again(item) for item in items)
            case Slice(lower, upper, step):
                parts = (None if p is None else self.again(p) for p in (lower, upper, step))
                return Slice(*parts)
            case _:
                return operand

    def is_place(self, let: Let, depth: int = 2) -> bool:
        """Whether a value is a variable and a number added: ``i - 1``, ``n - 1 - i``."""
        if not isinstance(let.op, Primitive) or let.op.name not in PLACES:
            return False
        return (
            let.target not in self.builder.bases
            and self.is_integer(let)
            and all(self._is_short(a, depth) for a in let.args)
        )

    def is_integer(self, let: Let) -> bool:
        known = self.builder.types.get(let.target)
        return isinstance(known, Scalar) and known.dtype.startswith("int")

    def _is_short(self, operand: Operand, depth: int) -> bool:
        if not isinstance(operand, Var):
            return isinstance(operand, Const)
        if operand.name in self.builder.bases:
            return True
        let = self.origin_of(operand)
        return let is not None and depth > 1 and self.is_place(let, depth - 1)
