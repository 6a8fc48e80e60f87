"""Augmented assignment in the array's own dtype: ``x += y`` never widens an array ``x``."""

from __future__ import annotations

from adxform.core.ir import Let, Primitive
from adxform.core.types import Array, Scalar, Type, promote
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES


class AugmentedDtypes(Rewriter):
    """Casts the result of ``x + y`` back where NumPy would write it into ``x``.

    In Core an augmented assignment is an operation with a new value, and the operation alone
    would follow the wider operand. The array itself tells its dtype, when the text runs.
    """

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive) and stmt.op.name.startswith("augment."):
            types = [self.builder.type_of(a) for a in stmt.args]
            if isinstance(types[0], Array) and _may_widen(types[0], types[1]):
                self.builder.origin = stmt.origin
                plain = RULES[f"op.{stmt.op.text}"].primitive
                value = self.builder.emit(plain, stmt.args)
                cast = RULES["as_like"].primitive
                stmt = Let(stmt.targets, cast, (value, stmt.args[0]), stmt.origin)
                self.builder.types[stmt.target] = types[0]
        self.builder.append(stmt)


def _may_widen(old: Array, other: Type) -> bool:
    """Whether an operation could give another dtype than that of the array it is written to."""
    if old.dtype is None:
        return isinstance(other, Array | Scalar) and not (isinstance(other, Scalar) and other.weak)
    wide = promote([old, other])
    return wide is not None and wide != old.dtype
