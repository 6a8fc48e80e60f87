"""Stretched operands: ``np.broadcast_to`` goes where the operation around it broadcasts anyway."""

from __future__ import annotations

import numpy as np

from adxform.core.ir import Const, Let, Operand, Primitive, Var
from adxform.core.types import Array, Scalar, Type, is_narrow, was_broadcast
from adxform.optimize.walk import Remembering, is_users
from adxform.rules.infer import holds_complex
from adxform.rules.table import RULES

INTO_PLACE = {"accumulate": 1, "accumulate_at": 2, "update": 2}
STRETCHES = {"np.broadcast_to": 0, "np.full_like": 1}  # and which operand is stretched


def unstretched(walk: Remembering, stmt: Let, op: Primitive) -> Operand | None:
    """An operation on what was stretched instead of on the stretched array, or None."""
    if walk.ops.isdisjoint(STRETCHES) or is_users(stmt):
        return None
    base = walk.builder.bases.get(stmt.target)
    place = INTO_PLACE.get(op.name)
    if place is not None:
        inner = stretched(walk, stmt.args[place])
        if inner is not None and isinstance(walk.builder.type_of(stmt.args[0]), Array):
            args = (*stmt.args[:place], source(inner), *stmt.args[place + 1 :])
            return walk.made(op, args, base)
        return _first(walk, stmt, base) if op.name == "accumulate" else None
    if not RULES[op.name].broadcasts or op.infer is None:
        return None
    found = {i: s for i, a in enumerate(stmt.args) if (s := stretched(walk, a)) is not None}
    if not found:
        return None
    args = tuple(source(found[i]) if i in found else a for i, a in enumerate(stmt.args))
    whole = op.infer(*(walk.builder.type_of(a) for a in stmt.args))
    if _same_type(op.infer(*(walk.builder.type_of(a) for a in args)), whole):
        return _made(walk, op, args, whole, base)
    return _outside(walk, op, args, found, whole, base)


def stretched(walk: Remembering, operand: Operand) -> Let | None:
    """The operation that made an operand by stretching another."""
    made = walk.origin_of(operand)
    known = made is not None and isinstance(made.op, Primitive) and made.op.name in STRETCHES
    return made if known and not _rounds(walk, made) else None  # type: ignore[arg-type]


def _rounds(walk: Remembering, made: Let) -> bool:
    """Whether a number that fills an array may become an integer there."""
    filled = getattr(walk.builder.type_of(Var(made.target)), "dtype", None)
    if filled is None:
        return is_users(made)
    given = getattr(walk.builder.type_of(source(made)), "dtype", None)
    return np.dtype(filled).kind in "biu" and filled != given


def source(made: Let) -> Operand:
    """What a stretching operation stretches."""
    assert isinstance(made.op, Primitive)
    return made.args[STRETCHES[made.op.name]]


def _first(walk: Remembering, stmt: Let, base: str | None) -> Operand | None:
    """Adding to a stretched cotangent is a sum that stretches it."""
    inner = stretched(walk, stmt.args[0])
    total = RULES["op.Add"].primitive
    if inner is None or total.infer is None:
        return None
    types = (walk.builder.type_of(source(inner)), walk.builder.type_of(stmt.args[1]))
    whole = walk.builder.type_of(stmt.args[0])
    if not _same_type(total.infer(*types), whole):
        return None
    return _made(walk, total, (source(inner), stmt.args[1]), whole, base)


def _outside(
    walk: Remembering,
    op: Primitive,
    args: tuple[Operand, ...],
    found: dict[int, Let],
    whole: Type,
    base: str | None,
) -> Operand | None:
    """With numbers beside it stretch the result instead, if that rounds no more: less work."""
    numbers = all(
        i in found or isinstance(a, Const) or isinstance(walk.builder.type_of(a), Scalar)
        for i, a in enumerate(args)
    )
    if len(found) != 1 or not numbers or not _as_precise(op, args, whole, walk):
        return None
    (inner,) = found.values()
    assert isinstance(inner.op, Primitive)
    at = STRETCHES[inner.op.name]
    value = walk.made(op, args)
    rest = inner.args[at + 1 :]
    made, like = walk.builder.type_of(value), walk.builder.type_of(inner.args[0])
    if inner.op.name == "np.full_like" and holds_complex(made) and not holds_complex(like):
        rest = (Const(made.dtype),)  # type: ignore[union-attr]
    return walk.made(inner.op, (*inner.args[:at], value, *rest), base)


def _as_precise(
    op: Primitive, args: tuple[Operand, ...], whole: Type, walk: Remembering
) -> bool:
    """Whether an operation on numbers rounds no more than on an array of some type."""
    made = op.infer(*(walk.builder.type_of(a) for a in args)) if op.infer else whole
    return not is_narrow(made) or is_narrow(whole)


def _same_type(a: Type, whole: Type) -> bool:
    """Whether an array has the shape and dtype of one that it was broadcast into."""
    return (
        isinstance(a, Array)
        and isinstance(whole, Array)
        and a.dtype == whole.dtype
        and was_broadcast(a, whole) is False
    )


def _made(
    walk: Remembering, op: Primitive, args: tuple[Operand, ...], known: Type, base: str | None
) -> Operand:
    """An operation whose type is known from what it replaces."""
    made = walk.made(op, args, base)
    if isinstance(made, Var):
        walk.builder.types[made.name] = known
    return made
