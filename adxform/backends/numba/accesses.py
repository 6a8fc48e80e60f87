"""Accesses: the elements of arrays that a statement reads or writes, said of the array itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.backends.numba.plan import SHAPES
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Effect,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Var,
    binds_of,
    parts_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.operands import begins_at
from adxform.core.types import Array
from adxform.optimize.dead_code import has_effect

SAME = frozenset({"update", "accumulate_at", "accumulate", "rename"})  # the memory of the first


@dataclass(frozen=True, slots=True)
class Part:
    """Where along one axis of an array an element is, or with no ``at`` all elements of a view
    from a number on.
    """

    at: Operand | None
    begins: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """A name's memory as a part of that of the array ``root``; no ``parts`` if it is not known."""

    root: str
    parts: tuple[Part, ...] | None

    def item(self, index: Operand) -> View:
        """What an index takes of it."""
        if self.parts is None:
            return self
        given = list(parts_of(index))
        found: list[Part] = []
        for part in self.parts:
            if part.at is not None or not given:
                found.append(part)
                continue
            place = given.pop(0)
            if isinstance(place, Slice):
                begins = begins_at(place)
                if begins is None:
                    return View(self.root, None)
                found.append(Part(None, part.begins + begins))
            elif isinstance(place, Const) and (type(place.value) is not int or place.value < 0):
                return View(self.root, None)
            else:
                found.append(Part(place, part.begins))
        return View(self.root, None if given else tuple(found))


@dataclass(frozen=True, slots=True)
class Access:
    """One of memory of a class; which ``view`` of it, if that is known."""

    memory: str
    view: View
    writes: bool


class Memory:
    """What the names of a function stand for in memory."""

    def __init__(self, block: Block, types: Types, aliases: Aliases) -> None:
        self.types = types
        self.aliases = aliases
        self.made: dict[str, Let] = {}
        self.carried: dict[str, Phi] = {}
        self.merged: dict[str, Phi] = {}
        self.views: dict[str, View] = {}
        self.chains: dict[str, bool] = {}
        for stmt in walk(block):
            if isinstance(stmt, Let):
                self.made.update(dict.fromkeys(stmt.targets, stmt))
            else:
                found = self.merged if isinstance(stmt, If) else self.carried
                found.update((phi.target, phi) for phi in phis_of(stmt))

    def view(self, name: str) -> View:
        """The memory of a name, told by the array that it is a part of."""
        if name not in self.views:
            self.views[name] = self.whole(name)  # of itself, while it is asked for
            self.views[name] = self._view(name)
        return self.views[name]

    def whole(self, name: str) -> View:
        known = self.types.get(name)
        dims = known.dims if isinstance(known, Array) else None
        return View(name, None if dims is None else (Part(None),) * len(dims))

    def _view(self, name: str) -> View:
        let, phi = self.made.get(name), self.carried.get(name)
        if phi is not None and isinstance(phi.first, Var) and self.chained(phi):
            return self.view(phi.first.name)
        if name in self.merged:
            phi = self.merged[name]
            found = {self.view(n) for n in uses([phi.first, phi.second])}
            return found.pop() if len(found) == 1 else self.whole(name)
        if let is None or not isinstance(let.op, Primitive) or not let.args:
            return self.whole(name)
        first = let.args[0]
        if not isinstance(first, Var) or len(let.targets) != 1:
            return self.whole(name)
        if let.op.name in SAME:
            return self.view(first.name)
        if let.op.name == "[]" and self.is_view(let):
            return self.view(first.name).item(let.args[1])
        return self.whole(name)

    def maker(self, name: str) -> Let | None:
        """The statement that makes an array which is written to later under this name."""
        let, phi = self.made.get(name), self.carried.get(name)
        if phi is not None and isinstance(phi.first, Var) and self.chained(phi):
            return self.maker(phi.first.name)
        same = let is not None and getattr(let.op, "name", "") in SAME
        if let is not None and same and isinstance(let.args[0], Var):
            return self.maker(let.args[0].name)
        return let

    def is_size(self, operand: Operand) -> bool:
        """Whether a number is one of elements, and so at least 0."""
        if isinstance(operand, Const):
            return bool(operand.value >= 0)
        let = self.made.get(operand.name) if isinstance(operand, Var) else None
        if not isinstance(let, Let) or not isinstance(let.op, Primitive):
            return False
        if let.op.name == "[]" and isinstance(let.args[0], Var):
            shape = self.made.get(let.args[0].name)
            return getattr(shape and shape.op, "name", "") in (".shape", "np.shape")
        return let.op.name in ("len", ".size")

    def chained(self, phi: Phi) -> bool:
        """Whether what a loop carries is one array that is written to."""
        if phi.target not in self.chains:
            self.chains[phi.target] = False  # while it is asked: no other leads back to it
            self.chains[phi.target] = self._chained(phi)
        return self.chains[phi.target]

    def _chained(self, phi: Phi) -> bool:
        return self._leads(phi.second, phi.target)

    def _leads(self, after: Operand, target: str) -> bool:
        """Whether an array is what ``target`` stands for, which is at most written to."""
        while isinstance(after, Var) and after.name != target:
            let, inner = self.made.get(after.name), self.carried.get(after.name)
            either = self.merged.get(after.name)
            if either is not None and self._leads(either.second, target):
                after = either.first
            elif inner is not None and self.chained(inner):
                after = inner.first
            elif let is not None and getattr(let.op, "name", "") in SAME:
                after = let.args[0]
            else:
                return False
        return isinstance(after, Var)

    def is_view(self, let: Let) -> bool:
        """Whether a statement gives a part of an array that is an array in the same memory."""
        taken = isinstance(let.op, Primitive) and let.op.name == "[]"
        return taken and isinstance(self.types.get(let.target), Array) and (
            not self.aliases.copied(let)
        )

    def of(self, stmts: Iterable[Stmt]) -> list[Access]:
        """What statements read and write, and those in blocks within."""
        return [a for stmt in walk(tuple(stmts)) for a in self._of(stmt)]

    def _of(self, stmt: Stmt) -> list[Access]:
        if isinstance(stmt, Effect):
            return [self.unknown(n, not stmt.harmless) for n in reads_of(stmt)]
        if not isinstance(stmt, Let):
            return []
        if not isinstance(stmt.op, Primitive):
            return [self.unknown(n, isinstance(stmt.op, Callee)) for n in stmt.reads]
        if stmt.op.name in SHAPES or stmt.op.name == "rename" or self.is_view(stmt):
            return []
        found = [self.unknown(n, False) for n in stmt.reads if self.is_array(n)]
        first = stmt.args[0] if stmt.args else None
        if not isinstance(first, Var) or not self.is_array(first.name):
            return found
        if stmt.op.name in ("[]", "update", "accumulate_at"):
            own = [Access(self.aliases.of(first.name), self.view(first.name).item(stmt.args[1]),
                          stmt.op.name != "[]")]
            rest = uses(stmt.args[1:])
            return own + [self.unknown(n, False) for n in rest if self.is_array(n)]
        if writes(stmt.op):
            found.append(self.unknown(first.name, True))
        return found

    def is_array(self, name: str) -> bool:
        """Whether a name may stand for memory."""
        return isinstance(self.types.get(name), Array)

    def unknown(self, name: str, written: bool) -> Access:
        return Access(self.aliases.of(name), View(name, None), written)


@dataclass(eq=False, slots=True)
class Facts:
    """What a statement binds, reads and does to memory; ``stays`` if nothing may pass it, and
    ``equal`` are the sizes that are known to be so where it runs.
    """

    stmt: Stmt
    binds: set[str]
    reads: set[str]
    accesses: list[Access]
    stays: bool
    equal: dict[Operand, Operand]

    def before(self, later: Facts) -> bool:
        """Whether a statement has to come before a later one."""
        return not self.binds.isdisjoint(later.reads) or self.meets(later)

    def meets(self, other: Facts) -> bool:
        return any(meet(a, b) for a in self.accesses for b in other.accesses)


def facts_of(stmt: Stmt, memory: Memory, equal: dict[Operand, Operand]) -> Facts:
    """What is known of a statement."""
    inner = walk((stmt,))
    shaped = isinstance(stmt, Let) and isinstance(stmt.op, Primitive)
    accesses = [] if shaped and stmt.op.name in SHAPES else memory.of((stmt,))  # type: ignore[union-attr]
    binds = {n for s in inner for n in binds_of(s)}
    reads = {n for s in inner for n in reads_here(s)}
    return Facts(stmt, binds, reads, accesses, any(map(has_effect, inner)), equal)


def reads_here(stmt: Stmt) -> list[str]:
    """The names that a statement and its phis read, its nested blocks left out."""
    phis = () if isinstance(stmt, Let | Effect) else stmt.phis
    return [*reads_of(stmt), *tests_of(stmt), *uses([o for p in phis for o in (p.first, p.second)])]


def is_plain(loop: For) -> bool:
    """Whether a loop only computes, stores, and adds up."""
    return all(
        (isinstance(stmt, Let) and isinstance(stmt.op, Primitive))
        or (isinstance(stmt, For) and stmt.stop is None)
        for stmt in walk(loop.body)
    )


def meet(one: Access, other: Access) -> bool:
    """Whether two accesses may be of one element, of which one writes it."""
    if one.memory != other.memory or not (one.writes or other.writes):
        return False
    a, b = one.view, other.view
    if a.root != b.root or a.parts is None or b.parts is None:
        return True
    return not any(_apart(p, q) for p, q in zip(a.parts, b.parts, strict=True))


def _apart(one: Part, other: Part) -> bool:
    both = isinstance(one.at, Const) and isinstance(other.at, Const)
    return both and one.at.value + one.begins != other.at.value + other.begins  # type: ignore[union-attr]


def in_step(one: Access, index: str, other: Access, other_index: str) -> bool:
    """Whether accesses in two loops are of one element in the same iteration at most."""
    if not meet(one, other):
        return True
    a, b = one.view, other.view
    if a.root != b.root or a.parts is None or b.parts is None:
        return False
    return any(
        p.at == Var(index) and q.at == Var(other_index) and p.begins == q.begins
        for p, q in zip(a.parts, b.parts, strict=True)
    )
