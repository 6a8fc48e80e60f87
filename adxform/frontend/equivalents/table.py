"""The table of equivalents: a function's name, and what is read in its place.

A function that has a rule, too, is read in other words only where the rule does not know the
arguments that it is given, such as ``np.diff(x, prepend=0.0)``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from adxform.core.ir import Primitive
from adxform.rules.patterns import read_pattern
from adxform.rules.samples import Calls, calls


@dataclass(frozen=True, eq=False, slots=True)
class Equivalent:
    """A function that does what one of a library's does, with calls that show it.

    Where the library's has a rule, too, ``when`` says for which types of arguments it is not used.
    """

    name: str
    function: FunctionType
    sample: Calls
    when: Callable[..., bool] | None = None

    @property
    def primitive(self) -> Primitive:
        """The library's function, as samples call it."""
        names = inspect.signature(self.function).parameters
        return read_pattern(f"{self.name}({', '.join(names)})")


EQUIVALENTS: dict[str, Equivalent] = {}


def reads(
    name: str, *lists: str, when: Callable[..., bool] | None = None
) -> Callable[[Any], Any]:
    """Mark what is read in place of a library's function; ``lists`` are arguments to try it on."""

    def mark(function: Any) -> Any:
        if name in EQUIVALENTS:
            raise ValueError(f"two equivalents of {name}")
        EQUIVALENTS[name] = Equivalent(name, function, calls(*lists), when)
        return function

    return mark
