"""Helpers for convolutions and filters; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole_convolution(g: Any, a: Any, v: Any, mode: str) -> Any:
    """g, which is a part of the convolution of a and v, among zeros for the rest of it."""
    sizes = [m + n - 1 for m, n in zip(np.shape(a), np.shape(v), strict=True)]
    made = np.zeros(sizes, np.asarray(g).dtype)
    made[place_of_convolution(a, v, mode)] = g
    return made


def part_of_convolution(g: Any, a: Any, v: Any, mode: str) -> Any:
    """The part that ``mode`` keeps of g, which is as large as the full convolution of a and v."""
    return g[place_of_convolution(a, v, mode)]


def place_of_convolution(a: Any, v: Any, mode: str) -> Any:
    """Where the part lies that ``mode`` keeps of the full convolution of a and v."""
    pairs = list(zip(np.shape(a), np.shape(v), strict=True))
    if mode == "full":
        return tuple(slice(0, m + n - 1) for m, n in pairs)
    if mode == "same":
        return tuple(slice((n - 1) // 2, (n - 1) // 2 + m) for m, n in pairs)
    return tuple(slice(min(m, n) - 1, max(m, n)) for m, n in pairs)


def lagged(w: Any, x: Any, count: int) -> Any:
    """The sums of w times x, 0, 1, ... places later."""
    size = np.shape(x)[-1]
    return np.stack([np.sum(w[..., k:] * x[..., : size - k]) for k in range(count)])


def unlagged(g: Any, x: Any) -> Any:
    """The sum of x, 0, 1, ... places later, times the elements of g."""
    made = np.zeros_like(x)
    size = np.shape(x)[-1]
    for k, factor in enumerate(g):
        made[..., k:] += factor * x[..., : size - k]
    return made
