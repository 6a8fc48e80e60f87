"""Generator functions as functions that return a list of what they yield.

That is the same where all is asked for at once, and nothing that they read changes on the way.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from adxform.core.trees import Transformer, copied, names, nodes
from adxform.frontend.control import SCOPES
from adxform.frontend.program import yield_of
from adxform.frontend.source import SourceFunction

_LIST = "yielded"


def listing(source: SourceFunction) -> SourceFunction | None:
    """A function that returns a list, or a tuple, of what going over the result of ``source``
    gives; None where that is not known to end, or is more than yields in statements of their own.
    """
    node = copied(source.node)
    if yield_of(source.node) is None:
        match node.body[-1]:
            case ast.Return(ast.Call(ast.Name("iter"), [whole], [])) as last:
                tuple_of = ast.Call(ast.Name("tuple", ast.Load()), [whole], [])
                last.value = ast.copy_location(tuple_of, whole)
                ast.fix_missing_locations(last)
                return replace(source, node=node)
            case _:
                return None
    if any(isinstance(n, ast.While) and _is_endless(n) for n in nodes(node)):
        return None
    name = _LIST if _LIST not in names(node) else f"_{_LIST}"
    listed = _Listed(name)
    made: list[Any] = [listed.visit(stmt) for stmt in node.body]
    first = ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()))
    node.body = [ast.copy_location(first, node.body[0]), *made]
    if not isinstance(node.body[-1], ast.Return):
        end = ast.Return(ast.Name(name, ast.Load()))
        node.body.append(ast.copy_location(end, node.body[-1]))
    ast.fix_missing_locations(node)
    found = replace(source, node=node)
    return found if yield_of(found.node) is None else None


def _is_endless(loop: ast.While) -> bool:
    """Whether a loop's test never ends it, and nothing in it does."""
    left = any(isinstance(n, ast.Break | ast.Return) for n in nodes(*loop.body))
    return isinstance(loop.test, ast.Constant) and not left


class _Listed(Transformer):
    """``yield v`` as ``yielded.append(v)``, ``return`` as that of the list."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, SCOPES) else super().visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        match node.value:
            case ast.Yield(value):
                method, given = "append", value or ast.Constant(None)
            case ast.YieldFrom(value):
                method, given = "extend", value
            case _:
                return node
        target = ast.Attribute(ast.Name(self.name, ast.Load()), method, ast.Load())
        return ast.copy_location(ast.Expr(ast.Call(target, [given], [])), node)

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        return ast.copy_location(ast.Return(ast.Name(self.name, ast.Load())), node)
