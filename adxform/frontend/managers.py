"""``with`` around an object of a class that is written in Python: its methods are called.

``with C() as c: ...`` is ``m = C(); c = m.__enter__(); ...; m.__exit__(None, None, None)`` on the
path without exceptions; a derivative that meets an exception raises it as it is.
"""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import Any

from adxform.core.trees import nodes
from adxform.frontend.callables import is_followed
from adxform.frontend.scope import live_function

_LEAVING = (ast.Return, ast.Break, ast.Continue)


def entered(stmt: ast.With, item: ast.withitem, kind: Any) -> list[ast.stmt]:
    """A ``with`` statement as calls of methods, if that is what it is; else itself."""
    methods = [_method(kind, name) for name in ("__enter__", "__exit__")]
    if not is_followed(kind) or None in methods:
        return [stmt]
    leave = methods[1]
    assert leave is not None
    body = leave.body[bool(ast.get_docstring(leave)) :]
    idle = all(isinstance(s, ast.Pass) or _gives_nothing(s) for s in body)
    leaves = any(isinstance(n, _LEAVING) for s in stmt.body for n in nodes(s))
    loud = any(isinstance(n, ast.Return) and not _gives_nothing(n) for n in nodes(leave))
    if loud or (leaves and not idle):
        return [stmt]
    name = f"_manager_{stmt.lineno}_{stmt.col_offset}"
    enter = _call(name, "__enter__", [])
    first: ast.stmt = ast.Expr(enter)
    if item.optional_vars is not None:
        first = ast.Assign([item.optional_vars], enter)
    made: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], item.context_expr), first]
    last: list[ast.stmt] = []
    if not idle:
        nothing: list[ast.expr] = [ast.Constant(None) for _ in range(3)]
        last = [ast.Expr(_call(name, "__exit__", nothing))]
    for new in (*made, *last):
        new._origin = stmt._origin  # type: ignore[attr-defined]
        ast.fix_missing_locations(ast.copy_location(new, item.context_expr))
    return [*made, *stmt.body, *last]


def _call(name: str, method: str, args: list[ast.expr]) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(name, ast.Load()), method, ast.Load()), args, [])


def _method(kind: Any, name: str) -> ast.FunctionDef | None:
    raw = inspect.getattr_static(kind, name, None) if isinstance(kind, type) else None
    found = live_function(raw) if isinstance(raw, FunctionType) else None
    return None if found is None else found.node


def _gives_nothing(stmt: ast.AST) -> bool:
    """Whether a statement returns what does not hold, as a constant."""
    match stmt:
        case ast.Return(None) | ast.Return(ast.Constant(None | False)):
            return True
        case _:
            return False
