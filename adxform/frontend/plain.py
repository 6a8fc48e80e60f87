"""Plain arithmetic: operators, and NumPy's functions of elements, on numbers and arrays.

No part of such an expression is an object, a container, a string or a call of the user's, so that
nothing but arithmetic can be meant by it: what all of those would make of it need not be asked.
"""

from __future__ import annotations

import ast

import numpy as np

from adxform.core.ir import Const, Operand, Var
from adxform.core.types import Array, Scalar
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.frontend.trials import Trials
from adxform.rules.iterations import HINTS
from adxform.rules.table import RULES

_NUMBERS = frozenset({int, float})
_VALUES = frozenset({Scalar, Array})


class Plain(Trials):
    """Lowers plain arithmetic at once."""

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        kind = type(node)
        if kind is ast.BinOp and self.is_plain(node):
            return self.plain_value(node, base)
        if kind is ast.Call and self.is_plain_call(node):  # type: ignore[arg-type]
            return self.plain_call(node, base)  # type: ignore[arg-type]
        return super().operand(node, base)

    def is_plain(self, node: ast.expr) -> bool:
        """Whether an expression is arithmetic on numbers and arrays of this function's own."""
        kind = type(node)
        if kind is ast.Name:
            held = self.value(node.id) if self.is_local(node.id) else None  # type: ignore[attr-defined]
            return type(held) is Var and type(self.builder.types.get(held.name)) in _VALUES
        if kind is ast.Constant:
            return type(node.value) in _NUMBERS  # type: ignore[attr-defined]
        if kind is ast.BinOp:
            return self.is_plain(node.left) and self.is_plain(node.right)  # type: ignore[attr-defined]
        return kind is ast.Call and self.is_plain_call(node)  # type: ignore[arg-type]

    def is_plain_call(self, node: ast.Call) -> bool:
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

    def plain_value(self, node: ast.expr, base: str | None) -> Operand:
        kind = type(node)
        if kind is ast.Name:
            return self.used(node.id, node)  # type: ignore[attr-defined]
        if kind is ast.Constant:
            return Const(node.value)  # type: ignore[attr-defined]
        if kind is ast.BinOp:
            left, right = self.plain_value(node.left, None), self.plain_value(node.right, None)  # type: ignore[attr-defined]
            return self.emit(f"op.{type(node.op).__name__}", left, right, base=base)  # type: ignore[attr-defined]
        return self.plain_call(node, base)  # type: ignore[arg-type]

    def plain_call(self, node: ast.Call, base: str | None) -> Operand:
        primitive = self.called_primitive(node)
        assert primitive is not None
        args = [self.plain_value(arg, None) for arg in node.args]
        return self.emit_call(primitive, args, {}, base)
