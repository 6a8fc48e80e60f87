"""``dataclasses.replace``, ``asdict`` and ``astuple`` of objects whose fields are known."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

from adxform.core.forms import Form
from adxform.core.ir import Operand, Tuple

FUNCTIONS = (dataclasses.replace, dataclasses.asdict, dataclasses.astuple)


def of_dataclass(lower: Any, function: Any, held: Tuple, node: ast.Call) -> Operand | None:
    """What one of these functions gives of an object; None where that is not known."""
    kind: Any = held.form.maker.value
    if function is dataclasses.replace and len(node.args) == 1:
        return replaced(lower, held, node)
    if len(node.args) > 1 or node.keywords or not dataclasses.is_dataclass(kind):
        return None
    names = tuple(each.name for each in dataclasses.fields(kind))
    items = tuple(item for name in names if (item := _field(held, name)) is not None)
    if len(items) < len(names) or any(isinstance(item, Tuple) for item in items):
        return None
    return Tuple(items, Form("dict", names)) if function is dataclasses.asdict else Tuple(items)


def replaced(lower: Any, held: Tuple, node: ast.Call) -> Operand:
    """An object with some fields replaced, which are given by name."""
    given = lower.arguments(node)[1]
    unknown = sorted(set(given) - set(held.form.keys))
    if unknown:
        raise lower.unsupported(f"there is no field {unknown[0]} to replace", node)
    kind: Any = held.form.maker.value
    if dataclasses.is_dataclass(kind) and hasattr(kind, "__post_init__"):
        return _made_anew(lower, kind, held, given, node)
    pairs = zip(held.form.keys, held.items, strict=True)
    return Tuple(tuple(given.get(k, v) for k, v in pairs), held.form)


def _made_anew(
    lower: Any, kind: Any, held: Tuple, given: dict[str, Operand], node: ast.Call
) -> Operand:
    """Another object of a class that does something once its fields are set."""
    lower.env["_kind"] = lower.outer_value(kind.__name__, kind)
    keywords = []
    for each in dataclasses.fields(kind):
        value = given.get(each.name, _field(held, each.name)) if each.init else None
        if value is not None:
            name = lower.builder.names.fresh("_field")
            lower.env[name] = value
            keywords.append(ast.keyword(each.name, ast.Name(name, ast.Load())))
    call = ast.Call(ast.Name("_kind", ast.Load()), [], keywords)
    made: Operand = lower.operand(ast.fix_missing_locations(ast.copy_location(call, node)))
    return made


def _field(held: Tuple, name: str) -> Operand | None:
    place = held.place(name)
    return None if place is None else held.items[place]
