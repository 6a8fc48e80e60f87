"""Which indices are sure to be in bounds: a check of each would keep LLVM from using vectors."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.types import Types
from adxform.backends.numba.elements import gathers
from adxform.backends.numba.shapes import raise_where
from adxform.core.builder import Builder, type_of
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
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    parts_of,
    phis_of,
    tests_of,
    walk,
)
from adxform.core.types import ANY, INT, Array, Dim, ListOf, Scalar, Struct, Sym, dims_of
from adxform.differentiate.common import names_for
from adxform.emit.module import Part
from adxform.optimize.chains import STORES
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.table import RULES

WRITES = STORES | {"accumulate_at"}
TAKING = WRITES | {"[]"}
MOVED = WRITES | {"copy", "rename"}
REASON = "an index is out of bounds"
SIZED = frozenset({"np.empty", "np.zeros", "np.ones"})


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


class _Asking(Rewriter):
    """Asks what ``found`` says: before outermost loops, and before accesses that are not sure."""

    def __init__(self, builder: Builder, found: _Bounds) -> None:
        super().__init__(builder)
        self.found = found

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        for bound, array, axis in self.found.asked.get(stmt, {}).values():
            self.refuse("op.Gt", bound, self.size(array, axis))
        for part, array, axis in self.found.unsure.get(stmt, ()):
            self.keep_within(part, array, axis)
        super().statement(stmt)

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

    def keep_within(self, part: Operand, array: Var, axis: int) -> None:
        """Raise what NumPy raises where a number is no place along an axis."""
        size = self.size(array, axis)
        if isinstance(part, Const):
            bound = Const(part.value + 1 if part.value >= 0 else -part.value)
            self.refuse("op.Gt", bound, size)
            return
        self.refuse("op.GtE", part, size)
        if not self.found.not_negative(part):
            least = self.builder.emit(RULES["op.USub"].primitive, (size,))
            self.refuse("op.Lt", part, least)

    def refuse(self, how: str, one: Operand, other: Operand) -> None:
        raise_where(self.builder, (how, one, other), "IndexError", REASON)


class _Bounds:
    """``below`` says of each index of a loop from 0 up what it is smaller than; ``asked`` are the
    bounds that must not exceed the size of an array along an axis, by the loop before which that
    can be asked.
    """

    def __init__(self, function: Function, types: Types) -> None:
        self.types = types
        self.below: dict[str, Operand] = {}
        self.starts: dict[str, Operand] = {}
        self.made: dict[str, Let] = {}
        self.merges: dict[str, tuple[Phi, bool]] = {}  # whether a loop's, too
        self.before: dict[str, Operand] = {}
        self.asked: dict[Stmt, dict[tuple[Operand, Dim], tuple[Operand, Var, int]]] = {}
        self.unsure: dict[Stmt, list[tuple[Operand, Var, int]]] = {}
        self.outer: Stmt | None = None
        self.always = True
        self.known = {p.name for p in function.params}
        for stmt in walk(function.body):
            if isinstance(stmt, Let):
                self.made[stmt.target] = stmt
            elif isinstance(stmt, For) and self._from_zero(stmt):
                self.below[stmt.index] = stmt.bounds[-1 if len(stmt.bounds) < 3 else 1]
                self.starts[stmt.index] = stmt.start
            carried = not isinstance(stmt, If)
            self.merges.update((phi.target, (phi, carried)) for phi in phis_of(stmt))

    def _from_zero(self, loop: For) -> bool:
        """Whether a loop counts up from a number that is not negative."""
        return loop.step == Const(1) and self.not_negative(loop.start)

    def not_negative(self, operand: Operand) -> bool:
        """Whether a number is an outer loop's index, or that and more."""
        if not isinstance(operand, Var):
            return isinstance(operand, Const) and type(operand.value) is int and operand.value >= 0
        let = self.made.get(operand.name)
        if let is not None and isinstance(let.op, Primitive) and let.op.name == "op.Add":
            return all(map(self.not_negative, let.args))
        return operand.name in self.below

    def hold(self, block: Block) -> bool:
        """Whether all indices of a function's block are in bounds, if what is asked holds."""
        for stmt in block:
            self.outer = stmt
            if not self.inside_holds((stmt,), always=True):
                return False
            self.known.update(binds_of(stmt))
        return True

    def inside_holds(self, block: Block, *, always: bool) -> bool:
        """The same for a block within; ``always`` says whether it runs in each iteration."""
        for stmt in block:
            self.always = always
            if isinstance(stmt, Let) and not self.holds(stmt):
                return False
            inner = always and not isinstance(stmt, If | While) and tests_of(stmt) == []
            if not all(self.inside_holds(b, always=inner) for b in blocks_of(stmt)):
                return False
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
        if Const(Ellipsis) in parts:
            return False
        each = enumerate(part for part in parts if part != Const(None))
        return all(self.reached(p, array, axis) or self.doubt(stmt, p, array, axis)
                   for axis, p in each)

    def doubt(self, stmt: Let, part: Operand, array: Operand, axis: int) -> bool:
        """Ask at an access itself, if it is of a number."""
        known = isinstance(array, Var) and dims_of(self.types.get(array.name, ANY)) is not None
        if not (known and self.whole(part)):
            return False
        assert isinstance(array, Var)
        self.unsure.setdefault(stmt, []).append((part, array, axis))
        return True

    def whole(self, part: Operand) -> bool:
        """Whether a part of an index is a whole number."""
        known = type_of(part, self.types)
        return isinstance(known, Scalar) and known.dtype.startswith("int")

    def reached(self, part: Operand, array: Operand, axis: int) -> bool:
        """Whether a part of an index stays within an array."""
        if isinstance(part, Slice):
            return True
        if isinstance(part, Var):
            return self.inside(part, array, axis)
        if not isinstance(part, Const) or type(part.value) is not int:
            return False
        least = part.value + 1 if part.value >= 0 else -part.value  # what the axis must have
        known = type_of(array, self.types)
        dims = known.dims if isinstance(known, Array) and known.dims is not None else ()
        sizes = [self.size(array, axis), *(Const(d) for d in dims[axis : axis + 1])]
        if any(isinstance(s, Const) and type(s.value) is int and s.value >= least for s in sizes):
            return True
        return self.ask(Const(least), array, axis)

    def inside(self, index: Var, array: Operand, axis: int) -> bool:
        """Whether an index is a loop's that ends with an array, or as far from one as it may be."""
        if not isinstance(array, Var):
            return False
        bound = self.below.get(index.name)
        if bound is not None and self.is_size(bound, array, axis):
            return True
        if self.surely(index, array, axis):
            return True
        return bound is not None and self.ask(bound, array, axis)

    def is_size(self, bound: Operand, array: Var, axis: int) -> bool:
        """Whether a number is how many elements an array has along an axis."""
        known = type_of(array, self.types)
        if isinstance(known, Array) and known.dims is not None and axis < len(known.dims):
            end = type_of(bound, self.types)
            size = end.value if isinstance(end, Scalar) else None
            size = bound.value if isinstance(bound, Const) else size
            dim = known.dims[axis]
            if size is not None and size == dim:
                return True
            if isinstance(dim, Sym) and dim.name.startswith(f"len{axis}("):  # a tape's own loop
                return True
        return self.size(array, axis) == bound

    def surely(self, index: Var, array: Var, axis: int) -> bool:
        """Whether an index is that of a loop and a number more, and stays below a size because the
        loop's bound does, or that of a loop around it (``for j in range(i)``).
        """
        let = self.made.get(index.name)
        if is_op(let, "op.Mod"):  # of a size that is not zero, or dividing by it is an error
            return self.is_size(let.args[1], array, axis)
        at, more = self.apart(index)
        if at is None or not self.reaches_zero(at, more):
            return False
        while isinstance(at, Var) and at.name in self.below:
            at, bound = self.apart(self.below[at.name])
            more += bound - 1  # the greatest is ``at + more``
            if at is not None and more < 0 and self.is_size(at, array, axis):
                return True
        return False

    def reaches_zero(self, at: Operand | None, more: int) -> bool:
        """Whether a loop's index and a number are not negative together."""
        while isinstance(at, Var) and at.name in self.starts:
            at, start = self.apart(self.starts[at.name])
            more += start
        return more >= 0 and (at is None or self.not_negative(at))

    def apart(self, operand: Operand) -> tuple[Operand | None, int]:
        """A number as a variable, if one is in it, and a whole number that is added to it."""
        more = 0
        while isinstance(operand, Var):
            let = self.made.get(operand.name)
            name = getattr(let.op, "name", "") if let is not None else ""
            if let is None or name not in ("op.Add", "op.Sub"):
                return operand, more
            one, other = let.args
            if isinstance(other, Const) and type(other.value) is int:
                operand, more = one, more + (other.value if name == "op.Add" else -other.value)
            elif isinstance(one, Const) and type(one.value) is int and name == "op.Add":
                operand, more = other, more + one.value
            else:
                return operand, more
        if isinstance(operand, Const) and type(operand.value) is int:
            return None, more + operand.value
        return operand, more

    def ask(self, bound: Operand, array: Operand, axis: int) -> bool:
        """Ask before the outermost loop whether a bound is within an array, if both are known."""
        array = self.source(array, self.known)
        near = isinstance(bound, Const) or (isinstance(bound, Var) and bound.name in self.known)
        known = type_of(array, self.types)
        whole = isinstance(known, Array) and known.dims is not None and axis < len(known.dims)
        if not (self.always and near and whole and isinstance(array, Var)):
            return False
        if array.name not in self.known:
            return False
        assert self.outer is not None and isinstance(known, Array) and known.dims is not None
        asked = self.asked.setdefault(self.outer, {})
        asked.setdefault((bound, known.dims[axis]), (bound, array, axis))
        return True

    def size(self, array: Operand, axis: int) -> Operand | None:
        """What an array that the function makes was made with."""
        made = self.source(array, set())
        let = self.made.get(made.name) if isinstance(made, Var) else None
        if let is None or getattr(let.op, "name", "") not in SIZED:
            return None
        shape = let.args[0]
        sizes = shape.items if isinstance(shape, Tuple) else (shape,)
        return sizes[axis] if axis < len(sizes) else None

    def source(self, array: Operand, known: set[str]) -> Operand:
        """What an array was before it was written to and carried by loops, up to a known name."""
        seen = set(known)
        while isinstance(array, Var) and array.name not in seen:
            seen.add(array.name)
            let = self.made.get(array.name)
            if let is None:
                array = self.merged(array)
            elif getattr(let.op, "name", "") in MOVED:
                array = let.args[0]
        return array

    def merged(self, array: Var) -> Operand:
        """What a phi has for an array: of a loop the first, of a branch either, if both of them are
        one array; else the phi itself.
        """
        if array.name not in self.before and array.name in self.merges:
            phi, carried = self.merges[array.name]
            self.before[array.name] = array  # while it is asked for
            first = array if carried else self.source(phi.first, set())
            if self.source(phi.second, set()) == first:
                self.before[array.name] = phi.first
        return self.before.get(array.name, array)
