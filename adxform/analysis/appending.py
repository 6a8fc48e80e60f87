"""Lists that grow: whether another name, or a list that holds them, sees what is appended."""

from __future__ import annotations

from dataclasses import dataclass

from adxform.analysis.aliasing import Aliases, root_of
from adxform.analysis.liveness import liveness
from adxform.analysis.types import Types
from adxform.core.ir import (
    Block,
    For,
    Function,
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
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.unread import unread_phis, without


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an ``append`` stands: its number in the order of the text, and the loops around it."""

    stmt: Let
    at: int
    loops: tuple[Stmt, ...]


def seen_appends(function: Function, types: Types) -> list[tuple[Let, Let | None]]:
    """The user's appends to lists that another name needs as they were, or that another list
    holds already, with what put them there.
    """
    if not _Appends(function.body).places:
        return []
    unread = unread_phis(function.body, function.result)
    body = without(function.body, unread) if unread else function.body
    found = _Appends(body)
    seen = _seen(body, function.result, found.places, found, types)
    return [both for both in seen if not _is_alone(both[0], function.result, found, types)]


def _seen(
    body: Block, result: Operand, places: list[_Place], found: _Appends, types: Types
) -> list[tuple[Let, Let | None]]:
    """The same in a block, of which ``result`` is needed after it."""
    aliases = Aliases(body, types, stored=False)
    live = liveness([], body, result, aliases=aliases)
    seen: list[tuple[Let, Let | None]] = []
    storing: dict[str, list[_Place]] = {}  # by the class of what is stored
    for place in places:
        for family in {aliases.of(n) for n in uses(place.stmt.args[2:])}:
            storing.setdefault(family, []).append(place)
    for place in places:
        stored = storing.get(aliases.of(place.stmt.target), ())
        holding = [p.stmt for p in stored if found.may_follow(place, p)]
        if holding:
            seen.append((place.stmt, holding[0]))
        elif place.stmt not in live.exclusive:
            seen.append((place.stmt, None))
    return seen


def _is_alone(append: Let, result: Operand, found: _Appends, types: Types) -> bool:
    """Whether the list is made in a branch or loop, which alone may have it until all is appended:
    what it is merged with afterwards is no matter.
    """
    made = found.begins(append)
    block = found.blocks.get(made) if made is not None else None
    if block is None or block is found.body:
        return False
    inner = dict.fromkeys(walk(block))
    places = [p for p in found.places if p.stmt in inner]
    bound = dict.fromkeys(name for stmt in inner for name in binds_of(stmt))
    rest = [stmt for stmt in walk(found.body) if stmt not in inner]
    read = {n for s in rest for n in (*reads_of(s), *tests_of(s), *_merged(s))}
    needed = Tuple(tuple(Var(n) for n in bound if n in read or n in uses((result,))))
    flagged = _seen(block, needed, places, found, types)
    return all(stmt is not append for stmt, _ in flagged)


def _merged(stmt: Stmt) -> list[str]:
    return [name for phi in phis_of(stmt) for name in _merges(phi)]


def _merges(phi: Phi) -> list[str]:
    return uses((phi.first, phi.second))


class _Appends:
    """The appends of a function, and where the lists come from."""

    def __init__(self, block: Block) -> None:
        self.body = block
        self.places: list[_Place] = []
        self.made: dict[str, Let] = {}
        self.blocks: dict[Let, Block] = {}  # where empty lists are made
        self.merged: dict[str, tuple[Phi, Stmt]] = {}
        self._collect(block, ())

    def _collect(self, block: Block, loops: tuple[Stmt, ...]) -> None:
        for stmt in block:
            if type(stmt) is Let:  # as most are
                for target in stmt.targets:
                    self.made[target] = stmt
                name = stmt.op.name if type(stmt.op) is Primitive else ""
                if name == "empty_list":
                    self.blocks[stmt] = block
                elif name == "append" and stmt.origin:
                    self.places.append(_Place(stmt, len(self.places), loops))
                continue
            for phi in phis_of(stmt):
                self.merged[phi.target] = phi, stmt
            for inner in blocks_of(stmt):
                self._collect(inner, (*loops, stmt) if isinstance(stmt, For | While) else loops)

    def begins(self, append: Let) -> Let | None:
        """The empty list that an append's list has been, if that is the only one."""
        seen: set[str] = set()
        begun: set[Let] = set()
        work = uses(append.args[:1])
        while work:
            name = work.pop()
            if name in seen:
                continue
            seen.add(name)
            let = self.made.get(name)
            if name in self.merged:
                work.extend(_merges(self.merged[name][0]))
            elif let is not None and _is_append(let):
                work.extend(uses(let.args[:1]))
            elif let in self.blocks:
                begun.add(let)
            else:
                return None
        return begun.pop() if len(begun) == 1 else None

    def may_follow(self, write: _Place, store: _Place) -> bool:
        """Whether a list may be appended to after it has been stored.

        It is not where each pass through the loops around both makes the list anew, and stores it
        when all is appended.
        """
        if store.at < write.at:
            return True
        shared = {loop for loop in write.loops if loop in store.loops}
        seen: set[str] = set()
        work = uses(write.stmt.args[:1])
        while work:
            name = work.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.merged:
                phi, stmt = self.merged[name]
                if stmt in shared:
                    return True
                work.extend(uses((phi.first, phi.second)))
            elif name not in self.made:
                return True
            else:
                let = self.made[name]
                if not isinstance(let.op, Primitive):
                    work.extend(let.reads)
                elif not let.op.fresh:
                    work.extend(uses(let.args[:1]))
        return False


def growing(body: Block) -> frozenset[str]:
    """The lists that appends make of lists that do nothing but grow, from what is written out on.

    One that is also cut, written to, or joined to another may be shorter later than before.
    """
    stmts = walk(body)
    if not any(isinstance(s, Let) and _is_append(s) for s in stmts):
        return frozenset()
    parent: dict[str, str] = {}
    other: set[str] = set()
    targets: set[str] = set()

    def link(target: str, *operands: Operand) -> None:
        for operand in operands:
            if isinstance(operand, Var):
                parent[root_of(parent, target)] = root_of(parent, operand.name)

    for stmt in stmts:
        for phi in phis_of(stmt):
            link(phi.target, phi.first, phi.second)
        if isinstance(stmt, Let) and _is_append(stmt):
            link(stmt.target, stmt.args[0])
            targets.add(stmt.target)
        elif isinstance(stmt, Let) and not (
            isinstance(stmt.op, Primitive) and stmt.op.name == "empty_list"
        ):
            other.update(stmt.targets)
    known = {name for stmt in stmts for name in binds_of(stmt)}
    linked = {*targets, *parent, *parent.values()}
    unsure = {root_of(parent, n) for n in linked if n not in known or n in other}
    return frozenset(t for t in targets if root_of(parent, t) not in unsure)


def _is_append(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and stmt.op.name == "append"
