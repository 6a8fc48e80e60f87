"""Functions of ``itertools`` whose items are computed, in other words: they give lists."""

from __future__ import annotations

from typing import Any

from adxform.frontend.equivalents.table import reads


@reads("itertools.chain")
def chained(*iterables: Any) -> Any:
    """The items of one after those of the other."""
    return [item for iterable in iterables for item in iterable]


@reads("chain.from_iterable")
def flattened(iterable: Any) -> Any:
    """The items of the items."""
    return [item for part in iterable for item in part]


@reads("itertools.starmap")
def starmapped(function: Any, iterable: Any) -> Any:
    """What a function gives of the items of each item."""
    return [function(*items) for items in iterable]


@reads("itertools.accumulate")
def accumulated(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
    """Each item with all before it."""
    found = []
    items = [item for item in iterable]  # noqa: C416
    if initial is None:
        total = items[0]
        first = 1
    else:
        total = initial
        first = 0
    found.append(total)
    for k in range(first, len(items)):
        total = total + items[k] if func is None else func(total, items[k])
        found.append(total)
    return found


@reads("itertools.takewhile")
def taken(predicate: Any, iterable: Any) -> Any:
    """The items before the first that does not fulfil a condition."""
    found = []
    for item in iterable:
        if not predicate(item):
            break
        found.append(item)
    return found


@reads("itertools.dropwhile")
def left(predicate: Any, iterable: Any) -> Any:
    """The items from the first one on that does not fulfil a condition."""
    found = []
    before = True
    for item in iterable:
        before = before and predicate(item)
        if not before:
            found.append(item)
    return found


@reads("itertools.filterfalse")
def filtered_out(predicate: Any, iterable: Any) -> Any:
    """The items that do not fulfil a condition."""
    return [item for item in iterable if not predicate(item)]


@reads("itertools.compress")
def compressed(data: Any, selectors: Any) -> Any:
    """The items beside which there is something true."""
    return [item for item, chosen in zip(data, selectors, strict=False) if chosen]


@reads("itertools.islice")
def sliced(iterable: Any, *bounds: Any) -> Any:
    """The items at some places."""
    items = [item for item in iterable]  # noqa: C416
    return items[slice(*bounds)]


def require_equal(first: Any, second: Any) -> None:
    """Fail as ``zip(a, b, strict=True)`` does where lengths differ."""
    if first != second:
        raise ValueError("zip() arguments have different lengths")


def require_count(given: Any, wanted: Any) -> None:
    """Fail as ``f(*items)`` does where there are too few items for f, or too many."""
    if given != wanted:
        raise TypeError("another number of arguments is needed")
