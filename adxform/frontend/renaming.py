"""Variables of a comprehension under other names, but where a scope inside has its own."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.trees import Transformer, names
from adxform.frontend.ssa import all_args


class Renamed(Transformer):
    """Renames variables in a tree, in place."""

    def __init__(self, own: dict[str, str]) -> None:
        self.own = own

    def comprehension(self, node: Any) -> Any:
        """A comprehension whose own variables are renamed; what it goes over first is outside."""
        first = node.generators[0].iter
        node.generators[0].iter = ast.Constant(None)
        self.generic_visit(node)
        node.generators[0].iter = first
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.own.get(node.id, node.id)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        node.body = self._without({a.arg for a in all_args(node.args)}).visit(node.body)
        return node

    def visit_ListComp(self, node: Any) -> Any:
        first = node.generators[0].iter = self.visit(node.generators[0].iter)
        inner = self._without({n for g in node.generators for n in names(g.target)})
        made = inner.comprehension(node)
        made.generators[0].iter = first
        return made

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _without(self, hidden: set[str]) -> Renamed:
        return Renamed({old: new for old, new in self.own.items() if old not in hidden})
