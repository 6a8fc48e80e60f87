"""The parts of a derivative: a function, and those that it calls, in the order of their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from adxform.analysis.types import Types, infer
from adxform.core.builder import type_of
from adxform.core.calls import giving_leaves, is_recursive, reachable_callees
from adxform.core.ir import Callee, Function, Let, walk
from adxform.core.types import Type, join, unvalued
from adxform.emit.module import Part
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.dead_zeros import without_dead_zeros
from adxform.typed import by_name


def reachable(function: Function, types: Types) -> list[Part]:
    """A function and those that it calls, each after what it calls (but for one that calls it)."""
    parts: list[Part] = [(function, types)]
    called = reachable_callees(function)
    for callee in reversed(called):  # after all that call it, but for itself and those it calls
        inner = callee.function
        if inner is not None and callee.name != function.name:
            body = eliminate_dead_code(inner.body, (inner.result,))
            inner = replace(giving_leaves(inner), name=callee.name, body=body)
            known = callee.types or infer(inner, _given(callee, parts))
            parts.append((inner, known))
    return parts[::-1]


def written_parts(function: Function, types: Types) -> list[Part]:
    """What ``reachable`` gives, as it is written for NumPy."""
    return [(without_dead_zeros(*part), part[1]) for part in reachable(function, types)]


def _given(callee: Callee, parts: Sequence[Part]) -> dict[str, Type]:
    """The types of what functions give to one that they call, and that calls none of them."""
    assert callee.function is not None
    given = [
        tuple(unvalued(type_of(arg, types)) for arg in stmt.args)
        for function, types in parts
        for stmt in walk(function.body)
        if isinstance(stmt, Let) and stmt.op is callee
    ]
    if not given or is_recursive(callee):
        return {}
    met = [reduce(join, found) for found in zip(*given, strict=True)]
    return by_name(callee.function, met)
