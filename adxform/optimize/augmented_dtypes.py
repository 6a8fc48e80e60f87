"""Augmented assignment in the array's own dtype: ``x += y`` never widens an array ``x``."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import Let, Primitive
from adxform.core.types import Array, Scalar, Type, is_narrow, is_number, is_weak, promote
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES


class AugmentedDtypes(Rewriter):
    """Casts the result of ``x + y`` back where NumPy would write it into ``x``.

    In Core an augmented assignment is an operation with a new value, and the operation alone
    would follow the wider operand. The array itself tells its dtype, when the text runs; where the
    function knows ``narrow`` numbers, so does what may be one.
    """

    def __init__(self, builder: Builder, narrow: bool) -> None:
        super().__init__(builder)
        self.narrow = narrow

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive) and stmt.op.augments:
            types = [self.builder.type_of(a) for a in stmt.args]
            cast = self._cast(*types)
            if cast is not None:
                self.builder.origin = stmt.origin
                plain = RULES[f"op.{stmt.op.text}"].primitive
                value = self.builder.emit(plain, stmt.args)
                stmt = Let(stmt.targets, RULES[cast].primitive, (value, stmt.args[0]), stmt.origin)
                self.builder.types[stmt.target] = types[0]
        self.builder.append(stmt)

    def _cast(self, old: Type, other: Type) -> str | None:
        """What gives the result the dtype of what it is written to; None if it has that."""
        if isinstance(old, Array):
            return "as_like" if _may_widen(old, other) else None
        loose = self.narrow and not is_number(old) and not is_weak(other)
        return "as_array_like" if loose else None


def _may_widen(old: Array, other: Type) -> bool:
    """Whether an operation could give another dtype than that of the array it is written to."""
    known = isinstance(other, Array | Scalar)
    if old.dtype is None:
        return known and not is_weak(other)
    if not known:
        return is_narrow(old)
    wide = promote([old, other])
    return wide != old.dtype and (wide is not None or is_narrow(old))
