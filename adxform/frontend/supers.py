"""``super()`` of a method, with its arguments written out: in what comes out it is no method."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.trees import Transformer, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.control import SCOPES
from adxform.frontend.source import Text


def explicit_super(tree: ast.FunctionDef, text: Text, scope: Any) -> None:
    """Write ``super()`` as ``super(__class__, self)``, of a function whose class is known."""
    if any(_is_bare(node) for node in nodes(tree)):
        _Super(tree, text, scope.lookup("__class__") is not None).generic_visit(tree)


def _is_bare(node: ast.AST) -> bool:
    match node:
        case ast.Call(ast.Name("super"), [], []):
            return True
        case _:
            return False


class _Super(Transformer):
    def __init__(self, tree: ast.FunctionDef, text: Text, known: bool) -> None:
        first = [*tree.args.posonlyargs, *tree.args.args]
        self.text = text
        self.receiver = first[0].arg if first and known else None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not _is_bare(node):
            return self.generic_visit(node)
        if self.receiver is None:
            raise UnsupportedError(Diagnostic(
                "what super() means is not known here", self.text.location(node),
                "Name the class whose method is meant, and hand it the object."))
        for name in ("__class__", self.receiver):
            node.args.append(ast.copy_location(ast.Name(name, ast.Load()), node))
        return node

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, (*SCOPES, ast.Lambda)) else super().visit(node)
