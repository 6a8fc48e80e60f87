"""The Python that Core leaves out, said in the Python that it keeps.

After these transformers assignments have one name (or one subscript) on the left, loops run over
``range`` and are left early only at the end of an iteration, and a function returns once, at its
end.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adxform.core.trees import bound_names, copied, names, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.assignments import Assignments, Fresh, assign, load, located
from adxform.frontend.cells import celled
from adxform.frontend.contexts import opened
from adxform.frontend.control import VERBATIM, returns
from adxform.frontend.endings import explicit_end
from adxform.frontend.exits import Exits
from adxform.frontend.hoist import ConditionalExpressions
from adxform.frontend.loops import Loops
from adxform.frontend.matching import Matching, Named
from adxform.frontend.source import Text
from adxform.frontend.ssa import all_args
from adxform.frontend.writing_calls import WritingCalls, WritingTests


def desugar(
    node: ast.FunctionDef, text: Text, scope: Any, *, cells: bool = True
) -> ast.FunctionDef:
    """A copy of a function in the Python that the rest of the compiler understands.

    ``scope`` says what names from outside mean; ``cells``: what functions inside assign is kept in
    an object.
    """
    tree = copied(celled(node) if cells else node)
    kinds: set[type[ast.AST]] = set()
    for part in nodes(tree):
        kinds.add(type(part))
        if isinstance(part, ast.stmt):
            part._origin = text.origin(part)  # type: ignore[attr-defined]
    if ast.NamedExpr in kinds:
        _refuse_leaks(tree, text)
    tree.body = opened(tree.body, scope)
    fresh = Fresh()
    own = frozenset(
        [a.arg for a in all_args(tree.args)] + [n for s in tree.body for n in bound_names(s)]
    )
    for concerned, transform in pipeline(text, fresh, own, WritingCalls(scope, own)):
        if any(issubclass(kind, concerned) for kind in kinds):
            tree.body = transform(tree.body)
    return tree


def _refuse_leaks(tree: ast.FunctionDef, text: Text) -> None:
    """Refuse variables that a comprehension assigns, by ``:=``, and that are read outside it."""
    for part in nodes(tree):
        if not isinstance(part, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        own = {id(inner) for inner in nodes(part)}
        outside = {n.id for n in nodes(tree) if isinstance(n, ast.Name) and id(n) not in own}
        for inner in nodes(part):
            if isinstance(inner, ast.NamedExpr) and inner.target.id in outside:
                name = inner.target.id
                reason = f"{name} is assigned by := inside a comprehension, and used outside it"
                hint = "Write the comprehension as a loop."
                raise UnsupportedError(Diagnostic(reason, text.location(inner), hint))


_Transform = Callable[[list[ast.stmt]], list[ast.stmt]]
_CONDITIONS = (ast.IfExp, ast.BoolOp, ast.Match, ast.Call)  # a case may be said by ``or``


def pipeline(
    text: Text, fresh: Fresh, own: frozenset[str], calls: WritingCalls
) -> tuple[tuple[tuple[type[ast.AST], ...], _Transform], ...]:
    """The transformers, in order, each with the reason for its place, and with the nodes without
    which there is nothing for it to do.
    """
    return (
        # before exits: its cases may hold them
        ((ast.Match,), lambda body: _each(Matching(fresh), body)),
        # before exits: a loop's test may become one
        ((ast.NamedExpr,), lambda body: _each(Named(), body)),
        # before exits: likewise
        ((ast.While,), lambda body: _each(WritingTests(calls), body)),
        # before returns become one: the end of the body counts among them
        ((ast.Return,), explicit_end),
        # no return stays in a loop
        ((ast.For, ast.While), lambda body: Exits(body, fresh, text).block(body)),
        # the others see one return
        ((ast.Return,), lambda body: single_return(body, text)),
        # before loops: targets are names
        ((ast.stmt,), lambda body: _each(Assignments(fresh, own), body)),
        # makes assignments of one name
        ((ast.For,), lambda body: _each(Loops(fresh, text, calls), body)),
        # last: sees all expressions
        (_CONDITIONS, lambda body: _each(ConditionalExpressions(fresh, calls), body)),
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
    moved = _move(body, name)
    moved.append(located(ast.Return(load(name)), body[-1]))
    return moved


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
            both = not _ends(stmt.body) and not _ends(stmt.orelse)  # sides go on
            again = [copied(s) for s in rest] if both else rest
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
