"""Helpers that generated code calls where types are unknown; their text is copied into it."""

from __future__ import annotations

from typing import Any

import numpy as np


def unbroadcast(g: Any, like: Any) -> Any:
    """Sum ``g`` over the axes along which ``like`` was broadcast to its shape."""
    shape = np.shape(like)
    if np.shape(g) == shape:
        return g
    g = np.sum(g, axis=tuple(range(np.ndim(g) - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return np.sum(g, axis=stretched, keepdims=True) if stretched else g


def broadcast_like(g: Any, like: Any) -> Any:
    """Broadcast ``g`` to the shape of ``like``."""
    return g if np.shape(g) == np.shape(like) else np.broadcast_to(g, np.shape(like))


def spread(g: Any, like: Any, axis: Any, keepdims: bool) -> Any:
    """Broadcast the cotangent of a reduction back over what was reduced."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, np.shape(like))
