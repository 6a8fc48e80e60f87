"""Subscripts of ``np.einsum`` that are lists of numbers, said as letters."""

from __future__ import annotations

import ast
from collections.abc import Callable
from string import ascii_letters
from typing import Any

from adxform.core.ir import UNKNOWN


def with_letters(node: ast.Call, static: Callable[[ast.expr], Any]) -> ast.Call | None:
    """``np.einsum(x, [0, 1], y, [1, 2])`` as ``np.einsum("ab,bc", x, y)``, if its lists are known.

    >>> def static(node):
    ...     return None if isinstance(node, ast.Name) else ast.literal_eval(node)
    >>> call = ast.parse("np.einsum(x, [..., 3, 1], y, [1], [..., 3])", mode="eval").body
    >>> ast.unparse(with_letters(call, static))
    "np.einsum('...db,b->...d', x, y)"
    """
    count = len(node.args) // 2
    texts = [_letters(static(labels)) for labels in node.args[1::2]]
    result = _letters(static(node.args[-1])) if len(node.args) % 2 else None
    if None in texts or (len(node.args) % 2 and result is None):
        return None
    subscripts = ",".join(map(str, texts)) + ("" if result is None else f"->{result}")
    operands = [ast.Constant(subscripts), *node.args[: 2 * count : 2]]
    made = ast.Call(node.func, operands, node.keywords)
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _letters(labels: Any) -> str | None:
    if labels is UNKNOWN or not isinstance(labels, list | tuple):
        return None
    known = all(label is ... or (type(label) is int and 0 <= label < 52) for label in labels)
    return "".join("..." if label is ... else ascii_letters[label] for label in labels) if (
        known) else None
