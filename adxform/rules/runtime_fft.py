"""Helpers for Fourier transforms; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def resized(g: Any, like: Any) -> Any:
    """Cut g, or fill it up with zeros, to the shape of ``like``."""
    kept = tuple(slice(min(m, n)) for m, n in zip(np.shape(g), np.shape(like), strict=True))
    made = np.zeros(np.shape(like), g.dtype)
    made[kept] = g[kept]
    return made


def half_weights(g: Any, axis: int = -1) -> Any:
    """How often each number of half a spectrum counts in g, which it is transformed to."""
    n = np.shape(g)[axis]
    made = np.full(n // 2 + 1, 2.0, g.dtype)
    made[0] = 1.0
    if n % 2 == 0:
        made[-1] = 1.0
    return np.reshape(made, (-1, *(1,) * (np.ndim(g) - 1 - axis % np.ndim(g))))
