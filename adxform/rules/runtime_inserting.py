"""Helpers for arrays that elements were put into; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def kept_of(g: Any, arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The part of g that belongs to arr, where g is ``np.insert(arr, obj, values, axis)``."""
    places = insert_places(arr, obj, values, axis)
    return np.asarray(np.reshape(g[places < 0], np.shape(arr)), np.asarray(arr).dtype)


def inserted_of(g: Any, arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """The part of g that belongs to the values; g is ``np.insert(arr, obj, values, axis)``."""
    places = insert_places(arr, obj, values, axis)
    own = np.asarray(values)
    made = np.zeros(own.size, own.dtype if own.dtype.kind == "f" else None)
    np.add.at(made, places[places >= 0], g[places >= 0])
    return np.reshape(made, own.shape)[()]


def insert_places(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """Which of the values stands where once they are put into arr; -1 for arr's own elements."""
    numbers = np.reshape(np.arange(np.size(values)), np.shape(values))
    return np.insert(np.full(np.shape(arr), -1), obj, numbers, axis)
