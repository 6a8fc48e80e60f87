"""Constant factors of the compiler's own products that make one, or minus one, together.

A product with a power of two is exact, so that ``2.0 * r * (0.5 * g)`` and ``r * g`` differ in no
bit (unless a number is next to the largest or the smallest that there are).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from adxform.core.ir import Const, Let, Operand, Primitive, Slice, Var, parts_of
from adxform.core.operands import is_power_of_two
from adxform.core.types import ANY, differentiable, wraps
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Remembering, is_derived

DEPTH = 2  # products within products that a factor is looked for in


@dataclass(slots=True)
class _Scaled:
    """A constant factor, and what makes the rest; a number is its own factor, without a rest."""

    factor: float
    rest: Callable[[str | None], Operand] | None = None


def unscaled(walk: Remembering, stmt: Let) -> Operand | None:
    """A product without constant factors that cancel, or None."""
    if not is_derived(stmt):
        return None
    sides: list[_Scaled] = []
    for arg in stmt.args:
        side = _scaled(walk, arg, DEPTH)
        if side is None:  # as most often
            return None
        sides.append(side)
    factors = [side.factor for side in sides]
    if abs(math.prod(factors)) != 1.0 or not any(map(is_power_of_two, factors)):
        return None
    rests = [side.rest for side in sides if side.rest is not None]
    if not rests:
        return None
    minus = math.prod(factors) == -1.0
    base = walk.builder.bases.get(stmt.target)
    own = None if minus else base
    if len(rests) == 1:
        whole = rests[0](own)
    else:
        whole = walk.made(primitive("op.Mult"), tuple(rest(None) for rest in rests), own)
    known = walk.builder.type_of(whole)
    if known != walk.builder.types.get(stmt.target) or not differentiable(known):
        return None
    return walk.made(primitive("op.USub"), (whole,), base) if minus else whole


def _scaled(walk: Remembering, operand: Operand, depth: int) -> _Scaled | None:
    """An operand as a constant times something, if it is one."""
    if isinstance(operand, Const):
        return _Scaled(operand.value) if _is_real(operand) else None
    made = walk.origin_of(operand)
    if made is None or not isinstance(made.op, Primitive) or made.op.name not in _SCALING:
        return None
    if not is_derived(made) or wraps(walk.builder.types.get(made.target, ANY)):
        return None
    first, second = made.args[0], made.args[-1]
    if made.op.name == "op.Mult":
        if isinstance(first, Const) or isinstance(second, Const):
            constant, other = (first, second) if isinstance(first, Const) else (second, first)
            inner = _scaled(walk, constant, 0)
            return None if inner is None else _Scaled(inner.factor, lambda base: other)
        return _within(walk, made, depth)
    if made.op.name == "op.Div":
        if isinstance(second, Const) and _is_real(second) and is_power_of_two(second.value):
            return _Scaled(1.0 / second.value, lambda base: first)
        return _within(walk, made, depth)
    stretches = all(type(p) is not Var and p in _WHOLE for p in parts_of(second))
    return _within(walk, made, depth) if stretches else None


_SCALING = frozenset({"op.Mult", "op.Div", "[]"})
_WHOLE = (Slice(), Const(None), Const(Ellipsis))


def _within(walk: Remembering, made: Let, depth: int) -> _Scaled | None:
    """An operation with the factor of its first operand taken out."""
    inner = _scaled(walk, made.args[0], depth - 1) if depth else None
    if inner is None:
        return None
    rest, op = inner.rest or (lambda base: Const(1.0)), made.op
    assert isinstance(op, Primitive)
    return _Scaled(inner.factor, lambda base: walk.made(op, (rest(None), *made.args[1:]), base))


def _is_real(constant: Const) -> bool:
    return type(constant.value) in (int, float) and math.isfinite(constant.value)
