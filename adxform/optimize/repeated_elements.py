"""Elements read again: ``x[1] * x[1] * x[1]`` reads ``x_1 = x[1]`` once, for what follows, too."""

from __future__ import annotations

from collections import ChainMap, Counter

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Let,
    Operand,
    Primitive,
    Var,
    blocks_of,
)
from adxform.core.reads import read_counts
from adxform.core.types import Scalar, Type
from adxform.optimize.walk import Rewriter, is_tidy

Place = tuple[Operand, ...]


class RepeatedElements(Rewriter):
    """Gives the reads of one element one name, if one of them needs a name of its own.

    Where each is used once, each stays where it is used: ``x[i]`` is as short as a name. A write to
    the array is a new array in Core, so that a read after it is none of the same element.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.first: dict[str, str] | None = None

    def block(self, block: Block) -> None:
        if self.first is None:
            self.first = _Reads(block, self.builder.types, self.builder.bases).first
            if not self.first and is_tidy(block):  # nothing to do
                self.builder.stmts += block
                return
        super().block(block)

    def let(self, stmt: Let) -> None:
        assert self.first is not None
        seen = self.first.get(stmt.target)
        if seen is None:
            self.builder.stmts.append(stmt)
        else:
            self.env[stmt.target] = Var(seen)


class _Reads:
    """``first`` maps a read of an element to the read that serves for it."""

    def __init__(self, block: Block, types: dict[str, Type], bases: dict[str, str]) -> None:
        self.types = types
        self.bases = bases
        self.members: dict[str, list[str]] = {}
        self._visit(block, ChainMap())
        counts = read_counts(block) if self.members else Counter()
        self.first = {
            name: leader
            for leader, names in self.members.items()
            if any(counts[n] > 1 for n in (leader, *names))
            for name in names
        }

    def _visit(self, block: Block, known: ChainMap[Place, str]) -> None:
        for stmt in block:
            if type(stmt) is Let:  # as most are
                if self._is_element(stmt):
                    leader = known.setdefault(stmt.args, stmt.target)
                    if leader != stmt.target:
                        self.members.setdefault(leader, []).append(stmt.target)
                continue
            for inner in blocks_of(stmt):
                self._visit(inner, known.new_child())

    def _is_element(self, stmt: Let) -> bool:
        return (
            isinstance(stmt.op, Primitive)
            and stmt.op.name == "[]"
            and stmt.target not in self.bases
            and isinstance(stmt.args[0], Var)
            and isinstance(self.types.get(stmt.target), Scalar)
        )
