"""Merged loops: a loop of the reverse sweep runs inside the loop that it mirrors, where it can.

Where iterations only add to what the loop carries, and the cotangents are known before the loop
begins, each iteration goes forward and at once back: nothing is recorded from one to the next
(the independent iterations of Hascoët, Fidanova and Held 2001).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    parts_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Array
from adxform.differentiate.common import names_for
from adxform.optimize.dead_code import has_effect
from adxform.optimize.walk import Rewriter

SUMS = frozenset({"accumulate", "accumulate_at", "op.Add", "op.Sub", "add_lists"})
STORES = frozenset({"update", "keep"})


def merge_loops(function: Function, types: Types) -> Function:
    """A function whose reverse loops run inside the loops that they mirror, where they can."""
    if not any(isinstance(s, For) and s.mirror is not None for s in walk(function.body)):
        return function
    builder = Builder(names_for(function, types), types, function.bases)
    merging = _Merging(builder, function.body)
    body = merging.block(function.body)
    return replace(function, body=body) if merging.done else function


class _Merging:
    """Merges loops; ``allocated`` are the statements that make empty arrays, ``done`` says whether
    any was merged.
    """

    def __init__(self, builder: Builder, body: Block) -> None:
        self.builder = builder
        self.done = False
        self.allocated = {
            s.target: s
            for s in walk(body)
            if isinstance(s, Let) and isinstance(s.op, Primitive) and s.op.name == "np.empty"
        }

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        for stmt in block:
            place = self.mirrored(made, stmt)
            pair = None
            if place is not None and isinstance(stmt, For):
                pair = _Pair(made[place], stmt, made[place + 1 :], self)  # type: ignore[arg-type]
            if pair is None or not pair.merges():
                made.append(stmt)
                continue
            assert place is not None
            self.done = True
            made[place:] = [*pair.before, *pair.merged(), *pair.after]
        return tuple(self.inner(stmt) for stmt in made)

    def inner(self, stmt: Stmt) -> Stmt:
        match stmt:
            case If():
                return replace(stmt, then=self.block(stmt.then), orelse=self.block(stmt.orelse))
            case For() | While():
                return replace(stmt, body=self.block(stmt.body))
            case _:
                return stmt

    def mirrored(self, made: list[Stmt], stmt: Stmt) -> int | None:
        """The place of the loop that a loop of the reverse sweep mirrors."""
        if not isinstance(stmt, For) or stmt.mirror is None or stmt.origin is None:
            return None
        for place, loop in enumerate(made):
            if isinstance(loop, For) and loop.origin is stmt.origin and loop is not stmt:
                same = loop.bounds == stmt.bounds and loop.reverse != stmt.reverse
                return place if same and loop.stop is None and loop.mirror is None else None
        return None


class _Pair:
    """A loop, the one that mirrors it, and what stands between them.

    ``before`` is what the second needs of that, ``after`` is the rest.
    """

    def __init__(
        self, first: For, second: For, between: list[Stmt], merging: _Merging
    ) -> None:
        self.first = first
        self.second = second
        self.builder = merging.builder
        self.allocated = merging.allocated
        self.before, self.after = _split(between, second)
        self.made_by = {
            s.target: s for s in walk((first, second)) if isinstance(s, Let) and s.targets
        }
        self.tapes = {p.target: p for p in first.phis if p.target in _reads((second,))}

    def merges(self) -> bool:
        """Whether an iteration of the second may run right after that of the first."""
        carried = {p.target for p in self.first.phis}
        if any(map(_may_change, walk((self.first, *self.before, *self.after)))):
            return False
        if any(map(has_effect, walk((*self.before, self.second)))):
            return False
        if not carried.isdisjoint(_reads(self.before)):
            return False
        if not all(self.order_free(phi) for phi in self.second.phis):
            return False
        return all(self.is_tape(phi) for phi in self.tapes.values())

    # --- what the second loop carries ---------------------------------------------------------

    def order_free(self, phi: Phi) -> bool:
        """Whether iterations only add to what a loop carries, so that any may come first."""
        if phi.second == Var(phi.target):
            return True
        sums = _Chain(SUMS, {phi.target})
        return sums.block(self.second.body) and sums.holds(phi.second)

    # --- what the first loop records ----------------------------------------------------------

    def is_tape(self, phi: Phi) -> bool:
        """Whether each iteration only writes to its own place of what the first loop carries, and
        each of the second only reads it there.
        """
        stores = _Chain(STORES, {phi.target})
        if not stores.block(self.first.body) or not stores.holds(phi.second):
            return False
        places = [
            parts_of(stmt.args[1])[0]
            for stmt in walk(self.first.body)
            if isinstance(stmt, Let) and stmt.target in stores.names
        ]
        taken = [stmt for stmt in walk(self.second.body) if phi.target in _reads_here(stmt)]
        taken_by = [s for s in taken if isinstance(s, Let) and self._takes(s, phi.target)]
        if len(taken) != len(taken_by) or not places:
            return False
        found = [parts_of(stmt.args[1])[0] for stmt in taken_by]
        return all(self.same(places[0], other) for other in (*places, *found))

    def _takes(self, stmt: Let, tape: str) -> bool:
        taken = isinstance(stmt.op, Primitive) and stmt.op.name == "[]"
        return taken and stmt.args[0] == Var(tape) and tape not in uses(stmt.args[1:])

    def same(self, a: Operand, b: Operand) -> bool:
        """Whether two places are the iteration's own, one in the first loop and one in either."""
        if a == Var(self.first.index):
            return b in (a, Var(self.second.index))
        one, other = (self.made_by.get(o.name) if isinstance(o, Var) else None for o in (a, b))
        if one is None or other is None or one.op is not other.op:
            return False
        match getattr(one.op, "name", ""):
            case "op.FloorDiv":  # of what is counted in steps
                outer = one.args[1] == other.args[1] == self.first.step
                return outer and self.same(one.args[0], other.args[0])
            case "op.Sub":
                return any(
                    one.args[1 - place] == other.args[1 - place]
                    and self.outside(one.args[1 - place])
                    and self.same(one.args[place], other.args[place])
                    for place in (0, 1)
                )
            case _:
                return False

    def outside(self, operand: Operand) -> bool:
        """Whether an operand is the same in all iterations."""
        inner = {n for s in walk(self.first.body) for n in binds_of(s)}
        inner |= {self.first.index, *(p.target for p in self.first.phis)}
        return inner.isdisjoint(names_in(operand))

    # --- one loop of both ---------------------------------------------------------------------

    def merged(self) -> list[Stmt]:
        """The loop that does what both did, and what it needs before it."""
        walker = Rewriter(self.builder.nested())
        walker.env = {self.second.index: Var(self.first.index)}
        walker.env.update((phi.target, phi.second) for phi in self.tapes.values())
        body = (*self.first.body, *walker.nested(self.second.body))
        sums = (Phi(p.target, p.first, walker.sub(p.second)) for p in self.second.phis)
        loop = replace(self.first, phis=(*self.first.phis, *sums), body=body)
        made: list[Stmt] = [loop]
        for phi in self.tapes.values():
            made = self.narrowed(made, phi)
        return made

    def narrowed(self, made: list[Stmt], phi: Phi) -> list[Stmt]:
        """A tape of several places in each iteration as one of a single iteration."""
        start = self.allocated.get(phi.first.name) if isinstance(phi.first, Var) else None
        (*before, loop) = made
        chain = _Chain(STORES, {phi.target})
        chain.block(self.first.body)
        places = {
            len(stmt.args[1].items) if isinstance(stmt.args[1], Tuple) else 1
            for stmt in walk((loop,))
            if isinstance(stmt, Let) and not chain.names.isdisjoint(uses(stmt.args[:1]))
        }
        shape = None if start is None else start.args[0]
        if start is None or not isinstance(shape, Tuple) or min(places) < 2:
            return made
        narrow = _Narrow(self.builder.nested(), chain.names)
        loop = narrow.without_first(loop)
        name = self.builder.name(self.builder.bases.get(phi.target))
        narrow.retype(name, phi.first.name)  # type: ignore[union-attr]
        sizes = shape.items[1:]
        size = sizes[0] if len(sizes) == 1 else Tuple(sizes)
        before.append(replace(start, targets=(name,), args=(size, *start.args[1:])))
        phis = tuple(replace(p, first=Var(name)) if p.target == phi.target else p
                     for p in loop.phis)
        return [*before, replace(loop, phis=phis)]


class _Narrow(Rewriter):
    """Leaves out the first number of the places in some arrays."""

    def __init__(self, builder: Builder, arrays: set[str]) -> None:
        super().__init__(builder)
        self.arrays = arrays

    def without_first(self, loop: Stmt) -> For:
        for name in (*self.arrays,):
            self.retype(name, name)
        assert isinstance(loop, For)
        return replace(loop, body=self.nested(loop.body))

    def retype(self, name: str, like: str) -> None:
        known = self.builder.types.get(like)
        if isinstance(known, Array) and known.dims is not None:
            self.builder.types[name] = replace(known, dims=known.dims[1:])

    def let(self, stmt: Let) -> None:
        array, place = (*stmt.args[:2], None, None)[:2]
        if isinstance(array, Var) and array.name in self.arrays and isinstance(place, Tuple):
            rest = place.items[1:]
            index = rest[0] if len(rest) == 1 else Tuple(rest)
            stmt = replace(stmt, args=(array, index, *stmt.args[2:]))
        self.builder.append(stmt)


class _Chain:
    """The names that one carried value goes through, if nothing else becomes of it.

    Each step is an operation of ``steps`` whose first operand is the name before; branches and
    inner loops carry it through.
    """

    def __init__(self, steps: frozenset[str], names: set[str]) -> None:
        self.steps = steps
        self.names = names

    def holds(self, operand: Operand) -> bool:
        return isinstance(operand, Var) and operand.name in self.names

    def block(self, block: Block) -> bool:
        return all(map(self.statement, block))

    def statement(self, stmt: Stmt) -> bool:
        if not self.names.isdisjoint(tests_of(stmt)):
            return False
        if isinstance(stmt, Let):
            return self.names.isdisjoint(uses(stmt.args)) or self.step(stmt)
        if not self.names.isdisjoint(reads_of(stmt)):
            return False
        if isinstance(stmt, If):
            inside = self.block(stmt.then) and self.block(stmt.orelse)
            return inside and all(self.merges(phi) for phi in stmt.phis)
        if isinstance(stmt, For | While):
            own = [p for p in stmt.phis if self.holds(p.first)]
            self.names.update(p.target for p in own)
            inside = all(map(self.block, blocks_of(stmt)))
            others = uses([o for p in stmt.phis if p not in own for o in (p.first, p.second)])
            kept = all(self.holds(p.second) for p in own)
            return inside and kept and self.names.isdisjoint(others)
        return True

    def merges(self, phi: Phi) -> bool:
        """Whether a branch hands the value on on both sides, or on none."""
        sides = self.holds(phi.first), self.holds(phi.second)
        if all(sides):
            self.names.add(phi.target)
        return all(sides) or self.names.isdisjoint(uses((phi.first, phi.second)))

    def step(self, stmt: Let) -> bool:
        op = stmt.op
        if not isinstance(op, Primitive) or op.name not in self.steps:
            return False
        first, *rest = stmt.args
        if op.name == "op.Add" and not self.holds(first):
            first, rest = rest[0], [first]
        if not self.holds(first) or not self.names.isdisjoint(uses(rest)):
            return False
        self.names.add(stmt.target)
        return True


def _reads_here(stmt: Stmt) -> set[str]:
    """The names that a statement and its phis read, its nested blocks left out."""
    found = {*reads_of(stmt), *tests_of(stmt)}
    for phi in phis_of(stmt):
        found.update(uses((phi.first, phi.second)))
    return found


def _reads(stmts: Iterable[Stmt]) -> set[str]:
    """The names that statements read, all inner ones too."""
    found: set[str] = set()
    for stmt in walk(tuple(stmts)):
        found |= _reads_here(stmt)
    return found


def _split(between: list[Stmt], loop: Stmt) -> tuple[list[Stmt], list[Stmt]]:
    """The statements that a loop needs, and the others."""
    wanted = _reads((loop,))
    before: list[Stmt] = []
    after: list[Stmt] = []
    for stmt in reversed(between):
        if wanted.isdisjoint(binds_of(stmt)):
            after.insert(0, stmt)
        else:
            before.insert(0, stmt)
            wanted |= _reads((stmt,))
    return before, after


def _may_change(stmt: Stmt) -> bool:
    """Whether a statement may change what others read."""
    return has_effect(stmt) and not (isinstance(stmt, Effect) and stmt.harmless)
