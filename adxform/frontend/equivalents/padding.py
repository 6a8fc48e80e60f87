"""Arrays with their own values around them, and windows of arrays, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Type
from adxform.frontend.equivalents.table import reads
from adxform.rules import infer


def _moves(pad_width: Type, mode: Type, **_: Type) -> bool:
    """Whether what is put around are elements, whose places tell which."""
    return infer.const_of(mode) in ("edge", "reflect", "symmetric", "wrap")


@reads("np.pad", "R(4), 2, 'edge'", "R(3, 4), ((1, 0), (2, 1)), mode='reflect'",
       "R(4), (2, 1), 'symmetric'", "R(3), 5, mode='wrap'", "R(3), 7, mode='reflect'",
       "R(2, 3), {1: (1, 2)}, 'edge'", when=_moves)
def pad(array: Any, pad_width: Any, mode: Any = "constant") -> Any:
    """An array with some of its elements around it."""
    places = np.reshape(np.arange(np.size(array)), np.shape(array))
    return np.ravel(array)[np.pad(places, pad_width, mode=mode)]


@reads("np.lib.stride_tricks.sliding_window_view", "R(5), 3", "R(3, 4), (2, 2)",
       "R(3, 4), 2, axis=1", "R(3, 4), (2,), axis=(0,)")
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """All windows of an array."""
    places = np.reshape(np.arange(np.size(x)), np.shape(x))
    return np.ravel(x)[np.lib.stride_tricks.sliding_window_view(places, window_shape, axis)]
