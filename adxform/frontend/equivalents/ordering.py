"""Orders of elements and quantiles of every kind, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Type, rank
from adxform.frontend.equivalents.table import reads
from adxform.rules import infer


@reads("np.sort", "R(4), kind='stable'", "R(2, 3), 0, 'mergesort'", "R(2, 3), stable=True")
def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    """The elements in order, whatever the way to get there."""
    return np.sort(a, axis=axis)


@reads("np.partition", "R(6), 2", "R(6), (1, 3)", "R(3, 4), 1, axis=0", "R(2, 3), 4, axis=None")
def partition(a: Any, kth: Any, axis: Any = -1) -> Any:
    """The elements, of which some are at the places that they have in order."""
    values, along = (np.ravel(a), 0) if axis is None else (a, axis)
    order = np.argpartition(values, kth, axis=along)
    return np.take_along_axis(values, order, along)


def _several(q: Type, **_: Type) -> bool:
    """Whether more than one quantile is asked for."""
    return (rank(infer.as_array(q)) or 0) > 0


def _columns(a: Any, axis: Any) -> Any:
    """An array whose first axis runs over what is reduced."""
    if axis is None:
        return np.ravel(a)
    if isinstance(axis, tuple):
        moved = np.moveaxis(a, axis, tuple(range(len(axis))))
        return np.reshape(moved, (-1, *np.shape(moved)[len(axis):]))
    return np.moveaxis(a, axis, 0)


def _put_back(found: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """A reduction's result with the axes that were reduced."""
    if not keepdims:
        return found
    if axis is None:
        return np.reshape(found, (1,) * np.ndim(a))
    return np.expand_dims(found, axis)


#: Where among n elements in order a quantile q is, by numbers a and b: a + (n + b) * q.
_BETWEEN = {"linear": (0.0, -1.0), "hazen": (-0.5, 0.0), "weibull": (-1.0, 1.0),
            "median_unbiased": (-2.0 / 3.0, 1.0 / 3.0), "normal_unbiased": (-0.625, 0.25),
            "interpolated_inverted_cdf": (-1.0, 0.0)}
_PLACED = tuple(_BETWEEN)


def _at(values: Any, places: Any) -> Any:
    """The elements at a place of each column."""
    if np.ndim(values) == 1:
        return values[places]
    return np.take_along_axis(values, np.broadcast_to(places, (1, *np.shape(values)[1:])), 0)[0]


def _quantile(values: Any, q: Any, n: Any, method: str) -> Any:
    """A quantile of each column of values in order, of which the first n count."""
    if method in _PLACED:
        place = np.clip(_BETWEEN[method][0] + (n + _BETWEEN[method][1]) * q, 0.0, n - 1.0)
        lower = np.floor(place).astype(int)
        left, right = _at(values, lower), _at(values, np.minimum(lower + 1, n - 1))
        return left + (right - left) * np.asarray(place - lower, dtype=values.dtype)
    if method == "midpoint":
        place = (n - 1) * q
        left = _at(values, np.floor(place).astype(int))
        return 0.5 * (left + _at(values, np.ceil(place).astype(int)))
    if method == "lower":
        return _at(values, np.floor((n - 1) * q).astype(int))
    if method == "higher":
        return _at(values, np.ceil((n - 1) * q).astype(int))
    if method == "nearest":
        return _at(values, np.around((n - 1) * q).astype(int))
    if method == "inverted_cdf":
        return _at(values, np.clip(np.ceil(n * q) - 1.0, 0.0, n - 1.0).astype(int))
    raise NotImplementedError("quantiles of this method have no derivative rule")


def _one(a: Any, q: Any, axis: Any, keepdims: bool, method: str, numbers: bool) -> Any:
    """A quantile of what is a number; with ``numbers`` all is."""
    values = np.sort(_columns(a, axis), axis=0)
    count = len(values) if numbers else np.sum(~np.isnan(values), axis=0)
    return _put_back(_quantile(values, q, count, method), a, axis, keepdims)


def _each(
    a: Any, q: Any, axis: Any, keepdims: bool, method: str, whole: float, numbers: bool
) -> Any:
    """A quantile, or several, one after the other; ``whole`` is what the greatest is called."""
    if np.ndim(q) > 0:
        each = [_one(a, one / whole, axis, keepdims, method, numbers) for one in q]
        return np.stack(each)
    return _one(a, q / whole, axis, keepdims, method, numbers)


_METHODS = tuple(f"R(7), 0.37, method='{m}'" for m in (
    "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf", "lower",
    "higher", "nearest", "midpoint", "inverted_cdf"))


@reads("np.quantile", "R(7), [0.25, 0.5]", "R(2, 5), (0.1, 0.6), axis=0, keepdims=True",
       *_METHODS, "R(2, 5), 0.3, axis=1, method='weibull', keepdims=True",
       "R(2, 5), [0.1, 0.6], axis=1, method='lower'",
       "R(2, 3, 4), 0.6, axis=(0, 2), method='hazen'", when=_several)
def quantile(
    a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False
) -> Any:
    """Several quantiles, one after the other, or one of any kind."""
    if np.ndim(q) > 0 and method == "linear":
        return np.stack([np.quantile(a, one, axis=axis, keepdims=keepdims) for one in q])
    return _each(a, q, axis, keepdims, method, 1.0, True)


@reads("np.percentile", "R(7), [25, 50.0]", "R(2, 5), [10.0, 60.0], axis=1",
       "R(7), 62.5, method='hazen'", "R(2, 5), [10.0, 60.0], axis=1, method='higher'",
       when=_several)
def percentile(
    a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False
) -> Any:
    """Several percentiles, one after the other, or one of any kind."""
    if np.ndim(q) > 0 and method == "linear":
        return np.stack([np.percentile(a, one, axis=axis, keepdims=keepdims) for one in q])
    return _each(a, q, axis, keepdims, method, 100.0, True)


_HOLED = "R(2, 4) + np.array([0.3, np.nan, 0.2, 0.1])"


@reads("np.nanquantile", "R(7), 0.3", f"{_HOLED}, 0.3", f"{_HOLED}, 0.6, axis=1, keepdims=True",
       f"{_HOLED}, [0.2, 0.5], axis=1", "R(5), 0.3, method='hazen'")
def nanquantile(
    a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False
) -> Any:
    """Quantiles of what is a number."""
    return _each(a, q, axis, keepdims, method, 1.0, False)


@reads("np.nanpercentile", "R(7), 30", f"{_HOLED}, 60.0, axis=1", f"{_HOLED}, [20, 50], axis=1")
def nanpercentile(
    a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False
) -> Any:
    """Percentiles of what is a number."""
    return _each(a, q, axis, keepdims, method, 100.0, False)


@reads("np.nanmedian", "R(5)", _HOLED, f"{_HOLED}, axis=1", f"{_HOLED}, axis=1, keepdims=True",
       "R(2, 3, 4), axis=(0, 2)")
def nanmedian(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The median of what is a number."""
    return _one(a, 0.5, axis, keepdims, "linear", False)
