"""Guards in generated text: what it was made for is asserted where it decided something."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adxform.core.ir import Effect, Function, Stmt, Var
from adxform.core.types import Known, Object, Scalar, Type


def guarded(function: Function, names: Sequence[str], types: Sequence[Type]) -> Function:
    """A generated function that refuses other strings, flags and functions than it was made for.

    ``names`` and ``types`` are those of the user's parameters.
    """
    made = [_guard(n, t) for n, t in zip(names, types, strict=True)]
    guards: list[Stmt] = [guard for guard in made if guard is not None]
    return replace(function, body=(*guards, *function.body)) if guards else function


def _guard(name: str, known: Type) -> Effect | None:
    match known:
        case Known(value) | Scalar("bool", value=bool() as value):
            if not isinstance(value, str | bool | bytes | None):
                return None
            same = "is" if value is None or isinstance(value, bool) else "=="
            test = f"{name} {same} {value!r}"
        case Object(value) if hasattr(value, "__name__"):
            test = f"{name}.__name__ == {value.__name__!r}"
        case Object(value):
            test = f"type({name}).__name__ == {type(value).__name__!r}"
        case _:
            return None
    tree: Any = ast.parse(f"assert {test}").body[0]
    return Effect(tree, ((name, Var(name)),), harmless=True)
