"""Disjointness: names that never share memory at one moment, though they may at different ones.

In ``old, new = new, old`` each array takes the place of the other, so that over a whole loop either
name may stand for either array; but never both for one. That is proved by induction: two names that
a phi binds at once are apart if what they are given is apart on both sides, in a loop before it and
after an iteration in which they were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from adxform.analysis.aliasing import Aliases, has_memory, root_of, writes
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    For,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
)
from adxform.core.types import ANY

Path = tuple[tuple[Stmt, int], ...]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A name whose memory comes from no operand of an operation: it is new, is given from outside
    (``new`` is false), or is merged by a phi of ``joint``.

    It is bound at the end of ``path``, as number ``at`` of the function.
    """

    path: Path
    at: int
    new: bool = False
    phi: Phi | None = None
    joint: Stmt | None = None

    def reaches(self, other: Source) -> bool:
        """Whether the name can be read wherever the other is bound."""
        return self.at < other.at and self.path == other.path[: len(self.path)]


class Disjoint:
    """Answers whether two names may share memory while both can be read."""

    def __init__(self, aliases: Aliases) -> None:
        self.aliases = aliases
        self.known: dict[Pair, bool] = {}

    def share(self, a: str, b: str) -> bool:
        """Whether two names may stand for the same memory at one moment."""
        if self.aliases.of(a) != self.aliases.of(b):
            return False
        if a == b or self.aliases.of(a) in self._holding:
            return True
        return not self._made_apart(a, b) and not self._names_apart(a, b)

    def _made_apart(self, a: str, b: str) -> bool:
        """Whether no operation may have made the memory of both names, and none of it has come from
        elsewhere. What is given to one function together is told apart by that.
        """
        reached = [root_of(self._written, name) for name in (a, b)]
        of = dict(zip(reached, reached, strict=True))  # whose memory a name's may be
        if len(of) == 1:
            return False
        for name in reached:  # which grows on the way
            before = self._passed_on.get(name)
            if before is None:
                return False
            sources = {root_of(self._written, source) for source in before}
            if any(of.get(source, of[name]) != of[name] for source in sources):
                return False
            new = [source for source in sources if source not in of]
            of.update(dict.fromkeys(new, of[name]))
            reached += new
        return True

    @cached_property
    def _passed_on(self) -> dict[str, list[str]]:
        """Whose memory phis and writes pass on, and new memory, which is nobody's."""
        found: dict[str, list[str]] = {}
        held = index(self.aliases.block)
        for op, lets in held.primitives.items():
            if writes(op):
                found.update((stmt.target, uses(stmt.args[:1])) for stmt in lets)
            elif op.fresh:
                found.update((stmt.target, []) for stmt in lets)
        found.update((p.target, uses((p.first, p.second))) for p in held.phis)
        return found

    @cached_property
    def _written(self) -> dict[str, str]:
        """By the names that writes give, those of the memory that they write to."""
        written = index(self.aliases.block).where(writes)
        return {s.target: s.args[0].name for s in written if isinstance(s.args[0], Var)}

    @cached_property
    def _holding(self) -> set[str]:
        return {self.aliases.of(name) for name in self.aliases.holding}

    @cached_property
    def _parts(self) -> Aliases:
        """The classes of names where phis unite nothing."""
        return Aliases(self.aliases.block, self.aliases.types, stored=False, merged=False)

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return _Finding(self.aliases.block, self.aliases.shared).found

    @cached_property
    def _members(self) -> dict[str, list[str]]:
        """The sources of each class."""
        members: dict[str, list[str]] = defaultdict(list)
        for name in self._sources:
            if name not in self._parts.taken and has_memory(self.aliases.types.get(name, ANY)):
                members[self._parts.of(name)].append(name)
        return members

    # --- proofs -------------------------------------------------------------------------------

    def _names_apart(self, a: str, b: str) -> bool:
        pairs = self._pairs(a, b)
        return pairs is not None and all(self._apart(pair) for pair in pairs)

    def _pairs(self, a: str, b: str) -> list[Pair] | None:
        """The sources that must be apart if two names are, or None if they are not."""
        one, two = self._parts.of(a), self._parts.of(b)
        if one == two:
            return None
        firsts, seconds = self._members.get(one), self._members.get(two)
        if firsts is None or seconds is None:
            return None
        return [(min(s, t), max(s, t)) for s in firsts for t in seconds]

    def _apart(self, pair: Pair) -> bool:
        """Whether two sources are apart: if all that it takes is, each proof being of what was
        before (so that one may be needed for itself, an iteration later).
        """
        if pair not in self.known:
            needs: dict[Pair, list[Pair] | None] = {}
            work = [pair]
            while work:
                asked = work.pop()
                if asked not in needs:
                    needs[asked] = self._needs(*asked) if self.known.get(asked, True) else None
                    work.extend(needs[asked] or ())
            self._settle(needs)
        return self.known[pair]

    def _settle(self, needs: dict[Pair, list[Pair] | None]) -> None:
        """A pair is apart unless it needs, however far on, one that is not."""
        needed_by: dict[Pair, list[Pair]] = defaultdict(list)
        for pair, others in needs.items():
            for other in others or ():
                needed_by[other].append(pair)
        self.known.update(dict.fromkeys(needs, True))
        failed = [pair for pair, others in needs.items() if others is None]
        while failed:
            pair = failed.pop()
            if self.known[pair]:
                self.known[pair] = False
                failed.extend(needed_by[pair])

    def _needs(self, a: str, b: str) -> list[Pair] | None:
        """What must be apart for two sources to be, or None if they may not be."""
        one, two = self._sources[a], self._sources[b]
        if one.joint is not None and one.joint is two.joint:
            return self._both(one.phi, two.phi)
        if one.phi is None and two.phi is None:
            return []
        if two.reaches(one):
            a, one, two = b, two, one
        elif not one.reaches(two):
            return None
        if two.new:  # it is made where the other is there already
            return []
        if two.phi is None:
            return None
        return self._all([(two.phi.first, a), (two.phi.second, a)])

    def _both(self, one: Phi | None, two: Phi | None) -> list[Pair] | None:
        assert one is not None and two is not None
        firsts = [(one.first, name) for name in names_in(two.first)]
        return self._all(firsts + [(one.second, name) for name in names_in(two.second)])

    def _all(self, asked: list[tuple[Operand, str]]) -> list[Pair] | None:
        found: list[Pair] = []
        for operand, other in asked:
            for name in names_in(operand):
                if not all(has_memory(self.aliases.types.get(n, ANY)) for n in (name, other)):
                    continue
                pairs = self._pairs(name, other)
                if pairs is None:
                    return None
                found.extend(pairs)
        return found


class _Finding:
    """Finds where names that share memory with others are bound, and by what."""

    def __init__(self, block: Block, shared: set[str]) -> None:
        self.shared = shared
        self.found: dict[str, Source] = {}
        self.read: dict[str, None] = {}
        self.count = 0
        self._visit(block, ())
        given = [name for name in self.read if name not in self.found]
        self.found.update((name, Source((), 0)) for name in given)

    def _visit(self, block: Block, path: Path) -> None:
        for stmt in block:
            if isinstance(stmt, Let):  # as most are
                self.count += 2
                if not self.shared.isdisjoint(stmt.targets):
                    new = isinstance(stmt.op, Primitive) and stmt.op.fresh
                    for name in stmt.targets:
                        self.found.setdefault(name, Source(path, self.count, new))
                if not self.shared.isdisjoint(stmt.reads):
                    self._note(stmt.reads)
                continue
            self.count += 1
            looping = isinstance(stmt, For | While)
            if looping:
                self._joint(stmt, path)
            for side, inner in enumerate(blocks_of(stmt)):
                self._visit(inner, (*path, (stmt, 0 if looping else side)))
            self.count += 1
            if not looping:
                self._joint(stmt, path)
            for name in binds_of(stmt):
                self.found.setdefault(name, Source(path, self.count))
            self._note([*reads_of(stmt), *tests_of(stmt)])

    def _joint(self, stmt: Stmt, path: Path) -> None:
        for phi in phis_of(stmt):
            self.found[phi.target] = Source(path, self.count, phi=phi, joint=stmt)
            self._note(uses((phi.first, phi.second)))

    def _note(self, names: list[str]) -> None:
        self.read.update(dict.fromkeys(names))
