"""``:=`` said as a statement before the one that it is in."""

from __future__ import annotations

import ast

from adxform.core.trees import Transformer, children, nodes
from adxform.frontend.assignments import assign, load, located

_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.FunctionDef)


class Named(Transformer):
    """``if (n := f(x)) > 1`` becomes ``n = f(x); if n > 1``."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """The test of a loop with ``:=`` is made anew in each iteration, in its body."""
        self.generic_visit(node)
        if not _named(node.test) or node.orelse:
            return node
        leave = located(ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], []), node)
        inner = self._hoisted(leave, "test")
        node.test, node.body = ast.Constant(True), [*inner, *node.body]
        return located(node, node)

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        self.generic_visit(node)
        return self._hoisted(node, "test")

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return self._hoisted(node, "value")

    def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
        return [node] if node.value is None else self._hoisted(node, "value")

    def _hoisted(self, node: ast.stmt, field: str) -> list[ast.stmt]:
        value: ast.expr = getattr(node, field)
        found = _named(value)
        if not found:
            return [node]
        before: list[ast.stmt] = []
        for named in found:
            assert isinstance(named.target, ast.Name)
            before.append(assign(named.target.id, named.value, node))
        names = {id(named): named.target.id for named in found}
        setattr(node, field, _Replaced(names).visit(value))
        return [*before, node]


def _named(node: ast.expr) -> list[ast.NamedExpr]:
    """The ``:=`` of an expression that are evaluated whenever it is, and first; else none."""
    found: list[ast.NamedExpr] = []
    blocked = False

    def visit(part: ast.AST, certain: bool) -> None:
        nonlocal blocked
        if isinstance(part, _SCOPES):
            return
        if isinstance(part, ast.NamedExpr):
            blocked |= not certain or any(isinstance(p, ast.NamedExpr) for p in _within(part.value))
            found.append(part)
        if isinstance(part, ast.BoolOp | ast.IfExp):
            first = part.values[0] if isinstance(part, ast.BoolOp) else part.test
            for child in children(part):
                visit(child, certain and child is first)
            return
        for child in children(part):
            visit(child, certain)

    visit(node, True)
    names = {n.target.id for n in found if isinstance(n.target, ast.Name)}
    seen = 0
    for part in _within(node):  # a name that is read before it is given its value
        if isinstance(part, ast.NamedExpr):
            seen += 1
        elif isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Load):
            blocked |= seen < len(found)
    return [] if blocked else found


def _within(node: ast.AST) -> list[ast.AST]:
    """The nodes of a tree in the order of its text."""
    found = [n for n in nodes(node) if hasattr(n, "lineno")]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))  # type: ignore[attr-defined]


class _Replaced(Transformer):
    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        name = self.names.get(id(node))
        return node if name is None else ast.copy_location(load(name), node)
