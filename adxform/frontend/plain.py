"""Plain arithmetic: operators, NumPy's functions of elements, and elements, of numbers and arrays.

No part of such an expression is an object, a container, a string or a call of the user's, so that
nothing but arithmetic can be meant by it: what all of those would make of it need not be asked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from adxform.core.ir import Const, Operand, Var
from adxform.core.types import ANY, Array, Number, Scalar
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.frontend.trials import Trials
from adxform.rules.iterations import HINTS
from adxform.rules.table import RULES

_NUMBERS = frozenset({int, float})
_VALUES = frozenset({Scalar, Array, Number})
_WHOLE = frozenset({ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript})  # not names by themselves
_MARKS = ("_element", "_unpacked", "_entry")  # of what is more than it seems to be


class Plain(Trials):
    """Lowers plain arithmetic at once."""

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        if type(node) in _WHOLE and self.is_plain(node):
            return self.plain_value(node, base)
        return super().operand(node, base)

    def is_plain(self, node: Any) -> bool:
        """Whether an expression is arithmetic on numbers and arrays of this function's own."""
        kind = type(node)
        if kind is ast.Name:
            known = self._variable_type(node)
            return type(known) in _VALUES or known == ANY
        if kind is ast.Constant:
            return type(node.value) in _NUMBERS
        if kind is ast.BinOp:
            return self.is_plain(node.left) and self.is_plain(node.right)
        if kind is ast.UnaryOp:
            return type(node.op) is ast.USub and self.is_plain(node.operand)
        if kind is ast.Subscript:
            return self._is_plain_element(node)
        return kind is ast.Call and self._is_plain_call(node)

    def _variable_type(self, node: ast.Name) -> Any:
        """The type of a variable that is one value; else None."""
        held = self.value(node.id) if self.is_local(node.id) else None
        return self.builder.types.get(held.name, ANY) if type(held) is Var else None

    def _is_plain_element(self, node: ast.Subscript) -> bool:
        """Whether an element of an array is read, at places that are plain."""
        if type(node.value) is not ast.Name or any(mark in vars(node) for mark in _MARKS):
            return False
        return type(self._variable_type(node.value)) is Array and self.is_plain(node.slice)

    def _is_plain_call(self, node: ast.Call) -> bool:
        """Whether a function of NumPy's for elements is called with such values, and no others."""
        if node.keywords or type(node.func) is not ast.Attribute:
            return False
        meaning = self.meaning(node.func)
        if meaning is None or type(meaning.value) is not np.ufunc:
            return False
        dotted = meaning.dotted or ""
        rule = RULES.get(dotted)
        return (
            rule is not None
            and rule.kind == "elementwise"
            and len(node.args) == len(rule.primitive.params)
            and dotted not in EQUIVALENTS
            and dotted not in HINTS
            and all(map(self.is_plain, node.args))
        )

    def plain_value(self, node: Any, base: str | None = None) -> Operand:
        """Lower a plain expression."""
        return _LOWERED[type(node)](self, node, base)


def _binary(walk: Plain, node: ast.BinOp, base: str | None) -> Operand:
    left, right = walk.plain_value(node.left), walk.plain_value(node.right)
    return walk.emit(f"op.{type(node.op).__name__}", left, right, base=base)


def _negative(walk: Plain, node: ast.UnaryOp, base: str | None) -> Operand:
    inner = walk.plain_value(node.operand)
    return Const(-inner.value) if type(inner) is Const else walk.emit("op.USub", inner, base=base)


def _element(walk: Plain, node: ast.Subscript, base: str | None) -> Operand:
    array, index = walk.plain_value(node.value), walk.plain_value(node.slice)
    return walk.emit("[]", array, index, base=base)


def _call(walk: Plain, node: ast.Call, base: str | None) -> Operand:
    primitive = walk.called_primitive(node)
    assert primitive is not None
    return walk.emit_call(primitive, [walk.plain_value(arg) for arg in node.args], {}, base)


_LOWERED: dict[type, Callable[[Plain, Any, str | None], Operand]] = {
    ast.Name: lambda walk, node, base: walk.used(node.id, node),
    ast.Constant: lambda walk, node, base: Const(node.value),
    ast.BinOp: _binary,
    ast.UnaryOp: _negative,
    ast.Subscript: _element,
    ast.Call: _call,
}
