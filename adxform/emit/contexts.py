"""``with`` statements of the generated code: managers that are entered and left in one block."""

from __future__ import annotations

import ast

from adxform.core.trees import nodes


def with_statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements where ``m.__enter__(); ...; m.__exit__(None, None, None)`` is ``with m: ...``."""
    if not any(map(_entered, body)):
        for stmt in body:
            for field in ("body", "orelse"):
                inner = getattr(stmt, field, None)
                if isinstance(inner, list):
                    setattr(stmt, field, with_statements(inner))
        return body
    first = next(place for place, stmt in enumerate(body) if _entered(stmt))
    manager = _entered(body[first])
    assert manager is not None
    last = next((k for k, stmt in enumerate(body) if k > first and _leaves(stmt, manager)), None)
    if last is None:
        return [*with_statements(body[:first]), body[first], *with_statements(body[first + 1 :])]
    inner = with_statements(body[first + 1 : last]) or [ast.Pass()]
    before, made = with_statements(body[:first]), manager
    after = with_statements(body[last + 1 :])
    match before[-1:], manager:
        case [ast.Assign([ast.Name(name)], value)], ast.Name(used) if used == name and not any(
            isinstance(n, ast.Name) and n.id == name for n in nodes(*inner, *after)
        ):
            before, made = before[:-1], value
    stmt = body[first]
    target = stmt.targets[0] if isinstance(stmt, ast.Assign) else None
    return [*before, ast.With([ast.withitem(made, target)], inner), *after]


def _entered(stmt: ast.stmt) -> ast.expr | None:
    """The manager that a statement enters, as a ``with`` of the user's does."""
    if not hasattr(stmt, "_manages"):
        return None
    match stmt:
        case (
            ast.Expr(ast.Call(ast.Attribute(manager, "__enter__"), [], []))
            | ast.Assign([ast.Name()], ast.Call(ast.Attribute(manager, "__enter__"), [], []))
        ):
            return manager
        case _:
            return None


def _leaves(stmt: ast.stmt, manager: ast.expr) -> bool:
    match stmt:
        case ast.Expr(ast.Call(ast.Attribute(left, "__exit__"), [_, _, _])):
            return ast.dump(left) == ast.dump(manager)
        case _:
            return False
