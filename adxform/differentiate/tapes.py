"""Where names of the forward sweep are bound, and the tapes that record their values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from adxform.core.constant import constant_by_value
from adxform.core.dims import Sym
from adxform.core.ir import (
    Block,
    For,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
)
from adxform.core.types import ANY, Array, ListOf, Number, Scalar, Taped, Type, unvalued

Path = tuple[tuple[Stmt, int], ...]  # the (branch or loop, block number) pairs around a statement


@constant_by_value
class Definition:
    """Where a name is bound: in which blocks, and by which statement (None for a header)."""

    path: Path
    stmt: Stmt | None


@dataclass(frozen=True, slots=True)
class Like:
    """The shape of ``array[index]``, its first ``skipped`` axes left out."""

    array: Var
    index: Operand | None
    skipped: int


@dataclass(eq=False, slots=True)
class Tape:
    """A value recorded in each iteration of a loop."""

    name: str
    loop: For | While
    inner: tuple[For, ...]
    value: str
    definition: Definition
    kind: str
    type: Type
    shape: tuple[Operand, ...] | Like = ()


@dataclass(slots=True)
class Plan:
    """What is to be added to the forward sweep."""

    tapes: dict[Stmt, list[Tape]] = field(default_factory=lambda: defaultdict(list))
    exports: dict[Stmt, list[Phi]] = field(default_factory=lambda: defaultdict(list))
    before: dict[Stmt, list[Let]] = field(default_factory=lambda: defaultdict(list))
    after: dict[Stmt, list[Stmt]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[tuple[Stmt, int], list[Stmt]] = field(default_factory=lambda: defaultdict(list))


def definitions(block: Block) -> dict[str, Definition]:
    """Where each name of a block is bound; loop variables count as bound inside the loop."""
    found: dict[str, Definition] = {}
    _define(block, (), found)
    return found


def _define(block: Block, path: Path, found: dict[str, Definition]) -> None:
    for stmt in block:
        if type(stmt) is Let:  # as most are
            made = Definition(path, stmt)
            for name in stmt.targets:
                found[name] = made
            continue
        for place, inner in enumerate(blocks_of(stmt)):
            _define(inner, (*path, (stmt, place)), found)
        body = len(blocks_of(stmt)) - 1
        for name in binds_of(stmt):
            if isinstance(stmt, For | While):
                found[name] = Definition((*path, (stmt, body)), None)
            else:
                found[name] = Definition(path, stmt)


def tape_type(kind: str, t: Type, name: str, loops: int) -> Type:
    """The type of a tape for values of type ``t``."""
    trips = tuple(Sym(f"len{axis}({name})") for axis in range(loops))
    if kind == "array" and isinstance(t, Scalar | Number):
        return Array(t.dtype or "float64", trips)
    if kind == "array" and isinstance(t, Array):
        return Array(t.dtype, None if t.dims is None else (*trips, *t.dims))
    return ListOf(unvalued(t)) if isinstance(t, Scalar | Array | Taped | ListOf) else ANY


def paths_of(block: Block, path: Path = ()) -> dict[Stmt, Path]:
    """Where each statement of a block, and of the blocks within, stands."""
    found: dict[Stmt, Path] = {}
    for stmt in block:
        found[stmt] = path
        for place, inner in enumerate(blocks_of(stmt)):
            found.update(paths_of(inner, (*path, (stmt, place))))
    return found
