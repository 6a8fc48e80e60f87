"""What operations tell of values of unknown type: that one is no list, or is an array."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import Const, Operand, Primitive, Slice, Tuple, parts_of
from adxform.core.types import Array, Inert, Scalar, Type, Unknown, is_float

_NO_LISTS = frozenset({"Sub", "Div", "Pow", "FloorDiv", "MatMult", "USub"})


_ANYTHING = (Unknown, Inert)


def is_array(t: Type | None) -> bool:
    """Whether a value is certainly an array, not a number."""
    return isinstance(t, Array) and t.dims != ()


def may_be_array(t: Type | None) -> bool:
    """Whether a value is an array, or anything, or anything without a derivative."""
    return is_array(t) or isinstance(t, _ANYTHING)


def numeric(op: Primitive, types: list[Type]) -> bool:
    """Whether what an operation gives is an array or a number, whatever its operands are."""
    if op.style in ("infix", "unary"):
        real = any(
            is_array(t) or (isinstance(t, Scalar) and is_float(t.dtype)) for t in types
        )
        return op.text in _NO_LISTS or (op.text in ("Add", "Mult") and real)
    return op.fresh and op.name.startswith(("np.", "scipy."))


def shows_no_list(op: Primitive, args: tuple[Operand, ...]) -> bool:
    """Whether an operation that works shows that its first operand is no list."""
    if op.style in ("method", "attribute"):
        return op.name != ".copy()"
    if op.style == "infix":
        number = args[1].value if isinstance(args[1], Const) else None
        return isinstance(number, float) or (isinstance(number, int) and op.text in _NO_LISTS)
    return op.style == "unary" and op.text == "USub"


def of_arrays_only(index: Operand, builder: Builder) -> bool:
    """Whether an index that is written to is one that only arrays take."""
    parts = parts_of(index)
    sliced = any(isinstance(part, Slice) for part in parts)
    return (len(parts) > 1 and sliced) or any(
        part == Const(Ellipsis) or isinstance(part, Tuple) or is_array(builder.type_of(part))
        for part in parts
    )


def keeps_arrays(name: str, args: tuple[Operand, ...]) -> bool:
    """Whether an operation gives an array just where its operand, which it shows, is one."""
    return name == ".T" or (
        name == "[]" and any(isinstance(part, Slice) for part in parts_of(args[0]))
    )
