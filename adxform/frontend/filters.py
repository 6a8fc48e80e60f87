"""What goes over ``filter(f, items)`` goes over the items, and asks ``f`` of each."""

from __future__ import annotations

import ast
from collections.abc import Callable

from adxform.core.trees import Transformer, bound_names, copied

_ASKED = (ast.Lambda, ast.Name, ast.Attribute)  # evaluated for each item, as if it were once


class Filters(Transformer):
    """Says the loops and comprehensions of one function with tests in the place of filters.

    ``for v in filter(f, x): ...`` is ``for v in x:`` with all of its body under ``if f(v):``, and
    ``(v for v in filter(f, x))`` is ``(v for v in x if f(v))``.
    """

    def __init__(self, means: Callable[[ast.expr], object]) -> None:
        self.means = means

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_ClassDef = visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        parts = self._parts(node.iter, node.target)
        if parts is None or not set(bound_names(*node.body)).isdisjoint(_read(parts[0])):
            return node
        whole = ast.If(parts[0], node.body, [])
        if hasattr(node, "_origin"):
            whole._origin = node._origin  # type: ignore[attr-defined]
        node.body = [ast.fix_missing_locations(ast.copy_location(whole, node.body[0]))]
        node.iter = parts[1]
        return self.visit_For(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        parts = None if node.is_async else self._parts(node.iter, node.target)
        if parts is None:
            return node
        made = ast.comprehension(node.target, parts[1], [parts[0], *node.ifs], 0)
        return self.visit_comprehension(made)

    def _parts(self, over: ast.expr, target: ast.expr) -> tuple[ast.expr, ast.expr] | None:
        """The test of an item, and what the items are of."""
        match over, target:
            case ast.Call(ast.Name() as function, [asked, items], []), ast.Name():
                if self.means(function) is not filter or isinstance(items, ast.Starred):
                    return None
            case _:
                return None
        nothing = isinstance(asked, ast.Constant) and asked.value is None
        whole = nothing or isinstance(asked, _ASKED)
        return (asked_of(asked, target.id, nothing=nothing), items) if whole else None


def asked_of(function: ast.expr, name: str, *, nothing: bool) -> ast.expr:
    """What ``filter(function, items)`` asks of an item; ``nothing`` of None is the item itself."""
    item = ast.Name(name, ast.Load())
    test = item if nothing else ast.Call(copied(function), [item], [])
    return ast.fix_missing_locations(ast.copy_location(test, function))


def _read(test: ast.expr) -> set[str]:
    """The names that a test calls, or asks an attribute of."""
    called = test.func if isinstance(test, ast.Call) else None
    while isinstance(called, ast.Attribute):
        called = called.value
    return {called.id} if isinstance(called, ast.Name) else set()
