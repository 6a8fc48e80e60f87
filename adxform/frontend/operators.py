"""Which operation an operator is: lists are joined and repeated, all else is computed with."""

from __future__ import annotations

import ast

from adxform.core.builder import Builder
from adxform.core.forms import LIST
from adxform.core.ir import Operand
from adxform.core.types import ListOf, Scalar, Struct, Type, is_float


def operation(
    op: ast.operator, left: Operand, right: Operand, builder: Builder
) -> tuple[str, Operand, Operand]:
    """The name of an operation, and its operands."""
    first, second = builder.type_of(left), builder.type_of(right)
    if isinstance(op, ast.Add) and _is_list(first) and _is_list(second):
        return f"joined_{_kind(first, second)}", left, right
    if isinstance(op, ast.Mult) and _is_list(first) and _is_integer(second):
        return f"repeated_{_kind(first)}", left, right
    if isinstance(op, ast.Mult) and _is_integer(first) and _is_list(second):
        return f"repeated_{_kind(second)}", right, left
    return f"op.{type(op).__name__}", left, right


def _kind(*lists: Type) -> str:
    """Numbers, or what may have a memory of its own."""
    items = [t.items if isinstance(t, Struct) else (t.item,) for t in lists]  # type: ignore[union-attr]
    numbers = all(item is None or isinstance(item, Scalar) for part in items for item in part)
    return "numbers" if numbers else "list"


def _is_list(t: Type) -> bool:
    return isinstance(t, ListOf) or (isinstance(t, Struct) and t.form == LIST)


def _is_integer(t: Type) -> bool:
    return isinstance(t, Scalar) and not is_float(t.dtype)
