"""Assignments of items that are tried: whether they fail, without doing them.

``try: y[i] = 0.0`` with ``except TypeError:`` asks whether y is an array. A number takes an index,
too, so that only what it lacks tells.
"""

from __future__ import annotations

import ast

from adxform.core.raising import raising
from adxform.core.trees import copied


def require_items(stmt: ast.stmt) -> list[ast.stmt]:
    r"""Statements that fail as an assignment of items does where there are none.

    >>> [ast.unparse(test) for test in require_items(ast.parse("y[i] += 2.0").body[0])]
    ["if not hasattr(y, '__setitem__'):\n    raise TypeError('this has no items')"]
    """
    match stmt:
        case ast.Assign(targets):
            held = [t.value for t in targets if isinstance(t, ast.Subscript)]
        case ast.AugAssign(ast.Subscript(value)):
            held = [value]
        case _:
            held = []
    return [_test(value) for value in held]


def _test(held: ast.expr) -> ast.stmt:
    asked = ast.Call(ast.Name("hasattr", ast.Load()), [copied(held), ast.Constant("__setitem__")],
                     [])
    failing = raising("TypeError", "this has no items")
    return ast.If(ast.UnaryOp(ast.Not(), asked), [failing], [])


def catches_type_error(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches what an assignment of an item of a number raises."""
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return caught is None or any(
        isinstance(name, ast.Name) and name.id in ("TypeError", "Exception") for name in names)
