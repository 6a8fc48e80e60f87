"""Keeping: which arrays stay as they are, so that a record of them may be the very array."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.core.ir import (
    NONE,
    Block,
    Callee,
    Let,
    Operand,
    Primitive,
    Stmt,
    blocks_of,
    uses,
    walk,
)
from adxform.core.unread import unread_phis
from adxform.differentiate.tapes import Definition, Path


class Keeping:
    """When the arrays of a forward sweep are written to, as names share their memory."""

    def __init__(self, block: Block, types: Types, defined: dict[str, Definition]) -> None:
        self.block = block
        self.types = types
        self.defined = defined

    @cached_property
    def aliases(self) -> Aliases:
        return Aliases(self.block, self.types)

    @cached_property
    def writes(self) -> dict[str, list[Let]]:
        """What writes to the memory of each class of names, or takes it over."""
        found: dict[str, list[Let]] = {}
        for stmt in walk(self.block):
            if type(stmt) is Let:
                for name in uses(_written(stmt)):
                    found.setdefault(self.aliases.of(name), []).append(stmt)
        return found

    def is_written(self, name: str) -> bool:
        """Whether something writes to an array, before or after it is bound."""
        return self.aliases.of(name) in self.writes

    def changes(self, name: str, definition: Definition) -> bool:
        """Whether something may write to an array after it is bound, in the same iteration or, if
        another one goes on with its memory, in a later one.
        """
        writing = self.writes.get(self.aliases.of(name))
        if writing is None:
            return False
        made = definition.stmt
        if made is None or not self.stays_in(name, definition.path):
            return True
        return any(self.ends[made] < self.ends[write] for write in writing)

    def stays_in(self, name: str, path: Path) -> bool:
        """Whether all names that may share the memory of one are bound in a block, or in blocks
        within.
        """
        homes = self._homes.get(self.aliases.of(name), ())
        return all(home is not None and home[: len(path)] == path for home in homes)

    @cached_property
    def _homes(self) -> dict[str, list[Path | None]]:
        """Where the names of each class are bound: a parameter nowhere, and what a loop carries, if
        it is read, outside of it.
        """
        homes: dict[str, list[Path | None]] = {}
        for name in {*self.defined, *self.aliases.shared} - unread_phis(self.block, NONE):
            found = self.defined.get(name)
            home = None if found is None else found.path if found.stmt else found.path[:-1]
            homes.setdefault(self.aliases.of(name), []).append(home)
        return homes

    @cached_property
    def ends(self) -> dict[Stmt, int]:
        """The numbers of statements, after those of the blocks within."""
        ends: dict[Stmt, int] = {}
        _count(self.block, ends)
        return ends


def _written(stmt: Let) -> Sequence[Operand]:
    """What a statement writes to, or gives to a function that does."""
    op = stmt.op
    if isinstance(op, Callee):
        return [stmt.args[source] for _, source in op.takes]
    return stmt.args[:1] if isinstance(op, Primitive) and writes(op) else ()


def _count(block: Block, ends: dict[Stmt, int]) -> None:
    for stmt in block:
        for inner in blocks_of(stmt):
            _count(inner, ends)
        ends[stmt] = len(ends)
