"""Imports inside functions: what the names mean that they bind."""

from __future__ import annotations

import ast
import importlib
from typing import Any

from adxform.frontend.program import Program
from adxform.frontend.scope import FileScope, LiveScope, Meaning, describe
from adxform.frontend.source import SourceFunction


def import_meaning(
    stmt: ast.Import | ast.ImportFrom, name: str, source: SourceFunction, program: Program
) -> Meaning:
    """What an import binds a name to.

    Raises
    ------
    ImportError
        If a live function's import fails.
    """
    scope = source.scope
    if isinstance(scope, LiveScope):
        package = scope.function.__globals__.get("__package__")
        return describe(name, _live(stmt, name, package, program))
    top = FileScope(ast.Module([stmt], []), scope.text if scope else source.text)
    found = top.lookup(name)
    assert found is not None
    return found


def _live(
    stmt: ast.Import | ast.ImportFrom, name: str, package: str | None, program: Program
) -> Any:
    if isinstance(stmt, ast.Import):
        item = next(i for i in stmt.names if (i.asname or i.name.split(".")[0]) == name)
        module = importlib.import_module(item.name)
        return module if item.asname else importlib.import_module(name)
    item = next(i for i in stmt.names if (i.asname or i.name) == name)
    module = importlib.import_module("." * stmt.level + (stmt.module or ""), package)
    program.watch_attribute(module, item.name)
    if hasattr(module, item.name):
        return getattr(module, item.name)
    return importlib.import_module(f"{module.__name__}.{item.name}")
