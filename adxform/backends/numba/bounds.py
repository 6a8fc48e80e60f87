"""Which indices are sure to be in bounds: a check of each would keep LLVM from using vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adxform.analysis.types import Types
from adxform.backends.numba.elements import gathers
from adxform.backends.numba.reach import Reach, Sum, is_tape, made_with
from adxform.backends.numba.shapes import raise_where
from adxform.core.builder import Builder, type_of
from adxform.core.dims import Dim
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    parts_of,
    phis_of,
    tests_of,
    walk,
)
from adxform.core.types import ANY, INT, Array, ListOf, Scalar, Struct, dims_of
from adxform.differentiate.common import names_for
from adxform.emit.module import Part
from adxform.optimize.chains import STORES
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.table import RULES

WRITES = STORES | {"accumulate_at"}
TAKING = WRITES | {"[]"}
OF_ONE_SHAPE = WRITES | {
    "copy", "rename", "np.copy", ".copy()", "np.zeros_like", "np.ones_like", "np.full_like",
}  # fmt: skip
BOTH = (True, False)  # sides: above all places, and below
REASON = "an index is out of bounds"


def guarded(function: Function, types: Types) -> Part | None:
    """A function that asks whether its indices stay in bounds, before its loops where it can, so
    that no access need be checked; None where it cannot ask.
    """
    found = _Bounds(function, types)
    if not found.hold(function.body):
        return None
    types = dict(types)
    asking = _Asking(Builder(names_for(function, types), types, dict(function.bases)), found)
    asking.block(function.body)
    made = asking.builder
    result = asking.sub(function.result)
    return replace(function, body=made.block, result=result, bases=made.bases), types


Question = tuple[object, object, bool]  # which number, of which axis, on which side


class _Asking(Rewriter):
    """Asks what ``found`` says: before outermost loops, and before accesses that are not sure."""

    def __init__(self, builder: Builder, found: _Bounds) -> None:
        super().__init__(builder)
        self.found = found
        self.told: list[set[Question]] = [set()]  # by the blocks around
        self.body: tuple[Stmt | None, int] = None, 0  # of the innermost loop, and how deep it is
        self.of_all: set[Question] = set()  # what that has told of all numbers of an array

    def enter(self) -> None:
        self.told.append(set())

    def leave(self) -> None:
        self.told.pop()

    def loop(self, stmt: For | While) -> None:
        kept = self.body, self.of_all
        self.body, self.of_all = (stmt, len(self.told) + 1), set()
        super().loop(stmt)
        self.told[-1] |= self.of_all
        self.body, self.of_all = kept

    def is_told(self, question: Question) -> bool:
        """Whether something was asked before, or in a block around; from now on it was."""
        if any(question in told for told in self.told):
            return True
        self.told[-1].add(question)
        return False

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        for asked in self.found.asked.get(stmt, {}).values():
            self.ask(asked)
        for part, array, axis, sides in self.found.unsure.get(stmt, ()):
            self.keep_within(part, array, axis, sides)
        super().statement(stmt)

    def ask(self, asked: Asked) -> None:
        """Raise what NumPy raises where the last of some indices is no place along an axis."""
        if self.is_told(asked.question):
            return
        size = self.size(asked.array, asked.axis)
        bound = self.found.reach.emitted(asked.bound, self.builder)
        if asked.upper:
            self.refuse("op.Gt", bound, size)
        elif asked.dim is None:
            self.refuse("op.Lt", bound, Const(0))
        else:
            self.not_before(bound, size)

    def let(self, stmt: Let) -> None:
        if gathers(stmt, self.builder.types):
            self.all_within(*stmt.args)
        super().let(stmt)

    def all_within(self, array: Operand, places: Operand) -> None:
        """Raise what NumPy raises where one of many numbers is no place along the first axis."""
        if not isinstance(array, Var) or not isinstance(places, Var):
            return
        length = self.size(places, 0)
        outer = self.builder
        index = outer.names.fresh("i")
        outer.types[index] = INT
        self.builder = outer.nested()
        place = self.builder.emit(RULES["[]"].primitive, (places, Var(index)))
        self.keep_within(place, array, 0)
        body, self.builder = self.builder.block, outer
        outer.append(For(index, (length,), (), body))

    def size(self, array: Var, axis: int) -> Operand:
        shape = self.builder.emit(RULES[".shape"].primitive, (array,))
        return self.builder.emit(RULES["[]"].primitive, (shape, Const(axis)))

    def keep_within(
        self, part: Operand, array: Var, axis: int, sides: tuple[bool, ...] = BOTH
    ) -> None:
        """Raise what NumPy raises where a number is no place along an axis."""
        whole = self.found.source(array, lambda name: False), axis
        read = self.found.numbers_read(part)
        if read is not None:  # in a loop over the same numbers, perhaps
            sides = tuple(s for s in sides if not any((read, whole, s) in t for t in self.told))
            if self.body == (self.found.loop_of(part), len(self.told)):
                self.of_all.update((read, whole, side) for side in sides)
        key = self.found.reach.key(self.found.reach.sum_of(part))
        sides = tuple(side for side in sides if not self.is_told((key, whole, side)))
        if not sides:
            return
        size = self.size(array, axis)
        if True in sides:
            self.refuse("op.GtE", part, size)
        if False in sides:
            self.not_before(part, size)

    def not_before(self, part: Operand, size: Operand) -> None:
        """Raise it where a number counts from the end, and from before the first place."""
        if isinstance(part, Const):
            self.refuse("op.Gt", Const(-part.value), size)
            return
        least = self.builder.emit(RULES["op.USub"].primitive, (size,))
        self.refuse("op.Lt", part, least)

    def refuse(self, how: str, one: Operand, other: Operand) -> None:
        raise_where(self.builder, (how, one, other), "IndexError", REASON)


@dataclass(frozen=True, slots=True)
class Asked:
    """That the size of an array along an axis, ``dim``, is at least ``bound``, or with it not
    negative; without a ``dim`` that ``bound`` is not negative itself.
    """

    bound: Sum
    array: Var
    axis: int
    dim: Dim | None
    upper: bool
    question: Question


class _Bounds:
    """``asked`` is what must hold of all indices of loops, by the loop before which that can be
    asked; ``unsure`` are those that can only be asked about one by one, and on which sides.
    """

    def __init__(self, function: Function, types: Types) -> None:
        self.types = types
        self.reach = Reach(function, types)
        self.made = self.reach.made
        self.merges: dict[str, tuple[Phi, bool]] = {}  # whether a loop's, too
        self.before: dict[str, Operand] = {}
        self.asked: dict[Stmt, dict[Question, Asked]] = {}
        self.unsure: dict[Stmt, list[tuple[Operand, Var, int, tuple[bool, ...]]]] = {}
        self.around: list[For] = []  # the loops each of whose iterations comes to where we are
        self.bound: dict[str, int] = {}  # where a name comes to be
        self.places: dict[Stmt, int] = {}
        for place, stmt in enumerate(walk(function.body)):
            self.places[stmt] = place
            self.bound.update(dict.fromkeys(binds_of(stmt), place))
            carried = not isinstance(stmt, If)
            self.merges.update((phi.target, (phi, carried)) for phi in phis_of(stmt))

    def hold(self, block: Block) -> bool:
        """Whether all indices of a block are in bounds, if what is asked holds."""
        for stmt in block:
            if isinstance(stmt, Let):
                if not self.holds(stmt):
                    return False
                continue
            outer = self.around
            always = isinstance(stmt, For) and tests_of(stmt) == []
            self.around = [*outer, stmt] if always else []  # type: ignore[list-item]
            if not all(self.hold(inner) for inner in blocks_of(stmt)):
                return False
            self.around = outer
        return True

    def holds(self, stmt: Let) -> bool:
        if not isinstance(stmt.op, Primitive) or stmt.op.name not in TAKING:
            return True
        parts = parts_of(stmt.args[1])
        array = stmt.args[0]
        asked = self.made.get(array.name) if isinstance(array, Var) else None
        shape = asked is not None and getattr(asked.op, "name", "") in (".shape", "np.shape")
        if shape or isinstance(type_of(array, self.types), Struct | ListOf):
            return True  # what is no array is always checked
        if all(isinstance(p, Slice) or p in (Const(None), Const(Ellipsis)) for p in parts):
            return True
        if gathers(stmt, self.types):
            return True
        if Const(Ellipsis) in parts or not isinstance(array, Var):
            return False
        each = enumerate(part for part in parts if part != Const(None))
        return all(self.within(stmt, p, array, axis) for axis, p in each)

    def within(self, stmt: Let, part: Operand, array: Var, axis: int) -> bool:
        """Whether a part of an index stays within an array, if what is asked holds."""
        if isinstance(part, Slice) or is_tape(type_of(array, self.types), axis):
            return True
        if not self.whole(part):
            return False
        at = self.reach.sum_of(part)
        sides = tuple(
            upper for upper in (BOTH if at.terms else (at.more >= 0,))
            if not self.sure(at, array, axis, upper) and not self.ask(part, array, axis, upper)
        )  # fmt: skip
        if sides and dims_of(self.types.get(array.name, ANY)) is None:
            return False
        if sides:  # at the access itself
            self.unsure.setdefault(stmt, []).append((part, array, axis, sides))
        return True

    def whole(self, part: Operand) -> bool:
        """Whether a part of an index is a whole number."""
        known = type_of(part, self.types)
        return isinstance(known, Scalar) and known.dtype.startswith("int")

    def sure(self, at: Sum, array: Var, axis: int, upper: bool) -> bool:
        """Whether an index is below a size, or not before the first place."""
        sizes = self.sizes(array, axis)
        if upper:
            left = [size.plus(at.plus(Sum(more=1)), -1) for size in sizes]
        else:  # what counts from the end
            left = [at, *(size.plus(at) for size in sizes)]
        return any(map(self.reach.not_negative, left))

    def sizes(self, array: Var, axis: int) -> list[Sum]:
        """What an array's size is along an axis."""
        dims = dims_of(self.types.get(array.name, ANY))
        found = [s for dim in (dims or ())[axis : axis + 1] for s in self.reach.sizes_of(dim)]
        source = self.source(array, lambda name: False)
        size = made_with(self.made.get(source.name), axis) if isinstance(source, Var) else None
        return found if size is None else [*found, self.reach.sum_of(size)]

    def ask(self, part: Operand, array: Var, axis: int, upper: bool) -> bool:
        """Ask before a loop, as far out as can be, whether an index stays within an array."""
        return any(self.asked_before(loop, part, array, axis, upper) for loop in self.around)

    def asked_before(
        self, loop: For, part: Operand, array: Var, axis: int, upper: bool
    ) -> bool:
        place = self.places[loop]

        def known(name: str) -> bool:
            return self.bound.get(name, -1) < place

        source = self.source(array, known)
        kind = type_of(source, self.types)
        dims = kind.dims if isinstance(kind, Array) else None
        if not isinstance(source, Var) or not known(source.name):
            return False
        if dims is None or axis >= len(dims):
            return False
        at = self.reach.sum_of(part, known)
        at = Sum().plus(at, -1) if upper else at
        bound = next(self.reach.least(at, known), None)
        if bound is None:
            return False
        bound = Sum(more=1).plus(bound, -1) if upper else bound
        dim = None if not upper and self.is_loaded(bound) else dims[axis]
        question = self.reach.key(bound), dim, upper
        asked = Asked(bound, source, axis, dim, upper, question)
        self.asked.setdefault(loop, {}).setdefault(asked.question, asked)
        return True

    def loop_of(self, part: Operand) -> For | None:
        """The loop whose index says which number of an array a part of an index is."""
        let = self.made.get(part.name) if isinstance(part, Var) else None
        index = let.args[1] if is_op(let, "[]") else None
        return self.reach.loops.get(index.name) if isinstance(index, Var) else None

    def numbers_read(self, part: Operand) -> tuple[object, ...] | None:
        """Which numbers of an array that is given, and so never written to, a loop reads."""
        loop = self.loop_of(part)
        if loop is None or not isinstance(part, Var):
            return None
        array = self.made[part.name].args[0]
        given = isinstance(array, Var) and array.name in self.reach.given
        bounds = (self.reach.key(self.reach.sum_of(bound)) for bound in loop.bounds)
        return (array, *bounds) if given else None

    def is_loaded(self, bound: Sum) -> bool:
        """Whether a number is read from an array, as where the rows of a sparse matrix begin: that
        these count from the end is left to plain NumPy.
        """
        names = [self.made.get(str(term)) for term, count in bound.terms if count == 1]
        return bound.more == 0 and len(bound.terms) == 1 and any(is_op(n, "[]") for n in names)

    def source(self, array: Operand, known: Callable[[str], bool]) -> Operand:
        """What an array was before it was written to and carried by loops, or one of its shape, up
        to a known name.
        """
        seen: set[str] = set()
        while isinstance(array, Var) and not known(array.name) and array.name not in seen:
            seen.add(array.name)
            let = self.made.get(array.name)
            if let is None:
                array = self.merged(array)
            elif getattr(let.op, "name", "") in OF_ONE_SHAPE and isinstance(let.args[0], Var):
                array = let.args[0]
        return array

    def merged(self, array: Var) -> Operand:
        """What a phi has for an array: of a loop the first, of a branch either, if both of them are
        one array; else the phi itself.
        """
        if array.name not in self.before and array.name in self.merges:
            phi, carried = self.merges[array.name]
            self.before[array.name] = array  # while it is asked for
            first = array if carried else self.source(phi.first, lambda name: False)
            if self.source(phi.second, lambda name: False) == first:
                self.before[array.name] = phi.first
        return self.before.get(array.name, array)
