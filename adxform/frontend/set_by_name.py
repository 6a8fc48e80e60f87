"""Attributes of objects that are set by their names: ``setattr``, ``self.__dict__.update(d)``."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import Operand, Tuple
from adxform.frontend.heap import is_reference


def attributes_given(lower: Any, node: ast.expr) -> tuple[Tuple, dict[str, Operand]] | None:
    """The object whose attributes a call sets by names that are known, and their values."""
    match node:
        case ast.Call(ast.Name("setattr"), [owner, named, value], []):
            name = lower.static(named)
            held = lower.container(owner)
            if isinstance(name, str) and held is not None and is_reference(held):
                return held, {name: lower.operand(value)}
        case ast.Call(
            ast.Attribute(
                ast.Attribute(owner, "__dict__") | ast.Call(ast.Name("vars"), [owner], []),
                "update",
            ),
            args, keywords,
        ) if len(args) <= 1 and all(keyword.arg for keyword in keywords):
            held = lower.container(owner)
            given = lower.operand(args[0]) if args and held is not None else None
            if held is None or not is_reference(held) or (args and not _is_named(given)):
                return None
            found = {} if given is None else dict(zip(given.form.keys, given.items, strict=True))
            return held, {**found, **{k.arg: lower.operand(k.value) for k in keywords if k.arg}}
    return None


def _is_named(value: Any) -> bool:
    """Whether a value is a dictionary whose keys are names."""
    known = isinstance(value, Tuple) and value.form.kind == "dict"
    return known and all(isinstance(key, str) for key in value.form.keys)
