"""Functions inside that remember what they gave: without side effects they may forget it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from adxform.core.trees import nodes


def without_caches(tree: ast.FunctionDef, meaning: Callable[[ast.expr], Any]) -> None:
    """Take decorators that remember results from functions inside a function."""
    for part in nodes(tree):
        if isinstance(part, ast.FunctionDef) and part is not tree and part.decorator_list:
            asked = [d.func if isinstance(d, ast.Call) else d for d in part.decorator_list]
            if all(meaning(d) in (cache, lru_cache) for d in asked) and _only_computes(part):
                part.decorator_list = []


def _only_computes(node: ast.FunctionDef) -> bool:
    """Whether a function assigns nothing but its own variables, by what it says."""
    for part in nodes(node):
        if isinstance(part, ast.Nonlocal | ast.Global | ast.Expr | ast.Delete):
            constant = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
            if not constant:
                return False
        if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
            return False
    return True
