"""The class that a method stands in, whose private ``__name`` is ``_Class__name`` elsewhere."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import Any

from adxform.core.trees import nodes

_FIELDS = ("id", "attr", "arg", "name")


def name_privately(function: ast.FunctionDef, code: CodeType) -> None:
    """Name what the text of a method calls ``__name`` as Python does."""
    kind = _class_around(code.co_qualname).lstrip("_")
    if not kind:
        return
    for node in nodes(function):
        for field in _FIELDS if node is not function else ():
            name = getattr(node, field, None)
            if isinstance(name, str) and _is_private(name):
                setattr(node, field, f"_{kind}{name}")
        if isinstance(node, ast.Global | ast.Nonlocal):
            node.names = [f"_{kind}{n}" if _is_private(n) else n for n in node.names]


def class_of_method(function: FunctionType) -> Any:
    """The class whose body a function stands in, as far as its module tells; else None."""
    found: Any = None
    for name in function.__qualname__.split(".")[:-1]:
        scope = function.__globals__ if found is None else vars(found)
        found = scope.get(name)
        if not isinstance(found, type):
            return None
    return found


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__") and "." not in name


def _class_around(qualified: str) -> str:
    """The innermost class around a function that is called ``A.f`` or ``A.f.<locals>.g``."""
    around = qualified.split(".")[:-1]
    while around and around[-1] == "<locals>":
        del around[-2:]
    return around[-1] if around else ""
