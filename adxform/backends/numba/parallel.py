"""Parallel loops: those whose iterations leave each other's memory alone run in several threads.

Numbers that all iterations add to are sums, which Numba makes of one for each thread.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from adxform.analysis.aliasing import IN_PLACE, Aliases
from adxform.analysis.steps import steps
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Memory, in_step, is_plain
from adxform.core.builder import type_of
from adxform.core.ir import (
    Block,
    Const,
    For,
    If,
    Let,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    walk,
)
from adxform.core.types import Array, Scalar
from adxform.optimize.walk import is_op
from adxform.rules.table import RULES


def in_parallel(block: Block, types: Types) -> Block:
    """A function's block whose independent loops are parallel: those in no other loop, for to begin
    one takes as long as some thousand operations.
    """
    memory = Memory(block, types, Aliases(block, types))
    if not _steady(block, memory):
        return block
    return _parallel(block, Independence(memory, types))


def _steady(block: Block, memory: Memory) -> bool:
    """Whether arrays keep their sizes from one iteration to the next: where Numba makes threads, it
    takes what is asked of a shape in a loop to be what it was before the loop.
    """
    phis = (p for s in walk(block) if isinstance(s, For | While) for p in s.phis)
    return all(memory.chained(p) or _keeps_size(p, memory.types) for p in phis)


def _keeps_size(phi: Phi, types: Types) -> bool:
    """Whether a loop carries no array, or arrays of one shape by their types."""
    known = [type_of(o, types) for o in (Var(phi.target), phi.first, phi.second)]
    if not any(isinstance(t, Array) for t in known):
        return True
    dims = {t.dims if isinstance(t, Array) else None for t in known}
    return len(dims) == 1 and None not in dims


class Independence:
    """Tells which loops have iterations that leave each other's memory alone."""

    def __init__(self, memory: Memory, types: Types) -> None:
        self.memory = memory
        self.types = types

    def sums(self, loop: For, apart: Collection[str] = ()) -> set[Let] | None:
        """The steps by which the independent iterations of a loop add up numbers in any order; None
        if they are not independent, but for what is carried ``apart``.
        """
        if loop.stop is not None or loop.step != Const(1) or not is_plain(loop):
            return None
        found: set[Let] = set()
        changes = steps(loop)
        for phi in loop.phis:
            known, step = self.types.get(phi.target), changes.get(phi.target)
            if phi.target in apart or (isinstance(known, Array) and self.memory.chained(phi)):
                continue
            number = isinstance(known, Scalar) and known.dtype == "float64"
            if not number or step is None or not is_op(step, "summed"):
                return None
            found.add(step)
        own = {s.target for s in walk(loop.body) if isinstance(s, Let) and self.is_new(s)}
        accesses = [a for a in self.memory.of((loop,)) if a.view.root not in own]
        if not all(in_step(a, loop.index, b, loop.index) for a in accesses for b in accesses):
            return None
        return found

    def is_new(self, stmt: Let) -> bool:
        """Whether a statement makes an array in memory of its own."""
        if not isinstance(stmt.op, Primitive) or stmt.op.name in IN_PLACE:
            return False
        return self.memory.aliases.copied(stmt) if stmt.op.name == "[]" else stmt.op.fresh


def _parallel(block: Block, among: Independence) -> Block:
    made: list[Stmt] = []
    for stmt in block:
        sums = among.sums(stmt) if isinstance(stmt, For) else None
        if sums is not None and isinstance(stmt, For):
            body = _adding(stmt.body, sums)
            stmt = replace(stmt, body=body, reverse=False, parallel=True)
        elif isinstance(stmt, If):
            then, orelse = _parallel(stmt.then, among), _parallel(stmt.orelse, among)
            stmt = replace(stmt, then=then, orelse=orelse)
        made.append(stmt)
    return tuple(made)


def _adding(block: Block, sums: set[Let]) -> Block:
    """A block that adds by ``+=``, which Numba knows for a sum."""
    made: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, For):
            made.append(replace(stmt, body=_adding(stmt.body, sums)))
        elif isinstance(stmt, Let) and stmt in sums:
            made.append(Let(stmt.targets, RULES["accumulate"].primitive, stmt.args))
        else:
            made.append(stmt)
    return tuple(made)
