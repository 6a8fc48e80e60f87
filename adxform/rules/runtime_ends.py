"""Helpers for the ends of arrays; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def weighted_ends(g: Any, first: Any, last: Any, axes: Any) -> Any:
    """An array with a factor at the first and one at the last place along axes, or along all."""
    made = np.array(g)
    for axis in range(made.ndim) if axes is None else np.atleast_1d(axes):
        moved = np.moveaxis(made, axis, -1)
        moved[..., 0] *= first
        moved[..., -1] *= last
    return made
