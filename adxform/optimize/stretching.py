"""Stretched operands: ``np.broadcast_to`` goes where the operation around it broadcasts anyway."""

from __future__ import annotations

from adxform.core.ir import Const, Let, Operand, Primitive
from adxform.core.types import Array, Scalar, Type, dims_of
from adxform.optimize.walk import Remembering
from adxform.rules.table import RULES

INTO_PLACE = {"accumulate": 1, "accumulate_at": 2, "update": 2}


def unstretched(walk: Remembering, stmt: Let, op: Primitive) -> Operand | None:
    """An operation on what was stretched instead of on the stretched array, or None."""
    if stmt.origin is not None and stmt.origin.role == "primal":
        return None
    base = walk.builder.bases.get(stmt.target)
    place = INTO_PLACE.get(op.name)
    if place is not None:
        inner = stretched(walk, stmt.args[place])
        if inner is not None and isinstance(walk.builder.type_of(stmt.args[0]), Array):
            args = (*stmt.args[:place], inner.args[0], *stmt.args[place + 1 :])
            return walk.made(op, args, base)
        if op.name == "accumulate":
            return _first(walk, stmt, base)
        return None
    if not RULES[op.name].broadcasts or op.infer is None:
        return None
    found = {i: s for i, a in enumerate(stmt.args) if (s := stretched(walk, a)) is not None}
    if not found:
        return None
    args = tuple(found[i].args[0] if i in found else a for i, a in enumerate(stmt.args))
    types = [walk.builder.type_of(a) for a in args]
    whole = op.infer(*(walk.builder.type_of(a) for a in stmt.args))
    if _same_shape(op.infer(*types), whole):
        return walk.made(op, args, base)
    return _outside(walk, op, args, found, base)


def stretched(walk: Remembering, operand: Operand) -> Let | None:
    """The ``np.broadcast_to`` that made an operand."""
    made = walk.origin_of(operand)
    if made is not None and isinstance(made.op, Primitive) and made.op.name == "np.broadcast_to":
        return made
    return None


def _first(walk: Remembering, stmt: Let, base: str | None) -> Operand | None:
    """Adding to a stretched cotangent is a sum that stretches it."""
    inner = stretched(walk, stmt.args[0])
    if inner is None:
        return None
    small, large = walk.builder.type_of(inner.args[0]), walk.builder.type_of(stmt.args[1])
    total = RULES["op.Add"].primitive
    if total.infer is None or not _same_shape(
        total.infer(small, large), walk.builder.type_of(stmt.args[0])
    ):
        return None
    return walk.made(total, (inner.args[0], stmt.args[1]), base)


def _outside(
    walk: Remembering, op: Primitive, args: tuple[Operand, ...], found: dict[int, Let], base: str | None
) -> Operand | None:
    """With numbers beside it, stretch the result instead: that is less work."""
    numbers = all(
        i in found or isinstance(a, Const) or isinstance(walk.builder.type_of(a), Scalar)
        for i, a in enumerate(args)
    )
    if len(found) != 1 or not numbers:
        return None
    (inner,) = found.values()
    value = walk.made(op, args)
    return walk.made(RULES["np.broadcast_to"].primitive, (value, *inner.args[1:]), base)


def _same_shape(a: Type, b: Type) -> bool:
    return dims_of(a) is not None and dims_of(a) == dims_of(b)

