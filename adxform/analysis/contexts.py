"""Statements carried along that may be said otherwise, where active values go through them."""

from __future__ import annotations

from typing import Any

from adxform.analysis.activity import analyze
from adxform.analysis.types import Types, infer
from adxform.core.calls import reachable_callees
from adxform.core.ir import Effect, Function, Let, Opaque, reads_of, walk
from adxform.core.types import ANY, Type, differentiable


def passed_contexts(function: Function, types: dict[str, Type]) -> list[Any]:
    """The places of such statements in a function, and in those that it calls."""
    called = (c.function for c in reachable_callees(function) if c.function is not None)
    found = _passed(function, infer(function, types)) if _holds(function) else []
    for inner in called:
        if _holds(inner):
            given: dict[str, Type] = {p.name: ANY for p in inner.params}
            places = _passed(inner, infer(inner, given))
            found += [p for p in places if not isinstance(p, str)]  # what is active is not known
    return found


def _holds(function: Function) -> bool:
    special = [s for s in walk(function.body) if type(s) is not Let or type(s.op) is Opaque]
    return any(map(_is_context, special))


def _is_context(stmt: Any) -> bool:
    return _place(stmt) is not None


def _place(stmt: Any) -> Any:
    """What is asked for where active values go through a statement."""
    if isinstance(stmt, Let) and isinstance(stmt.op, Opaque):
        queue = stmt.op.callee if stmt.op.callee == "collections.deque" else None
        return getattr(stmt.op.tree, "_place", None) or queue
    return getattr(stmt.tree, "_place", None) if isinstance(stmt, Effect) else None


def _passed(function: Function, types: Types) -> list[Any]:
    wrt = tuple(p.name for p in function.params if differentiable(types.get(p.name, ANY)))
    if any(types.get(name, ANY) is not ANY for name in wrt):  # some are known to be numbers
        wrt = tuple(name for name in wrt if types.get(name, ANY) is not ANY)
    varied = analyze(function, wrt, types).varied
    return [
        _place(stmt)
        for stmt in walk(function.body)
        if _is_context(stmt) and any(name in varied for name in reads_of(stmt))
    ]
