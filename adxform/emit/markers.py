"""What only the compiler needs to see, such as ``stop_gradient(x)``, taken out before printing."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import Function, Let, Stmt, walk
from adxform.differentiate.common import names_for
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.core import STOP_GRADIENT


def without_markers(function: Function, types: Types) -> Function:
    """A function with each marker's operand in the marker's place.

    A marker whose result the user named stays, to be printed as ``name = operand``.
    """
    if not any(_is_marker(stmt) for stmt in walk(function.body)):
        return function
    rewriter = _Unmark(Builder(names_for(function), types, function.bases))
    rewriter.block(function.body)
    return replace(function, body=rewriter.builder.block, result=rewriter.sub(function.result))


class _Unmark(Rewriter):
    def let(self, stmt: Let) -> None:
        if _is_marker(stmt) and stmt.target not in self.builder.bases:
            self.env[stmt.target] = stmt.args[0]
        else:
            self.builder.append(stmt)


def _is_marker(stmt: Stmt) -> TypeGuard[Let]:
    return is_op(stmt, *STOP_GRADIENT)
