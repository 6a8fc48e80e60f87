"""Numbers that are equal because they are computed alike from the same names, in few steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from adxform.core.ir import Let, Operand, Primitive, Var

DEPTH = 4  # of what is compared


def alike(
    a: Operand | None, b: Operand | None, made_by: Mapping[str, Let], depth: int = DEPTH
) -> bool:
    """Whether two numbers are computed alike; ``made_by`` has the statements that make names."""
    one, other = (made_by.get(o.name) if isinstance(o, Var) else None for o in (a, b))
    if a == b or not depth or not is_infix(one) or not is_infix(other) or one.op is not other.op:
        return a == b
    return all(alike(x, y, made_by, depth - 1) for x, y in zip(one.args, other.args, strict=True))


def is_infix(let: Let | None) -> TypeGuard[Let]:
    """Whether a statement computes with an operator."""
    return let is not None and isinstance(let.op, Primitive) and let.op.style == "infix"
