"""What cannot be differentiated is refused, all of it in one error, before anything is made."""

from __future__ import annotations

from adxform.analysis.activity import Activity
from adxform.analysis.mutation import captured_writes, late_effects, visible_writes
from adxform.analysis.types import Types
from adxform.core.ir import Effect, Function, Let, Opaque, names_in, uses, walk
from adxform.errors import AdxformError, Diagnostic, MissingRuleError, UnsupportedError, combine


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
            errors.extend(_opaque(function, stmt, stmt.op, activity))
        elif isinstance(stmt, Effect):
            errors.extend(_effect(function, stmt, activity))
    errors.extend(_conflicts(function, activity, types))
    if errors:
        raise combine(errors)


def _conflicts(function: Function, activity: Activity, types: Types) -> list[AdxformError]:
    """In-place writes that Core's values do not model."""
    found: list[AdxformError] = []
    for seen in visible_writes(function, types):
        label = function.bases.get(seen.name, seen.name)
        where = seen.other_origin.location if seen.other_origin else None
        place = f" (line {where.line}: {seen.other_origin.text})" if (
            where and seen.other_origin) else ""
        found.append(UnsupportedError(Diagnostic(
            f"{label} is changed in place here while {seen.other}{place} may share its memory "
            "and is used later", seen.origin.location if seen.origin else None,
            f"Work on a copy, e.g. {label} = {label}.copy() before, or, if {label} is a number, "
            "annotate the parameters.",
        )))
    for seen in captured_writes(function, types):
        found.append(UnsupportedError(Diagnostic(
            f"{seen.other}, which is defined outside the function, is changed in place here",
            seen.origin.location if seen.origin else None, "Work on a copy of it.",
        )))
    for seen in late_effects(function, types, activity):
        label = function.bases.get(seen.name, seen.name)
        found.append(UnsupportedError(Diagnostic(
            f"this statement may change {label}, whose earlier value the derivative needs",
            seen.origin.location if seen.origin else None,
            f"Give the changed array a name of its own, e.g. by {label}.copy().",
        )))
    return found


def _opaque(function: Function, stmt: Let, op: Opaque, activity: Activity) -> list[AdxformError]:
    active = [function.bases.get(n, n) for n in uses(stmt.args) if n in activity.varied]
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


def _effect(function: Function, stmt: Effect, activity: Activity) -> list[AdxformError]:
    if stmt.harmless:
        return []
    active = [
        function.bases.get(n, n)
        for _, o in stmt.reads for n in names_in(o) if n in activity.varied
    ]
    if not active:
        return []
    where = stmt.origin.location if stmt.origin else None
    return [UnsupportedError(Diagnostic(
        f"this {type(stmt.tree).__name__.lower()} statement may change {active[0]}, "
        "which is active here", where,
        "Move the active part out of it.",
    ))]
