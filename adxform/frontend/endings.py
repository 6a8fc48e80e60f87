"""The end of a function that some paths reach without a return: they return None."""

from __future__ import annotations

import ast

from adxform.core.trees import nodes
from adxform.frontend.assignments import located
from adxform.frontend.control import own_exits


def explicit_end(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body that says ``return None`` at its end, where other paths return a value."""
    if ends(body) or not _gives_value(body):
        return body
    return [*body, located(ast.Return(ast.Constant(None)), body[-1])]


def ends(body: list[ast.stmt]) -> bool:
    """Whether control never passes the end of a block."""
    match body[-1] if body else None:
        case ast.Return() | ast.Raise() | ast.Assert(test=ast.Constant(value=False)):
            return True
        case ast.If(body=then, orelse=orelse):
            return ends(then) and ends(orelse)
        case ast.While(test=ast.Constant(value=value)) as loop if value:
            return not any(isinstance(s, ast.Break) for s in nodes(loop))
        case ast.With(body=inner):
            return ends(inner)
        case ast.Try() as tried:
            normal = ends([*tried.body, *tried.orelse])
            handled = all(ends(handler.body) for handler in tried.handlers)
            return (normal and handled) or ends(tried.finalbody)
        case _:
            return False


def _gives_value(body: list[ast.stmt]) -> bool:
    return any(isinstance(e, ast.Return) and e.value is not None for e in own_exits(body))
