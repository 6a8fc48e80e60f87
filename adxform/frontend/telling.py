"""Calls that tell someone something, and change nothing: ``print``, warnings, loggers."""

from __future__ import annotations

import ast
import logging
import sys
import warnings
from typing import Any

_CALLS = frozenset({
    "print", "warnings.warn", "len", "isinstance", "float", "int", "complex", "bool", "str", "repr",
})
_LEVELS = frozenset(
    {"critical", "debug", "error", "exception", "info", "log", "warn", "warning"}
)


def only_tells(lower: Any, node: ast.Call) -> bool:
    """Whether a call changes nothing that the function may read."""
    if lower.resolve(node.func) in _CALLS or lower.static(node.func) is warnings.warn:
        return all(_is_read_by_nobody(lower, k.value) for k in node.keywords if k.arg == "file")
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _LEVELS:
        return False
    owner = lower.static(node.func.value)
    return owner is logging or isinstance(owner, logging.Logger | logging.LoggerAdapter)


def _is_read_by_nobody(lower: Any, file: ast.expr) -> bool:
    """Whether what is printed to a file does not come back, as it does from one in memory."""
    match file:
        case ast.Constant(None):
            return True
        case ast.Attribute(owner, "stdout" | "stderr"):
            return lower.static(owner) is sys
    return False
