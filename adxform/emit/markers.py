"""What only the compiler needs to see, such as ``stop_gradient(x)``, taken out before printing.

So is the place at which a list gets an item, which is its end, and what only counts these places.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import Const, Function, Let, Stmt, Var
from adxform.differentiate.common import names_for
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.walk import Rewriter, is_op
from adxform.rules.core import STOP_GRADIENT


def without_markers(function: Function, types: Types) -> Function:
    """A function with each marker's operand in the marker's place.

    A marker whose result the user named stays, to be printed as ``name = operand``.
    """
    if _TAKEN_OUT.isdisjoint(index(function.body).names):
        return function
    rewriter = _Unmark(Builder(names_for(function), types, function.bases))
    rewriter.block(function.body)
    result = rewriter.sub(function.result)
    body = eliminate_dead_code(rewriter.builder.block, (result,))
    return replace(function, body=body, result=result)


_TAKEN_OUT = frozenset((*STOP_GRADIENT, "append"))


class _Unmark(Rewriter):
    def let(self, stmt: Let) -> None:
        if _is_marker(stmt) and stmt.target not in self.builder.bases:
            self.env[stmt.target] = stmt.args[0]
        elif _has_place(stmt):
            args = stmt.args[0], Const(None), stmt.args[2]
            self.builder.append(Let(stmt.targets, stmt.op, args, stmt.origin))
        else:
            self.builder.append(stmt)


def _is_marker(stmt: Stmt) -> TypeGuard[Let]:
    return is_op(stmt, *STOP_GRADIENT)


def _has_place(stmt: Stmt) -> TypeGuard[Let]:
    return is_op(stmt, "append") and isinstance(stmt.args[1], Var)
