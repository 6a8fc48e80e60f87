"""Helpers that run along an axis; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def along_last(a: Any, axis: Any) -> Any:
    """Lay the elements of a along ``axis`` (None: all of them) out along its last axis."""
    a = np.asarray(a)
    axes = axis_list(axis, a.ndim)
    a = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
    first = a.ndim - len(axes)
    return np.reshape(a, (*a.shape[:first], int(np.prod(a.shape[first:], dtype=int))))


def back_from_last(rows: Any, like: Any, axis: Any) -> Any:
    """What ``along_last`` did to ``like``, undone."""
    like = np.asarray(like)
    axes = axis_list(axis, like.ndim)
    last = range(like.ndim - len(axes), like.ndim)
    return np.moveaxis(np.reshape(rows, np.moveaxis(like, axes, last).shape), last, axes)


def axis_list(axis: Any, ndim: int) -> list[int]:
    """The axes that an ``axis`` argument means, in order."""
    if axis is None:
        return list(range(ndim))
    return sorted(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def products_before(a: Any, axis: Any = None) -> Any:
    """For each element, the product of those before it along ``axis``."""
    rows = along_last(a, axis)
    made = np.ones_like(rows)
    np.cumprod(rows[..., :-1], axis=-1, out=made[..., 1:])
    return back_from_last(made, a, axis)


def product_of_others(a: Any, axis: Any = None) -> Any:
    """For each element, the product of all others along ``axis``; zeros do no harm."""
    after = np.flip(products_before(np.flip(a, axis), axis), axis)
    return products_before(a, axis) * after


def carried(b: Any, a: Any, axis: Any = None) -> Any:
    """Run along ``axis``: from 0, the next element is b plus a times the last one."""
    b_rows, a_rows = along_last(b, axis), along_last(a, axis)
    made = np.zeros_like(a_rows)
    for i in range(a_rows.shape[-1] - 1):
        made[..., i + 1] = b_rows[..., i] + a_rows[..., i] * made[..., i]
    return back_from_last(made, a, axis)


def median_weights(a: Any, axis: Any = None) -> Any:
    """The derivative of ``np.median(a, axis)`` in each element: 1, or 1/2 for each of two."""
    rows = along_last(a, axis)
    n = rows.shape[-1]
    order = np.argsort(rows, axis=-1)
    middle = order[..., (n - 1) // 2 : n // 2 + 1]
    made = np.zeros_like(rows)
    np.put_along_axis(made, middle, np.asarray(0.5 if n % 2 == 0 else 1.0, rows.dtype), -1)
    return back_from_last(made, a, axis)


def quantile_weights(a: Any, q: Any, axis: Any = None) -> Any:
    """The derivative of ``np.quantile(a, q, axis)`` in each element: that of a line between two."""
    if np.ndim(q):
        raise ValueError("the derivative of a quantile is known for one number q, not for several")
    rows = along_last(a, axis)
    place = q * (rows.shape[-1] - 1)
    low = min(int(np.floor(place)), max(rows.shape[-1] - 2, 0))
    order = np.argsort(rows, axis=-1)
    made = np.zeros_like(rows)
    np.put_along_axis(made, order[..., low + 1 : low + 2], place - low, -1)
    np.put_along_axis(made, order[..., low : low + 1], 1.0 - (place - low), -1)
    return back_from_last(made, a, axis)
