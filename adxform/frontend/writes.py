"""Which functions may write to their arguments, as far as their text tells."""

from __future__ import annotations

import ast

from adxform.core.trees import nodes

_CHANGING = ("fill", "sort", "append", "extend", "insert", "pop", "remove", "clear", "reverse")


def writes_params(node: ast.FunctionDef) -> bool:
    """Whether a function may write to its arguments, by its text."""
    views = views_of(node)
    return any(_writes(part, views) for stmt in node.body for part in nodes(stmt))


def changed_params(node: ast.FunctionDef) -> list[str]:
    """The arguments that are lists or dictionaries if they are what a function uses them as, and
    that it may change.
    """
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    inner = nodes(*node.body)
    return [n for n in names if any(_writes(part, {n}) or _changes(part, n) for part in inner)]


def changes_any(tree: ast.AST, names: set[str]) -> bool:
    """Whether a tree may change in place what one of some variables is."""
    return any(_writes(part, names) or any(_changes(part, n) for n in names)
               for part in nodes(tree))


def _changes(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value, attr)):
            return attr in _CHANGING and root_of(value) == name
        case ast.Delete(targets=targets):
            return any(isinstance(t, ast.Subscript) and root_of(t) == name for t in targets)
        case _:
            return False


def views_of(node: ast.FunctionDef) -> set[str]:
    """The names of arguments and of their views."""
    seen = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    inner = nodes(*node.body)
    for part in inner:  # views of arguments
        if isinstance(part, ast.Assign) and root_of(part.value) in seen:
            seen.update(t.id for t in part.targets if isinstance(t, ast.Name))
    return seen


def root_of(node: ast.expr) -> str | None:
    """The variable of which an expression is a part or a view."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return root_of(node.func.value)
    return node.id if isinstance(node, ast.Name) else None


def _writes(node: ast.AST, names: set[str]) -> bool:
    match node:
        case ast.Subscript(ctx=ast.Store()):
            return root_of(node) in names
        case ast.AugAssign(target=target):
            return root_of(target) in names
        case ast.Call(func=ast.Attribute(value, "fill" | "sort")):
            return root_of(value) in names
        case ast.Call(func=ast.Attribute(attr="copyto" | "at"), args=[first, *_]):
            return root_of(first) in names
        case ast.keyword("out", value):
            return root_of(value) in names
        case _:
            return False

