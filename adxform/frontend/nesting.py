"""Functions that are nested more deeply than Python can follow them: refused at their own line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from adxform.core.trees import children
from adxform.errors import Diagnostic, InternalError, UnsupportedError
from adxform.frontend.source import Text

_DEEP = 60  # levels of a tree: fewer are not the reason


@contextmanager
def refusing_depth(tree: ast.FunctionDef, text: Text) -> Iterator[None]:
    """Say of a function for which the recursion goes too deep where that is.

    Raises
    ------
    UnsupportedError
        In the place of a `RecursionError`.
    """
    try:
        yield
    except (RecursionError, InternalError) as error:
        if not isinstance(error, RecursionError) and not isinstance(
            error.__cause__, RecursionError
        ):
            raise
        where, depth = _deepest(tree)
        reason = f"this is nested too deeply: {depth} levels of expressions and branches"
        if depth < _DEEP:
            where, reason = tree, f"{tree.name}, or a function that it calls, is nested too deeply"
        hint = "Give parts of it names of their own, or go over them in a loop."
        raise UnsupportedError(Diagnostic(reason, text.location(where), hint)) from error


def _deepest(tree: ast.FunctionDef) -> tuple[ast.stmt, int]:
    """The statement of a function's body that is nested most deeply, and how deeply."""
    best: ast.stmt = tree.body[0]
    most = 0
    for stmt in tree.body:
        depth, level = 0, [*children(stmt)]
        while level:
            depth += 1
            level = [inner for node in level for inner in children(node)]
        if depth > most:
            best, most = stmt, depth
    return best, most
