"""Masks: arrays of booleans that say which elements are meant have the shape of what they are of.

NumPy asks whether they have; Numba reads on, beyond the end of an array.
"""

from __future__ import annotations

from adxform.backends.numba.shapes import raise_where
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Const, Let, Operand, Primitive, Var, parts_of
from adxform.core.types import Array, Dim, dims_of
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
        self.builder.append(stmt)

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
