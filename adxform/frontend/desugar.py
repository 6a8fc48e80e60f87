"""The Python that Core leaves out, said in the Python that it keeps.

After these transformers assignments have one name (or one subscript) on the left, loops run over
``range`` and are left early only at the end of an iteration, and a function returns once, at its
end.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from typing import Any

from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import Assignments, Fresh, assign, load, located
from adxform.frontend.contexts import opened
from adxform.frontend.control import VERBATIM, returns
from adxform.frontend.endings import explicit_end
from adxform.frontend.exits import Exits
from adxform.frontend.hoist import ConditionalExpressions
from adxform.frontend.loops import Loops
from adxform.frontend.matching import Matching, Named
from adxform.frontend.scope import bound_names
from adxform.frontend.source import Text
from adxform.frontend.ssa import all_args


def desugar(node: ast.FunctionDef, text: Text, scope: Any) -> ast.FunctionDef:
    """A copy of a function in the Python that the rest of the compiler understands.

    ``scope`` says what names from outside mean.
    """
    tree = copy.deepcopy(node)
    for stmt in ast.walk(tree):
        if isinstance(stmt, ast.stmt):
            stmt._origin = text.origin(stmt)  # type: ignore[attr-defined]
    tree.body = opened(tree.body, scope)
    fresh = Fresh()
    own = frozenset(
        [a.arg for a in all_args(tree.args)] + [n for s in tree.body for n in bound_names(s)]
    )
    for transform in pipeline(text, fresh, own):
        tree.body = transform(tree.body)
    return tree


def pipeline(
    text: Text, fresh: Fresh, own: frozenset[str]
) -> tuple[Callable[[list[ast.stmt]], list[ast.stmt]], ...]:
    """The transformers, in order, each with the reason for its place."""
    return (
        lambda body: _each(Matching(fresh), body),  # before exits: its cases may hold them
        lambda body: _each(Named(), body),  # before exits: a loop's test may become one
        explicit_end,  # before returns become one: the end of the body counts among them
        lambda body: Exits(body, fresh, text).block(body),  # no return stays in a loop
        lambda body: single_return(body, text),  # the others see one return
        lambda body: _each(Assignments(fresh, own), body),  # before loops: targets are names
        lambda body: _each(Loops(fresh), body),  # makes assignments of one name
        lambda body: _each(ConditionalExpressions(fresh), body),  # last: sees all expressions
    )


def _each(transformer: ast.NodeTransformer, body: list[ast.stmt]) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for stmt in body:
        new = transformer.visit(stmt)
        result.extend(new if isinstance(new, list) else [new] if new is not None else [])
    return result


def single_return(body: list[ast.stmt], text: Text) -> list[ast.stmt]:
    """Returns inside branches become the value of one variable, returned at the end.

    What follows a branch that returns moves into the other branch; nothing is repeated.
    """
    inner = [s for s in body if not isinstance(s, ast.Return) and returns(s)]
    if not inner:
        return body
    for stmt in ast.walk(ast.Module(body, [])):
        if isinstance(stmt, VERBATIM) and returns(stmt):
            where = next(s for s in ast.walk(stmt) if isinstance(s, ast.Return))
            raise UnsupportedError(
                Diagnostic(
                    f"return inside a {type(stmt).__name__.lower()} statement is not supported yet",
                    text.location(where),
                    "Assign the result to a variable and return it after the statement.",
                )
            )
    name = _result_name(body)
    moved = _move(body, name)
    moved.append(located(ast.Return(load(name)), body[-1]))
    return moved


def _result_name(body: list[ast.stmt]) -> str:
    """The variable returned everywhere, if it is always the same one; else ``out``."""
    tree = ast.Module(body, [])
    values = [s.value for s in ast.walk(tree) if isinstance(s, ast.Return)]
    names = {v.id for v in values if isinstance(v, ast.Name)}
    if len(names) == 1 and all(isinstance(v, ast.Name) for v in values):
        return names.pop()
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return "out" if "out" not in used else "_out"


def _move(body: list[ast.stmt], name: str) -> list[ast.stmt]:
    result: list[ast.stmt] = []
    for place, stmt in enumerate(body):
        if isinstance(stmt, ast.Return):
            value = stmt.value if stmt.value is not None else ast.Constant(None)
            if not (isinstance(value, ast.Name) and value.id == name):
                result.append(assign(name, value, stmt))
            return result
        if isinstance(stmt, ast.If) and returns(stmt):
            rest = body[place + 1 :]
            again = copy.deepcopy(rest)  # both sides may go on
            stmt.body = _move(stmt.body + ([] if _ends(stmt.body) else again), name)
            stmt.orelse = _move(stmt.orelse + ([] if _ends(stmt.orelse) else rest), name)
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
