"""Whether what a function writes to is seen under other names, in it or in what it calls."""

from __future__ import annotations

from adxform.analysis.mutation import visible_writes
from adxform.analysis.types import infer
from adxform.core.builder import type_of
from adxform.core.calls import is_recursive
from adxform.core.ir import Callee, Function, Let, walk
from adxform.core.types import Type


def conflicting(function: Function, given: dict[str, Type]) -> bool:
    """Whether a function, or one that it calls, writes to what another name shows later."""
    types = infer(function, given)
    if visible_writes(function, types):
        return True
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and isinstance(stmt.op, Callee) and stmt.op.function is not None:
            inner, args = stmt.op.function, [type_of(arg, types) for arg in stmt.args]
            known = dict(zip((p.name for p in inner.params), args, strict=True))
            if not is_recursive(stmt.op) and not inner.derived and conflicting(inner, known):
                return True
    return False
