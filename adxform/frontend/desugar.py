"""The Python that Core leaves out, said in the Python that it keeps.

After these transformers assignments have one name (or one subscript) on the left, loops run over
``range`` and are left early only at the end of an iteration, and a function returns once, at its
end.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adxform.core.trees import copied, names, nodes
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.array_rows import with_array_rows
from adxform.frontend.assignments import Assignments, Fresh
from adxform.frontend.attempts import Around
from adxform.frontend.caches import without_caches
from adxform.frontend.cells import celled
from adxform.frontend.contexts import Openings
from adxform.frontend.endings import explicit_end
from adxform.frontend.exits import Exits
from adxform.frontend.filters import Filters
from adxform.frontend.grids import with_grids
from adxform.frontend.hoist import ConditionalExpressions
from adxform.frontend.loops import Loops
from adxform.frontend.matching import Matching
from adxform.frontend.named import Named
from adxform.frontend.returns import single_return
from adxform.frontend.rows import with_columns
from adxform.frontend.selections import Selections
from adxform.frontend.source import Text
from adxform.frontend.supers import explicit_super
from adxform.frontend.turned_rows import with_turned_rows
from adxform.frontend.writing_calls import WritingCalls, WritingTests, own_variables


def desugar(
    node: ast.FunctionDef,
    text: Text,
    scope: Any,
    *,
    cells: bool = True,
    lent: frozenset[str] = frozenset(),
    contexts: dict[Any, Any] | None = None,
) -> ast.FunctionDef:
    """A copy of a function in the Python that the rest of the compiler understands.

    ``scope`` says what names from outside mean; ``cells``: what functions inside assign is kept in
    an object, and so are the containers ``lent`` by a caller; ``contexts`` are the places of
    ``with`` and ``try`` that are said in other words.
    """
    tree = copied(celled(node, scope, lent) if cells else node)
    kinds: set[type[ast.AST]] = set()
    for part in nodes(tree):
        kinds.add(type(part))
        if isinstance(part, ast.stmt):
            part._origin = text.origin(part)  # type: ignore[attr-defined]
    if ast.NamedExpr in kinds:
        _refuse_leaks(tree, text)
    if ast.ListComp in kinds and ast.Starred in kinds and with_turned_rows(tree):
        kinds.add(ast.For)
    if not kinds.isdisjoint((ast.For, ast.While)):
        with_columns(tree)
        with_array_rows(tree)  # after columns, which say more
    if ast.ListComp in kinds:
        with_grids(tree, text, contexts or {})
    if ast.Call in kinds:
        explicit_super(tree, text, scope)
    if len([part for part in nodes(tree) if isinstance(part, ast.FunctionDef)]) > 1:
        without_caches(tree, WritingCalls(scope, own_variables(tree)).value_of)
    fresh = Fresh()
    if not kinds.isdisjoint((ast.With, ast.Try)):
        own = own_variables(tree)
        around = Around(tree, WritingCalls(scope, own), {*names(tree), *own})
        tree.body = Openings(around, text, scope, {} if contexts is None else contexts).block(
            tree.body)
        kinds |= {ast.If, ast.Return}
    own = own_variables(tree)
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
        ((ast.Match,), lambda body: _each(Matching(fresh, calls.value_of), body)),
        # before exits: the body of a loop becomes a branch
        ((ast.For, ast.comprehension), lambda body: _each(Filters(calls.value_of), body)),
        # before exits: a loop's test may become one
        ((ast.NamedExpr,), lambda body: _each(Named(fresh), body)),
        # before exits: likewise
        ((ast.While,), lambda body: _each(WritingTests(calls), body)),
        # before returns become one: the end of the body counts among them
        ((ast.Return,), explicit_end),
        # no return stays in a loop
        ((ast.For, ast.While), lambda body: Exits(body, fresh, text).block(body)),
        # the others see one return
        ((ast.Return,), lambda body: single_return(body, text)),
        # before assignments: it makes some; after exits: loops are left at their ends only
        ((ast.For,), lambda body: _each(Selections(fresh, calls), body)),
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
