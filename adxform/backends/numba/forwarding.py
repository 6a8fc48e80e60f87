"""Forwarding: what an iteration has stored is handed on as a number, and computed once.

The shape of an array that a function makes is what it was made with.
"""

from __future__ import annotations

from collections import Counter

from adxform.backends.numba.accesses import Memory
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    Block,
    Const,
    For,
    Let,
    Operand,
    Primitive,
    Tuple,
    Var,
    While,
)
from adxform.core.reads import read_counts
from adxform.core.types import Array, Scalar
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.table import RULES

MADE = frozenset({"np.empty", "np.zeros"})
Place = tuple[str, Operand]


def forwarded(
    block: Block, builder: Builder, memory: Memory, result: Operand
) -> tuple[Block, Operand]:
    """A block in whose loops what was just stored is not read again, and its result."""
    forward = _Forwarding(builder.nested(), memory)
    forward.block(block)
    block, result = forward.builder.block, forward.sub(result)
    over = _Overwriting(builder.nested(), read_counts(block))
    over.block(block)
    return over.builder.block, result


class _Overwriting(Rewriter):
    """Leaves out a store of what is overwritten and never read; ``counts`` are the reads."""

    def __init__(self, builder: Builder, counts: Counter[str]) -> None:
        super().__init__(builder)
        self.counts = counts
        self.stores: dict[str, Let] = {}

    def let(self, stmt: Let) -> None:
        if is_op(stmt, "update") and isinstance(stmt.args[0], Var):
            before = self.stores.get(stmt.args[0].name)
            once = self.counts[stmt.args[0].name] == 1
            if before is not None and once and before.args[1] == stmt.args[1]:
                stmt = Let(stmt.targets, stmt.op, (before.args[0], *stmt.args[1:]), stmt.origin)
            self.stores[stmt.target] = stmt
        self.builder.append(stmt)


class _Forwarding(Rewriter):
    """Remembers what is ``stored`` where in the iteration at hand, and what is ``computed``."""

    def __init__(self, builder: Builder, memory: Memory) -> None:
        super().__init__(builder)
        self.memory = memory
        self.stored: dict[Place, Operand] = {}
        self.computed: dict[tuple[str, tuple[Operand, ...]], str] = {}
        self.depth = 0

    def within(self, block: Block) -> Block:
        kept = dict(self.stored), dict(self.computed)
        made = super().within(block)
        self.stored, self.computed = kept
        return made

    def loop(self, stmt: For | While) -> None:
        self.depth += 1
        super().loop(stmt)
        self.depth -= 1

    def let(self, stmt: Let) -> None:
        op = stmt.op
        if not isinstance(op, Primitive) or len(stmt.targets) != 1:
            self.builder.append(stmt)
        elif op.name == ".shape" and (sizes := self.sizes(stmt.args[0])) is not None:
            self.env[stmt.target] = Tuple(sizes)
        elif op.name == "[]" and isinstance(stmt.args[0], Tuple):
            self.item(stmt, stmt.args[0])
        elif op.name in ("update", "accumulate_at") and self.depth:
            self.store(stmt)
        elif self.depth and isinstance(self.builder.types.get(stmt.target), Scalar):
            self.compute(stmt)
        else:
            self.builder.append(stmt)

    # --- shapes -------------------------------------------------------------------------------

    def sizes(self, array: Operand) -> tuple[Operand, ...] | None:
        """What an array was made with."""
        let = None if not isinstance(array, Var) else self.memory.maker(array.name)
        if let is None or getattr(let.op, "name", "") not in MADE:
            return None
        shape = self.sub(let.args[0])
        if isinstance(shape, Tuple):
            return shape.items
        return (shape,) if isinstance(type_of(shape, self.builder.types), Scalar) else None

    def item(self, stmt: Let, whole: Tuple) -> None:
        place = stmt.args[1]
        if isinstance(place, Const) and -len(whole.items) <= place.value < len(whole.items):
            self.env[stmt.target] = whole.items[place.value]
        else:
            self.builder.append(stmt)

    # --- elements -----------------------------------------------------------------------------

    def store(self, stmt: Let) -> None:
        """What is stored is known; a sum with what was stored before is stored once."""
        array, index, value = stmt.args
        if not isinstance(array, Var) or not self.is_element(array, value):
            self.builder.append(stmt)
            return
        known = self.stored.get((array.name, index))
        if known is not None:
            if stmt.op.name == "accumulate_at":  # type: ignore[union-attr]
                value = self.builder.emit(RULES["op.Add"].primitive, (known, value))
            stmt = Let(stmt.targets, RULES["update"].primitive, (array, index, value), stmt.origin)
        if stmt.op.name == "update":  # type: ignore[union-attr]
            self.stored[stmt.target, index] = value
        self.builder.append(stmt)

    def is_element(self, array: Var, value: Operand) -> bool:
        """Whether a value is a number that an array holds as it is."""
        whole, one = (type_of(o, self.builder.types) for o in (array, value))
        return isinstance(whole, Array) and isinstance(one, Scalar) and whole.dtype == one.dtype

    def compute(self, stmt: Let) -> None:
        """A number is computed once in an iteration."""
        name = stmt.op.name  # type: ignore[union-attr]
        if name == "[]" and isinstance(stmt.args[0], Var):
            stored = self.stored.get((stmt.args[0].name, stmt.args[1]))
            if stored is not None:
                self.env[stmt.target] = stored
                return
        seen = self.computed.setdefault((name, stmt.args), stmt.target)
        if seen != stmt.target and name != "summed":
            self.env[stmt.target] = Var(seen)
            return
        self.builder.append(stmt)
