"""What cannot be differentiated is refused, all of it in one error, before anything is made."""

from __future__ import annotations

from adxform.analysis.activity import Activity
from adxform.analysis.types import Types
from adxform.core.ir import Effect, Function, Let, Opaque, Primitive, names_in, uses, walk
from adxform.errors import AdxformError, Diagnostic, MissingRuleError, UnsupportedError, combine
from adxform.rules.table import RULES


def check(function: Function, activity: Activity, types: Types) -> None:
    """Raise for every active statement that has no derivative here.

    Raises
    ------
    MissingRuleError, UnsupportedError
        With one diagnostic for each place.
    """
    errors: list[AdxformError] = []
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and isinstance(stmt.op, Opaque):
            errors.extend(_opaque(stmt, stmt.op, activity))
        elif isinstance(stmt, Let) and isinstance(stmt.op, Primitive):
            errors.extend(_primitive(stmt, stmt.op, activity))
        elif isinstance(stmt, Effect):
            errors.extend(_effect(stmt, activity))
    if errors:
        raise combine(errors)


def _opaque(stmt: Let, op: Opaque, activity: Activity) -> list[AdxformError]:
    active = [n for n in uses(stmt.args) if n in activity.varied]
    if op.boolean or not active or stmt.target not in activity.useful:
        return []
    location = getattr(op.tree, "_location", None)
    if op.callee:
        return [MissingRuleError(Diagnostic(
            f"no derivative rule for {op.callee}", location,
            f"{active[0]} is active here. Write a rule (adxform.rules), or hold {active[0]} "
            f"constant with stop_gradient({active[0]}).",
        ))]
    what = type(op.tree).__name__
    return [UnsupportedError(Diagnostic(
        f"{what} over an active value is not supported yet", location,
        f"{active[0]} is active here. Say it with assignments, if and for.",
    ))]


def _primitive(stmt: Let, op: Primitive, activity: Activity) -> list[AdxformError]:
    rule = RULES[op.name]
    if stmt.target not in activity or rule.kind == "inactive":
        return []
    return []


def _effect(stmt: Effect, activity: Activity) -> list[AdxformError]:
    if stmt.harmless:
        return []
    active = [n for _, o in stmt.reads for n in names_in(o) if n in activity.varied]
    if not active:
        return []
    where = stmt.origin.location if stmt.origin else None
    return [UnsupportedError(Diagnostic(
        f"this {type(stmt.tree).__name__.lower()} statement may change {active[0]}, "
        "which is active here", where,
        "Move the active part out of it.",
    ))]
