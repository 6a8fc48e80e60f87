"""Independent loops: those whose iterations leave each other's memory alone, but for sums."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from adxform.analysis.aliasing import IN_PLACE
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Access, Memory, in_step
from adxform.core.ir import (
    Block,
    Const,
    Effect,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    binds_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Array, Scalar
from adxform.optimize.walk import is_derived, is_op

ADDING = ("op.Add", "op.Sub", "accumulate", "augment.Add", "augment.Sub")
ADDED_TO = ("accumulate", "accumulate_at")


@dataclass(frozen=True, slots=True)
class Sums:
    """What all iterations of a loop add to, in any order, by its phis' names."""

    numbers: set[str] = field(default_factory=set)
    arrays: set[str] = field(default_factory=set)


class Independence:
    """Tells which loops have iterations that leave each other's memory alone."""

    def __init__(self, memory: Memory, types: Types) -> None:
        self.memory = memory
        self.types = types

    def sums(self, loop: For, apart: Collection[str] = ()) -> Sums | None:
        """What the independent iterations of a loop add up; None if they are not independent, but
        for what is carried ``apart``.
        """
        if loop.stop is not None or loop.step != Const(1) or not _only_computes(loop):
            return None
        found = Sums()
        for phi in loop.phis:
            known = self.types.get(phi.target)
            if phi.target in apart or (isinstance(known, Array) and self.memory.chained(phi)):
                continue
            number = isinstance(known, Scalar) and known.dtype == "float64"
            if not number or not _adds_up(loop, phi):
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
            array = self._added_to(loop, memory, accesses)
            if array is None:
                return None
            found.arrays.add(array.target)
        return found

    def is_new(self, stmt: Let) -> bool:
        """Whether a statement makes an array in memory of its own."""
        if not isinstance(stmt.op, Primitive) or stmt.op.name in IN_PLACE:
            return False
        return self.memory.aliases.copied(stmt) if stmt.op.name == "[]" else stmt.op.fresh

    def _added_to(self, loop: For, memory: str, accesses: list[Access]) -> Phi | None:
        """What a loop carries in some memory, if that is one array to which each iteration adds,
        where it adds not being a matter of which one it is.
        """
        of = self.memory.aliases.of
        phis = [p for p in loop.phis if of(p.target) == memory]
        known = self.types.get(phis[0].target) if len(phis) == 1 else None
        if not isinstance(known, Array) or known.dims is None or known.dtype != "float64":
            return None
        for stmt in walk(loop.body):
            names = [n for n in reads_of(stmt) if self.memory.is_array(n) and of(n) == memory]
            first = stmt.args[:1] if isinstance(stmt, Let) else ()
            adds = isinstance(stmt, Let) and adds_to_array(stmt)
            if names and not (adds and names == uses(first)):
                return None
        changing = {n for s in loop.body for n in binds_of(s)} | {loop.index}
        inner = {s.index for s in walk(loop.body) if isinstance(s, For)}
        for access in accesses:
            places = [p.at for p in access.view.parts or () if access.memory == memory]
            if any(set(uses([at])) & changing - inner for at in places if at is not None):
                return None
        return phis[0]


def _only_computes(loop: For) -> bool:
    """Whether all that a loop does is to compute, store, and add up."""
    return not any(
        isinstance(stmt, Effect) or (isinstance(stmt, Let) and not isinstance(stmt.op, Primitive))
        for stmt in walk(loop.body)
    )


def _adds_up(loop: For, phi: Phi) -> bool:
    """Whether all that becomes of a number which a loop carries is that others are added to it, in
    an order which is not the user's.
    """
    sums = led_to(loop.body, phi.target, _is_step)
    return _is(phi.second, sums) and all(_keeps(stmt, sums) for stmt in walk(loop.body))


def led_to(block: Block, name: str, is_step: Callable[[Let], bool]) -> set[str]:
    """The names of a value and of all that it becomes by steps, of which it is the first operand,
    in a block.
    """
    found = {name}
    within = walk(block)
    for _ in within:  # as often as there may be names that lead to others
        count = len(found)
        for stmt in within:
            if not isinstance(stmt, Let):
                found.update(p.target for p in phis_of(stmt) if _begins(stmt, p, found))
            elif is_step(stmt) and _is(stmt.args[0], found):
                found.add(stmt.target)
        if len(found) == count:
            break
    return found


def adds_to_array(stmt: Let) -> bool:
    """Whether a statement adds to an array."""
    return is_op(stmt, *ADDED_TO)


def _is_step(stmt: Let) -> bool:
    """Whether a statement adds to a number of which the order is free."""
    return is_op(stmt, "summed") or (is_derived(stmt) and is_op(stmt, *ADDING))


def _begins(stmt: Stmt, phi: Phi, sums: set[str]) -> bool:
    """Whether what a statement merges or carries is one of some sums, or begins as one."""
    return _is(phi.first, sums) and (not isinstance(stmt, If) or _is(phi.second, sums))


def _is(operand: Operand, sums: set[str]) -> bool:
    return isinstance(operand, Var) and operand.name in sums


def _keeps(stmt: Stmt, sums: set[str]) -> bool:
    """Whether a statement does nothing with sums but to add to them and to hand them on."""
    if isinstance(stmt, Let):
        read = [n for n in stmt.reads if n in sums]
        return not read or (_is_step(stmt) and read == uses(stmt.args[:1]))
    if not sums.isdisjoint([*reads_of(stmt), *tests_of(stmt)]):
        return False
    ends = ((_is(p.first, sums), _is(p.second, sums), p.target in sums) for p in phis_of(stmt))
    return all(len(set(end)) == 1 for end in ends)
