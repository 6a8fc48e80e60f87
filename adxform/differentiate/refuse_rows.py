"""Refusals of what is done with tuples that lists hold as arrays."""

from __future__ import annotations

from adxform.analysis.rows import misread_rows
from adxform.analysis.types import Types
from adxform.core.ir import Function
from adxform.errors import AdxformError, Diagnostic, UnsupportedError


def row_refusals(function: Function, types: Types) -> list[AdxformError]:
    """An error for each place where an operator means another thing to a tuple than to an array."""
    reason = "this is a tuple in a list of such, which the derivative keeps as an array"
    hint = "Take its items apart, as in a, b = row, and use these."
    places = dict.fromkeys(
        stmt.origin.location if stmt.origin else None for stmt in misread_rows(function, types)
    )
    return [UnsupportedError(Diagnostic(reason, place, hint)) for place in places]
