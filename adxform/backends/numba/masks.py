"""Masks: arrays of booleans that say which elements are meant have the shape of what they are of.

NumPy asks whether they have; Numba reads on, beyond the end of an array. It takes masks along one
axis only: of all axes they are a mask of the elements in a row, or choices.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.backends.numba.shapes import raise_where
from adxform.core.builder import Builder, type_of
from adxform.core.dims import Dim
from adxform.core.ir import (
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.types import INT, Array, dims_of
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES

INDEXED = frozenset({"[]", "update", "accumulate_at"})


class Masks(Rewriter):
    """Asks for the sizes of masks, where types do not say that they fit."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.first = builder
        self.equal: set[tuple[Dim, Dim]] = set()  # where the function begins

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive) and stmt.op.name in INDEXED:
            self.builder.origin = stmt.origin
            array, index = stmt.args[:2]
            axis = 0
            for part in parts_of(index):
                known = type_of(part, self.builder.types)
                mask = isinstance(known, Array) and known.dtype == "bool"
                rank = len(dims_of(known) or ()) if mask else 1
                if mask and isinstance(array, Var) and isinstance(part, Var):
                    self.keep_fitting(array, part, axis, rank)
                axis += rank if part != Const(None) else 0
            if self.of_all_axes(array, index):
                self.whole(stmt)
                return
        self.builder.append(stmt)

    def of_all_axes(self, array: Operand, index: Operand) -> bool:
        """Whether an index is a mask of all elements of an array of several axes."""
        known, mask = (type_of(operand, self.builder.types) for operand in (array, index))
        rank = len(dims_of(known) or ())
        floats = isinstance(known, Array) and known.dtype == "float64"
        masks = isinstance(mask, Array) and mask.dtype == "bool"
        return floats and masks and rank > 1 and len(dims_of(mask) or ()) == rank

    def whole(self, stmt: Let) -> None:
        """Elements that a mask takes, or with something in their place, or added to them."""
        array, mask, *values = stmt.args
        assert isinstance(stmt.op, Primitive)
        if stmt.op.name == "[]":
            flat = [self.emit("np.ravel", operand, Const("C")) for operand in (array, mask)]
            self.builder.append(replace(stmt, args=tuple(flat)))
            return
        (value,) = values
        if isinstance(type_of(value, self.builder.types), Array):
            value = self.spread(mask, value)
        if stmt.op.name == "accumulate_at":
            value = self.emit("op.Add", array, value)
        op = RULES["np.where"].primitive
        self.builder.append(Let(stmt.targets, op, (mask, value, array), stmt.origin))

    def spread(self, mask: Operand, values: Operand) -> Operand:
        """An array that has some values, one after the other, where a mask says so."""
        assert isinstance(mask, Var) and isinstance(values, Var)
        counted = self.emit("np.count_nonzero", mask, Const(None), Const(False))
        test = "op.NotEq", counted, self.size(values, 0)
        raise_where(self.builder, test, "ValueError", "another number of values than of places")
        shape = self.emit(".shape", mask)
        made = self.builder.emit(RULES["np.zeros"].primitive, (shape, Const(None)), "placed")
        dims = dims_of(type_of(mask, self.builder.types)) or ()
        self.builder.types[made.name] = Array("float64", dims)
        rank = len(dims)
        sizes = [self.size(mask, axis) for axis in range(rank)]
        return self.filled(made, Const(0), sizes, (), (mask, values))[0]

    def filled(
        self,
        made: Operand,
        count: Operand,
        sizes: list[Operand],
        place: tuple[Operand, ...],
        given: tuple[Var, Var],
    ) -> tuple[Operand, Operand]:
        """The array, and how many values it has, after the loops over its further axes."""
        outer, types = self.builder, self.builder.types
        names = [outer.name(base) for base in ("placed", "count") * 2]
        array, number, after, more = names
        types.update({array: type_of(made, types), number: INT, after: type_of(made, types)})
        types[more] = INT
        self.builder = outer.nested()
        if len(place) < len(sizes):
            index = outer.name("i")
            types[index] = INT
            ended = self.filled(Var(array), Var(number), sizes, (*place, Var(index)), given)
            body, self.builder = self.builder.block, outer
            phis = Phi(array, made, ended[0]), Phi(number, count, ended[1])
            outer.append(For(index, (sizes[len(place)],), phis, body))
            return Var(array), Var(number)
        mask, values = given
        value = self.emit("[]", values, count)
        self.builder.append(Let((after,), primitive("update"), (made, Tuple(place), value)))
        self.builder.append(Let((more,), RULES["op.Add"].primitive, (count, Const(1))))
        then, self.builder = self.builder.block, outer
        test = self.emit("[]", mask, Tuple(place))
        phis = Phi(array, Var(after), made), Phi(number, Var(more), count)
        outer.append(If(test, then, (), phis))
        return Var(array), Var(number)

    def emit(self, name: str, *args: Operand) -> Var:
        return self.builder.emit(RULES[name].primitive, args)

    def keep_fitting(self, array: Var, mask: Var, first: int, rank: int) -> None:
        """Raise what NumPy raises where a mask has another size than the axes that it is of."""
        whole = dims_of(type_of(array, self.builder.types)) or ()
        own = dims_of(type_of(mask, self.builder.types)) or ()
        for axis in range(rank):
            pair = (*whole[first + axis : first + axis + 1], *own[axis : axis + 1])
            if len(pair) == 2 and (pair[0] == pair[1] or pair in self.equal):
                continue
            sizes = self.size(array, first + axis), self.size(mask, axis)
            reason = "boolean index did not match indexed array"
            raise_where(self.builder, ("op.NotEq", *sizes), "IndexError", reason)
            if len(pair) == 2 and self.builder is self.first:
                self.equal.add(pair)

    def size(self, array: Var, axis: int) -> Operand:
        shape = self.builder.emit(RULES[".shape"].primitive, (array,))
        return self.builder.emit(RULES["[]"].primitive, (shape, Const(axis)))
