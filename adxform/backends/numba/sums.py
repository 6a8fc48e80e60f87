"""Sums in loops whose iterations LLVM could otherwise make side by side.

What a loop adds up of derivatives it adds in any order, for that order is ours. A sum of the
user's keeps its order: its terms are stored, and added up in a loop of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from adxform.analysis.aliasing import Aliases
from adxform.analysis.steps import steps
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Memory
from adxform.backends.numba.independence import ADDING, Independence
from adxform.backends.numba.vectors import IN_VECTORS, calls_library
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Block, Const, For, Let, Phi, Primitive, Var, While, walk
from adxform.core.types import Scalar
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter, is_derived, is_op

SLOW = {f"np.{name}" for name in IN_VECTORS}


def with_free_sums(block: Block, builder: Builder) -> Block:
    """A block whose loops add up numbers of derivatives in any order."""
    found = {
        step
        for loop in walk(block) if isinstance(loop, For)
        for name, step in steps(loop).items()
        if is_derived(step) and _adds(name, step, builder.types)
    }  # fmt: skip
    if not found:
        return block
    walker = _FreeSums(builder, found)
    walker.block(block)
    return walker.builder.block


def with_sums_apart(block: Block, builder: Builder) -> Block:
    """A block whose loops leave sums in order to a loop of their own, if nothing else keeps LLVM
    from making functions that are slow one by one for several iterations at once.
    """
    types = builder.types
    found: dict[For, dict[str, Let]] = {}
    for loop in walk(block):
        if isinstance(loop, For) and _is_slow(loop):
            sums = {n: s for n, s in steps(loop).items() if _adds(n, s, types)}
            if sums:
                found[loop] = sums
    if not found:
        return block
    among = Independence(Memory(block, types, Aliases(block, types)), types)
    apart = {
        loop: sums
        for loop, sums in found.items()
        if _in_vectors(among, loop, sums) and _goes_over(loop, among.memory)
    }
    walker = _SumsApart(builder, apart, among.memory)
    walker.block(block)
    return walker.builder.block


def _adds(name: str, step: Let, types: Types) -> bool:
    """Whether a step adds a number to what is carried as ``name``."""
    numbers = [type_of(o, types) for o in (Var(name), Var(step.target), *step.args[1:])]
    floats = all(isinstance(t, Scalar) and t.dtype == "float64" for t in numbers)
    return floats and is_op(step, *ADDING)


def _is_slow(loop: For) -> bool:
    """Whether an innermost loop calls functions that are slow one by one, and no others."""
    if len(loop.bounds) != 1 or loop.stop is not None:
        return False
    plain = all(isinstance(s, Let) and isinstance(s.op, Primitive) for s in loop.body)
    return (
        plain
        and any(is_op(s, *SLOW) for s in loop.body)
        and not any(map(calls_library, loop.body))
    )


def _in_vectors(among: Independence, loop: For, apart: Collection[str]) -> bool:
    """Whether several iterations can be made at once, but for what is carried ``apart``."""
    found = among.sums(loop, apart)
    return found is not None and not found.arrays


def _goes_over(loop: For, memory: Memory) -> bool:
    """Whether a loop goes over an array, beside which the terms of a sum are no matter."""
    places = (access.view.parts for access in memory.of((loop,)))
    return any(part.at == Var(loop.index) for parts in places if parts for part in parts)


class _FreeSums(Rewriter):
    def __init__(self, builder: Builder, found: set[Let]) -> None:
        super().__init__(builder)
        self.found = found

    def let(self, stmt: Let) -> None:
        if stmt in self.found:
            total, value = stmt.args
            if is_op(stmt, "op.Sub", "augment.Sub"):
                value = self.builder.emit(primitive("op.USub"), (value,))
            stmt = Let(stmt.targets, primitive("summed"), (total, value), stmt.origin)
        self.builder.append(stmt)


class _SumsApart(Rewriter):
    """Stores the terms of ``found`` sums, and adds them up after the loop."""

    def __init__(
        self, builder: Builder, found: Mapping[For, dict[str, Let]], memory: Memory
    ) -> None:
        super().__init__(builder)
        self.found = found
        self.memory = memory

    def loop(self, stmt: For | While) -> None:
        sums = self.found.get(stmt) if isinstance(stmt, For) else None
        if not sums or not isinstance(stmt, For):
            super().loop(stmt)
            return
        (count,) = stmt.bounds
        if not self.memory.is_size(count):
            count = self.builder.emit(primitive("max"), (count, Const(0)))
        stored: dict[Let, Let] = {}
        phis = [p for p in stmt.phis if p.target not in sums]
        index, after = self.builder.name(self.builder.bases.get(stmt.index)), self.builder.nested()
        self.builder.types[index] = self.builder.types[stmt.index]
        for name, step in sums.items():
            base = f"{self.builder.bases.get(name, 'total')}_terms"
            terms = self.builder.emit(primitive("np.empty"), (count, Const(None)), base)
            begun, ended = (self.builder.name(base) for _ in range(2))
            for new in (begun, ended):
                self.builder.types[new] = self.builder.types[terms.name]
            args = Var(begun), Var(stmt.index), step.args[1]
            stored[step] = Let((ended,), primitive("update"), args, step.origin)
            phis.append(Phi(begun, terms, Var(ended)))
            term = after.emit(primitive("[]"), (Var(begun), Var(index)))
            after.append(Let(step.targets, step.op, (Var(name), term), step.origin))
        body = tuple(stored.get(s, s) if isinstance(s, Let) else s for s in stmt.body)
        self.builder.append(replace(stmt, phis=tuple(phis), body=body))
        adding = tuple(p for p in stmt.phis if p.target in sums)
        self.builder.append(For(index, stmt.bounds, adding, after.block, stmt.reverse))
