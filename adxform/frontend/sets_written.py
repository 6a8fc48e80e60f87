"""Sets that are written out: their values, in the order of the code that runs."""

from __future__ import annotations

from types import CodeType
from typing import Any

from adxform.core.ir import UNKNOWN


def as_set(items: list[Any], code: CodeType | None) -> Any:
    """The value of a set that is written out, if its items are what a set can hold; in the order of
    the ``code`` that runs, which is another if that was read from a file.
    """
    if not all(isinstance(i, str | int | None) for i in items):
        return UNKNOWN
    made = frozenset(items)
    alike = (c for c in _sets_of(code) if c == made and {*map(type, c)} == {*map(type, made)})
    return next(alike, made)


def _sets_of(code: CodeType | None) -> list[frozenset[Any]]:
    """The sets that are written out in a function, and in those within."""
    constants = () if code is None else code.co_consts
    inner = [s for c in constants if isinstance(c, CodeType) for s in _sets_of(c)]
    return [c for c in constants if isinstance(c, frozenset)] + inner
