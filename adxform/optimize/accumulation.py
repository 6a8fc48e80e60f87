"""Sums of cotangents: what is added to a zero, added twice, or added to one place several times."""

from __future__ import annotations

from itertools import islice

from adxform.analysis.aliasing import may_repeat
from adxform.core.ir import Const, Let, Operand, Primitive, Slice, parts_of
from adxform.core.types import Array, Scalar, is_complex
from adxform.differentiate.common import primitive
from adxform.differentiate.increments import same
from adxform.optimize.walk import Remembering, is_derived, is_op, is_users
from adxform.rules.table import RULES

UPDATE = primitive("update")
NEAR = 12  # how many statements back an addition is looked for


def accumulation(walk: Remembering, stmt: Let) -> Operand | None:
    """Adding to a zero of our own gives the value itself; twice the same is two times it."""
    bar, value = stmt.args
    inner = walk.origin_of(bar)
    if type(bar) is Const and bar == Const(0.0):
        return value
    if is_op(inner, "np.zeros_like"):
        return value if _fills(walk, value, stmt) else None
    if inner is None:
        return None
    base = walk.builder.bases.get(stmt.target)
    again = walk.origin_of(value)
    if again is not None and _equal(walk, inner, again):
        return twice(walk, value, base)
    summed = isinstance(inner.op, Primitive) and inner.op.name == "accumulate"
    if summed and _is_near(walk, inner) and alike(walk, inner.args[1], value):
        assert isinstance(inner.op, Primitive)
        return walk.made(inner.op, (inner.args[0], twice(walk, value)), base)
    return None


def _fills(walk: Remembering, value: Operand, stmt: Let) -> bool:
    """Whether what is added to zeros has their shape: it may be what was stretched by the sum."""
    own, whole = walk.builder.type_of(value), walk.builder.types.get(stmt.target)
    if not isinstance(whole, Array):
        return True
    known = isinstance(own, Array) and own.dims is not None and whole.dims is not None
    return own.dims == whole.dims if known else not isinstance(own, Scalar)  # type: ignore[union-attr]


def accumulation_at(walk: Remembering, stmt: Let) -> Operand | None:
    """What is added to a zero is ``x_bar[i] = v``, and what one statement adds to an element twice
    is one sum.
    """
    bar, index, value = stmt.args
    inner = walk.origin_of(bar)
    if inner is None or not _is_near(walk, inner) or not isinstance(inner.op, Primitive):
        return None
    base = walk.builder.bases.get(stmt.target)
    if _is_plain(walk, bar, value) and _is_zero_at(walk, bar, index, value):
        return walk.made(UPDATE, (bar, index, value), base)
    if inner.op.name not in ("update", "accumulate_at"):
        return None
    if not same(inner.args[1], index, walk.made_by) or may_repeat(index, walk.builder.types):
        return None
    if inner.op.name == "update":
        if inner.args[2] == Const(0.0) and _is_plain(walk, bar, value):
            return walk.made(inner.op, (inner.args[0], index, value), base)
        if not is_derived(inner):
            return None
    if alike(walk, inner.args[2], value):
        return walk.made(inner.op, (inner.args[0], index, twice(walk, value)), base)
    added = (inner.args[2], value)
    numbers = all(isinstance(walk.builder.type_of(v), Scalar) for v in added)
    if inner.origin != stmt.origin or not numbers:
        return None
    total = walk.made(RULES["op.Add"].primitive, added)
    return walk.made(inner.op, (inner.args[0], index, total), base)


def _is_plain(walk: Remembering, bar: Operand, value: Operand) -> bool:
    """Whether a number or an array is added to an array."""
    types = walk.builder.type_of(bar), walk.builder.type_of(value)
    return isinstance(types[0], Array) and isinstance(types[1], Scalar | Array)


def _is_zero_at(walk: Remembering, bar: Operand, index: Operand, value: Operand) -> bool:
    """Whether an array of zeros has got nothing yet at some places, of which no two are the same:
    nothing at all, or what is at another number.
    """
    for _ in range(NEAR):
        inner = walk.origin_of(bar)
        if inner is None or is_users(inner):
            return False
        if is_op(inner, "np.zeros_like"):
            return (
                (_is_real(walk, value) and not may_repeat(index, walk.builder.types))
                or _is_place(index)
                or any(is_op(walk.origin_of(part), "np.arange") for part in parts_of(index))
            )
        if not is_op(inner, "accumulate_at", "update") or not _are_apart(index, inner.args[1]):
            return False
        bar = inner.args[0]
    return False


def _are_apart(index: Operand, other: Operand) -> bool:
    """Whether two indices have other numbers for one axis, and nothing before that takes another
    number of axes in the one than in the other.
    """
    for one, two in zip(parts_of(index), parts_of(other), strict=False):
        if _is_place(one) and _is_place(two):
            if one != two:
                return True
        elif not (isinstance(one, Slice) and isinstance(two, Slice)):
            return False
    return False


def _is_real(walk: Remembering, value: Operand) -> bool:
    """Whether a value is known to be real: NumPy adds no complex number to a real one."""
    dtype = getattr(walk.builder.type_of(value), "dtype", None)
    return dtype is not None and not is_complex(dtype)


def _is_place(index: Operand) -> bool:
    return isinstance(index, Const) and type(index.value) is int and index.value >= 0


def twice(walk: Remembering, value: Operand, base: str | None = None) -> Operand:
    """``2.0 * value``, for ``value + value``."""
    return walk.made(RULES["op.Mult"].primitive, (Const(2.0), value), base)


def alike(walk: Remembering, a: Operand, b: Operand) -> bool:
    """Whether two values are one, or made alike."""
    first, second = walk.origin_of(a), walk.origin_of(b)
    return a == b or (first is not None and second is not None and _equal(walk, first, second))


def _equal(walk: Remembering, a: Let, b: Let) -> bool:
    """Whether two operations are the same on the same operands."""
    pairs = zip(a.args, b.args, strict=False)
    return (
        a.op is b.op
        and isinstance(a.op, Primitive)
        and a.op.name not in ("accumulate", "accumulate_at")
        and all(same(x, y, walk.made_by) for x, y in pairs)
    )


def _is_near(walk: Remembering, let: Let) -> bool:
    """Whether a statement is one of the last of this block."""
    return any(stmt is let for stmt in islice(reversed(walk.builder.stmts), NEAR))
