"""Unseen writes: what is read after them, in a later iteration too, lies elsewhere in the array."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TypeGuard

from adxform.analysis.regions import Loops, Regions
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    For,
    Function,
    Let,
    Operand,
    Stmt,
    Var,
    While,
    blocks_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
)
from adxform.differentiate.common import names_for
from adxform.optimize.walk import Rewriter, is_op, is_users

FAR = 64  # versions after a write beyond which nobody looks


def without_unseen_writes(function: Function, types: Types) -> Function:
    """``z_bar[i] = 0.0`` goes if only other elements are read after it; then what was taken of the
    array before it need not be a copy. What a tape gets is read: else there would be none.
    """
    held = index(function.body)
    others = [s for s in held.of("update") if not is_users(s)]
    writes = [s for s in others if not function.bases.get(s.target, "").endswith("_tape")]
    if not writes:
        return function
    versions = _Versions(function)
    regions = Regions(function.body, types)
    late = reversed(writes)  # what is known of later versions tells of earlier ones
    gone = [s for s in late if versions.unseen(s, regions)][::-1]
    if not gone:
        return function
    walker = Rewriter(Builder(names_for(function, types), types, function.bases))
    targets = {s.target for s in gone}
    parts: set[str] = set()
    for stmt in gone:
        walker.env[stmt.target] = walker.sub(stmt.args[0])
        parts.update(versions.whole_parts(stmt, targets))
    for other in held.of("np.copy"):
        if parts & set(other.reads) or versions.only_added(other, walker, regions):
            walker.env[other.target] = other.args[0]
    return _renamed(function, walker)


class _Versions:
    """What becomes of arrays that are written to in part: who reads each version, and when."""

    def __init__(self, function: Function) -> None:
        self.readers: dict[str, list[Stmt]] = defaultdict(list)
        self.asked = _versions(function.body)  # whose readers are
        self.merges: dict[str, list[str]] = defaultdict(list)
        self.seen = set(names_in(function.result))
        self.places: dict[Stmt, tuple[int, Loops]] = {}
        self.made: dict[Operand, Let] = {}
        self.hopeless: set[str] = set()  # versions whose writes are seen, whatever they write
        self._index(function.body, ())

    def _index(self, block: Block, loops: Loops) -> None:
        for stmt in block:
            self.places[stmt] = len(self.places), loops
            read = reads_of(stmt)
            if not self.asked.isdisjoint(read):
                for name in read:
                    self.readers[name].append(stmt)
            if type(stmt) is Let:  # as most are
                if is_op(stmt, "[]"):
                    self.made[Var(stmt.target)] = stmt
                continue
            self.seen.update(tests_of(stmt))
            for phi in phis_of(stmt):
                for operand in (phi.first, phi.second):
                    if isinstance(operand, Var):
                        self.merges[operand.name].append(phi.target)
                    else:
                        self.seen.update(names_in(operand))
            inside = (*loops, stmt) if isinstance(stmt, For | While) else loops
            for inner in blocks_of(stmt):
                self._index(inner, inside)

    def unseen(self, write: Let, regions: Regions) -> bool:
        """Whether no element that is written is read afterwards."""
        later = self._after(write)
        if len(later) >= FAR or any(n in self.seen or n in self.hopeless for n in later):
            self.hopeless.add(write.target)
            return False
        return all(
            self._elsewhere(stmt, name, write, regions)
            for name in later
            for stmt in self.readers[name]
        )

    def _after(self, write: Let) -> set[str]:
        """The versions that come of what was written, in later iterations, too: all of them, or
        some of which one is hopeless, or too many.
        """
        found: set[str] = set()
        work = [write.target]
        while work and len(found) < FAR:
            name = work.pop()
            if name in self.hopeless:
                return {*found, name}
            if name not in found:
                found.add(name)
                work += self.merges[name]
                work += [s.target for s in self.readers[name] if _writes(s, name)]
        return found

    def _elsewhere(self, stmt: Stmt, name: str, write: Let, regions: Regions) -> bool:
        """Whether a statement reads or writes other elements of a version than were written."""
        if not isinstance(stmt, Let) or stmt.args[0] != Var(name) or name in uses(stmt.args[1:]):
            return False
        if is_op(stmt, "update"):
            return True
        reads = is_op(stmt, "[]") or is_op(stmt, "accumulate_at")
        return reads and not self._meet(write, stmt, regions)

    def whole_parts(self, write: Let, gone: set[str]) -> set[str]:
        """What is taken of an array before it is written to, if nothing else is written to it
        afterwards once some writes are gone.
        """
        names = {*self._after(write), *uses(write.args[:1])}
        readers = [(s, name) for name in names for s in self.readers[name]]
        if any(_writes(s, name) and s.target not in gone for s, name in readers):
            return set()
        firsts = [s for name in uses(write.args[:1]) for s in self.readers[name]]
        return {s.target for s in firsts if isinstance(s, Let) and is_op(s, "[]")}

    def only_added(self, copy: Let, walker: Rewriter, regions: Regions) -> bool:
        """Whether a copy of a part is only added to another part of its array."""
        part = self.made.get(copy.args[0])
        readers = self.readers[copy.target]
        if part is None or len(readers) != 1 or self.merges[copy.target]:
            return False
        other = readers[0]
        if not isinstance(other, Let) or not is_op(other, "accumulate_at"):
            return False
        same = walker.sub(other.args[0]) == walker.sub(part.args[0])
        return same and not self._meet(part, other, regions)

    def _meet(self, first: Let, second: Let, regions: Regions) -> bool:
        """Whether the second of two statements may, afterwards, touch what the first does."""
        (at, loops), (other, around) = self.places[first], self.places[second]
        accesses = regions.access(first.args[1], loops), regions.access(second.args[1], around)
        return regions.may_meet(*accesses, in_order=other > at)


def _versions(block: Block) -> set[str]:
    """The names of arrays that are written to, of what is merged with others, and of copies."""
    found: set[str] = set()
    for phi in index(block).phis:
        found.update((phi.target, *uses((phi.first, phi.second))))
    for stmt in index(block).of("update", "accumulate_at", "np.copy"):
        found.update((stmt.target, *uses(stmt.args[:1])))
    return found


def _renamed(function: Function, walker: Rewriter) -> Function:
    """A function in which names stand for what they are in ``env``, to the end."""
    for name, operand in list(walker.env.items()):
        while isinstance(operand, Var) and operand.name in walker.env:
            operand = walker.env[operand.name]
        walker.env[name] = operand
    walker.block(function.body)
    return replace(function, body=walker.builder.block, result=walker.sub(function.result))


def _writes(stmt: Stmt, name: str) -> TypeGuard[Let]:
    """Whether a statement writes to a part of an array."""
    return (
        isinstance(stmt, Let)
        and (is_op(stmt, "update") or is_op(stmt, "accumulate_at"))
        and stmt.args[0] == Var(name)
    )
