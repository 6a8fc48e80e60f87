"""Parallel loops: those whose iterations leave each other's memory alone run in several threads.

What all iterations add to is added up in parts, one for each thread, and the parts after the loop.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.aliasing import Aliases
from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Memory
from adxform.backends.numba.independence import Independence, Sums
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    Block,
    Const,
    For,
    Let,
    Operand,
    Phi,
    Primitive,
    Tuple,
    Var,
    While,
    parts_of,
    walk,
)
from adxform.core.types import INT, Array
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter

NAMES = {"prange", "get_num_threads"}  # of Numba's, in a text of parallel loops
THREADS = Primitive("get_num_threads", "call", "get_num_threads", (), infer=lambda: INT)


def in_parallel(block: Block, builder: Builder) -> Block:
    """A function's block whose independent loops are parallel: those in no other loop, for to begin
    one takes as long as some thousand operations.
    """
    memory = Memory(block, builder.types, Aliases(block, builder.types))
    if not _steady(block, memory):
        return block
    walker = _InParallel(builder, Independence(memory, builder.types))
    walker.block(block)
    return walker.builder.block


def _steady(block: Block, memory: Memory) -> bool:
    """Whether arrays keep their sizes from one iteration to the next: where Numba makes threads, it
    takes what is asked of a shape in a loop to be what it was before the loop.
    """
    phis = (p for s in walk(block) if isinstance(s, For | While) for p in s.phis)
    return all(memory.chained(p) or _keeps_size(p, memory.types) for p in phis)


def _keeps_size(phi: Phi, types: Types) -> bool:
    """Whether a loop carries no array, or arrays of one shape by their types."""
    known = [type_of(o, types) for o in (Var(phi.target), phi.first, phi.second)]
    if not any(isinstance(t, Array) for t in known):
        return True
    dims = {t.dims if isinstance(t, Array) else None for t in known}
    return len(dims) == 1 and None not in dims


class _InParallel(Rewriter):
    def __init__(self, builder: Builder, among: Independence) -> None:
        super().__init__(builder)
        self.among = among
        self.parts: Var | None = None  # how many there are, where that was asked

    def within(self, block: Block) -> Block:
        parts = self.parts
        made = super().within(block)
        self.parts = parts
        return made

    def loop(self, stmt: For | While) -> None:
        sums = self.among.sums(stmt) if isinstance(stmt, For) else None
        if sums is None or not isinstance(stmt, For):
            self.builder.append(stmt)
        elif sums.numbers or sums.arrays:
            self.parts = self.parts or self.builder.emit(THREADS, (), "parts")
            _Parts(self.builder, stmt, sums, self.parts).make()
        else:
            self.builder.append(replace(stmt, reverse=False, parallel=True))


class _Within(Rewriter):
    """What iterations do, where those of one ``part`` add to its place in sums of all parts."""

    def __init__(self, builder: Builder, part: str) -> None:
        super().__init__(builder)
        self.part = part
        self.added_to: set[str] = set()  # the names of such sums in the loop

    def let(self, stmt: Let) -> None:
        if self.added_to.isdisjoint(stmt.targets):
            self.builder.append(stmt)
            return
        total, *index, value = stmt.args
        places = [Var(self.part), *(p for i in index for p in parts_of(i))]
        place = Tuple(tuple(places)) if len(places) > 1 else places[0]
        args = total, place, value
        self.builder.append(Let(stmt.targets, primitive("accumulate_at"), args, stmt.origin))


class _Parts:
    """A loop in parts, each of which has sums of its own."""

    def __init__(self, builder: Builder, loop: For, sums: Sums, parts: Var) -> None:
        self.builder = builder
        self.loop = loop
        self.sums = sums
        self.parts = parts
        self.part = self._index()
        self.within = _Within(builder.nested(), self.part)
        self.stored = {
            phi.target: self._zeros(phi)
            for phi in loop.phis
            if phi.target in sums.numbers or phi.target in sums.arrays
        }

    def make(self) -> None:
        """Append the parts, and what adds them up."""
        loop, within = self.loop, self.within.builder
        first, count = self._range()
        carried = [self._carried(phi) for phi in loop.phis]
        begin, end = (self._bound(first, count, more) for more in (0, 1))
        body = self.within.within(loop.body)
        inner = tuple(
            Phi(name, begun, self.within.sub(phi.second))
            for phi, (name, begun) in zip(loop.phis, carried, strict=True)
        )
        within.append(replace(loop, bounds=(begin, end), phis=inner, body=body, reverse=False))
        outer = tuple(
            self._left(phi, name, begun)
            for phi, (name, begun) in zip(loop.phis, carried, strict=True)
        )
        self.builder.append(For(self.part, (self.parts,), outer, within.block, parallel=True))
        self._add_up()

    def _zeros(self, phi: Phi) -> Var:
        """Room for a sum of each part."""
        known = self.builder.types[phi.target]
        sizes: list[Operand] = [self.parts]
        if isinstance(known, Array):
            shape = self.builder.emit(primitive(".shape"), (phi.first,))
            axes = range(len(known.dims or ()))
            sizes += [self.builder.emit(primitive("[]"), (shape, Const(axis))) for axis in axes]
        size = Tuple(tuple(sizes)) if len(sizes) > 1 else self.parts
        return self.builder.emit(primitive("np.zeros"), (size, Const(None)), self._base(phi) + "s")

    def _base(self, phi: Phi) -> str:
        return self.builder.bases.get(phi.target, "total")

    def _name(self, base: str, like: str) -> str:
        """A new name, of what another stands for."""
        name = self.builder.name(base)
        self.builder.types[name] = self.builder.types[like]
        return name

    def _index(self) -> str:
        name = self.builder.name("part")
        self.builder.types[name] = INT
        return name

    def _range(self) -> tuple[Operand, Operand]:
        """Where the loop begins, and how many iterations it has."""
        first, last = self.loop.start, self.loop.bounds[: 2][-1]
        if first == Const(0):
            return first, last
        return first, self.builder.emit(primitive("op.Sub"), (last, first))

    def _bound(self, first: Operand, count: Operand, more: int) -> Operand:
        """Where a part begins, or with one ``more`` the next."""
        emit = self.within.builder.emit
        number: Operand = Var(self.part)
        if more:
            number = emit(primitive("op.Add"), (number, Const(more)))
        product = emit(primitive("op.Mult"), (number, count))
        bound = emit(primitive("op.FloorDiv"), (product, self.parts))
        return bound if first == Const(0) else emit(primitive("op.Add"), (first, bound))

    def _carried(self, phi: Phi) -> tuple[str, Operand]:
        """How what the loop carries is called in a part, and what it begins with."""
        if phi.target in self.sums.arrays:
            stored, base = self.stored[phi.target].name, self._base(phi) + "s"
            name, begun = (self._name(base, stored) for _ in range(2))
            chain = self.sums.arrays[phi.target] - {phi.target}
            self.builder.types.update(dict.fromkeys(chain, self.builder.types[stored]))
            self.builder.bases.update(dict.fromkeys(chain, base))
            self.within.added_to |= chain
        else:
            name, begun = self._name(self._base(phi), phi.target), phi.target
        self.within.env[phi.target] = Var(name)
        return name, Const(0.0) if phi.target in self.sums.numbers else Var(begun)

    def _left(self, phi: Phi, name: str, begun: Operand) -> Phi:
        """What all parts carry of what the loop carries."""
        if phi.target not in self.sums.numbers:
            assert isinstance(begun, Var)
            first = self.stored.get(phi.target, phi.first)
            self.stored.update({phi.target: begun} if phi.target in self.stored else {})
            return Phi(begun.name, first, Var(name))
        stored = self.stored[phi.target]
        before, after = (self._name(self._base(phi) + "s", stored.name) for _ in range(2))
        args = Var(before), Var(self.part), Var(name)
        self.within.builder.append(Let((after,), primitive("update"), args))
        self.stored[phi.target] = Var(before)
        return Phi(before, stored, Var(after))

    def _add_up(self) -> None:
        """The sums of the parts are added up."""
        part, builder, phis = self._index(), self.builder.nested(), []
        for phi in self.loop.phis:
            if phi.target in self.stored:
                value = builder.emit(primitive("[]"), (self.stored[phi.target], Var(part)))
                how = "accumulate" if phi.target in self.sums.arrays else "op.Add"
                total = self._name(self._base(phi), phi.target)
                builder.append(Let((total,), primitive(how), (Var(phi.target), value)))
                phis.append(Phi(phi.target, phi.first, Var(total)))
        self.builder.append(For(part, (self.parts,), tuple(phis), builder.block))
