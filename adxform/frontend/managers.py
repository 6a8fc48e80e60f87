"""``with`` around an object of a class that is written in Python: its methods are called.

``with C() as c: ...`` is ``m = C(); c = m.__enter__(); ...; m.__exit__(None, None, None)`` on the
path without exceptions; a derivative that meets an exception raises it as it is.
"""

from __future__ import annotations

import ast
import inspect
import io
import threading
import warnings
from types import FunctionType
from typing import Any

import numpy as np

from adxform.core.trees import nodes
from adxform.frontend.assignments import assign, load, located
from adxform.frontend.attempts import Around, Unable, closed
from adxform.frontend.callables import is_followed
from adxform.frontend.control import Loop, own_exits
from adxform.frontend.endings import ends
from adxform.frontend.returns import moved
from adxform.frontend.scope import live_function

_LEAVING = (ast.Return, ast.Break, ast.Continue)


def entered(
    stmt: ast.With, item: ast.withitem, kind: Any, around: Around
) -> list[ast.stmt]:
    """A ``with`` statement as calls of methods, if that is what it is; else itself."""
    methods = [_method(kind, name) for name in ("__enter__", "__exit__")]
    if not is_followed(kind) or None in methods:
        return [stmt]
    leave = methods[1]
    assert leave is not None
    body = leave.body[bool(ast.get_docstring(leave)) :]
    idle = all(isinstance(s, ast.Pass) or _gives_nothing(s) for s in body)
    leaves = any(isinstance(n, _LEAVING) for s in stmt.body for n in nodes(s))
    if not _is_quiet_exit(leave):
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
    return [*made, *(closed(stmt.body, last, around) if leaves and last else [*stmt.body, *last])]


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


def _is_quiet_exit(leave: ast.FunctionDef) -> bool:
    """Whether an ``__exit__`` swallows no exception."""
    return not any(isinstance(n, ast.Return) and not _gives_nothing(n) for n in nodes(leave))


_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_STEADY = (io.IOBase, np.errstate, warnings.catch_warnings, *_LOCKS)


def is_steady(node: ast.expr, value: Any, around: Around) -> bool:
    """Whether a context manager lets exceptions pass; ``value`` is it, or what makes it."""
    root = node.func if isinstance(node, ast.Call) else node
    if any(isinstance(n, ast.Name) and n.id in around.calls.own for n in nodes(root)):
        return False
    if value is open:
        return True
    kind = value if isinstance(node, ast.Call) else type(value)
    inner = getattr(value, "__wrapped__", None)
    if isinstance(node, ast.Call) and isinstance(inner, FunctionType):
        return inspect.isgeneratorfunction(inner) and _lets_pass(inner)
    if not isinstance(kind, type):
        return False
    leave = _method(kind, "__exit__")
    return issubclass(kind, _STEADY) or (leave is not None and _is_quiet_exit(leave))


def _lets_pass(generator: FunctionType) -> bool:
    """Whether what is raised inside a ``contextmanager`` comes out of it."""
    found = live_function(generator)
    if found is None:
        return False
    return not any(
        isinstance(n, ast.Try) and n.handlers
        and any(isinstance(p, ast.Yield) for s in n.body for p in nodes(s))
        for n in nodes(*found.node.body)
    )


def held_open(stmt: ast.With, around: Around) -> list[ast.stmt]:
    """A ``with`` statement whose manager is carried along: entered, its body, left.

    Where code is written that is a ``with`` statement again.
    """
    item = stmt.items[0]
    exits = list(own_exits(stmt.body))
    if exits and not (ends(stmt.body) and all(isinstance(e, ast.Return) for e in exits) and not any(
        isinstance(n, Loop) and any(e in nodes(n) for e in exits) for s in stmt.body
        for n in nodes(s)
    )):
        raise Unable(f"this {type(exits[0]).__name__.lower()} leaves a with statement that other"
                     " paths go on in", exits[0])
    name, made = around.unused("_manager"), list[ast.stmt]()
    made.append(assign(name, item.context_expr, stmt))
    if isinstance(item.context_expr, ast.Call):
        made[0]._carried = True  # type: ignore[attr-defined]
    enter = _call(name, "__enter__", [])
    first: ast.stmt = ast.Expr(enter)
    if item.optional_vars is not None:
        if not isinstance(item.optional_vars, ast.Name):
            raise Unable("this target of a with statement is no variable", item.optional_vars)
        first = ast.Assign([item.optional_vars], enter)
        first._carried = True  # type: ignore[attr-defined]
    first._manages = True  # type: ignore[attr-defined]
    nothing: list[ast.expr] = [ast.Constant(None) for _ in range(3)]
    last = ast.Expr(_call(name, "__exit__", nothing))
    for part in (*made, first, last):
        part._manager = True  # type: ignore[attr-defined]
    body, after = stmt.body, list[ast.stmt]()
    if exits:
        result = around.unused("result")
        body = moved(body, result)
        after = [located(ast.Return(load(result)), exits[-1])]
    return [*made, located(first, stmt), *body, located(last, stmt), *after]
