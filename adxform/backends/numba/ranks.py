"""Functions whose text depends on the ranks of what they are given: as many nested loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

MISFIT = "operands could not be broadcast together"


def function(
    parameters: str, lines: Sequence[str], scope: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """The function whose body some lines are."""
    names: dict[str, Any] = {"np": np, **(scope or {})}
    exec("\n".join([f"def made({parameters}):", *(f"    {line}" for line in lines)]), names)
    found: Callable[..., Any] = names["made"]
    return found


def nested(sizes: Mapping[str, str], lines: Sequence[str]) -> list[str]:
    r"""Lines within a loop for each index, outermost first.

    >>> print("\n".join(nested({"i": "n", "j": "m"}, ["a[i, j] += 1.0"])))
    for i in range(n):
        for j in range(m):
            a[i, j] += 1.0
    """
    heads = [f"{'    ' * n}for {i} in range({size}):" for n, (i, size) in enumerate(sizes.items())]
    return heads + [f"{'    ' * len(sizes)}{line}" for line in lines]


def tuple_of(items: Sequence[str]) -> str:
    """The text of a tuple.

    >>> tuple_of(["n", "m"]), tuple_of(["n"]), tuple_of([])
    ('(n, m,)', '(n,)', '()')
    """
    return f"({', '.join(items)},)" if items else "()"


def item(name: str, places: Sequence[str]) -> str:
    """The text of an item of an array; of a number, the number's.

    >>> item("a", ["i", "0"]), item("a", [])
    ('a[i, 0]', 'a')
    """
    return f"{name}[{', '.join(places)}]" if places else name


def refused(test: str, reason: str) -> list[str]:
    """The lines that raise a ValueError where a test holds."""
    return [f"if {test}:", f"    raise ValueError({reason!r})"]


def known(given: Any) -> Any:
    """What a call has written out, as it is: a number, a text, None; or its type."""
    if type(given).__name__ in ("NoneType", "Omitted"):  # Numba's, or Python's
        return getattr(given, "value", None)
    return getattr(given, "literal_value", given)


def axis_of(axis: Any, rank: int) -> int | None:
    """The number of an axis that is written out, counted from 0, if there is such a one."""
    place = known(axis)
    return place % rank if type(place) is int and -rank <= place < rank else None
