"""``with`` and ``try`` around active code, where they do not change what is computed.

The body of ``with np.errstate(...)`` or ``warnings.catch_warnings()`` computes the same without
it: NumPy may warn, and that is all. Where every handler of a ``try`` raises, a result comes from
its body or not at all: a derivative that meets the exception raises it as it is.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable
from typing import Any

from adxform.core.trees import nodes
from adxform.frontend.managers import entered
from adxform.frontend.scope import LiveScope, Meaning

_QUIET = frozenset({"np.errstate", "warnings.catch_warnings", "contextlib.nullcontext"})
_FILTERS = frozenset({"warnings.simplefilter", "warnings.filterwarnings", "warnings.resetwarnings"})
_LOUD = ("raise", "call", "log")
_IMPORTS = ("ImportError", "ModuleNotFoundError", "Exception")


def opened(body: list[ast.stmt], scope: Any) -> list[ast.stmt]:
    """Statements with those of transparent ``with`` and ``try`` statements in their place."""
    result: list[ast.stmt] = []
    for stmt in body:
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(stmt, field, None)
            if isinstance(inner, list) and not isinstance(stmt, _SCOPES):
                setattr(stmt, field, opened(inner, scope))
        result.extend(_opened(stmt, scope))
    return result


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _opened(stmt: ast.stmt, scope: Any) -> list[ast.stmt]:
    match stmt:
        case ast.With() if all(_is_quiet(item, scope) for item in stmt.items):
            filters = [s for s in stmt.body if _is_call_of(s, _FILTERS, scope)]
            if any("error" in ast.unparse(s) for s in filters):
                return [stmt]
            kept = [s for s in stmt.body if s not in filters]
            return kept or [ast.copy_location(ast.Pass(), stmt)]
        case ast.With([item]):
            return entered(stmt, item, _class_of(item, scope))
        case ast.Try(finalbody=[]) if stmt.handlers and all(_raises(h.body) for h in stmt.handlers):
            return [*stmt.body, *stmt.orelse]
        case ast.Try(finalbody=[]) if all(isinstance(s, _IMPORT) for s in stmt.body):
            return _imported(stmt, scope)
        case _:
            return [stmt]


_IMPORT = (ast.Import, ast.ImportFrom)


def _is_quiet(item: ast.withitem, scope: Any) -> bool:
    """Whether a context decides only about warnings."""
    call = item.context_expr
    if item.optional_vars is not None or not isinstance(call, ast.Call):
        return False
    if dotted(call.func, scope) not in _QUIET or call.args:
        return False
    given = [k.value for k in call.keywords]
    return all(isinstance(v, ast.Constant) and v.value not in _LOUD for v in given)


def _class_of(item: ast.withitem, scope: Any) -> Any:
    """The class of which a context manager is made there."""
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return None
    found = _meaning(call.func, scope.lookup, scope.attribute)
    return None if found is None else found.value


def _is_call_of(stmt: ast.stmt, names: frozenset[str], scope: Any) -> bool:
    match stmt:
        case ast.Expr(value=ast.Call(func=func)):
            return dotted(func, scope) in names
        case _:
            return False


def _raises(body: list[ast.stmt]) -> bool:
    """Whether a handler ends by raising, whatever it does before."""
    inner = nodes(*body)
    return isinstance(body[-1], ast.Raise) and not any(isinstance(n, ast.Return) for n in inner)


def _imported(stmt: ast.Try, scope: Any) -> list[ast.stmt]:
    """What is left of ``try: import ...``: one side, as the modules are there or not."""
    if not isinstance(scope, LiveScope):
        return [stmt]
    there = all(_is_there(s, scope) for s in stmt.body)
    if there:
        return [*stmt.body, *stmt.orelse]
    for handler in stmt.handlers:
        if handler.type is None or ast.unparse(handler.type) in _IMPORTS:
            return handler.body
    return [stmt]


def _is_there(stmt: ast.stmt, scope: LiveScope) -> bool:
    names = [a.name for a in stmt.names] if isinstance(stmt, ast.Import) else []
    if isinstance(stmt, ast.ImportFrom):
        names = ["." * stmt.level + (stmt.module or "")]
    package = scope.function.__globals__.get("__package__")
    try:
        return all(importlib.util.find_spec(name, package) is not None for name in names)
    except (ImportError, ValueError):
        return False


def dotted(node: ast.expr, scope: Any) -> str | None:
    """The canonical name of what an expression from outside a function means."""
    found = _meaning(node, scope.lookup, scope.attribute)
    if found is None or found.dotted is not None or not callable(found.value):
        return None if found is None else found.dotted
    return f"{found.value.__module__}.{getattr(found.value, '__qualname__', '')}"


def _meaning(
    node: ast.expr, lookup: Callable[[str], Meaning | None], attribute: Any
) -> Meaning | None:
    match node:
        case ast.Name(id=name):
            return lookup(name)
        case ast.Attribute(value=value, attr=name):
            owner = _meaning(value, lookup, attribute)
            return None if owner is None else attribute(owner, name)
        case _:
            return None
