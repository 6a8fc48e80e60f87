"""Helpers for cotangents of lists; their text is copied into generated code."""

from __future__ import annotations

from typing import Any


def add_lists(a: Any, b: Any) -> Any:
    """The sums of the items of two lists; one may have been made before the other grew."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    return [x + y for x, y in zip(longer, shorter, strict=False)] + longer[len(shorter) :]


def add_values(a: Any, b: Any) -> Any:
    """The sum of two numbers or arrays, or of the items of two lists, lists in lists, too."""
    if not isinstance(a, list) or not isinstance(b, list):
        return a + b
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    sums = [add_values(x, y) for x, y in zip(longer, shorter, strict=False)]
    return sums + longer[len(shorter) :]


def unrepeated(g: Any, like: Any) -> Any:
    """For each of the items of ``like`` the sum of what is there for it, where g repeats them."""
    count = min(len(like), len(g))
    return [sum(g[i + count :: count], g[i]) for i in range(count)]
