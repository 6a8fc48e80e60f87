"""Ascending loops: iterations whose order is free are made from the first to the last.

A reverse sweep goes back through each loop. Where it need not, LLVM makes several iterations at
once with plain loads, and the processor fetches what comes next.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.aliasing import Aliases
from adxform.backends.numba.accesses import Memory
from adxform.backends.numba.independence import Independence
from adxform.core.builder import Builder
from adxform.core.ir import Block, For, While, walk
from adxform.optimize.walk import Rewriter, is_derived, is_op


def with_ascending_loops(block: Block, builder: Builder) -> Block:
    """A block whose innermost loops ascend where the order of their iterations is free."""
    back = [stmt for stmt in walk(block) if isinstance(stmt, For) and _goes_back(stmt)]
    if not back:
        return block
    among = Independence(Memory(block, builder.types, Aliases(block, builder.types)), builder.types)
    walker = _Ascending(builder, {loop for loop in back if _is_free(loop, among)})
    walker.block(block)
    return walker.builder.block


def _goes_back(loop: For) -> bool:
    return loop.reverse and not any(isinstance(s, For | While) for s in loop.body)


def _is_free(loop: For, among: Independence) -> bool:
    """Whether iterations leave each other's memory alone, but for what derivatives add up."""
    sums = among.sums(loop, anywhere=True)
    if sums is None:
        return False
    added = [s for s in walk((loop,)) if is_op(s, "accumulate_at", "accumulate")]
    return not sums.arrays or all(map(is_derived, added))


class _Ascending(Rewriter):
    def __init__(self, builder: Builder, found: set[For]) -> None:
        super().__init__(builder)
        self.found = found

    def loop(self, stmt: For | While) -> None:
        if isinstance(stmt, For) and stmt in self.found:
            stmt = replace(stmt, reverse=False)
        super().loop(stmt)
