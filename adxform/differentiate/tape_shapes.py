"""The shapes of tapes: an array where the shape of what is recorded is known before the loop."""

from __future__ import annotations

from adxform.analysis.storage import Storages
from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.dims import Dim
from adxform.core.ir import (
    Const,
    For,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    names_in,
    parts_of,
)
from adxform.core.types import FLOATING, Array, Scalar, Type
from adxform.differentiate.gaps import extents
from adxform.differentiate.restoring import Arrays
from adxform.differentiate.sweeps import Sweeps
from adxform.differentiate.tapes import Definition, Like, Path, definitions


class TapeShapes:
    """What is known of the values of a forward sweep before its loops begin."""

    def __init__(self, sweeps: Sweeps) -> None:
        self.sweeps = sweeps
        self.types: Types = sweeps.builder.types
        self.defined = definitions(sweeps.forward)
        self.arrays = Arrays(Storages(sweeps.params, sweeps.forward, self.types))
        self.extents = extents(sweeps.params, self.types)

    def definition_path(self, name: str) -> Path:
        return self.defined[name].path if name in self.defined else ()

    def bound_in(self, name: str, loop: For) -> bool:
        """Whether a name is bound inside a loop."""
        return any(stmt is loop for stmt, _ in self.definition_path(name))

    def reads_storage(self, stmt: Stmt | None) -> bool:
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        x = stmt.args[0] if stmt.op.name == "[]" else None
        return isinstance(x, Var) and x.name in self.arrays.storages.of

    def storage_of(
        self, t: Type, loop: For | While, definition: Definition
    ) -> tuple[str, tuple[Operand, ...] | Like]:
        """An array where the shape of a value is known before the loop, else a list."""
        if isinstance(loop, While):
            return "grow", ()
        if isinstance(t, Scalar) or t == FLOATING:
            return "array", ()
        if isinstance(t, Array) and t.dtype is not None and t.dims is not None:
            shape = [self._extent(dim) for dim in t.dims]
            if all(part is not None for part in shape):
                return "array", tuple(part for part in shape if part is not None)
        like = self._like(definition, loop) if isinstance(t, Array) else None
        return ("list", ()) if like is None else ("array", like)

    def _like(self, definition: Definition, loop: For) -> Like | None:
        """A part of an array, as it is before a loop, that has the shape of what is read of it in
        each iteration.
        """
        let, storages = definition.stmt, self.arrays.storages
        if not isinstance(let, Let) or not self.reads_storage(let):
            return None
        x, index = let.args
        assert isinstance(x, Var)
        first = [p.first for p in loop.phis if storages.of.get(p.target) is storages.of[x.name]]
        parts = parts_of(index)
        taken = [isinstance(type_of(part, self.types), Scalar) for part in parts]
        skipped = taken.index(False) if False in taken else len(taken)
        stretches = parts[skipped:]
        if not first or not isinstance(first[0], Var) or not all(
            isinstance(part, Slice) and not self._varies(part, loop) for part in stretches
        ):
            return None
        whole = Tuple((*(Slice(),) * skipped, *stretches)) if skipped else index
        return Like(first[0], whole if stretches else None, skipped)

    def _varies(self, operand: Operand, loop: For) -> bool:
        return any(self.bound_in(n, loop) for n in names_in(operand))

    def _extent(self, dim: Dim) -> Operand | None:
        """A dimension as an operand: a number, or a parameter's ``shape[axis]``."""
        if isinstance(dim, int):
            return Const(dim)
        return self.extents.get(dim)
