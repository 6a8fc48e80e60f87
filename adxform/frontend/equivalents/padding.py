"""Arrays with their own values around them, and windows of arrays, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Type
from adxform.frontend.equivalents.table import reads
from adxform.rules import infer

_PLACES = ("edge", "reflect", "symmetric", "wrap")
_LINES = ("mean", "median", "maximum", "minimum", "linear_ramp")


def _moves(pad_width: Type, mode: Type, **_: Type) -> bool:
    """Whether what is put around is made of the elements."""
    return infer.const_of(mode) in (*_PLACES, *_LINES)


def _statistic(array: Any, mode: str) -> Any:
    """What is put around along the first axis."""
    if mode == "mean":
        return np.mean(array, axis=0, keepdims=True)
    if mode == "median":
        return np.median(array, axis=0, keepdims=True)
    if mode == "maximum":
        return np.max(array, axis=0, keepdims=True)
    return np.min(array, axis=0, keepdims=True)


def _steps(edge: Any, end: Any, width: Any) -> Any:
    """Even steps from a value to an element, which is left out, along the first axis."""
    parts = (np.arange(width) / width).astype(edge.dtype)
    return end + (edge - end) * np.reshape(parts, (-1,) + (1,) * (np.ndim(edge) - 1))


@reads("np.pad", "R(4), 2, 'edge'", "R(3, 4), ((1, 0), (2, 1)), mode='reflect'",
       "R(4), (2, 1), 'symmetric'", "R(3), 5, mode='wrap'", "R(3), 7, mode='reflect'",
       "R(2, 3), {1: (1, 2)}, 'edge'", "R(4), 2, 'mean'", "R(3, 2), ((1, 0), (2, 1)), 'mean'",
       "R(3, 2), 1, mode='maximum'", "R(3, 2), ((0, 2),), mode='minimum'", "R(3), (1, 2), 'median'",
       "R(3), 3, 'linear_ramp'", "R(2, 3), ((1, 2), (0, 2)), 'linear_ramp', end_values=R",
       "R(3), 2, 'linear_ramp', end_values=(1.0, -0.5)", when=_moves)
def pad(array: Any, pad_width: Any, mode: Any = "constant", *, end_values: Any = 0.0) -> Any:
    """An array with some of its elements around it, or with what each line is summed up to."""
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        places = np.reshape(np.arange(np.size(array)), np.shape(array))
        return np.ravel(array)[np.pad(places, pad_width, mode=mode)]
    if isinstance(pad_width, dict):
        raise NotImplementedError("np.pad with a dictionary of widths has no derivative rule in"
                                  " this mode")
    pairs = np.broadcast_to(np.array(pad_width), (np.ndim(array), 2))
    ends = np.broadcast_to(np.asarray(end_values, array.dtype), (np.ndim(array), 2))
    for (before, after), (start, end) in zip(pairs, ends, strict=True):
        if mode == "linear_ramp":
            left = _steps(array[:1], start, before)
            right = _steps(array[-1:], end, after)[::-1]
        else:
            found = _statistic(array, mode)
            left, right = np.repeat(found, before, axis=0), np.repeat(found, after, axis=0)
        array = np.moveaxis(np.concatenate([left, array, right]), 0, -1)
    return array


@reads("np.lib.stride_tricks.sliding_window_view", "R(5), 3", "R(3, 4), (2, 2)",
       "R(3, 4), 2, axis=1", "R(3, 4), (2,), axis=(0,)")
def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """All windows of an array."""
    places = np.reshape(np.arange(np.size(x)), np.shape(x))
    return np.ravel(x)[np.lib.stride_tricks.sliding_window_view(places, window_shape, axis)]
