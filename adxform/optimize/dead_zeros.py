"""Dead zeros: of zeros that are written over next, only what is left of them is set to zero."""

from __future__ import annotations

from collections import Counter

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    Let,
    Operand,
    Slice,
    Tuple,
    Var,
    While,
    parts_of,
)
from adxform.core.operands import left_out
from adxform.core.reads import read_counts
from adxform.core.types import ANY, Array, Type
from adxform.differentiate.common import names_for, primitive
from adxform.optimize.walk import Rewriter, is_op, is_users, rewritten

Margins = dict[Let, tuple[Let, list[Operand]]]


def margins(block: Block, types: Types, counts: Counter[str], *makers: str) -> Margins:
    """What writes over zeros of a block, and the parts that stay zero, by the statement that makes
    them, of one of the ``makers``; ``counts`` are the reads of all names.
    """
    made = {s.target: s for s in block if isinstance(s, Let) and is_op(s, *makers)}
    found: Margins = {}
    for stmt in block if made else ():
        if isinstance(stmt, Let) and is_op(stmt, "update") and isinstance(stmt.args[0], Var):
            array = stmt.args[0].name
            left = _left(types.get(array, ANY), stmt.args[1]) if counts[array] == 1 else None
            if array in made and left is not None:
                found[made[array]] = stmt, left
    return found


def _left(array: Type, index: Operand) -> list[Operand] | None:
    """The parts of an array that an index leaves alone: along one axis, or none at all."""
    floats = isinstance(array, Array) and (array.dtype or "").startswith("float")
    if not isinstance(array, Array) or not array.dims or not floats:
        return None
    cuts = [left_out(part) for part in parts_of(index)]
    short = [(axis, cut) for axis, cut in enumerate(cuts) if cut != (0, 0)]
    if None in cuts or len(short) > 1 or len(cuts) > len(array.dims):
        return None
    found: list[Operand] = []
    for axis, cut in short:
        first, both = cut  # type: ignore[misc]
        ends = [Slice(upper=Const(first))] if first else []
        ends += [Slice(lower=Const(first - both))] if both > first else []
        found += [end if axis == 0 else Tuple((*[Slice()] * axis, end)) for end in ends]
    return found


def without_dead_zeros(function: Function, types: Types) -> Function:
    """In loops, ``b = np.empty_like(x); b[-1:] = 0.0`` where ``b[:-1]`` is written next."""
    if not any(isinstance(stmt, For | While) for stmt in function.body):
        return function
    if not index(function.body).of("np.zeros_like"):
        return function
    builder = Builder(names_for(function, types), types, function.bases)
    return rewritten(function, _Margins(builder, read_counts(function.body, function.result)))


class _Margins(Rewriter):
    def __init__(self, builder: Builder, counts: Counter[str]) -> None:
        super().__init__(builder)
        self.counts = counts
        self.depth = 0
        self.found: Margins = {}

    def loop(self, stmt: For | While) -> None:
        self.depth += 1
        super().loop(stmt)
        self.depth -= 1

    def block(self, block: Block) -> None:
        outer = self.found
        if self.depth:
            found = margins(block, self.builder.types, self.counts, "np.zeros_like")
            self.found = {zeros: f for zeros, f in found.items() if not is_users(zeros)}
        super().block(block)
        self.found = outer

    def let(self, stmt: Let) -> None:
        if stmt not in self.found:
            self.builder.append(stmt)
            return
        _, left = self.found[stmt]
        base = self.builder.bases.get(stmt.target)
        self.builder.origin = stmt.origin
        made: Operand = self.builder.emit(primitive("np.empty_like"), stmt.args, base)
        for part in left:
            made = self.builder.emit(primitive("update"), (made, part, Const(0.0)), base)
        self.env[stmt.target] = made
