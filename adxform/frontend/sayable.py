"""Python that is carried verbatim and reads attributes of objects: it is given their values.

``assert self.n > 0`` and ``print(p.x)`` are carried as they stand; the output has no such object.
"""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import Operand
from adxform.core.trees import Transformer, copied, nodes
from adxform.frontend.callables import object_class
from adxform.frontend.control import SCOPES
from adxform.frontend.heap import references
from adxform.frontend.held_containers import HeldContainers

_CONDITIONAL = (*SCOPES, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Sayable(HeldContainers):
    """Carries Python verbatim that reads objects."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.saying: set[str] = set()  # what is being given a name

    def reads_object(self, node: ast.AST) -> bool:
        """Whether something reads a variable that holds objects which are followed."""
        if not self.heap.now:
            return False
        names = {n.id for n in nodes(node) if isinstance(n, ast.Name)}
        local = (n for n in names if n in self.locals or n in self.env)
        return any(any(references(self.value(n))) for n in local)

    def opaque(
        self, node: ast.expr, base: str | None, callee: str = "", reason: str = ""
    ) -> Operand:
        if not isinstance(node, ast.Lambda) and self.reads_object(node):
            node = _Values(self).visit(copied(node))
            made = node.id if isinstance(node, ast.Name) else ""
            if made in self.env:
                return self.env[made]
        return super().opaque(node, base, callee, reason)

    def said(self, stmt: ast.stmt) -> ast.stmt:
        """A statement with the values of the attributes that it reads."""
        kinds = (ast.Assert, ast.Raise, ast.Expr)
        if not isinstance(stmt, kinds):
            return stmt
        reads: dict[str, str] = getattr(stmt, "_reads", {})
        if not any(any(references(self.value(v))) for v in reads.values()):
            return stmt
        values = _Values(self, reads)
        made = values.visit(copied(stmt))
        left = {n.id for n in nodes(made) if isinstance(n, ast.Name)}
        made._reads = {n: v for n, v in reads.items() if n in left}
        made._reads.update({n: n for n in values.made})
        return made  # type: ignore[no-any-return]


class _Values(Transformer):
    """Attributes of objects, and calls of their methods, as names of what they are."""

    def __init__(self, lower: Any, reads: dict[str, str] | None = None) -> None:
        self.lower = lower
        self.reads = reads or {}
        self.made: list[str] = []
        self.conditional = False

    def _versions(self, node: ast.expr) -> ast.expr:
        """An expression in versions, of a statement that speaks of variables."""
        tree = copied(node)
        for part in nodes(tree):
            if isinstance(part, ast.Name):
                part.id = self.reads.get(part.id, part.id)
        return tree

    def _named(self, node: ast.expr) -> ast.expr:
        tree, text = self._versions(node), ast.unparse(node)
        if text in self.lower.saying:
            raise self.lower.unsupported(f"{text}, of an object, is not followed", node)
        name = self.lower.builder.names.fresh("_value")
        self.lower.saying.add(text)
        self.lower.env[name] = self.lower.operand(tree)
        self.lower.saying.discard(text)
        self.made.append(name)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        held = self.lower.container(self._versions(node.value))
        if held is not None and held.form.kind == "object":
            return self._named(node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        tree = self._versions(node)
        assert isinstance(tree, ast.Call)
        read = self.lower.read_by_name(tree)
        if read is not None and object_class(self.lower.container(read.value)) is not None:
            return self._named(node)
        if not self.conditional and self.lower.is_followed_call(tree):
            return self._named(node)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: Any) -> ast.AST:
        outer, self.conditional = self.conditional, True
        made = self.generic_visit(node)
        self.conditional = outer
        return made

    visit_IfExp = visit_BoolOp

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return self.visit_BoolOp(node) if len(node.ops) > 1 else self.generic_visit(node)

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, _CONDITIONAL) else super().visit(node)
