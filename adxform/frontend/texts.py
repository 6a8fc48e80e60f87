"""Texts that are known while compiling: ``f"W{i}"``, ``"W" + str(i)``, ``"W%d" % i``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adxform.core.ir import UNKNOWN

_CONVERSIONS: dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}
_SAID = (str, int, bool)  # a number with a fraction may be NumPy's, which says itself otherwise


def text_of(node: ast.expr, static: Callable[[ast.expr], Any]) -> Any:
    """What an expression that makes a text gives, if its parts are known; else UNKNOWN."""
    match node:
        case ast.JoinedStr(values):
            parts = [_part(value, static) for value in values]
            return UNKNOWN if any(part is UNKNOWN for part in parts) else "".join(parts)
        case ast.BinOp(left, ast.Add(), right):
            first, second = static(left), static(right)
            return first + second if type(first) is type(second) is str else UNKNOWN
        case ast.BinOp(left, ast.Mod(), right):
            pattern = static(left) if isinstance(left, ast.Constant) else UNKNOWN
            value = static(right) if isinstance(pattern, str) else UNKNOWN
            given = value if isinstance(value, tuple) else (value,)
            return pattern % value if all(map(_is_said, given)) else UNKNOWN
        case ast.Call(ast.Name("str"), [value], []) if static(node.func) is str:
            said = static(value)
            return str(said) if _is_said(said) else UNKNOWN
        case ast.Call(ast.Attribute(ast.Constant(str(pattern)), "format"), args, []):
            values = [static(arg) for arg in args]
            return pattern.format(*values) if all(map(_is_said, values)) else UNKNOWN
        case ast.Call(ast.Attribute(ast.Constant(str(between)), "join"), [items], []):
            words = static(items)
            known = isinstance(words, list | tuple) and all(type(word) is str for word in words)
            return between.join(words) if known else UNKNOWN
    return UNKNOWN


def words_of(node: ast.expr, static: Callable[[ast.expr], Any]) -> list[str] | None:
    """What ``"a b c".split()`` gives of a text that is known."""
    match node:
        case ast.Call(ast.Attribute(owner, "split"), args, []) if len(args) <= 1:
            text, by = static(owner), [static(arg) for arg in args]
            known = isinstance(text, str) and all(isinstance(b, str) and b for b in by)
            return text.split(*by) if known else None
    return None


def _part(node: ast.expr, static: Callable[[ast.expr], Any]) -> Any:
    """A part of an f-string as it reads."""
    if isinstance(node, ast.Constant):
        return node.value
    assert isinstance(node, ast.FormattedValue)
    value = static(node.value)
    spec = "" if node.format_spec is None else text_of(node.format_spec, static)
    if not _is_said(value) or spec is UNKNOWN:
        return UNKNOWN
    if node.conversion != -1:
        value = _CONVERSIONS[chr(node.conversion)](value)
    return format(value, spec)


def _is_said(value: Any) -> bool:
    return type(value) in _SAID
