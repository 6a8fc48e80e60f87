"""Held elements: what a loop adds to one element of an array again and again is a number in it.

LLVM would store and load the element each time: it cannot tell that no other array is in that
memory. What derivatives add up is added to the element after the loop; what the user computes
begins with the element, so that it is computed in the same order. Other elements of the array may
be read, or written to, at places that are sure to be other ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from adxform.analysis.aliasing import Aliases
from adxform.backends.numba.accesses import Memory, reads_here
from adxform.backends.numba.reach import Reach, Sum
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    binds_of,
    names_in,
    parts_of,
    reads_of,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import Array, Scalar
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter, is_derived, is_op

FLOAT64 = Scalar("float64")
ADD = primitive("op.Add")


def with_elements_held(function: Function, builder: Builder) -> Block:
    """The block of a function whose loops add up in numbers what they add to one element."""
    block = function.body
    loops = [s for s in walk(block) if isinstance(s, For) and may_hold(s)]
    if not any(is_op(s, "accumulate_at", "update") for loop in loops for s in loop.body):
        return block
    memory = Memory(block, builder.types, Aliases(block, builder.types))
    walker = _Holding(builder, memory, Reach(function, builder.types))
    walker.block(block)
    return walker.builder.block


def may_hold(loop: For) -> bool:
    """Whether a loop carries something through all of its iterations, one after the other."""
    return bool(loop.phis) and loop.stop is None and not loop.parallel


class _Holding(Rewriter):
    """Rewrites loops from the innermost outwards; ``names`` are new ones for what arrays were."""

    def __init__(self, builder: Builder, memory: Memory, reach: Reach) -> None:
        super().__init__(builder)
        self.memory = memory
        self.reach = reach
        self.names: dict[str, str] = {}

    def loop(self, stmt: For | While) -> None:
        place = len(self.builder.stmts)
        super().loop(stmt)
        made = self.builder.stmts[-1]
        if len(self.builder.stmts) == place + 1 and isinstance(made, For) and may_hold(made):
            self.builder.stmts.pop()
            self.hold(made)

    def hold(self, loop: For) -> None:
        """A loop, with what it adds to elements in numbers."""
        inside = {loop.index, *(n for s in walk((loop,)) for n in binds_of(s))}
        after: list[Let] = []
        for phi in loop.phis:
            if not isinstance(self.builder.types.get(phi.target), Array):
                continue
            loop = self.read_before(loop, phi, inside)
            step = self.step(loop, phi, inside)
            if step is not None:
                loop = self.begun(loop, phi, step, after)
                continue
            added = self.added(loop, phi, inside)
            if added:
                loop = self.apart(loop, phi, added, after)
        self.builder.append(loop)
        for let in after:
            self.builder.append(let)

    # --- elements that are only read ----------------------------------------------------------

    def read_before(self, loop: For, phi: Phi, inside: set[str]) -> For:
        """A loop before which the elements are read that it does not change."""
        touching = self.touching(loop, phi)
        writes = [s for s in touching if not is_op(s, "[]")]
        steady = [
            s for s in touching
            if is_op(s, "[]") and s in loop.body and self.is_whole(s.args[0], phi)
            and not self.varies(s.args[1], inside) and self.is_one(s)
            and all(self.is_apart(write, s, phi) for write in writes)
        ]  # fmt: skip
        for read in steady:
            args = phi.first, read.args[1]
            self.builder.append(Let(read.targets, read.op, args, read.origin))
        return replace(loop, body=tuple(s for s in loop.body if s not in steady))

    # --- elements that are read and written ---------------------------------------------------

    def step(self, loop: For, phi: Phi, inside: set[str]) -> tuple[Let, Let] | None:
        """What reads the one element of an array that a loop changes, and what writes it."""
        made = {stmt.target: stmt for stmt in loop.body if type(stmt) is Let}
        written = made.get(phi.second.name) if isinstance(phi.second, Var) else None
        if not is_op(written, "update") or written.args[0] != Var(phi.target):
            return None
        if self.varies(written.args[1], inside) or not self.is_element(written):
            return None
        others = [s for s in self.touching(loop, phi) if s is not written]
        reads = [s for s in others if self.reads_element(s, written, phi)]
        read = reads[0] if len(reads) == 1 else None
        if read is None or read not in loop.body or read.args[0] != Var(phi.target):
            return None
        others.remove(read)
        apart = all(is_op(s, "[]") and self.is_apart(s, written, phi) for s in others)
        arrays = [phi.target, written.target]
        counts = read_counts(loop.body)
        known = sum(s.reads.count(name) for s in others if isinstance(s, Let) for name in arrays)
        alone = sum(counts[name] for name in arrays) == known + 2  # and no view is taken of it
        return (read, written) if apart and alone else None

    def reads_element(self, stmt: Stmt, written: Let, phi: Phi) -> TypeGuard[Let]:
        """Whether a statement reads the element of an array that another writes."""
        read = is_op(stmt, "[]") and parts_of(stmt.args[1]) == parts_of(written.args[1])
        return read and isinstance(stmt, Let) and self.is_whole(stmt.args[0], phi)

    def begun(self, loop: For, phi: Phi, step: tuple[Let, Let], after: list[Let]) -> For:
        """A loop that carries an element from what it was before."""
        read, written = step
        others = tuple(s for s in loop.body if s not in step)
        base = self.builder.bases.get(read.target)
        first = self.builder.emit(primitive("[]"), (phi.first, read.args[1]), base)
        phis = [p for p in loop.phis if p is not phi]
        phis.append(Phi(read.target, first, written.args[2]))
        args = phi.first, written.args[1], Var(read.target)
        after.append(Let((phi.target,), written.op, args, written.origin))
        body = self.reading(others, (phi.target, written.target), phi.first)
        return replace(loop, phis=tuple(phis), body=body)

    # --- sums of derivatives ------------------------------------------------------------------

    def added(self, loop: For, phi: Phi, inside: set[str]) -> list[Let]:
        """What a loop adds to elements of an array that it does nothing else with than add."""
        chain: list[Let] = []
        made = {name: stmt for stmt in loop.body for name in binds_of(stmt)}
        at = phi.second
        while isinstance(at, Var) and at.name != phi.target:
            stmt = made.get(at.name)
            if isinstance(stmt, For):
                at = next(p.first for p in stmt.phis if p.target == at.name)
            elif is_op(stmt, "accumulate_at", "update"):
                chain.append(stmt)
                at = stmt.args[0]
            else:
                return []
        found = [
            s for s in reversed(chain)
            if is_op(s, "accumulate_at") and is_derived(s)
            and not self.varies(s.args[1], inside) and self.is_element(s)
        ]  # fmt: skip
        others = [s for s in self.touching(loop, phi) if not is_op(s, "accumulate_at")]
        return [s for s in found if all(self.is_apart(other, s, phi) for other in others)]

    def apart(self, loop: For, phi: Phi, added: list[Let], after: list[Let]) -> For:
        """A loop that adds up numbers, which are added to elements after it."""
        builder = self.builder
        begun = self.named(phi.target)
        walker = _Apart(builder.nested(), {phi.target: Var(begun)})
        totals = [builder.name("total") for _ in added]
        for step, total in zip(added, totals, strict=True):
            builder.types[total] = FLOAT64
            walker.totals[step.target] = total
        walker.block(loop.body)
        second, body = walker.sub(phi.second), walker.builder.block
        phis = [p for p in loop.phis if p is not phi]
        ended = phi.first
        if second != Var(begun):  # something else is written, too
            phis.append(Phi(begun, phi.first, second))
            ended = Var(begun)
        else:
            body = self.reading(body, (begun,), phi.first)
        phis += [Phi(total, Const(0.0), walker.sums[total]) for total in totals]
        for step, total in zip(added, totals, strict=True):
            target = phi.target if step is added[-1] else self.named(phi.target)
            args = ended, step.args[1], Var(total)
            after.append(Let((target,), step.op, args, step.origin))
            ended = Var(target)
        return replace(loop, phis=tuple(phis), body=body)

    def reading(self, block: Block, names: tuple[str, ...], array: Operand) -> Block:
        """A block that reads elements of an array as it is before a loop."""
        walker = _Renamed(self.builder.nested(), dict.fromkeys(names, array))
        walker.block(block)
        return walker.builder.block

    def named(self, array: str) -> str:
        """A new name for what an array is on the way."""
        name = self.builder.name(self.builder.bases.get(array))
        self.builder.types[name] = self.builder.types[array]
        self.names[name] = self.names.get(array, array)
        return name

    # --- facts --------------------------------------------------------------------------------

    def family(self, name: str) -> str:
        """What stands for all that may be in the memory of a name."""
        return self.memory.aliases.of(self.names.get(name, name))

    def touching(self, loop: For, phi: Phi) -> list[Stmt]:
        """The statements of a loop, and of loops in it, that read or write the memory of an array,
        but for those that take a part of it, of which something is read or written then.
        """
        family = self.family(phi.target)
        return [
            stmt for stmt in walk(loop.body)
            if not (isinstance(stmt, Let) and self.memory.is_view(stmt))
            and any(self.family(name) == family for name in reads_here(stmt))
        ]  # fmt: skip

    def is_whole(self, array: Operand, phi: Phi) -> bool:
        """Whether a name is that of an array that a loop carries, and of no part of it."""
        name = array.name if isinstance(array, Var) else ""
        views = [self.memory.view(self.names.get(n, n)) for n in (name, phi.target)]
        return views[0] == views[1] and views[0].parts is not None

    def is_apart(self, stmt: Stmt, step: Let, phi: Phi) -> bool:
        """Whether a statement reads, or writes to, other elements of an array than a step does."""
        if isinstance(stmt, For):  # it is asked of what is in it
            return not self.carries(reads_of(stmt), phi)
        if not is_op(stmt, "[]", "update", "accumulate_at") or not self.is_whole(stmt.args[0], phi):
            return False
        if self.carries([n for operand in stmt.args[1:] for n in names_in(operand)], phi):
            return False
        places, others = parts_of(stmt.args[1]), parts_of(step.args[1])
        return any(self.differ(p, q) for p, q in zip(places, others, strict=False))

    def carries(self, names: list[str], phi: Phi) -> bool:
        """Whether one of some names may stand for memory of an array."""
        return any(self.family(name) == self.family(phi.target) for name in names)

    def differ(self, one: Operand, other: Operand) -> bool:
        """Whether two places are never one: neither is counted from the end."""
        reach = self.reach
        if not (reach.whole(one) and reach.whole(other)):
            return False
        a, b = reach.sum_of(one), reach.sum_of(other)
        if not (reach.not_negative(a) and reach.not_negative(b)):
            return False
        apart = Sum(more=-1)
        return any(map(reach.not_negative, (apart.plus(a).plus(b, -1), apart.plus(b).plus(a, -1))))

    def varies(self, index: Operand, inside: set[str]) -> bool:
        """Whether an index is another one in another iteration."""
        return not inside.isdisjoint(names_in(index))

    def is_element(self, step: Let) -> bool:
        """Whether what is written is one element of an array of numbers."""
        number = type_of(step.args[2], self.builder.types)
        return self.is_one(step) and isinstance(number, Scalar) and number.dtype == "float64"

    def is_one(self, step: Let) -> bool:
        """Whether a statement is about one element of an array of numbers."""
        known, parts = type_of(step.args[0], self.builder.types), parts_of(step.args[1])
        return (
            isinstance(known, Array) and known.dtype == "float64" and known.dims is not None
            and len(known.dims) == len(parts)
            and all(isinstance(type_of(p, self.builder.types), Scalar) for p in parts)
        )  # fmt: skip


class _Renamed(Rewriter):
    """Reads what arrays were before a loop."""

    def __init__(self, builder: Builder, env: dict[str, Operand]) -> None:
        super().__init__(builder)
        self.env = env


class _Apart(Rewriter):
    """Adds to ``totals`` what is added to elements; ``sums`` are they after an iteration."""

    def __init__(self, builder: Builder, env: dict[str, Operand]) -> None:
        super().__init__(builder)
        self.env = env
        self.totals: dict[str, str] = {}  # by the name of what an array is then
        self.sums: dict[str, Operand] = {}

    def let(self, stmt: Let) -> None:
        total = self.totals.get(stmt.target)
        if total is None:
            super().let(stmt)
            return
        array, _, value = stmt.args
        self.env[stmt.target] = array
        more = self.builder.name("total")
        self.builder.types[more] = FLOAT64
        self.sums[total] = Var(more)
        self.builder.append(Let((more,), ADD, (Var(total), value), stmt.origin))
