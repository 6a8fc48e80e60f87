"""The end of a function that some paths reach without a return: they return None."""

from __future__ import annotations

import ast

from adxform.frontend.assignments import located


def explicit_end(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body that says ``return None`` at its end, where other paths return a value."""
    if not _gives_value(body) or ends(body):
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
            return not any(isinstance(s, ast.Break) for s in ast.walk(loop))
        case ast.With(body=inner):
            return ends(inner)
        case ast.Try() as tried:
            normal = ends([*tried.body, *tried.orelse])
            handled = all(ends(handler.body) for handler in tried.handlers)
            return (normal and handled) or ends(tried.finalbody)
        case _:
            return False


def _gives_value(body: list[ast.stmt]) -> bool:
    work: list[ast.AST] = [*body]
    while work:
        node = work.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            work.extend(ast.iter_child_nodes(node))
    return False
