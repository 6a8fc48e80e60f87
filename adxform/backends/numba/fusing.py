"""Fusing: loops over one range become one loop, where none waits for all of another.

What one iteration stores and the same iteration reads is handed on as a number; an array that
nothing else reads is never made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from adxform.analysis.aliasing import Aliases
from adxform.backends.numba.accesses import Facts, Memory, facts_of, in_step, reads_here
from adxform.backends.numba.forwarding import forwarded
from adxform.backends.numba.plan import SHAPES, merged
from adxform.backends.numba.vectors import calls_library
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    blocks_of,
    parts_of,
    phis_of,
    substitute,
    tests_of,
    uses,
    walk,
)
from adxform.core.operands import begins_at
from adxform.core.raising import raises
from adxform.core.types import Array
from adxform.optimize.walk import Rewriter

BACK = 8  # so many loops before one are asked whether it can be part of them
CHECKS = 100  # so many pairs of arrays LLVM may have to tell apart before a loop runs in vectors


def fused(block: Block, builder: Builder, result: Operand) -> tuple[Block, Operand]:
    """A function's block with loops fused, and its result."""
    memory = Memory(block, builder.types, Aliases(block, builder.types))
    walk = _Fusing(builder, memory)
    block = walk.block(block, uses([result]))
    return forwarded(block, builder, memory, walk.sub(result))


class _Fusing:
    """Fuses the loops of blocks."""

    def __init__(self, builder: Builder, memory: Memory) -> None:
        self.builder = builder
        self.memory = memory
        self.equal: dict[Operand, Operand] = {}
        self.env: dict[str, Operand] = {}  # what names are now, of arrays that one loop writes to

    def sub(self, operand: Operand) -> Operand:
        return substitute(operand, self.env)

    def block(self, block: Block, leaving: Iterable[str]) -> Block:
        """A block, first as a whole, and then those within; ``leaving`` are names read after it."""
        slots: list[Facts] = []
        outer = self.equal
        later = Counter([*leaving, *_elements_read(block)])
        for given in block:
            later.subtract(_elements_read((given,)))
            stmt = self.renamed(given)
            self.note_equal(stmt)
            apart = self.begun_again(given, later)
            if not (
                isinstance(stmt, For) and self.is_plain(stmt) and self.joins(stmt, slots, apart)
            ):
                slots.append(self.facts(stmt))
        made = tuple(map(self.inner, slots))
        self.equal = outer
        return made

    def begun_again(self, stmt: Stmt, later: Counter[str]) -> set[str]:
        """The arrays that a loop goes on with, but not alone: they are read as they were later, and
        so it writes to copies of them.
        """
        firsts = [p.first for p in phis_of(stmt) if isinstance(p.first, Var)]
        return {n for first in firsts if later[first.name] > 0 for n in uses([self.sub(first)])}

    def inner(self, facts: Facts) -> Stmt:
        """A statement with loops fused in the blocks within it."""
        stmt, self.equal = facts.stmt, facts.equal
        match stmt:
            case For():
                body = self.block(stmt.body, merged(stmt))
                return replace(stmt, body=body, phis=self.ended(stmt.phis))
            case While():
                after = [*merged(stmt), *tests_of(stmt)]
                head = self.block(stmt.head, [*after, *_elements_read(stmt.body)])
                body = self.block(stmt.body, after)
                return replace(stmt, head=head, body=body, phis=self.ended(stmt.phis))
            case If():
                names = merged(stmt)
                then, orelse = self.block(stmt.then, names), self.block(stmt.orelse, names)
                phis = (Phi(p.target, self.sub(p.first), self.sub(p.second)) for p in stmt.phis)
                return replace(stmt, then=then, orelse=orelse, phis=tuple(phis))
            case _:
                return stmt

    def ended(self, phis: tuple[Phi, ...]) -> tuple[Phi, ...]:
        return tuple(Phi(p.target, p.first, self.sub(p.second)) for p in phis)

    def renamed(self, stmt: Stmt) -> Stmt:
        """A statement under the names that its operands have now."""
        if not self.env:
            return stmt
        walk = Rewriter(self.builder.nested())
        walk.env = self.env
        walk.statement(stmt)
        return walk.builder.block[0]

    def facts(self, stmt: Stmt) -> Facts:
        return facts_of(stmt, self.memory, self.equal)

    def is_plain(self, loop: For) -> bool:
        """Whether a loop only computes, stores, and adds up."""
        if loop.reverse or loop.stop or len(loop.bounds) != 1:
            return False
        for inner in walk((loop,)):
            if isinstance(inner, For):
                arrays = [p for p in inner.phis if isinstance(self.type(p.target), Array)]
                if not all(map(self.memory.chained, arrays)):
                    return False
            elif not isinstance(inner, Let) or not isinstance(inner.op, Primitive):
                return False
        return True

    def type(self, name: str) -> object:
        return self.builder.types.get(name)

    def note_equal(self, stmt: Stmt) -> None:
        """Where unequal sizes are refused, remember that they are equal."""
        if not isinstance(stmt, If) or stmt.orelse or stmt.phis or len(stmt.then) != 1:
            return
        test = self.memory.made.get(getattr(stmt.test, "name", ""))
        if raises(stmt.then[0]) and test is not None and getattr(test.op, "name", "") == "op.NotEq":
            one, other = map(self.size, map(self.sub, test.args))
            if one != other and isinstance(other, Var):
                self.equal = {**self.equal, other: one}

    def size(self, operand: Operand) -> Operand:
        """The first of the sizes that are known to be equal to one."""
        while operand in self.equal:
            operand = self.equal[operand]
        return operand

    def range(self, loop: For) -> tuple[Operand, ...]:
        return tuple(map(self.size, loop.bounds))

    # --- one loop and another -----------------------------------------------------------------

    def joins(self, loop: For, slots: list[Facts], apart: set[str]) -> bool:
        """Whether a loop could be made a part of one before it, that does not write to the arrays
        ``apart``.
        """
        asked = 0
        for place in range(len(slots) - 1, -1, -1):
            first = slots[place].stmt
            if not isinstance(first, For) or self.range(first) != self.range(loop):
                continue
            if asked == BACK:
                return False
            asked += 1
            own = {phi.target for phi in first.phis}
            if own.isdisjoint(apart) and self.is_plain(first) and self.fuse(place, loop, slots):
                return True
        return False

    def fuse(self, place: int, loop: For, slots: list[Facts]) -> bool:
        """Fuse a loop with that at a place, and move what it needs in front of both."""
        first = slots[place]
        assert isinstance(first.stmt, For)
        own = {p.target: p for p in first.stmt.phis if isinstance(self.type(p.target), Array)}
        second = self.facts(self.through(loop, set(own)))
        written = {p.first.name: p for p in second.stmt.phis  # type: ignore[union-attr]
                   if isinstance(p.first, Var) and p.first.name not in own
                   and isinstance(self.type(p.target), Array)}  # fmt: skip
        first = self.facts(self.through(first.stmt, set(written)))
        if not self.named(second, own) or not self.named(first, written):
            return False
        between = slots[place + 1 :]
        needed = self.needed(between, second)
        early = [self.rooted(f, own) for f in needed]
        fits = all(not first.before(f) and not f.meets(first) for f in early)
        if not fits or not self.in_order(first, second, own) or not self.alike(first, second):
            return False
        made = self.facts(self.merged(first.stmt, second.stmt, own, written))  # type: ignore[arg-type]
        rest = [f for f in between if f not in needed]
        slots[place:] = [*early, made, *rest]
        return True

    def needed(self, between: list[Facts], second: Facts) -> list[Facts]:
        """The statements between two loops that have to come before the second."""
        found: list[Facts] = []
        for facts in reversed(between):
            if facts.stays or any(facts.before(f) for f in (second, *found)):
                found.append(facts)
        return found[::-1]

    def rooted(self, facts: Facts, own: dict[str, Phi]) -> Facts:
        """A statement that asks for the shape of what the first loop writes to asks before it."""
        stmt = facts.stmt
        if not isinstance(stmt, Let) or getattr(stmt.op, "name", "") not in SHAPES:
            return facts
        begun = {name: phi.first for name, phi in own.items()}
        args = tuple(substitute(arg, begun) for arg in stmt.args)
        return self.facts(Let(stmt.targets, stmt.op, args, stmt.origin))

    def in_order(self, first: Facts, second: Facts, own: dict[str, Phi]) -> bool:
        """Whether an iteration of the second reads and writes only what iterations of the first
        leave alone, but for the same one.
        """
        one, other = first.stmt, second.stmt
        assert isinstance(one, For) and isinstance(other, For)
        if not (first.binds & second.reads) <= own.keys():
            return False
        return all(
            in_step(a, one.index, b, other.index)
            for a in first.accesses for b in second.accesses
        )

    def alike(self, first: Facts, second: Facts) -> bool:
        """Whether one loop of both runs in vectors if each does by itself."""
        one, other = (_innermost(f.stmt) for f in (first, second))
        if not one or not other:
            return True
        if _by_the_library(first.stmt) != _by_the_library(second.stmt):
            return False
        roots = {a.view.root: False for f in (first, second) for a in f.accesses}
        for facts in (first, second):
            for access in facts.accesses:
                roots[access.view.root] |= access.writes
        written = sum(roots.values())
        return written * len(roots) <= CHECKS

    def through(self, loop: For, arrays: set[str]) -> For:
        """A loop that reads views of some arrays as elements of these."""
        walk = _Through(self.builder.nested(), self.memory, arrays)
        return replace(loop, body=walk.nested(loop.body))

    def named(self, facts: Facts, arrays: dict[str, Phi]) -> bool:
        """Whether a loop has to do with the memory of arrays under their own names only."""
        classes = {self.memory.aliases.of(name) for name in arrays}
        names = {n for stmt in walk((facts.stmt,)) for n in reads_here(stmt)}
        array = (n for n in names if isinstance(self.type(n), Array))
        other = {n for n in array if n not in arrays and self.memory.aliases.of(n) in classes}
        return other <= facts.binds

    def merged(
        self, first: For, second: For, own: dict[str, Phi], written: dict[str, Phi]
    ) -> For:
        """One loop of two; what the second carries of the first's arrays is carried on."""
        inside = Rewriter(self.builder.nested())
        inside.env = {second.index: Var(first.index)}
        inside.env.update((name, phi.second) for name, phi in own.items())
        ends = {phi.target: phi.second for phi in first.phis}
        phis = []
        for phi in second.phis:
            if isinstance(phi.first, Var) and phi.first.name in own:
                inside.env[phi.target] = own[phi.first.name].second
                self.env[phi.target] = phi.first
            else:
                phis.append(phi)
        body = inside.nested(second.body)
        for phi in second.phis:
            if phi.target in self.env:
                ends[phi.first.name] = inside.sub(phi.second)  # type: ignore[union-attr]
        kept = [Phi(p.target, p.first, ends[p.target]) for p in first.phis]
        kept += [Phi(p.target, p.first, inside.sub(p.second)) for p in phis]
        begun = Rewriter(self.builder.nested())
        begun.env = {name: Var(phi.target) for name, phi in written.items()}
        return replace(first, phis=tuple(kept), body=(*begun.nested(first.body), *body))


class _Through(Rewriter):
    """Reads elements of views of ``arrays`` as elements of these."""

    def __init__(self, builder: Builder, memory: Memory, arrays: set[str]) -> None:
        super().__init__(builder)
        self.memory = memory
        self.arrays = arrays

    def let(self, stmt: Let) -> None:
        taken = isinstance(stmt.op, Primitive) and stmt.op.name == "[]"
        if taken and not self.memory.is_view(stmt):
            found = self.through(*stmt.args)
            stmt = stmt if found is None else Let(stmt.targets, stmt.op, found, stmt.origin)
        self.builder.append(stmt)

    def through(self, array: Operand, index: Operand) -> tuple[Operand, Operand] | None:
        """The array that an element is of, and where it is there."""
        while isinstance(array, Var) and array.name not in self.arrays:
            view = self.memory.made.get(array.name)
            if view is None or not self.memory.is_view(view):
                return None
            composed = _composed(view.args[1], index)
            if composed is None:
                return None
            array, index = view.args[0], composed
        return (array, index) if isinstance(array, Var) else None


def _composed(outer: Operand, inner: Operand) -> Operand | None:
    """The index that takes at once what two take one after the other."""
    given = list(parts_of(inner))
    found: list[Operand] = []
    for part in parts_of(outer):
        if not isinstance(part, Slice):
            found.append(part)
        elif begins_at(part) == 0 and given:
            found.append(given.pop(0))
        else:
            return None
    found += given
    return found[0] if len(found) == 1 else Tuple(tuple(found))


def _elements_read(block: Block) -> list[str]:
    """The names that a block reads, where it asks for more than a shape."""
    found: list[str] = []
    for stmt in walk(block):
        if not isinstance(stmt, Let) or getattr(stmt.op, "name", "") not in SHAPES:
            found += reads_here(stmt)
    return found


def _innermost(stmt: Stmt) -> bool:
    return not any(isinstance(inner, For) for block in blocks_of(stmt) for inner in block)


def _by_the_library(stmt: Stmt) -> bool:
    return any(map(calls_library, walk((stmt,))))
