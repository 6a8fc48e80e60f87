"""Booleans of Python that are computed with are integers; NumPy's, which tapes give, are not.

Where it is not certain whose they are, what is computed of them is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from adxform.analysis.pythons import MaybePythons
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Const, Function, Let, Operand, Primitive, walk
from adxform.core.types import Scalar, is_weak
from adxform.differentiate.common import primitive
from adxform.errors import Diagnostic, UnsupportedError
from adxform.optimize.walk import Rewriter

OPERATORS = frozenset(
    {"Add", "Sub", "Mult", "FloorDiv", "Mod", "Pow", "USub", "UAdd", "Invert", "LShift", "RShift",
     "abs"}
)  # fmt: skip
ALIKE = frozenset({"Mult", "abs"})  # numbers of one value
IDENTITY = frozenset({"Is", "IsNot"})
DOUBT = "this boolean may be Python's or NumPy's, as it turns out: {}"
SUMS = "True + True is 2 or True"
HINT = "Make a number of it, by int(...)."


def computes_with_booleans(function: Function, types: Types) -> bool:
    """Whether a function has operators between booleans alone."""
    return any(type(s) is Let and _is_of_booleans(s, types) for s in walk(function.body))


def _is_of_booleans(stmt: Let, types: Types) -> bool:
    if type(stmt.op) is not Primitive or not (
        stmt.op.text in OPERATORS or (stmt.op.text in IDENTITY and _is_asked(stmt.args))
    ):
        return False
    return all(_is_boolean(arg, types) for arg in stmt.args)


def _is_boolean(operand: Operand, types: Types) -> bool:
    known = type_of(operand, types)
    return type(known) is Scalar and known.dtype == "bool"


def _is_asked(args: Sequence[Operand]) -> bool:
    """Whether the second of two operands is True or False, written out."""
    return isinstance(args[1], Const) and not isinstance(args[0], Const)


class PythonBooleans(Rewriter):
    """Makes an integer of the first of them, and tests of what asks if one is True itself."""

    def __init__(self, builder: Builder, maybe: MaybePythons) -> None:
        super().__init__(builder)
        self.maybe = maybe

    def let(self, stmt: Let) -> None:
        if _is_of_booleans(stmt, self.builder.types):
            assert isinstance(stmt.op, Primitive)
            self.builder.origin = stmt.origin
            pythons = all(is_weak(type_of(arg, self.builder.types)) for arg in stmt.args)
            if (how := stmt.op.text) in IDENTITY:
                self.identity(stmt, pythons)
                return
            if pythons:
                first = self.builder.emit(primitive("int"), stmt.args[:1])
                stmt = Let(stmt.targets, stmt.op, (first, *stmt.args[1:]), stmt.origin)
            elif how not in ALIKE and not any(map(self.maybe.is_numpys, stmt.args)):
                raise _refusal(stmt, DOUBT.format(SUMS), HINT)
        self.builder.append(stmt)

    def identity(self, stmt: Let, pythons: bool) -> None:
        """``c is True`` of Python's boolean is c; NumPy's is no such object."""
        value, asked = stmt.args
        assert isinstance(stmt.op, Primitive) and isinstance(asked, Const)
        if not pythons and self.maybe.is_numpys(value):
            self.env[stmt.target] = Const(stmt.op.text == "IsNot")
        elif not pythons:
            same = f"NumPy's is never {asked.value} itself"
            raise _refusal(stmt, DOUBT.format(same), "Test the boolean: if c, or if not c.")
        elif (stmt.op.text == "Is") is asked.value:
            self.env[stmt.target] = value
        else:
            self.builder.append(Let(stmt.targets, primitive("op.Not"), (value,), stmt.origin))


def _refusal(stmt: Let, reason: str, hint: str) -> UnsupportedError:
    location = stmt.origin.location if stmt.origin else None
    return UnsupportedError(Diagnostic(reason, location, hint))
