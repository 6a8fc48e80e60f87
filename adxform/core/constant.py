"""Values that are never changed: mypy sees to it, so that making one costs no more than it must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(eq_default=False, frozen_default=True, field_specifiers=(field,))
def constant(made: type[_T]) -> type[_T]:
    """A class of values whose fields stay as they are; one is equal to itself alone, unless the
    class says otherwise.

    A frozen dataclass looks at each field that its own ``__init__`` sets, which takes most of the
    time for what is made most often.
    """
    return dataclass(eq=False, slots=True)(made)


@dataclass_transform(eq_default=True, frozen_default=True, field_specifiers=(field,))
def constant_by_value(made: type[_T]) -> type[_T]:
    """Likewise; two with the same fields are equal."""
    return dataclass(unsafe_hash=True, slots=True)(made)


def same_or(before: tuple[_T, ...], made: Sequence[_T]) -> tuple[_T, ...]:
    """What was there before, if what is made of it holds the very same; else what is made."""
    same = len(before) == len(made) and all(map(is_, before, made))
    return before if same else tuple(made)
