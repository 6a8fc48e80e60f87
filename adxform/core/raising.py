"""Errors that Core raises at run time, where a condition holds."""

from __future__ import annotations

import ast

from adxform.core.builder import Builder
from adxform.core.ir import Effect, If, Operand, Origin


def raise_if(
    builder: Builder, test: Operand, kind: str, reason: str, origin: Origin | None = None
) -> None:
    """Raise an error of a kind where a condition holds."""
    error = ast.Call(ast.Name(kind, ast.Load()), [ast.Constant(reason)], [])
    raised = Effect(ast.Raise(error, None), (), harmless=True, origin=origin)
    builder.append(If(test, (raised,), (), (), origin))
