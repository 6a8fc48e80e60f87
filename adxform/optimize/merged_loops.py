"""Merged loops: a loop of the reverse sweep runs inside the loop that it mirrors, where it can.

Where iterations only add to what the loop carries, and the cotangents are known before the loop
begins, each iteration goes forward and at once back: nothing is recorded from one to the next
(the independent iterations of Hascoët, Fidanova and Held 2001).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import TypeGuard

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import Index, index
from adxform.core.ir import (
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Origin,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    parts_of,
    uses,
    walk,
)
from adxform.core.reads import readers
from adxform.core.types import ANY, Unknown
from adxform.differentiate.common import names_for
from adxform.differentiate.increments import DEPTH, same
from adxform.optimize.chains import STORES, SUMS, Chain
from adxform.optimize.dead_code import has_effect
from adxform.optimize.exchanged_sums import Exchanging
from adxform.optimize.narrowed_tapes import narrowed
from adxform.optimize.walk import Rewriter

BEHIND = "the cotangents come from another loop"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A loop of the user's whose derivative has a reverse loop, and why that stays apart; no
    ``obstacle`` if it was merged.
    """

    origin: Origin | None
    obstacle: str


def merge_loops(function: Function, types: Types) -> tuple[Function, list[Outcome]]:
    """A function whose reverse loops run inside the loops that they mirror, where they can; and
    what became of each.
    """
    if not any(map(_mirrors, index(function.body).others)):
        return function, []
    builder = Builder(names_for(function, types), types, function.bases)
    merging = _Merging(builder, function.body)
    body = merging.block(function.body)
    merged = not all(outcome.obstacle for outcome in merging.outcomes)
    return replace(function, body=body) if merged else function, merging.outcomes


class _Merging:
    """Merges loops; ``made_by`` are the statements that give names their values."""

    def __init__(self, builder: Builder, body: Block) -> None:
        self.builder = builder
        self.outcomes: list[Outcome] = []
        self.made_by = index(body).made_by
        self.reads = index(body).reads
        self.sums = Exchanging(self.reads, builder)

    def block(self, block: Block, around: str = "") -> Block:
        """A block with its loops merged, which is inside what ``around`` says."""
        if not any(map(_mirrors, index(block).others)):  # nothing to do
            return block
        made = _Made()
        for stmt in block:
            if not _mirrors(stmt):
                made.add(stmt)
                continue
            first = made.mirrored(stmt)
            loop: For = stmt
            others: dict[Stmt, Stmt] = {}
            obstacle = self.apart(first, stmt, around) or made.obstacle(first, stmt)
            if obstacle == BEHIND and first is not None:
                loop, others = self.sums.exchanged(stmt, made.later(first))
                obstacle = made.obstacle(first, loop)
            if not obstacle and isinstance(first, For):
                pair = _Pair(first, loop, made.between(first, loop), self)
                obstacle = pair.obstacle()
                if not obstacle:
                    made.change(others)
                    made.put(first, loop, [*pair.before, *pair.merged()])
            self.outcomes.append(Outcome(stmt.origin, obstacle))
            if obstacle:
                made.add(stmt)
        return tuple(
            [s if type(s) is Let else self.inner(s) for slot in made.slots for s in slot]
        )

    def inner(self, stmt: Stmt) -> Stmt:
        match stmt:
            case If():
                then, orelse = (self.block(side, "the branch") for side in blocks_of(stmt))
                return replace(stmt, then=then, orelse=orelse)
            case For() | While():
                body = self.block(stmt.body, "the loop")
                return stmt if body == stmt.body else replace(stmt, body=body)
            case _:
                return stmt

    def apart(self, first: Stmt | None, stmt: For, around: str) -> str:
        """Why a loop has no pair to merge with."""
        if first is None:
            return f"{around or 'what is'} around it goes forward as a whole before it goes back"
        if isinstance(first, While):
            return "how often it runs is known only at its end"
        assert isinstance(first, For)
        if first.stop is not None:
            return "it may end early"
        bounds = zip_longest(first.bounds, stmt.bounds)
        same = all(_alike(a, b, self.made_by) for a, b in bounds) and first.reverse != stmt.reverse
        return "" if same else "it goes back over another range"


class _Made:
    """The statements of a block so far, each in a slot; a merged loop takes that of the first."""

    def __init__(self) -> None:
        self.slots: list[list[Stmt]] = []
        self.bound: dict[str, int] = {}
        self.loops: dict[Stmt, int] = {}
        self.of_origin: dict[int, list[Stmt]] = {}
        self.changing: list[tuple[int, Stmt]] = []  # what may change what others read, and where

    def add(self, stmt: Stmt) -> None:
        place = len(self.slots)
        self.slots.append([stmt])
        self.bound.update(dict.fromkeys(binds_of(stmt), place))
        if type(stmt) is Let and type(stmt.op) is Primitive:  # as most are
            return
        self.changing += [(place, inner) for inner in walk((stmt,)) if _may_change(inner)]
        forward = isinstance(stmt, While) or (isinstance(stmt, For) and stmt.mirror is None)
        if forward and stmt.origin is not None:
            self.loops[stmt] = place
            self.of_origin.setdefault(id(stmt.origin), []).append(stmt)

    def mirrored(self, stmt: For) -> Stmt | None:
        """The loop that a loop of the reverse sweep mirrors, if it is in this block."""
        found = self.of_origin.get(id(stmt.origin))
        return found[-1] if found else None

    def obstacle(self, first: Stmt | None, loop: For) -> str:
        """What keeps a loop from going back beside the first that is seen from outside."""
        assert first is not None
        place = self.loops[first]
        later = [stmt for at, stmt in self.changing if at >= place]
        if later:
            return f"{_text(later[0])} may change what others read"
        if any(isinstance(s, For | While) for s in self.between(first, loop)):
            return BEHIND
        return ""

    def later(self, first: Stmt) -> Callable[[str], Stmt | None]:
        """What gives a name, of the statements after one."""
        after = self.loops[first]
        return lambda name: self.made_by(name) if self.bound.get(name, -1) > after else None

    def made_by(self, name: str) -> Stmt:
        """The statement that gives a name, of those so far."""
        return next(stmt for stmt in self.slots[self.bound[name]] if name in binds_of(stmt))

    def change(self, others: Mapping[Stmt, Stmt]) -> None:
        """Put others in the places of some statements."""
        for place in {self.bound[name] for stmt in others for name in binds_of(stmt)}:
            self.slots[place] = [others.get(stmt, stmt) for stmt in self.slots[place]]
        self.bound.update(
            (name, self.bound[old])
            for stmt, other in others.items()
            for old, name in zip(binds_of(stmt), binds_of(other), strict=True)
        )

    def between(self, first: Stmt, loop: Stmt) -> list[Stmt]:
        """The statements between that a loop needs, up to a loop among them."""
        after = self.loops[first]
        found: dict[Stmt, int] = {}
        wanted = [*_reads((loop,)).difference(*map(binds_of, walk((loop,))))]
        while wanted:
            name = wanted.pop()
            place = self.bound.get(name, -1)
            if place <= after or (stmt := self.made_by(name)) in found:
                continue
            found[stmt] = place
            if isinstance(stmt, For | While):
                break
            wanted.extend(_reads((stmt,)))
        return sorted(found, key=lambda stmt: (found[stmt], self.slots[found[stmt]].index(stmt)))

    def put(self, first: Stmt, loop: Stmt, stmts: list[Stmt]) -> None:
        """Fill the slot of the first loop with what is merged, and with what that needs."""
        place = self.loops[first]
        for stmt in self.between(first, loop):
            (name, *_) = binds_of(stmt)
            self.slots[self.bound[name]].remove(stmt)
        self.slots[place] = stmts
        self.of_origin[id(first.origin)].remove(first)
        for stmt in stmts:
            self.bound.update(dict.fromkeys(binds_of(stmt), place))


class _Pair:
    """A loop, the one that mirrors it, and what the second needs of what stands between them."""

    def __init__(self, first: For, second: For, before: list[Stmt], merging: _Merging) -> None:
        self.first = first
        self.second = second
        self.builder = merging.builder
        self.before = before
        own = Index((first, second)).made_by
        self.made_by: Mapping[str, Let] = ChainMap(own, merging.made_by)
        read = _reads((second,))
        self.tapes = {p.target: p for p in first.phis if p.target in read}
        self.chains: dict[str, Chain] = {}
    def obstacle(self) -> str:
        """Why an iteration of the second may not run right after that of the first, if so."""
        carried = {p.target for p in self.first.phis}
        for stmt in walk((self.second,)):
            if _may_change(stmt):
                return f"{_text(stmt)} may change what others read"
        if any(map(has_effect, walk((*self.before, self.second)))):
            return "the way back runs statements that are carried as they are"
        for phi in self.second.phis:
            if not self.order_free(phi):
                return self.order_of(phi)
        late = carried & _reads(self.before)
        if late:
            return f"the cotangents depend on {self.called(late)}, known only after the loop"
        whole = {p.target for p in self.tapes.values() if not self.is_tape(p)}
        if whole:
            return f"the way back reads {self.called(whole)} of other iterations"
        return ""

    def called(self, names: Iterable[str]) -> str:
        """What the user calls names, or the values of which they are cotangents or tapes."""
        bases = self.builder.bases
        known = {bases[n].removesuffix("_tape").removesuffix("_bar") for n in names if n in bases}
        return " and ".join(sorted(known)) or "a value"

    def order_of(self, phi: Phi) -> str:
        """Why iterations keep their order, for what the second carries."""
        called, bases = self.called((phi.target,)), self.builder.bases
        if isinstance(self.builder.types.get(phi.target, ANY), Unknown):
            return f"the type of {called} is not known"
        written = any(
            isinstance(s, Let) and isinstance(s.op, Primitive) and s.op.name in STORES
            and bases.get(s.target) == bases.get(phi.target)
            for s in walk(self.second.body)
        )
        if written:
            return f"{called} is written in place, where other iterations may read it"
        return f"an iteration needs {called} of the one before"

    # --- what the second loop carries ---------------------------------------------------------

    def order_free(self, phi: Phi) -> bool:
        """Whether iterations only add to what a loop carries, so that any may come first."""
        if phi.second == Var(phi.target):
            return True
        sums = Chain(SUMS, {phi.target})
        return sums.block(self.second.body) and sums.holds(phi.second)

    @cached_property
    def readers(self) -> dict[str, list[Stmt]]:
        return readers(self.second.body)

    # --- what the first loop records ----------------------------------------------------------

    def is_tape(self, phi: Phi) -> bool:
        """Whether each iteration only writes to its own place of what the first loop carries, and
        each of the second only reads it there.
        """
        stores = self.chains[phi.target] = Chain(STORES, {phi.target})
        if not stores.block(self.first.body) or not stores.holds(phi.second):
            return False
        places = [
            parts_of(stmt.args[1])[0]
            for stmt in walk(self.first.body)
            if isinstance(stmt, Let) and stmt.target in stores.names
        ]
        taken = self.readers.get(phi.target, [])
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
                    _alike(one.args[1 - place], other.args[1 - place], self.made_by)
                    and self.outside(one.args[1 - place])
                    and self.same(one.args[place], other.args[place])
                    for place in (0, 1)
                )
            case _:
                return False

    def outside(self, operand: Operand) -> bool:
        """Whether an operand is the same in all iterations, or computed from what is."""
        if self.inner.isdisjoint(names_in(operand)):
            return True
        let = self.made_by.get(operand.name) if isinstance(operand, Var) else None
        return _is_infix(let) and all(map(self.outside, let.args))

    @cached_property
    def inner(self) -> set[str]:
        """The names that the first loop binds."""
        phis = (p.target for p in self.first.phis)
        return {n for s in walk(self.first.body) for n in binds_of(s)} | {self.first.index, *phis}

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
            made = narrowed(made, phi, self.chains[phi.target].names, self.made_by, self.builder)
        return made


def _mirrors(stmt: Stmt) -> TypeGuard[For]:
    """Whether a statement is a loop of the reverse sweep."""
    return type(stmt) is For and stmt.mirror is not None


def _reads(stmts: Iterable[Stmt]) -> set[str]:
    """The names that statements read, all inner ones too."""
    return {*Index(tuple(stmts)).reads}


def _text(stmt: Stmt) -> str:
    """What the user wrote."""
    origin = getattr(stmt, "origin", None)
    return "a statement" if origin is None else f"`{origin.text}`"


def _alike(a: Operand | None, b: Operand | None, made_by: Mapping[str, Let]) -> bool:
    """Whether two numbers are computed alike from the same names, no elements among these."""
    return same(a, b, made_by, DEPTH, ("infix",))


def _is_infix(let: Let | None) -> TypeGuard[Let]:
    return let is not None and isinstance(let.op, Primitive) and let.op.style == "infix"


def _may_change(stmt: Stmt) -> bool:
    """Whether a statement may change what others read."""
    return has_effect(stmt) and not (isinstance(stmt, Effect) and stmt.harmless)
