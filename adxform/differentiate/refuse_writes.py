"""Writes in place that a caller would see, or another name, and Core does not model: refused."""

from __future__ import annotations

from adxform.analysis.activity import Activity
from adxform.analysis.appending import seen_appends
from adxform.analysis.held import spoken
from adxform.analysis.mutation import (
    argument_writes,
    captured_writes,
    late_effects,
    unseen_writes,
    visible_writes,
)
from adxform.analysis.types import Types, infer
from adxform.core.builder import type_of
from adxform.core.ir import Callee, Function, Let, Origin, walk
from adxform.errors import AdxformError, Diagnostic, UnsupportedError, combine


def refusal(reason: str, origin: Origin | None, hint: str) -> UnsupportedError:
    """The error that says what is not supported at a place."""
    return UnsupportedError(Diagnostic(reason, origin.location if origin else None, hint))


def check_callee(function: Function, types: Types) -> None:
    """Raise for a function that is called, and changes its arguments.

    Raises
    ------
    UnsupportedError
        With one diagnostic for each place.
    """
    errors = given_away(function, types)
    if errors:
        raise combine(errors)


def given_away(function: Function, types: Types) -> list[AdxformError]:
    """Changes of what a caller gives, which that would have to see."""
    errors: list[AdxformError] = []
    for seen in argument_writes(function, types):
        reason = f"{function.name} changes {seen.other}, an argument of its caller's, in place here"
        hint = (
            f"Work on a copy, e.g. {seen.other} = {seen.other}.copy() before, or, if {seen.other} "
            "is a number, annotate the parameters."
        )
        errors.append(refusal(reason, seen.origin, hint))
    return errors


def held_constant(stmt: Let, types: Types, seen: set[Callee]) -> list[AdxformError]:
    """What a call without a derivative writes, and Core does not model: it would be lost."""
    callee = stmt.op
    if not isinstance(callee, Callee) or callee.function is None or callee in seen:
        return []
    seen.add(callee)
    params = zip(callee.function.params, stmt.args, strict=True)
    found = infer(callee.function, {p.name: type_of(arg, types) for p, arg in params})
    errors = [*unmodelled(callee.function, found), *given_away(callee.function, found)]
    for part in walk(callee.function.body):
        if isinstance(part, Let):
            errors.extend(held_constant(part, found, seen))
    return errors


def unmodelled(function: Function, types: Types) -> list[AdxformError]:
    """In-place writes that Core's values do not model."""
    found: list[AdxformError] = []
    for seen in visible_writes(function, types):
        label = function.bases.get(seen.name, seen.name)
        other = seen.other_origin
        place = f" (line {other.location.line}: {other.text})" if other and other.location else ""
        reason = (
            f"{label} is changed in place here while {seen.other}{place} may share its memory "
            "and is used later"
        )
        hint = (
            f"Work on a copy, e.g. {label} = {label}.copy() before, or, if {label} is a number, "
            "annotate the parameters."
        )
        found.append(refusal(reason, seen.origin, hint))
    for append, store in seen_appends(function, types):
        label = function.bases.get(append.target, append.target)
        held = "another list holds it" if store else "another name needs it as it was"
        reason = f"{label} is appended to here while {held}"
        found.append(refusal(reason, append.origin, "Make a list for each of them."))
    for seen in captured_writes(function, types):
        reason = f"{seen.other} is changed in place here"
        found.append(refusal(reason, seen.origin, "Work on a copy of it."))
    return found


def conflicts(function: Function, activity: Activity, types: Types) -> list[AdxformError]:
    """In-place writes that Core's values do not model, and what they take from a derivative."""
    found = unmodelled(function, types)
    for seen in late_effects(function, types, activity):
        label = function.bases.get(seen.name, seen.name)
        hint = f"Give the changed array a name of its own, e.g. by {label}.copy()."
        if label[0] == ".":
            label, hint = spoken(label[1:]), "Work on a copy of it."
        reason = f"this statement may change {label}, whose earlier value the derivative needs"
        found.append(refusal(reason, seen.origin, hint))
    for seen in unseen_writes(function, types, activity):
        label, active = (function.bases.get(n, n) for n in (seen.name, seen.other))
        written = f"change {label}" if label == active else f"write {active} to {label}"
        reason = f"this call has no rule, and may {written}, which the derivative needs"
        hint = (
            f"If it only reads {active}, hand it stop_gradient({active}); "
            "if not, write what it does in plain NumPy."
        )
        found.append(refusal(reason, seen.origin, hint))
    return found
