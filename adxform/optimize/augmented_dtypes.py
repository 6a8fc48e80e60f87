"""Augmented assignment in the array's own dtype: ``x += y`` never widens an array ``x``."""

from __future__ import annotations

from adxform.core.ir import Const, Let, Primitive
from adxform.core.types import Array, promote
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES


class AugmentedDtypes(Rewriter):
    """Casts the result of ``x + y`` back where NumPy would write it into ``x``.

    In Core an augmented assignment is an operation with a new value, and the operation alone
    would follow the wider operand.
    """

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive) and stmt.op.name.startswith("augment."):
            types = [self.builder.type_of(a) for a in stmt.args]
            old, wide = types[0], promote(types)
            if isinstance(old, Array) and None not in (old.dtype, wide) and old.dtype != wide:
                self.builder.origin = stmt.origin
                plain = RULES[f"op.{stmt.op.text}"].primitive
                value = self.builder.emit(plain, stmt.args)
                cast = RULES[".astype()"].primitive
                rest = tuple(default for _, default in cast.defaults)
                args = (value, Const(old.dtype), *rest)
                stmt = Let(stmt.targets, cast, args, stmt.origin)
                self.builder.types[stmt.target] = old
        self.builder.append(stmt)
