"""Errors that are raised at run time: in Core, where a condition holds, and in text."""

from __future__ import annotations

import ast
from typing import TypeGuard

from adxform.core.builder import Builder
from adxform.core.ir import Effect, If, Operand, Origin, Stmt


def raise_if(
    builder: Builder, test: Operand, kind: str, reason: str, origin: Origin | None = None
) -> None:
    """Raise an error of a kind where a condition holds."""
    raised = Effect(raising(kind, reason), (), harmless=True, origin=origin)
    builder.append(If(test, (raised,), (), (), origin))


def raising(kind: str, reason: str) -> ast.Raise:
    """The statement that raises an error of a kind."""
    return ast.Raise(ast.Call(ast.Name(kind, ast.Load()), [ast.Constant(reason)], []), None)


def raises(stmt: Stmt) -> TypeGuard[Effect]:
    """Whether a statement raises an error."""
    return isinstance(stmt, Effect) and isinstance(stmt.tree, ast.Raise)
