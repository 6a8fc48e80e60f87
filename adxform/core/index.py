"""What stands in a block, by kind: found once for all that ask of the same block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property

from adxform.core.ir import (
    Block,
    Let,
    Phi,
    Primitive,
    Stmt,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.pause import forgotten_afterwards

_KEPT = 2  # blocks that were asked of last
_recent: tuple[Index, ...] = ()


class Index:
    """The statements of a block and of the blocks within, outer before inner; blocks never change.

    What it holds is shared: nobody changes it.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.stmts = walk(block)

    @cached_property
    def lets(self) -> list[Let]:
        return [stmt for stmt in self.stmts if type(stmt) is Let]

    @cached_property
    def others(self) -> list[Stmt]:
        """The statements that are no Lets."""
        several = len(self.lets) < len(self.stmts)
        return [stmt for stmt in self.stmts if type(stmt) is not Let] if several else []

    @cached_property
    def phis(self) -> list[Phi]:
        return [phi for stmt in self.others for phi in phis_of(stmt)]

    @cached_property
    def made_by(self) -> dict[str, Let]:
        """The Let that gives each name its value; of several targets the first counts."""
        return {stmt.target: stmt for stmt in self.lets}

    @cached_property
    def primitives(self) -> dict[Primitive, list[Let]]:
        """The Lets of each primitive."""
        found: dict[Primitive, list[Let]] = {}
        for stmt in self.lets:
            op = stmt.op
            if type(op) is Primitive:
                if op in found:
                    found[op].append(stmt)
                else:
                    found[op] = [stmt]
        return found

    @cached_property
    def names(self) -> set[str]:
        """The names of all primitives."""
        return {op.name for op in self.primitives}

    @cached_property
    def special(self) -> list[Let]:
        """The Lets that are of no primitive: calls, and Python carried as it is."""
        if sum(map(len, self.primitives.values())) == len(self.lets):
            return []
        return [stmt for stmt in self.lets if type(stmt.op) is not Primitive]

    @cached_property
    def reads(self) -> Counter[str]:
        """How often each name is read, by statements, tests and phis."""
        read: list[str] = []
        for let in self.lets:
            read += let.reads
        for stmt in self.others:
            read += reads_of(stmt)
            read += tests_of(stmt)
        read += uses([operand for phi in self.phis for operand in (phi.first, phi.second)])
        return Counter(read)

    def where(self, chosen: Callable[[Primitive], bool]) -> list[Let]:
        """The Lets of chosen primitives, in the order of the text."""
        ops = {op for op in self.primitives if chosen(op)}
        if len(ops) == 1:
            (op,) = ops
            return self.primitives[op]
        return [stmt for stmt in self.lets if stmt.op in ops] if ops else []

    def of(self, *names: str) -> list[Let]:
        """The Lets of primitives that are called so."""
        return self.where(lambda op: op.name in names)


@forgotten_afterwards
def _forget() -> None:
    global _recent
    _recent = ()


def index(block: Block) -> Index:
    """What stands in a block."""
    global _recent
    for known in _recent:
        if known.block is block:
            return known
    made = Index(block)
    _recent = (made, *_recent[: _KEPT - 1])
    return made
