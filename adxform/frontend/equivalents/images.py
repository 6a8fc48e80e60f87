"""Filters of ``scipy.ndimage``, in other words: sums over neighbours in an array with a border."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads

#: What np.pad calls the borders of scipy.ndimage.
_BORDERS = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge", "wrap": "wrap",
            "grid-mirror": "symmetric", "grid-wrap": "wrap"}


def _bordered(moved: Any, before: int, behind: int, mode: Any, cval: Any) -> Any:
    """An array with a border at both ends of its first axis."""
    places = np.arange(len(moved))
    if mode in ("constant", "grid-constant"):
        row = np.full_like(moved[:1], cval)
        first, last = np.repeat(row, before, axis=0), np.repeat(row, behind, axis=0)
        return np.concatenate([first, moved, last])
    around = np.pad(places, (before, behind), mode=_BORDERS[mode])  # type: ignore[call-overload]
    return moved[around]


def _along(input: Any, weights: Any, axis: int, mode: Any, cval: Any, origin: int) -> Any:
    """Weighted sums of neighbours along an axis."""
    before = len(weights) // 2 + origin
    moved = np.moveaxis(input, axis, 0)
    whole = _bordered(moved, before, len(weights) - 1 - before, mode, cval)
    total, own = np.zeros_like(moved), np.asarray(weights, dtype=moved.dtype)
    for k in range(len(weights)):
        total = total + own[k] * whole[k : k + len(moved)]
    return np.moveaxis(total, 0, axis)


_MODES = tuple(f"R(6), P(3), mode='{mode}'" for mode in ("mirror", "nearest", "wrap", "constant"))


@reads("scipy.ndimage.correlate1d", "R(6), R(3)", "R(4, 5), R(3), axis=0", "R(6), R(4), origin=1",
       "R(5), R(3), mode='constant', cval=R", *_MODES)
def correlate1d(
    input: Any, weights: Any, axis: int = -1, output: Any = None, mode: Any = "reflect",
    cval: Any = 0.0, origin: int = 0,
) -> Any:
    """Weighted sums of neighbours along an axis."""
    if output is not None:
        raise NotImplementedError("filters of scipy.ndimage are not followed with output=")
    return _along(input, weights, axis, mode, cval, origin)


@reads("scipy.ndimage.convolve1d", "R(6), R(3)", "R(4, 5), R(4), axis=0", *_MODES)
def convolve1d(
    input: Any, weights: Any, axis: int = -1, output: Any = None, mode: Any = "reflect",
    cval: Any = 0.0, origin: int = 0,
) -> Any:
    """Weighted sums of neighbours along an axis, the weights turned round."""
    if output is not None:
        raise NotImplementedError("filters of scipy.ndimage are not followed with output=")
    turned = weights[::-1]
    return _along(input, turned, axis, mode, cval, -origin - (1 - len(weights) % 2))


def _bell(sigma: Any, radius: int) -> Any:
    """Weights of a normal distribution."""
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * places**2)
    return weights / np.sum(weights)


@reads("scipy.ndimage.gaussian_filter1d", "R(8), 0.7", "R(8), P", "R(6, 5), 0.6, axis=0",
       "R(8), 1.1, mode='nearest', truncate=2.0", "R(8), 1.0, radius=2, mode='wrap'")
def gaussian_filter1d(
    input: Any, sigma: Any, axis: int = -1, *, mode: Any = "reflect", cval: Any = 0.0,
    truncate: Any = 4.0, radius: Any = None,
) -> Any:
    """Means of neighbours with the weights of a normal distribution."""
    reach = int(truncate * sigma + 0.5) if radius is None else radius
    return _along(input, _bell(sigma, reach), axis, mode, cval, 0)


@reads("scipy.ndimage.gaussian_filter", "R(6, 5), 0.7", "R(6), P", "R(5, 4), 0.5, mode='constant'")
def gaussian_filter(
    input: Any, sigma: Any, *, mode: Any = "reflect", cval: Any = 0.0, truncate: Any = 4.0,
) -> Any:
    """Means of neighbours with the weights of a normal distribution, along each axis."""
    weights = _bell(sigma, int(truncate * sigma + 0.5))
    for axis in range(np.ndim(input)):
        input = _along(input, weights, axis, mode, cval, 0)
    return input


@reads("scipy.ndimage.uniform_filter", "R(6, 5)", "R(6), 2", "R(5, 4), size=3, mode='wrap'")
def uniform_filter(
    input: Any, size: int = 3, *, mode: Any = "reflect", cval: Any = 0.0,
) -> Any:
    """Means of neighbours, along each axis."""
    for axis in range(np.ndim(input)):
        input = _along(input, np.full(size, 1.0 / size), axis, mode, cval, 0)
    return input
