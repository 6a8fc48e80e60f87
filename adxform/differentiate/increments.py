"""Increments: ``x[i] += v`` leaves the cotangent of x as it is, and gives v that of ``x[i]``."""

from __future__ import annotations

from collections.abc import Mapping

from adxform.analysis.aliasing import may_repeat
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Let, Operand, Primitive, Slice, Tuple, Var
from adxform.core.types import Scalar, rank
from adxform.differentiate.common import primitive
from adxform.rules.formulas import expand
from adxform.rules.table import RULES

DEPTH = 8  # operations in operations that are compared
SUMS = {"op.Add": 1, "augment.Add": 1, "op.Sub": -1, "augment.Sub": -1}


def increment(stmt: Let, made_by: Mapping[str, Let], types: Types) -> tuple[Operand, int] | None:
    """What a write adds to the elements that it overwrites, and the sign; None if it is no sum of
    them and something else.
    """
    if not isinstance(stmt.op, Primitive) or stmt.op.name != "update":
        return None
    x, index, value = stmt.args
    if rank(type_of(x, types)) == 0:  # its cotangent may be a number
        return None
    total = made_by.get(value.name) if isinstance(value, Var) else None
    if total is None or not isinstance(total.op, Primitive) or total.op.name not in SUMS:
        return None
    if may_repeat(index, types):  # of several sums for one element the last is kept
        return None
    sign = SUMS[total.op.name]
    first, second = total.args
    for old, added in ((first, second), (second, first))[: 1 + (sign > 0)]:
        read = made_by.get(old.name) if isinstance(old, Var) else None
        if read is None or not _is_read(read) or read.args[0] != x:
            continue
        if same(read.args[1], index, made_by):
            return added, sign
    return None


def same(
    a: Operand | None,
    b: Operand | None,
    made_by: Mapping[str, Let],
    depth: int = DEPTH,
    styles: tuple[str, ...] = ("infix", "subscript"),
) -> bool:
    """Whether two operands are equal because they are written alike, in few operations of some
    ``styles``: elements are read alike only where nothing is written between.
    """
    match a, b:
        case Tuple(first, kind), Tuple(second, other):
            pairs = zip(first, second, strict=False)
            alike = kind == other and len(first) == len(second)
            return alike and all(same(x, y, made_by, depth, styles) for x, y in pairs)
        case Slice(), Slice():
            parts = ((a.lower, b.lower), (a.upper, b.upper), (a.step, b.step))
            return all(same(x, y, made_by, depth, styles) for x, y in parts)
        case Var(), Var() if a != b and depth:
            one, two = made_by.get(a.name), made_by.get(b.name)
            if one is None or two is None or one.op is not two.op:
                return False
            if not isinstance(one.op, Primitive) or one.op.style not in styles:
                return False
            pairs = zip(one.args, two.args, strict=True)
            return all(same(x, y, made_by, depth - 1, styles) for x, y in pairs)
        case _:
            return a == b


def _is_read(let: Let) -> bool:
    return isinstance(let.op, Primitive) and let.op.name == "[]"


def increment_bar(
    builder: Builder, stmt: Let, added: Operand, sign: int, out_bar: Operand, base: str | None
) -> Operand:
    """The cotangent of what is added: that of the elements."""
    x, index, _ = stmt.args
    env = {"x": x, "index": index, "value": added, "out_bar": out_bar}
    named = base if sign > 0 else None
    if isinstance(type_of(added, builder.types), Scalar):
        bar = expand(builder, "unbroadcast(out_bar[index], value)", env, named)
    else:
        bar = expand(builder, RULES["update"].pull["value"], env, named)
        if isinstance(type_of(bar, builder.types), Scalar):
            bar = builder.emit(primitive("unbroadcast"), (bar, added), named)
    return bar if sign > 0 else builder.emit(primitive("op.USub"), (bar,), base)
