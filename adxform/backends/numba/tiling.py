"""Tiling: products of matrices, and loops over their rows, are made for some rows after the others.

What a product makes is then read while it is near the processor, and never stored as a whole.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Access, Facts, Memory, facts_of, is_plain
from adxform.backends.numba.elements import Pointwise, element_of
from adxform.backends.numba.tiles import Tile, UnsizedError, in_rows, with_sizes
from adxform.core.builder import Builder
from adxform.core.dims import Dim, Sym
from adxform.core.ir import (
    Block,
    For,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    While,
    parts_of,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import Array, Scalar
from adxform.optimize.walk import is_op

PRODUCTS = ("op.MatMult", "np.matmul", "np.dot")
MADE = ("np.empty", "np.zeros")
ELEMENTS = ("[]", "update", "accumulate_at")
FAR = 100  # so many statements that wait for a tile end the search for others of it


def tiled(block: Block, builder: Builder, result: Operand) -> Block:
    """A function's block whose products of many rows are made by tiles, where nothing else needs
    all of a product at once.
    """
    if not any(is_op(stmt, *PRODUCTS) for stmt in walk(block)):
        return block
    block = with_sizes(block, builder, PRODUCTS)
    memory = Memory(block, builder.types, Aliases(block, builder.types))
    return _Tiling(builder, memory, read_counts(block, result)).block(block)


@dataclass(slots=True)
class Member:
    """A statement that is made for each tile: a product of ``rows``, a ``sum`` over rows, the
    transposed (``turn``) or the memory (``new``) of an array of rows, an operation element by
    element (``each``), or a ``loop``.
    """

    kind: str
    facts: Facts
    place: int

    def in_rows(self, access: Access) -> bool:
        """Whether an access is of elements in the rows at hand alone."""
        parts = access.view.parts
        if not parts or parts[0].begins:
            return False
        stmt = self.facts.stmt
        return parts[0].at == (Var(stmt.index) if isinstance(stmt, For) else None)


@dataclass(slots=True)
class Region:
    """The statements of a block that are made by tiles along ``rows``, and those between them, by
    whether they come before or after; ``local`` are the arrays that tiles have of their own, of
    which some are ``turned``.
    """

    rows: Dim
    members: list[Member] = field(default_factory=list)
    early: list[Facts] = field(default_factory=list)
    later: list[Facts] = field(default_factory=list)
    local: dict[str, int] = field(default_factory=dict)
    turned: set[str] = field(default_factory=set)
    end: int = 0

    @property
    def facts(self) -> list[Facts]:
        return [member.facts for member in self.members]

    @property
    def binds(self) -> set[str]:
        return {name for facts in self.facts for name in facts.binds}


class _Tiling:
    def __init__(self, builder: Builder, memory: Memory, counts: Counter[str]) -> None:
        self.builder = builder
        self.memory = memory
        self.types: Types = builder.types
        self.counts = counts

    def block(self, block: Block) -> Block:
        stmts = tuple(map(self.inner, block))
        made = [s for s in stmts if is_op(s, *PRODUCTS)]
        rows = [dims[0] for dims in map(self.dims, (s.target for s in made)) if dims]
        for dim in dict.fromkeys(rows):
            region = self.region(stmts, dim) if isinstance(dim, Sym) else None
            if region is not None:
                with suppress(UnsizedError):
                    return self.made(stmts, region)
        return stmts

    def inner(self, stmt: Stmt) -> Stmt:
        match stmt:
            case For():
                return stmt if is_plain(stmt) and not _multiplies(stmt) else self.within(stmt)
            case If() | While():
                return self.within(stmt)
            case _:
                return stmt

    def within(self, stmt: For | If | While) -> Stmt:
        match stmt:
            case If():
                then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                return replace(stmt, then=then, orelse=orelse)
            case While():
                return replace(stmt, head=self.block(stmt.head), body=self.block(stmt.body))
            case For():
                return replace(stmt, body=self.block(stmt.body))

    def dims(self, name: str) -> tuple[Dim, ...]:
        """The dimensions of an array of numbers of double precision, as far as they are known."""
        known = self.types.get(name)
        if not isinstance(known, Array) or known.dtype != "float64":
            return ()
        return known.dims or ()

    # --- which statements are made by tiles ---------------------------------------------------

    def region(self, stmts: Block, rows: Dim) -> Region | None:
        """The statements that are made by tiles along some rows, if that is worth it."""
        apart: set[int] = set()
        while True:
            found = self.grown(stmts, rows, apart)
            leaking = self.leaking(found)
            if not leaking:
                return found if self.worth(found) else None
            apart |= leaking

    def grown(self, stmts: Block, rows: Dim, apart: set[int]) -> Region:
        """As many statements as go together; those at places ``apart`` do not."""
        found = Region(rows)
        for place, stmt in enumerate(stmts):
            facts = facts_of(stmt, self.memory, {})
            kind = "" if place in apart else self.kind(stmt, found)
            member = Member(kind, facts, place)
            found.end = place + 1
            if kind and self.joins(member, found):
                found.members.append(member)
            elif not found.members:
                continue
            elif not any(f.before(facts) for f in (*found.facts, *found.later)):
                found.early.append(facts)
            elif facts.stays or len(found.later) == FAR:
                found.end = place
                break
            else:
                found.later.append(facts)
        return found

    def kind(self, stmt: Stmt, found: Region) -> str:
        """What a statement is of a tile; empty if it is none."""
        rows = found.rows
        if isinstance(stmt, For):
            return "loop" if self.is_over(stmt, rows) else ""
        if not isinstance(stmt, Let) or len(stmt.targets) != 1:
            return ""
        own = self.dims(stmt.target)
        if is_op(stmt, *MADE):
            return "new" if own[:1] == (rows,) and rows not in own[1:] else ""
        first = stmt.args[0] if stmt.args else None
        if is_op(stmt, ".T"):
            held = isinstance(first, Var) and first.name in found.local
            return "turn" if held and len(own) == 2 else ""
        plain = isinstance(stmt.op, Primitive) and stmt.op.fresh and not writes(stmt.op)
        if plain and isinstance(element_of(stmt, self.types), Pointwise):
            return "each" if own[:1] == (rows,) and rows not in own[1:] else ""
        if not is_op(stmt, *PRODUCTS) or not isinstance(stmt.args[1], Var):
            return ""
        if not isinstance(first, Var):
            return ""
        a, b = self.dims(first.name), self.dims(stmt.args[1].name)
        if len(a) == 2 and a[0] == rows != a[1] and len(b) in (1, 2) and rows not in b:
            return "rows"
        turned = self.turned(first.name) if len(a) == 2 else None
        over = a[-1:] == b[:1] == (rows,) and (*a, *b).count(rows) == 2
        return "sum" if over and len(b) <= 2 and (turned or (len(a), len(b)) == (1, 2)) else ""

    def turned(self, name: str) -> str | None:
        """The array that an array is the transposed of."""
        made = self.memory.made.get(name)
        whole = made.args[0] if is_op(made, ".T") else None
        return whole.name if isinstance(whole, Var) else None

    def is_over(self, loop: For, rows: Dim) -> bool:
        """Whether a loop goes over the rows, one after the other, and only computes."""
        if loop.reverse or loop.stop is not None or loop.parallel or len(loop.bounds) != 1:
            return False
        bound = loop.bounds[0]
        known = self.types.get(bound.name) if isinstance(bound, Var) else None
        phis = [p for inner in walk((loop,)) if isinstance(inner, For) for p in inner.phis]
        arrays = [p for p in phis if isinstance(self.types.get(p.target), Array)]
        return (
            isinstance(known, Scalar) and known.value == rows
            and is_plain(loop) and all(map(self.memory.chained, arrays))
        )  # fmt: skip

    def joins(self, member: Member, found: Region) -> bool:
        """Whether a statement can be made tile by tile among the others."""
        facts, stmt = member.facts, member.facts.stmt
        if any(other.before(facts) for other in found.later):
            return False
        given = facts.reads & found.binds
        if not given <= found.local.keys():
            return False
        if not found.local.keys().isdisjoint(self.wholes(member)):
            return False
        accesses = self.accesses(member)
        for other in found.members:
            for a in self.accesses(other):
                for b in accesses:
                    apart = a.memory != b.memory or not (a.writes or b.writes)
                    alike = a.view.root == b.view.root
                    if not apart and not (alike and other.in_rows(a) and member.in_rows(b)):
                        return False
        if member.kind in ("rows", "new", "turn", "each"):
            found.local[_target(stmt)] = member.place
            if member.kind == "turn":
                found.turned.add(_target(stmt))
        elif isinstance(stmt, For):
            return self.holds(stmt, found)
        return True

    def wholes(self, member: Member) -> list[str]:
        """The arrays of which a statement that is no loop reads more than the rows at hand."""
        stmt = member.facts.stmt
        match member.kind:
            case "rows":
                return [_name(stmt, 1)]
            case "each":
                assert isinstance(stmt, Let)
                return [n for n in stmt.reads if not in_rows(n, stmt.target, self.types)]
            case _:
                return []

    def accesses(self, member: Member) -> list[Access]:
        """What a statement reads and writes, and which of it row by row."""
        stmt = member.facts.stmt
        if isinstance(stmt, For):
            return member.facts.accesses
        if member.kind == "new":
            return []
        assert isinstance(stmt, Let)
        wholes, found = self.wholes(member), []
        for name in stmt.reads:
            whole = self.turned(name) if member.kind == "sum" else None
            view = self.memory.view(whole or name)
            read = Access(self.memory.aliases.of(name), view, False)
            found.append(self.memory.unknown(name, False) if name in wholes else read)
        return found

    def holds(self, loop: For, found: Region) -> bool:
        """Whether a loop reads and writes the arrays of a tile in its own row, under their names;
        if so, the names that it gives them are such names, too.
        """
        own = dict(found.local)
        for stmt in walk((loop,)):
            if isinstance(stmt, For):
                for phi in stmt.phis:
                    if isinstance(phi.first, Var) and phi.first.name in own:
                        own[phi.target] = own[phi.first.name]
            elif isinstance(stmt, Let):
                read = own.keys() & set(stmt.reads)
                if not read:
                    continue
                if read & found.turned:
                    return False
                name = stmt.args[0].name if isinstance(stmt.args[0], Var) else ""
                places = parts_of(stmt.args[1]) if len(stmt.args) > 1 else ()
                plain = is_op(stmt, *ELEMENTS) and stmt.reads.count(name) == 1
                if not plain or read != {name} or places[:1] != (Var(loop.index),):
                    return False
                if not is_op(stmt, "[]"):
                    own[stmt.target] = own[name]
        found.local.update(own)
        return True

    def leaking(self, found: Region) -> set[int]:
        """The places of statements that make what others need as a whole."""
        inside: Counter[str] = Counter()
        for member in found.members:
            inside.update(read_counts((member.facts.stmt,)))
        return {at for name, at in found.local.items() if self.counts[name] != inside[name]}

    def worth(self, found: Region) -> bool:
        """Whether a product is read row by row, and so never stored; of vectors, also summed up."""
        kinds = Counter(member.kind for member in found.members)
        products = [_target(m.facts.stmt) for m in found.members if m.kind == "rows"]
        wide = any(len(self.dims(name)) == 2 for name in products)
        return bool(products and kinds["loop"] and (wide or kinds["sum"]))

    def made(self, stmts: Block, found: Region) -> Block:
        """A block with its tiles."""
        builder = self.builder.nested()
        tile = Tile(builder, self.memory, found.local)
        first = found.members[0].place
        builder.stmts.extend(stmts[:first])
        builder.stmts.extend(facts.stmt for facts in found.early)
        tile.make([(member.kind, member.facts.stmt) for member in found.members])
        builder.stmts.extend(facts.stmt for facts in found.later)
        builder.stmts.extend(stmts[found.end :])
        return builder.block


def _multiplies(loop: For) -> bool:
    return any(is_op(stmt, *PRODUCTS) for stmt in walk(loop.body))


def _target(stmt: Stmt) -> str:
    assert isinstance(stmt, Let)
    return stmt.target


def _name(stmt: Stmt, place: int) -> str:
    assert isinstance(stmt, Let) and isinstance(stmt.args[place], Var)
    return stmt.args[place].name  # type: ignore[union-attr]
