"""Booleans of Python that are computed with are integers; NumPy's, which tapes give, are not."""

from __future__ import annotations

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import Function, Let, Primitive, walk
from adxform.core.types import Scalar
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter

OPERATORS = frozenset({"Add", "Sub", "Mult", "FloorDiv", "Mod", "Pow", "USub", "Invert", "LShift"})


def adds_booleans(function: Function, types: Types) -> bool:
    """Whether a function computes with booleans of Python's alone."""
    return any(type(s) is Let and _is_of_booleans(s, types) for s in walk(function.body))


def _is_of_booleans(stmt: Let, types: Types) -> bool:
    if type(stmt.op) is not Primitive or stmt.op.text not in OPERATORS:
        return False
    for arg in stmt.args:
        known = type_of(arg, types)
        if type(known) is not Scalar or known.dtype != "bool" or not known.weak:
            return False
    return True


class PythonBooleans(Rewriter):
    """Makes an integer of the first of them."""

    def let(self, stmt: Let) -> None:
        if _is_of_booleans(stmt, self.builder.types):
            self.builder.origin = stmt.origin
            first = self.builder.emit(primitive("int"), stmt.args[:1])
            stmt = Let(stmt.targets, stmt.op, (first, *stmt.args[1:]), stmt.origin)
        self.builder.append(stmt)
