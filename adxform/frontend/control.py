"""Where control goes: the exits of loops in a list of statements, and where it ends."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adxform.core.trees import names, nodes

Loop = ast.For | ast.While
Exit = ast.Break | ast.Continue | ast.Return
VERBATIM = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match)
_KEPT = frozenset(VERBATIM)
_COMPOUND = (ast.If, *VERBATIM)
_DISPLAYS = (ast.Tuple, ast.List, ast.Dict, ast.DictComp)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_in(body: list[ast.stmt]) -> set[str]:
    """The names that statements mention."""
    return {*names(*body)}


def tuples_in(body: list[ast.stmt]) -> set[str]:
    """The variables that a loop's body makes tuples, lists or the like: known item by item, each
    time. What a function gives is taken to be one where a part of it is read.
    """
    made = [n for n in nodes(*body) if isinstance(n, ast.Assign)]
    parts = {
        part.value.id
        for part in nodes(*body)
        if isinstance(part, ast.Attribute | ast.Subscript) and isinstance(part.value, ast.Name)
    }
    return {
        target.id
        for node in made
        for target in node.targets
        if isinstance(target, ast.Name)
        and (isinstance(node.value, _DISPLAYS) or (_calls_name(node.value) and target.id in parts))
    }


def changed_lists(tree: ast.FunctionDef) -> set[str]:
    """The variables of lists that are changed where they cannot be followed: Python's own lists."""
    every = nodes(tree)
    inside = {id(part) for n in every if type(n) in _KEPT for part in nodes(n)}
    called = [(n, n.func) for n in every if type(n) is ast.Call]
    return {
        func.value.id
        for node, func in called
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
        and (func.attr == "remove" or id(node) in inside)
    }


def _calls_name(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name)


def _blocks(stmt: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks directly inside a statement."""
    for node in (stmt, *getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
        for name in ("body", "orelse", "finalbody"):
            yield getattr(node, name, [])


def own_exits(body: list[ast.stmt], looping: bool = False) -> Iterator[Exit]:
    """The exits from the loop (or function) around some statements."""
    for stmt in body:
        if isinstance(stmt, ast.Return) or (isinstance(stmt, Exit) and not looping):
            yield stmt
        elif isinstance(stmt, Loop | ast.AsyncFor):
            yield from own_exits(stmt.body, True)
            yield from own_exits(stmt.orelse, looping)
        elif isinstance(stmt, _COMPOUND):
            for block in _blocks(stmt):
                yield from own_exits(block, looping)


def has_exits(stmt: ast.stmt) -> bool:
    """Whether a statement may leave the loop (or function) around it."""
    return any(True for _ in own_exits([stmt]))


def returns(stmt: ast.stmt) -> bool:
    """Whether a function may return inside a statement."""
    return any(isinstance(e, ast.Return) for e in own_exits([stmt]))


def ends(body: list[ast.stmt]) -> bool:
    """Whether control never passes the end of a block."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return ends(last.body) and ends(last.orelse)
    return isinstance(last, Exit | ast.Raise)


def last_of(stmt: ast.stmt) -> list[ast.stmt]:
    """The statements after which nothing else of a statement is done (but its finally)."""
    found: list[ast.stmt] = []
    for node in (stmt, *getattr(stmt, "handlers", ()), *getattr(stmt, "cases", ())):
        blocks = [getattr(node, "body", []), getattr(node, "orelse", [])]
        for block in blocks if not blocks[1] or isinstance(node, ast.If) else blocks[1:]:
            for last in block[-1:]:
                found.append(last)
                if not isinstance(last, (ast.For, ast.While, ast.AsyncFor, *SCOPES)):
                    found.extend(last_of(last))
    return found


def ending(body: list[ast.stmt]) -> tuple[list[ast.stmt], ast.expr | None]:
    """A loop's body without the ``if test: break`` at its end, and the test."""
    match body:
        case [*before, ast.If(test, [ast.Break()], [])]:
            return before, test
        case _:
            return body, None


def tested(node: ast.expr) -> ast.expr:
    """A test, of which it only matters whether it holds."""
    node._tested = True  # type: ignore[attr-defined]
    return node
