"""Helpers for values on a grid; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def ungradient(
    g: Any, f: Any, spacing: Any = 1.0, axis: Any = None, edge_order: int = 1
) -> Any:
    """The cotangent of f in ``np.gradient(f, spacing, axis=axis)``, whose cotangent is g."""
    place = 0 if axis is None else axis
    g = np.moveaxis(g, place, 0)
    steps = np.broadcast_to(np.diff(spacing) if np.ndim(spacing) else spacing, len(g) - 1)
    h = np.reshape(steps, (-1, *(1,) * (np.ndim(g) - 1)))
    made = np.zeros_like(g)
    d, s = h[:-1], h[1:]
    made[:-2] -= g[1:-1] * (s / (d * (d + s)))
    made[1:-1] += g[1:-1] * ((s - d) / (d * s))
    made[2:] += g[1:-1] * (d / (s * (d + s)))
    if edge_order == 1:
        weights: Any = (-1 / h[0], 1 / h[0]), (1 / h[-1], -1 / h[-1])
    else:
        weights = tuple(
            (-(2 * b + c) / (b * (b + c)), (b + c) / (b * c), -b / (c * (b + c)))
            for b, c in ((h[0], h[1]), (-h[-1], -h[-2]))
        )
    for first, last in zip(range(3), range(-1, -4, -1), strict=True):
        if first <= edge_order:
            made[first] += g[0] * weights[0][first]
            made[last] += g[-1] * weights[1][first]
    return np.asarray(np.moveaxis(made, 0, place), np.asarray(f).dtype)
