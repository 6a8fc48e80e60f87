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


def ascending(a: Any) -> Any:
    """Numbers in order."""
    return np.sort(a)


def descending(a: Any) -> Any:
    """Numbers in order, the largest first."""
    return np.sort(a)[::-1]


def ascending_by(a: Any, keys: Any) -> Any:
    """Items in the order of their keys; those with equal ones stay in order."""
    return np.asarray(a)[np.argsort(keys, kind="stable")]


def descending_by(a: Any, keys: Any) -> Any:
    """Items in the order of their keys, the largest first; those with equal ones stay in order."""
    places = np.argsort(np.asarray(keys)[::-1], kind="stable")
    return np.asarray(a)[len(a) - 1 - places[::-1]]


def items_of(a: Any) -> Any:
    """A list of the items of an array."""
    return [item for item in a]  # noqa: C416
