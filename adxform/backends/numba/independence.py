"""Independent loops: those whose iterations leave each other's memory alone, but for sums."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from adxform.analysis.aliasing import IN_PLACE
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Memory, in_step
from adxform.core.ir import (
    Block,
    Const,
    Effect,
    For,
    If,
    Let,
    Phi,
    Primitive,
    Stmt,
    binds_of,
    reads_of,
    uses,
    walk,
)
from adxform.core.types import Array, Scalar
from adxform.optimize.chains import Chain
from adxform.optimize.walk import is_derived, is_op

ADDING = ("op.Add", "op.Sub", "accumulate", "augment.Add", "augment.Sub")
FREE = frozenset({"summed", *ADDING})
ADDED_TO = frozenset({"accumulate", "accumulate_at"})


@dataclass(frozen=True, slots=True)
class Sums:
    """What all iterations of a loop add to, in any order, by its phis' names; for each array the
    names that it has in the loop.
    """

    numbers: set[str] = field(default_factory=set)
    arrays: dict[str, set[str]] = field(default_factory=dict)


class _FreeSum(Chain):
    """A number to which others are added, in an order that is not the user's."""

    def step(self, stmt: Let) -> bool:
        return (is_derived(stmt) or is_op(stmt, "summed")) and super().step(stmt)


class Independence:
    """Tells which loops have iterations that leave each other's memory alone."""

    def __init__(self, memory: Memory, types: Types) -> None:
        self.memory = memory
        self.types = types

    def sums(
        self, loop: For, apart: Collection[str] = (), *, anywhere: bool = False
    ) -> Sums | None:
        """What the independent iterations of a loop add up; None if they are not independent, but
        for what is carried ``apart``. They may add to arrays at any places if ``anywhere``.
        """
        if loop.stop is not None or loop.step != Const(1) or not _only_computes(loop):
            return None
        found = Sums()
        for phi in loop.phis:
            known = self.types.get(phi.target)
            if phi.target in apart or (isinstance(known, Array) and self.memory.chained(phi)):
                continue
            number = isinstance(known, Scalar) and known.dtype == "float64"
            if not number or _through(loop, phi, _FreeSum(FREE, {phi.target})) is None:
                return None
            found.numbers.add(phi.target)
        own = {s.target for s in walk(loop.body) if isinstance(s, Let) and self.is_new(s)}
        accesses = [a for a in self.memory.of((loop,)) if a.view.root not in own]
        meeting = {
            a.memory
            for a in accesses
            if not all(in_step(a, loop.index, b, loop.index) for b in accesses)
        }
        for memory in meeting:
            array = self._added_to(loop, memory, anywhere)
            if array is None:
                return None
            found.arrays.update(array)
        return found

    def is_new(self, stmt: Let) -> bool:
        """Whether a statement makes an array in memory of its own."""
        if not isinstance(stmt.op, Primitive) or stmt.op.name in IN_PLACE:
            return False
        return self.memory.aliases.copied(stmt) if stmt.op.name == "[]" else stmt.op.fresh

    def _added_to(self, loop: For, memory: str, anywhere: bool) -> dict[str, set[str]] | None:
        """What a loop carries in some memory, if that is one array to which each iteration adds, in
        a loop of its own or where it is not a matter of which one it is; and its names.
        """
        of = self.memory.aliases.of
        phis = [p for p in loop.phis if of(p.target) == memory]
        known = self.types.get(phis[0].target) if len(phis) == 1 else None
        if not isinstance(known, Array) or known.dims is None or known.dtype != "float64":
            return None
        names = _through(loop, phis[0], Chain(ADDED_TO, {phis[0].target}))
        read = {n for s in walk(loop.body) for n in reads_of(s) if self.memory.is_array(n)}
        if names is None or any(of(n) == memory for n in read - names):
            return None
        alike = anywhere or all(self._is_alike(s, loop, names) for s in _outside_loops(loop.body))
        return {phis[0].target: names} if alike else None

    def _is_alike(self, stmt: Stmt, loop: For, names: set[str]) -> bool:
        """Whether a statement adds to an array at the same places in each iteration."""
        if not is_op(stmt, "accumulate_at") or stmt.target not in names:
            return True
        changing = {n for s in walk(loop.body) for n in binds_of(s)} | {loop.index}
        return changing.isdisjoint(uses(stmt.args[1:2]))


def _through(loop: For, phi: Phi, chain: Chain) -> set[str] | None:
    """The names of what a loop carries, if a chain leads from one iteration to the next."""
    return chain.names if chain.block(loop.body) and chain.holds(phi.second) else None


def _outside_loops(block: Block) -> Iterator[Stmt]:
    """The statements of a block and of branches in it."""
    for stmt in block:
        yield stmt
        if isinstance(stmt, If):
            yield from _outside_loops((*stmt.then, *stmt.orelse))


def _only_computes(loop: For) -> bool:
    """Whether all that a loop does is to compute, store, and add up."""
    return not any(
        isinstance(stmt, Effect) or (isinstance(stmt, Let) and not isinstance(stmt.op, Primitive))
        for stmt in walk(loop.body)
    )
