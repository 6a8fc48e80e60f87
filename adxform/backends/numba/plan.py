"""Which arrays are stored, and which are computed element by element where they are used."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.backends.numba.elements import (
    CHEAP,
    Element,
    Filled,
    Gathered,
    Moved,
    Pointwise,
    Reduced,
    element_of,
    is_cut,
    part_written,
    place_read,
)
from adxform.core.ir import (
    Block,
    Effect,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    binds_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Array

LONGEST = 12  # how many arrays a value may be computed from anew, they and those between
SHAPES = frozenset({".shape", ".size", ".ndim", "len", "np.shape", "np.size", "np.ndim"})


@dataclass(slots=True)
class Plan:
    """What becomes of the statements of one block.

    ``elements`` says of each array operation that can be a loop nest what an element is, ``lazy``
    names those whose elements are computed where they are used.
    """

    elements: dict[str, Element] = field(default_factory=dict)
    lazy: set[str] = field(default_factory=set)


class Planner:
    """Plans the blocks of one function."""

    def __init__(self, types: Types, aliases: Aliases) -> None:
        self.types = types
        self.aliases = aliases

    def plan(self, block: Block, leaving: set[str]) -> Plan:
        """A plan for a block, of whose names those of ``leaving`` are read after it.

        What is computed in several nests is stored if that takes long there.
        """
        long: set[str] = set()
        while True:
            made, contexts = self._planned(block, leaving, long)
            found = self._long(block, made, contexts)
            if not found:
                return made
            long |= found

    def _long(self, block: Block, made: Plan, contexts: dict[str, set[str]]) -> set[str]:
        """The values in several nests for which each computes and reads more than is worth it."""
        found: set[str] = set()
        work: dict[str, set[str]] = {}
        for stmt in block:
            if not isinstance(stmt, Let) or stmt.target not in made.lazy:
                continue
            arrays = {n for n in reads_of(stmt) if isinstance(self.types.get(n), Array)}
            whole = arrays.union({stmt.target}, *(work.get(name, set()) for name in arrays))
            where = contexts[stmt.target]
            work[stmt.target] = set(islice(whole, LONGEST + 1))
            if len(whole) > LONGEST and len(where) > 1:
                # What only this one needs is computed once where this one is stored.
                found.difference_update(n for n in arrays & found if contexts[n] == where)
                found.add(stmt.target)
        return found

    def _planned(
        self, block: Block, leaving: set[str], long: set[str]
    ) -> tuple[Plan, dict[str, set[str]]]:
        """A plan in which those of ``long`` are stored, and the nests that compute the others."""
        made = Plan()
        users: dict[str, list[tuple[int, Stmt, bool]]] = {}
        for place, stmt in enumerate(block):
            for name in reads_of(stmt):
                users.setdefault(name, []).append((place, stmt, True))
            for name in read_within(stmt):
                users.setdefault(name, []).append((place, stmt, False))
        written = [self._written(stmt) for stmt in block]
        contexts: dict[str, set[str]] = {}
        needs: dict[str, int] = {}  # where the last use of a lazy value is, uses of its users too
        for place in range(len(block) - 1, -1, -1):
            stmt = block[place]
            if not isinstance(stmt, Let):
                continue
            element = element_of(stmt, self.types)
            if element is None:
                continue
            made.elements[stmt.target] = element
            used = users.get(stmt.target, [])
            kept = stmt.target in leaving or stmt.target in long
            if kept or not self._may_wait(made, stmt, used):
                self._stored(made, stmt)
                continue
            last = max((needs.get(s.target, p) if self._is_lazy(made, s) else p
                        for p, s, _ in used if isinstance(s, Let)), default=place)
            where = self._contexts(made, stmt.target, used, contexts)
            again = len(where) > 1 or self._repeated(stmt.target, used, made)
            dear = (again and not self._cheap(element)) or self._cut_and_whole(made, used)
            if dear or self._clashes(stmt, made, block, written, place, last):
                self._stored(made, stmt)
                continue
            contexts[stmt.target] = where
            needs[stmt.target] = last
            made.lazy.add(stmt.target)
        self._keep_views(made, block)
        return made, contexts

    def _keep_views(self, made: Plan, block: Block) -> None:
        """What slices leave of an array that is stored is a view of it, and an array of which one
        element is read is stored where that element may be none of another.
        """
        backed: set[str] = set()  # those that have an element only where a stored one has it, too
        taken = {found[0].name for s in block if (found := place_read(s, self.types))}
        for stmt in block:
            if not isinstance(stmt, Let) or stmt.target not in made.lazy:
                continue
            element = made.elements[stmt.target]
            if is_cut(element) and not made.lazy.issuperset(uses(stmt.args[:1])):
                made.lazy.remove(stmt.target)
                self._stored(made, stmt)
            elif self._is_backed(made, element, backed):
                backed.add(stmt.target)
            elif stmt.target in taken:
                made.lazy.remove(stmt.target)

    def _is_backed(self, made: Plan, element: Element, backed: set[str]) -> bool:
        """Whether an index that is out of an array's bounds is out of those of a stored one."""
        match element:
            case Pointwise(operands=operands, aligned=aligned):
                rank = max(map(len, aligned))
                whole = tuple(range(rank))
                pairs = zip(operands, aligned, strict=True)
                return any(a == whole and self._holds(made, o, backed) for o, a in pairs)
            case Moved(operand, shape=None):
                return self._holds(made, operand, backed)
            case _:
                return False

    def _holds(self, made: Plan, operand: Operand, backed: set[str]) -> bool:
        name = operand.name if isinstance(operand, Var) else ""
        return name not in made.lazy or name in backed

    def _cut_and_whole(self, made: Plan, used: list[tuple[int, Stmt, bool]]) -> bool:
        """Whether slices of an array are taken, and other elements for which they are of no use."""
        found = [
            made.elements.get(s.target) for _, s, _ in used
            if isinstance(s, Let) and getattr(s.op, "name", "") not in SHAPES
            and place_read(s, self.types) is None
        ]
        taking = [element for element in found if not isinstance(element, Filled)]
        return len(taking) > 1 and any(map(is_cut, taking))

    def _may_wait(self, made: Plan, stmt: Let, used: list[tuple[int, Stmt, bool]]) -> bool:
        """Whether the elements of an array are only taken one by one."""
        element = made.elements[stmt.target]
        along = isinstance(element, Reduced) and not element.trailing
        taken = all(near and self._taken(made, s, stmt.target) for _, s, near in used)
        return taken and not along and isinstance(self.types.get(stmt.target), Array)

    def _stored(self, made: Plan, stmt: Let) -> None:
        """An array is stored; a transposed one, or a slice, as a view of what it is of."""
        transposed = isinstance(stmt.op, Primitive) and stmt.op.name == ".T"
        if transposed or is_cut(made.elements[stmt.target]):
            del made.elements[stmt.target]

    def _is_lazy(self, made: Plan, stmt: Stmt) -> bool:
        return isinstance(stmt, Let) and stmt.target in made.lazy

    def _taken(self, made: Plan, stmt: Stmt, name: str) -> bool:
        """Whether a statement takes a value element by element, or only its shape."""
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        if stmt.op.name in SHAPES:
            return True
        element = made.elements.get(stmt.target)
        match element:
            case Pointwise(operands=operands):
                return Var(name) in operands
            case Filled(value, like):
                return Var(name) == like and Var(name) != value
            case Moved(operand) | Reduced(operand=operand):
                return operand == Var(name)
            case Gathered(_, places):
                return places == Var(name)  # of what is gathered any element may be read often
            case None:
                read = place_read(stmt, self.types)
                return part_written(stmt, self.types) == Var(name) or read is not None

    def _contexts(
        self,
        made: Plan,
        name: str,
        used: list[tuple[int, Stmt, bool]],
        contexts: dict[str, set[str]],
    ) -> set[str]:
        """The loop nests that a lazy value's elements are computed in."""
        found: set[str] = set()
        for _, stmt, _ in used:
            assert isinstance(stmt, Let)
            element = made.elements.get(stmt.target)
            if element is None and part_written(stmt, self.types) != Var(name):
                continue  # the shape alone
            if isinstance(element, Filled) and element.value != Var(name):
                continue
            if isinstance(element, Reduced) or stmt.target not in made.lazy:
                found.add(stmt.target)
            else:
                found |= contexts[stmt.target]
        return found

    def _cheap(self, element: Element) -> bool:
        match element:
            case Pointwise(op):
                return op.name in CHEAP
            case Reduced():
                return False
            case _:
                return True

    def _repeated(self, name: str, used: list[tuple[int, Stmt, bool]], made: Plan) -> bool:
        """Whether elements of a value would be computed again for each step of an outer loop."""
        for _, stmt, _ in used:
            assert isinstance(stmt, Let)
            element = made.elements.get(stmt.target)
            places: list[tuple[int | None, ...]] = []
            if isinstance(element, Pointwise):
                places = [a for o, a in zip(element.operands, element.aligned, strict=True)
                          if o == Var(name)]
            elif isinstance(element, Moved):
                places = [element.place]
            full = len(getattr(self.types.get(stmt.target), "dims", None) or ())
            for place in places:
                axes = [a for a in place if a is not None]
                if len(axes) < full and axes != list(range(len(axes))):
                    return True
        return False

    def _written(self, stmt: Stmt) -> set[str]:
        """The classes of memory that a statement writes to, or may."""
        found: set[str] = set()
        for inner in walk((stmt,)):
            if isinstance(inner, Let) and isinstance(inner.op, Primitive) and writes(inner.op):
                found.update(self.aliases.of(n) for n in uses(inner.args[:1]))
            elif isinstance(inner, Let) and not isinstance(inner.op, Primitive):
                found.update(self.aliases.of(n) for n in inner.reads)
            elif isinstance(inner, Effect) and not inner.harmless:
                found.update(self.aliases.of(n) for _, o in inner.reads for n in names_in(o))
        return found

    def _clashes(
        self,
        stmt: Let,
        made: Plan,
        block: Block,
        written: list[set[str]],
        place: int,
        last: int,
    ) -> bool:
        """Whether what a value is computed from is written to before its last use."""
        read = {
            self.aliases.of(n) for n in stmt.reads if isinstance(self.types.get(n), Array)
        }
        sums = {stmt.target}  # what is added to a value that is lazy is added nowhere in memory
        for p in range(place + 1, last + 1):
            later = block[p]
            added = isinstance(later, Let) and adds(later) and later.target in made.elements
            if added and not sums.isdisjoint(reads_of(later)[:1]):
                sums |= made.lazy.intersection(binds_of(later))
                continue
            if not read.isdisjoint(written[p]):
                return True
        return False


def adds(stmt: Let) -> bool:
    """Whether a statement adds to an array in its place, if that is stored."""
    return isinstance(stmt.op, Primitive) and stmt.op.name == "accumulate"


def read_within(stmt: Stmt) -> set[str]:
    """The names that a statement's nested blocks, tests and phis read."""
    found: set[str] = set()
    for inner in walk((stmt,)):
        found.update(() if inner is stmt else reads_of(inner))
        found.update(tests_of(inner), merged(inner))
    return found


def merged(stmt: Stmt) -> set[str]:
    """The names that a statement's phis read."""
    return {n for phi in phis_of(stmt) for n in uses((phi.first, phi.second))}
