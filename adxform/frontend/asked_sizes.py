"""What an expression that is carried along asks of arrays: ``rng.normal(size=x.shape)``.

The array's values do not matter there, so that its size gets a name, and the array is not read.
"""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.trees import Transformer, copied, nodes
from adxform.core.types import Array, Unknown, differentiable

_ATTRIBUTES = frozenset({"shape", "size", "ndim", "dtype"})
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def with_sizes_named(lower: Any, node: ast.expr) -> ast.expr:
    """An expression in which ``len(x)``, ``x.shape`` and the like are names."""
    if isinstance(node, _SCOPES):
        return node
    asking = _Asking(lower)
    if not any(asking.asks(part) for part in nodes(node)):
        return node
    made: ast.expr = asking.visit(copied(node))
    return made


class _Asking(Transformer):
    """Names what is asked of arrays that may be differentiated."""

    def __init__(self, lower: Any) -> None:
        self.lower = lower

    def asks(self, node: ast.AST) -> bool:
        match node:
            case ast.Attribute(ast.Name() as held, name, ast.Load()) if name in _ATTRIBUTES:
                return self._is_array(held)
            case ast.Call(ast.Name("len") as function, [ast.Name() as held], []):
                return self.lower.static(function) is len and self._is_array(held)
            case _:
                return False

    def _is_array(self, node: ast.Name) -> bool:
        known = self.lower.known_type(node)
        return isinstance(known, Array | Unknown) and differentiable(known)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, _SCOPES):
            return node
        if not self.asks(node):
            return self.generic_visit(node)
        name = self.lower.builder.names.fresh("_asked")
        self.lower.env[name] = self.lower.operand(node)
        return ast.copy_location(ast.Name(name, ast.Load()), node)
