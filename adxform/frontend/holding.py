"""Which containers hold which, and which variables statements change."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adxform.core.ir import Operand, Tuple, Var
from adxform.core.trees import nodes
from adxform.frontend.heap import is_reference

Key = frozenset[int] | set[str]  # of a container: its tokens; of a list of any length: its names


def named(base: str) -> str:
    """A variable, or what the compiler's own stands for."""
    return "the loop around" if base.startswith("_") else base


def holds(value: Operand, tokens: Key) -> bool:
    """Whether a value is a container, or holds it; what objects hold is asked of the objects."""
    if isinstance(value, Var):
        return isinstance(tokens, set) and value.name in tokens
    if is_reference(value) or not isinstance(value, Tuple):
        return False
    itself = isinstance(tokens, frozenset) and not tokens.isdisjoint(value.tokens)
    return itself or any(holds(item, tokens) for item in value.items)


def same_container(value: Operand, tokens: Key) -> bool:
    """Whether what a value holds of a container is certainly that one, not one of several."""
    if not isinstance(value, Tuple) or is_reference(value) or isinstance(tokens, set):
        return True
    alone = tokens.isdisjoint(value.tokens) or (value.tokens == tokens and len(tokens) == 1)
    return alone and all(same_container(item, tokens) for item in value.items)


def times(value: Operand, tokens: frozenset[int]) -> int:
    """How often a container is one of some containers, or holds one."""
    if not isinstance(value, Tuple) or is_reference(value):
        return 0
    return (not tokens.isdisjoint(value.tokens)) + sum(times(i, tokens) for i in value.items)


def indices(node: ast.expr) -> list[ast.expr]:
    """The indices of an item of an item of ... a variable, from the outside in."""
    found: list[ast.expr] = []
    while isinstance(node, ast.Subscript):
        found.insert(0, node.slice)
        node = node.value
    return found


def appended_in(body: list[ast.stmt]) -> set[str]:
    """The versions of variables that statements append to."""
    return {
        node.targets[0].id
        for stmt in body
        for node in nodes(stmt)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "__change__"
    }


def joined_in(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The versions of variables that are made of a sum, and the names of what is added."""
    for stmt in body:
        for node in nodes(stmt):
            match node:
                case ast.Assign(
                    [ast.Name(name)],
                    ast.BinOp(left, ast.Add(), right)
                    | ast.Call(ast.Name("__augment__"), [ast.BinOp(left, ast.Add(), right)]),
                ):
                    yield from ((name, n.id) for n in (left, right) if isinstance(n, ast.Name))


def replaced_in(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The versions of variables that statements replace an item of, and its index."""
    for stmt in body:
        for node in nodes(stmt):
            match node:
                case ast.Assign([ast.Name(name)], ast.Call(ast.Name("__update__"), [_, index, _])):
                    yield name, index


def changed_names(stmt: ast.stmt) -> set[str]:
    """The variables of which a statement assigns or deletes items or attributes."""
    found = set()
    for part in nodes(stmt):
        owner: ast.AST = part
        if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
            while isinstance(owner, ast.Subscript | ast.Attribute):
                owner = owner.value
            if isinstance(owner, ast.Name):
                found.add(owner.id)
    return found
