"""Storage: the names that one array goes by as it is written in place, its reads and its writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adxform.analysis.aliasing import REPLACING, root_of
from adxform.analysis.regions import Access, Loops, Regions
from adxform.analysis.types import Types
from adxform.core.constant import constant_by_value
from adxform.core.ir import (
    NONE,
    Block,
    Const,
    For,
    If,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    parts_of,
    phis_of,
)
from adxform.core.types import ANY, Array, Unknown


@dataclass(eq=False, slots=True)
class Write:
    """An in-place write that is the statement number ``at``."""

    stmt: Let
    access: Access
    at: int
    stretch: range | None = field(init=False)

    def __post_init__(self) -> None:
        self.stretch = known_stretch(self.access.index)


@dataclass(eq=False, slots=True)
class Storage:
    """An array made outside loops and branches; ``last`` is its name at the end."""

    root: str
    last: str
    writes: list[Write] = field(default_factory=list)
    placed: dict[int, dict[tuple[int, ...] | None, list[Write]]] = field(default_factory=dict)

    def add(self, write: Write) -> None:
        self.writes.append(write)
        place = known_place(write.access.index)
        group = self.placed.setdefault(len(place or ()), {})
        group.setdefault(place, []).append(write)

    @property
    def last_write(self) -> int:
        """The number of the statement that writes last; 0 if there is none."""
        return self.writes[-1].at if self.writes else 0

    def near(self, index: Operand | None) -> list[Write]:
        """The writes that may be to the elements that an index names: not those whose place is
        known, and is another one, or whose stretch of the first axis is.
        """
        stretch, found = known_stretch(index), self._placed_near(index)
        if stretch is None:
            return found
        first, end = stretch.start, stretch.stop
        return [
            write
            for write in found
            if (its := write.stretch) is None or (its.start < end and first < its.stop)
        ]

    def _placed_near(self, index: Operand | None) -> list[Write]:
        place = known_place(index)
        if not place:
            return self.writes
        found = list(self.placed.get(len(place), {}).get(place, ()))
        for length, group in self.placed.items():
            if length != len(place):
                found.extend(write for writes in group.values() for write in writes)
        return sorted(found, key=lambda write: write.at)


@constant_by_value
class Place:
    """When a name is bound: by the statement number ``at``, inside ``loops``."""

    at: int
    loops: Loops


class Storages:
    """The storages of a block that are written in place, by the names that they go by.

    Only arrays that are made outside loops and branches, and of which one version is in use at any
    time, are among them.
    """

    def __init__(self, params: tuple[str, ...], block: Block, types: Types) -> None:
        self.types = types
        self.regions = Regions(block, types)
        self.places: dict[str, Place] = {}
        self.ends: dict[Stmt, Place] = {}
        self.parent: dict[str, str] = {}
        self.answers: dict[tuple[str, Operand | None, Place], list[Write]] = {}
        self.later: set[str] = set()  # names that are later versions of others
        self.found: list[Write] = []
        self.count = 0
        self._visit(block, ())
        groups = {self._root(write.stmt.target) for write in self.found}
        self.unsound: set[str] = set()
        if groups:
            self._follow(block, dict.fromkeys(groups, ""), dict.fromkeys(params))
        self.of: dict[str, Storage] = {}
        if groups:
            self._collect(groups - self.unsound, params, block)

    def _visit(self, block: Block, loops: Loops) -> None:
        """Number the statements, and unite the versions of one array."""
        for stmt in block:
            if isinstance(stmt, Let):  # as most are
                self.count += 2
                self.ends[stmt] = place = Place(self.count, loops)
                for target in stmt.targets:
                    self.places[target] = place
                if _writes(stmt):
                    self._unite(stmt.target, stmt.args[0])
                    access = self.regions.access(stmt.args[1], loops)
                    self.found.append(Write(stmt, access, self.count))
                continue
            self.count += 1
            at = self.count
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            for inner in blocks_of(stmt):
                self._visit(inner, inside)
            self.count += 1
            self.ends[stmt] = Place(self.count, loops)
            place = Place(at, inside) if isinstance(stmt, For | While) else self.ends[stmt]
            self.places.update(dict.fromkeys(binds_of(stmt), place))
            for phi in phis_of(stmt):
                self._unite(phi.target, phi.first)
                self._unite(phi.target, phi.second)

    def _unite(self, name: str, operand: Operand) -> None:
        self.later.add(name)
        if isinstance(operand, Var):
            self.parent[self._root(name)] = self._root(operand.name)

    def _root(self, name: str) -> str:
        return root_of(self.parent, name)

    def _follow(self, block: Block, now: dict[str, str], new: dict[str, None]) -> None:
        """Check that each write and each phi takes the version of its array that is in use, which
        ``now`` holds for each group; ``new`` are names that begin one.
        """
        self._begin(list(new), now)
        for stmt in block:
            if isinstance(stmt, If):
                sides = dict(now), dict(now)
                for inner, side in zip(blocks_of(stmt), sides, strict=True):
                    self._follow(inner, side, {})
                self._merge(stmt, sides, now)
            elif isinstance(stmt, For | While):
                before = dict(now)
                now.update(self._targets(stmt, before))
                entry = dict(now)
                for inner in blocks_of(stmt):
                    self._follow(inner, now, {})
                    if isinstance(stmt, While) and inner is stmt.head:
                        self.unsound.update(g for g in now if now[g] != entry[g])
                self._merge(stmt, (before, now), now)
                now.update(entry)
            elif isinstance(stmt, Let) and _writes(stmt):
                group = self._root(stmt.target)
                if stmt.args[0] != Var(now[group]):
                    self.unsound.add(group)
                now[group] = stmt.target
            else:
                self._begin(binds_of(stmt), now)

    def _begin(self, names: list[str], now: dict[str, str]) -> None:
        for name in names:
            group = self._root(name)
            if group in now:
                if now[group]:
                    self.unsound.add(group)
                now[group] = name

    def _targets(self, stmt: Stmt, now: dict[str, str]) -> dict[str, str]:
        targets = {self._root(p.target): p.target for p in phis_of(stmt)}
        return {group: name for group, name in targets.items() if group in now}

    def _merge(
        self, stmt: Stmt, sides: tuple[dict[str, str], dict[str, str]], now: dict[str, str]
    ) -> None:
        """A phi merges what is in use on both sides; what has none must be the same on both."""
        targets: dict[str, str] = {}
        for phi in phis_of(stmt):
            group = self._root(phi.target)
            if group in now:
                used = Var(sides[0][group]), Var(sides[1][group])
                if (phi.first, phi.second) != used or group in targets:
                    self.unsound.add(group)
                targets[group] = phi.target
        self.unsound.update(g for g in now if g not in targets and sides[0][g] != sides[1][g])
        now.update(targets)

    def _collect(self, groups: set[str], params: tuple[str, ...], block: Block) -> None:
        """The storages: groups whose first version is an array made outside loops and branches."""
        at_top = self._grouped([*params, *(name for stmt in block for name in binds_of(stmt))])
        for group, versions in self._grouped([*params, *self.places]).items():
            first = [n for n in versions if n not in self.later] if group in groups else []
            top = at_top.get(group, [])
            if len(first) != 1 or first[0] not in top or not self._is_array(first[0]):
                continue
            made = self.regions.made.get(first[0])
            fresh = made is not None and isinstance(made.op, Primitive) and made.op.fresh
            if fresh or first[0] in params:
                self.of.update(dict.fromkeys(versions, Storage(first[0], top[-1])))
        for write in self.found:
            if write.stmt.target in self.of:
                self.of[write.stmt.target].add(write)

    def _grouped(self, names: list[str]) -> dict[str, list[str]]:
        """Names by their groups."""
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(self._root(name), []).append(name)
        return found

    def _is_array(self, name: str) -> bool:
        return isinstance(self.types.get(name, ANY), Array | Unknown)

    # --- questions ----------------------------------------------------------------------------

    def conflicts(self, name: str, index: Operand | None, place: Place) -> list[Write]:
        """The writes after ``place`` that may change elements of an array."""
        asked = name, index, place
        if asked not in self.answers:
            access = self.regions.access(index, place.loops)
            self.answers[asked] = [
                write
                for write in self.of[name].near(index)
                if self.regions.may_meet(access, write.access, in_order=write.at > place.at)
            ]
        return self.answers[asked]


def known_place(index: Operand | None) -> tuple[int, ...] | None:
    """The place that an index names on each axis that it speaks of, where all are numbers."""
    values = [p.value for p in parts_of(index) if isinstance(p, Const)] if index else []
    plain = index is not None and len(values) == len(parts_of(index))
    return tuple(values) if plain and all(type(v) is int and v >= 0 for v in values) else None


def known_stretch(index: Operand | None) -> range | None:
    """The places of the first axis among which those are that an index names, where all that it
    says of that axis are numbers, counted from the start.
    """
    part = next(iter(parts_of(index)), None) if index is not None else None
    if isinstance(part, Const):
        return range(part.value, part.value + 1) if _is_count(part.value) else None
    if not isinstance(part, Slice):
        return None
    said = [p or NONE for p in (part.lower, part.upper, part.step)]
    values: list[Any] = [p.value if isinstance(p, Const) else p for p in said]
    first, end, step = values[0] or 0, values[1], values[2] or 1
    return range(first, end) if all(map(_is_count, (first, end, step))) else None


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _writes(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and stmt.op.name in REPLACING


def axes_left(index: Operand | None) -> int:
    """How many axes an index spans at least: stretches; one for the whole."""
    if index is None:
        return 1
    parts = parts_of(index)
    return sum(isinstance(p, Slice) or p == Const(Ellipsis) for p in parts)
