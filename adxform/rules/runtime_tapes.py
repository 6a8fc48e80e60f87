"""Helpers for what is recorded, and may be of any type or structure.

They are copied into generated code.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def recorded(x: Any) -> Any:
    """What may be written to later as a copy, anything else as it is."""
    return x.copy() if isinstance(x, np.ndarray | list) else x


def zeros_in(value: Any) -> Any:
    """Zero for each number and array in what is held, in its structure; 0.0 for anything else."""
    if isinstance(value, dict):
        return {key: zeros_in(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        items = [zeros_in(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if not isinstance(value, float | complex | np.ndarray | np.number):
        return 0.0
    return np.zeros_like(value, None if np.asarray(value).dtype.kind in "fc" else float)[()]


def whole_tape(bar: Any, tape: Any) -> Any:
    """The cotangent of a tape; 0.0 stands for zeros for all in it."""
    absent = isinstance(tape, tuple | list) and not isinstance(bar, tuple | list)
    return zeros_in(tape) if absent else bar


def add_tapes(first: Any, second: Any) -> Any:
    """The sum of two cotangents of a tape, item by item."""
    if not isinstance(first, tuple | list):
        return first + second
    return type(first)([add_tapes(a, b) for a, b in zip(first, second, strict=True)])
