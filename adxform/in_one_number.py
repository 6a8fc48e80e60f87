"""The derivative in one number by forward mode: one sweep, of which nothing is recorded."""

from __future__ import annotations

from adxform.analysis.types import Types
from adxform.compiler import Request, derive
from adxform.core.builder import type_of
from adxform.core.calls import reachable_callees
from adxform.core.ir import Function, Let, Operand, Primitive, Tuple, Var, walk
from adxform.core.types import Scalar, Type, differentiable, is_complex
from adxform.errors import AdxformError
from adxform.optimize.unasked_values import without_value
from adxform.options import Options

MADE = frozenset({"np.empty", "list_of", "empty_list"})  # what tapes begin as


def records(function: Function) -> bool:
    """Whether a derivative records values in loops, or functions that it calls do."""
    every = [function, *(c.function for c in reachable_callees(function) if c.function)]
    return any(
        isinstance(s.op, Primitive) and s.op.name in MADE
        and f.bases.get(s.target, "").endswith("_tape")
        for f in every for s in walk(f.body) if isinstance(s, Let) and s.origin is None
    )  # fmt: skip


def forward_in(
    function: Function, param: Operand, types: dict[str, Type], options: Options, *, valued: bool
) -> tuple[Function, Types] | None:
    """Value and derivative of a function in one of its parameters, if both are numbers; None where
    forward mode refuses. Without ``valued`` the value need not be computed.
    """
    if not isinstance(param, Var) or not _is_number(types[param.name]):
        return None
    request = Request("forward", (param.name,), (param,))
    try:
        made, known = derive(function, request, types, options, unit=True)
    except AdxformError:
        return None
    assert isinstance(made.result, Tuple)
    if not all(_is_number(type_of(item, known)) for item in made.result.items):
        return None
    return (made if valued else without_value(made, known)), known


def _is_number(known: Type) -> bool:
    return isinstance(known, Scalar) and differentiable(known) and not is_complex(known.dtype)
