"""What is largest by a key, and what is sorted, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np


def largest_by(items: Any, key: Any) -> Any:
    """``max(items, key=key)``."""
    best = items[0]
    top = key(best)
    for i in range(1, len(items)):
        value = key(items[i])
        if value > top:
            best, top = items[i], value
    return best


def smallest_by(items: Any, key: Any) -> Any:
    """``min(items, key=key)``."""
    best = items[0]
    top = key(best)
    for i in range(1, len(items)):
        value = key(items[i])
        if value < top:
            best, top = items[i], value
    return best


def largest_row(items: Any) -> Any:
    """The largest of tuples of numbers, the first of those that are equal."""
    order = np.lexsort(np.asarray(items)[::-1].T[::-1])
    return items[len(items) - 1 - order[-1]]


def smallest_row(items: Any) -> Any:
    """The smallest of tuples of numbers, the first of those that are equal."""
    return items[np.lexsort(np.asarray(items).T[::-1])[0]]


def largest_either(items: Any) -> Any:
    """The largest of what is numbers or tuples of such."""
    rows = np.asarray(items)
    if rows.ndim == 1:
        return np.max(rows)
    return rows[len(rows) - 1 - np.lexsort(rows[::-1].T[::-1])[-1]]


def smallest_either(items: Any) -> Any:
    """The smallest of what is numbers or tuples of such."""
    rows = np.asarray(items)
    return np.min(rows) if rows.ndim == 1 else rows[np.lexsort(rows.T[::-1])[0]]


def ascending(a: Any) -> Any:
    """Numbers in order."""
    return np.sort(a)


def descending(a: Any) -> Any:
    """Numbers in order, the largest first."""
    return np.sort(a)[::-1]


def by_numbers(keys: Any) -> Any:
    """The places of numbers in order; equal ones stay in order."""
    return np.argsort(keys, kind="stable")


def by_numbers_backward(keys: Any) -> Any:
    """The places of numbers in order, the largest first; equal ones stay in order."""
    return len(keys) - 1 - np.argsort(np.asarray(keys)[::-1], kind="stable")[::-1]


def by_tuples(keys: Any) -> Any:
    """The places of tuples of numbers in order; equal ones stay in order."""
    return np.lexsort(np.asarray(keys).T[::-1])


def by_tuples_backward(keys: Any) -> Any:
    """The places of tuples of numbers in order, the largest first; equal ones stay in order."""
    return len(keys) - 1 - np.lexsort(np.asarray(keys).T[::-1, ::-1])[::-1]


def by_either(keys: Any) -> Any:
    """The places in order of what is numbers or tuples of such."""
    rows = np.asarray(keys)
    return np.argsort(rows, kind="stable") if rows.ndim == 1 else np.lexsort(rows.T[::-1])


def by_either_backward(keys: Any) -> Any:
    """The places of what is numbers or tuples of such, the largest first."""
    rows = np.asarray(keys)[::-1]
    order = np.argsort(rows, kind="stable") if rows.ndim == 1 else np.lexsort(rows.T[::-1])
    return len(rows) - 1 - order[::-1]


def array_at(items: Any, places: Any) -> Any:
    """An array of the items at some places."""
    return np.asarray(items)[places]


def items_at(items: Any, places: Any) -> Any:
    """A list of the items at some places."""
    held = list(items)
    return [held[place] for place in places]


def floats_of(a: Any) -> Any:
    """A list of Python's numbers, of an array of floating ones."""
    return [float(item) for item in a]


def items_of(a: Any) -> Any:
    """A list of the items of an array."""
    return [item for item in a]  # noqa: C416
