"""Returns inside branches as the value of one variable, returned at the end."""

from __future__ import annotations

import ast

from adxform.core.trees import copied, names, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import assign, load, located
from adxform.frontend.control import VERBATIM, returns
from adxform.frontend.source import Text


def single_return(body: list[ast.stmt], text: Text) -> list[ast.stmt]:
    """Returns inside branches become the value of one variable, returned at the end.

    What follows a branch that returns moves into the other branch; nothing is repeated.
    """
    inner = [s for s in body if not isinstance(s, ast.Return) and returns(s)]
    if not inner:
        return body
    for stmt in nodes(*body):
        if isinstance(stmt, VERBATIM) and returns(stmt):
            where = next(s for s in nodes(stmt) if isinstance(s, ast.Return))
            raise UnsupportedError(
                Diagnostic(
                    f"return inside a {type(stmt).__name__.lower()} statement is not supported yet",
                    text.location(where),
                    "Assign the result to a variable and return it after the statement.",
                )
            )
    name = _result_name(body)
    made = moved(body, name)
    made.append(located(ast.Return(load(name)), body[-1]))
    return made


def made_result(tree: ast.FunctionDef, node: ast.FunctionDef) -> str | None:
    """The variable that a desugared function returns, if it is none of the user's."""
    match tree.body[-1:]:
        case [ast.Return(ast.Name(name))] if name not in names(node):
            return name
        case _:
            return None


def _result_name(body: list[ast.stmt]) -> str:
    """The variable returned everywhere, if it is always the same one; else ``out``."""
    values = [s.value for s in nodes(*body) if isinstance(s, ast.Return)]
    given = {v.id for v in values if isinstance(v, ast.Name)}
    if len(given) == 1 and all(isinstance(v, ast.Name) for v in values):
        return given.pop()
    return "out" if "out" not in names(*body) else "_out"


def moved(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    """A body whose returns give a variable its value."""
    result: list[ast.stmt] = []
    for place, stmt in enumerate(body):
        if isinstance(stmt, ast.Return):
            value = stmt.value if stmt.value is not None else ast.Constant(None)
            if not (isinstance(value, ast.Name) and value.id == name):
                result.append(assign(name, value, stmt))
            return result
        if isinstance(stmt, ast.If) and returns(stmt):
            rest = body[place + 1 :]
            both = not _ends(stmt.body) and not _ends(stmt.orelse)  # sides go on
            again = [copied(s) for s in rest] if both else rest
            stmt.body = moved(stmt.body + ([] if _ends(stmt.body) else again), name)
            stmt.orelse = moved(stmt.orelse + ([] if _ends(stmt.orelse) else rest), name)
            stmt.body = stmt.body or [located(ast.Pass(), stmt)]
            result.append(stmt)
            return result
        result.append(stmt)
    return result


def _ends(body: list[ast.stmt]) -> bool:
    """Whether control never passes the end of a block."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)
