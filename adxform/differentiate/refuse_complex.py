"""Operations on complex numbers are refused where their rules are about real ones alone."""

from __future__ import annotations

from adxform.analysis.activity import Activity
from adxform.analysis.complex_values import have_complex, holds_complex, unsure_names
from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import Function, Let, Primitive, Var, walk
from adxform.core.types import Array, Scalar, is_complex
from adxform.errors import AdxformError, Diagnostic, UnsupportedError
from adxform.rules.table import RULES

_STEPS_OF_REALS = frozenset({"np.sign"})  # constant where real numbers are, and nowhere else
_SPLIT = "Split it into real and imaginary parts."


def complex_refusals(function: Function, activity: Activity, types: Types) -> list[AdxformError]:
    """An error for each operation on active complex values that has no rule for them."""
    unsure = unsure_names(function.body, types)
    if not unsure and not have_complex(function.body, types):
        return []
    made = {stmt.target for stmt in walk(function.body) if isinstance(stmt, Let)} & unsure
    found: list[AdxformError] = []
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and isinstance(stmt.op, Primitive):
            refused = _refused(stmt, stmt.op, activity, types, unsure, made)
            if refused is not None:
                reason, hint = refused
                place = stmt.origin.location if stmt.origin else None
                found.append(UnsupportedError(Diagnostic(reason, place, hint)))
    return found


def _refused(
    stmt: Let,
    op: Primitive,
    activity: Activity,
    types: Types,
    unsure: set[str],
    made: set[str],
) -> tuple[str, str] | None:
    """Why an operation is refused, and what to do; None if it is not."""
    rule = RULES[op.name]
    if op.name in _STEPS_OF_REALS:
        if any(n in activity.varied for n in stmt.reads) and stmt.target in activity.useful:
            return _undeclared(stmt, op, types)
        return None
    if stmt.target not in activity or not any(map(activity.operand, stmt.args)):
        return None
    if op.name in ("update", "keep") and _narrows(stmt, types):
        return ("a complex number is written to an array of real numbers here",
                "Make the array with dtype=complex.")
    if rule.holomorphic and _drops(stmt, activity, types):
        return ("this drops the imaginary part of a complex number", "Write it with np.real.")
    reads = [n for n in stmt.reads if n in activity]
    first = not any(n in made for n in reads)  # what follows is so for the same reason
    if first and (stmt.target in unsure or any(n in unsure for n in reads)):
        return ("this may be complex: its type is not known here",
                "Differentiate the live function, where types are seen, annotate the parameters, "
                "or make the array complex before, e.g. by .astype(complex).")
    return None if rule.holds_for_complex else _undeclared(stmt, op, types)


def _undeclared(stmt: Let, op: Primitive, types: Types) -> tuple[str, str] | None:
    if not any(holds_complex(type_of(o, types)) for o in (*stmt.args, Var(stmt.target))):
        return None
    label = op.text if op.style in ("call", "method", "attribute") else "this operation"
    return (f"{label} of complex numbers has no derivative rule", _SPLIT)


def _drops(stmt: Let, activity: Activity, types: Types) -> bool:
    """Whether an operation that keeps complex numbers is asked for real ones."""
    given = [type_of(a, types) for a in stmt.args if activity.operand(a)]
    made = type_of(Var(stmt.target), types)
    known = isinstance(made, Scalar | Array) and made.dtype is not None
    return known and not holds_complex(made) and any(map(holds_complex, given))


def _narrows(stmt: Let, types: Types) -> bool:
    """Whether a write drops the imaginary part of what it writes."""
    whole, value = type_of(stmt.args[0], types), type_of(stmt.args[2], types)
    real = isinstance(whole, Array) and whole.dtype is not None and not is_complex(whole.dtype)
    return real and holds_complex(value)
