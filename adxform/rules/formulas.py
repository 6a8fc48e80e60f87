"""Formulas of the rule table, made into Core operations."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache

from adxform.core.builder import Builder
from adxform.core.ir import Operand, Tuple
from adxform.core.trees import names
from adxform.rules.expressions import FormulaExpressions
from adxform.rules.table import Formula, Statements


@cache
def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@cache
def _statements(statements: Statements) -> tuple[ast.stmt, ...]:
    source = textwrap.dedent(inspect.getsource(statements.function))
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tuple(tree.body)


def formula_text(formula: Formula, types: Mapping[str, object]) -> str | Statements:
    """A formula as text: one that depends on types is asked for it."""
    if isinstance(formula, str | Statements):
        return formula
    return formula(**{name: types[name] for name in _mentioned(formula) if name in types})


@cache
def _mentioned(formula: Formula) -> tuple[str, ...]:
    """The names that a formula asks for."""
    if isinstance(formula, str):
        return tuple(names(_expression(formula)))
    function = formula.function if isinstance(formula, Statements) else formula
    return tuple(inspect.signature(function).parameters)


def takes_items(formula: Formula, params: tuple[str, ...]) -> bool:
    """Whether a formula is about one array of a list of them, not about the list as an array; a
    parameter of its primitive's that is called ``index`` is no place in a list.
    """
    mentioned = set(_mentioned(formula)) - set(params)
    return "item" in mentioned or "index" in mentioned


def expand(
    builder: Builder, formula: Formula, env: dict[str, Operand], base: str | None = None
) -> Operand:
    """Append a formula's operations, its parameters being the operands in ``env``.

    The last operation takes the name ``base``.
    """
    if isinstance(formula, str):
        return FormulaExpressions(builder, env).operand(_expression(formula), base)
    types = {name: builder.type_of(operand) for name, operand in env.items()}
    text = formula_text(formula, types)
    lowerer = FormulaExpressions(builder, dict(env))
    if isinstance(text, str):
        return lowerer.operand(_expression(text), base)
    for stmt in _statements(text):
        match stmt:
            case ast.Assign(targets=[ast.Name(name)], value=value):
                lowerer.env[name] = lowerer.operand(value)
            case ast.Assign(targets=[ast.Tuple(parts)], value=value):
                found = lowerer.operand(value)
                items = (
                    found.items
                    if isinstance(found, Tuple)
                    else tuple(
                        lowerer.emit("[]", found, lowerer.operand(ast.Constant(i)))
                        for i in range(len(parts))
                    )
                )
                for part, item in zip(parts, items, strict=True):
                    assert isinstance(part, ast.Name)
                    lowerer.env[part.id] = item
            case ast.Return(value=ast.expr() as value):
                return lowerer.operand(value, base)
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                raise ValueError(f"a formula may not say {ast.unparse(stmt)!r}")
    raise ValueError("a formula of statements ends with a return")
