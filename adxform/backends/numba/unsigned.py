"""Parts of loops in several threads: LLVM is told that their indices are not negative.

Of a loop that begins at 0 it knows that; of one that begins elsewhere it would ask for each element
whether its index counts from the end, and so make no several at once.
"""

from __future__ import annotations

import ast

from adxform.core.trees import nodes


def with_unsigned_parts(tree: ast.Module) -> ast.Module:
    """A text whose parts of loops go over unsigned numbers, where these are but places."""
    for loop in nodes(tree):
        if isinstance(loop, ast.For) and _calls(loop.iter, "prange"):
            for part in loop.body:
                if isinstance(part, ast.For) and _is_part(part):
                    assert isinstance(part.iter, ast.Call)
                    part.iter.func = ast.Name("_places_between", ast.Load())
    return tree


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _is_part(loop: ast.For) -> bool:
    """Whether a loop is one of several parts, from 0 on or later, whose index is but a place."""
    if not _calls(loop.iter, "range") or not isinstance(loop.target, ast.Name):
        return False
    assert isinstance(loop.iter, ast.Call)
    match loop.iter.args:
        case [ast.BinOp(ast.Constant(int(first)), ast.Add(), ast.BinOp(op=ast.FloorDiv())), _]:
            return first >= 0 and _is_place(loop.target.id, loop.body)
        case [ast.BinOp(op=ast.FloorDiv()), _]:
            return _is_place(loop.target.id, loop.body)
    return False


def _is_place(index: str, body: list[ast.stmt]) -> bool:
    """Whether a name is only an index, by itself or beside others."""
    places: set[ast.AST] = set()
    named = []
    for node in nodes(*body):
        if isinstance(node, ast.Subscript):
            at = node.slice
            places.update(at.elts if isinstance(at, ast.Tuple) else (at,))
        elif isinstance(node, ast.Name) and node.id == index:
            named.append(node)
    return places.issuperset(named)
