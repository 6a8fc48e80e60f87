"""Helpers for what functions that call themselves hand over; copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def zero_tape(tape: Any) -> Any:
    """The cotangent zero of a tape: of each number and array in it, and in the tapes in it."""
    if isinstance(tape, tuple | list):
        return type(tape)([zero_tape(item) for item in tape])
    real = isinstance(tape, float | complex | np.ndarray | np.generic)
    return np.zeros_like(tape)[()] if real else 0.0


def whole_tape(bar: Any, tape: Any) -> Any:
    """The cotangent of a tape; 0.0 stands for zeros for all in it."""
    absent = isinstance(tape, tuple | list) and not isinstance(bar, tuple | list)
    return zero_tape(tape) if absent else bar


def add_tapes(first: Any, second: Any) -> Any:
    """The sum of two cotangents of a tape, item by item."""
    if not isinstance(first, tuple | list):
        return first + second
    return type(first)([add_tapes(a, b) for a, b in zip(first, second, strict=True)])
