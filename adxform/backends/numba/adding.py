"""Sums that are written where their first operand was read: added there, with no array between."""

from __future__ import annotations

from collections import Counter

from adxform.analysis.aliasing import Aliases, writes
from adxform.core.builder import Builder, type_of
from adxform.core.dims import may_be_one
from adxform.core.ir import Block, Let, Operand, Primitive, Stmt, Var
from adxform.core.reads import read_counts
from adxform.core.types import Array, Type
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.table import RULES


def added_in_place(block: Block, builder: Builder, result: Operand) -> Block:
    """A block with ``a[1:] = a[1:] + b`` as ``a[1:] += b``, where ``b`` is no part of ``a``."""
    walk = _Adding(builder, read_counts(block, result), Aliases(block, builder.types))
    walk.block(block)
    return eliminate_dead_code(walk.builder.block, (result,)) if walk.found else block


class _Adding(Rewriter):
    def __init__(self, builder: Builder, reads: Counter[str], aliases: Aliases) -> None:
        super().__init__(builder)
        self.reads = reads
        self.aliases = aliases
        self.made: dict[str, Let] = {}  # since something was last written
        self.found = False

    def block(self, block: Block) -> None:
        outer, self.made = self.made, {}
        super().block(block)
        self.made = outer

    def statement(self, stmt: Stmt) -> None:
        super().statement(stmt)
        if not isinstance(stmt, Let):
            self.made.clear()

    def let(self, stmt: Let) -> None:
        addend = self.addend(stmt) if is_op(stmt, "update") else None
        if addend is not None:
            self.found = True
            op, args = RULES["accumulate_at"].primitive, (*stmt.args[:2], addend)
            stmt = Let(stmt.targets, op, args, stmt.origin)
        self.builder.append(stmt)
        if not isinstance(stmt.op, Primitive) or writes(stmt.op):
            self.made.clear()
        else:
            self.made.update(dict.fromkeys(stmt.targets, stmt))

    def addend(self, store: Let) -> Operand | None:
        """What a statement adds to the slice that it writes."""
        array, index, value = store.args
        total = self.read_once(value)
        if total is None or not is_op(total, "op.Add", "op.Sub"):
            return None
        first, other = total.args
        read = self.read_once(first)
        if not is_op(read, "[]") or read.args != (array, index) or not isinstance(other, Var):
            return None
        types = self.builder.types
        if not _alike(types.get(total.target), types.get(other.name)):
            return None
        if getattr(type_of(array, types), "dtype", None) != types[other.name].dtype:  # type: ignore[union-attr]
            return None
        if self.aliases.of(other.name) == self.aliases.of(array.name):  # type: ignore[union-attr]
            return None
        if is_op(total, "op.Add"):
            return other
        return self.builder.emit(RULES["op.USub"].primitive, (other,))

    def read_once(self, operand: Operand) -> Let | None:
        """The statement that makes what is read nowhere else."""
        if not isinstance(operand, Var) or self.reads[operand.name] != 1:
            return None
        return self.made.get(operand.name)


def _alike(one: Type | None, other: Type | None) -> bool:
    """Whether two arrays are of one dtype, and of one shape where no error is raised."""
    if not isinstance(one, Array) or not isinstance(other, Array) or one.dtype != other.dtype:
        return False
    if one.dims is None or other.dims is None or len(one.dims) != len(other.dims):
        return False
    pairs = zip(one.dims, other.dims, strict=True)
    return all(a == b or not (may_be_one(a) or may_be_one(b)) for a, b in pairs)
