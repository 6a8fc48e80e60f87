"""Reductions of some elements, from an initial value, or in another dtype, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads

_SOME = ("R(5), where=np.arange(5) > 2", "R(2, 3), axis=1, where=np.arange(3) > 0, keepdims=True")
_WIDE = "R(2, 3), axis=0, dtype=np.float64"


def _chosen(a: Any, where: Any, other: Any, dtype: Any = None) -> Any:
    """The elements where a condition holds, in another dtype if one is given."""
    a = a if dtype is None else np.asarray(a, dtype)
    return a if where is True else np.where(where, a, other)


def _count(a: Any, where: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements a condition chooses."""
    return np.sum(np.where(where, np.ones_like(a), 0.0), axis=axis, keepdims=keepdims)


@reads("np.sum", "R(5), initial=2.0", "R(2, 3), axis=0, initial=R",
       "R(5), initial=R, where=np.arange(5) > 2")
def sum_(
    a: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False, initial: Any = 0.0,
    where: Any = True,
) -> Any:
    """A sum that does not begin with 0."""
    chosen = _chosen(a, where, 0.0, dtype)
    return np.sum(chosen, axis=axis, keepdims=keepdims) + initial


@reads("np.nansum", *_SOME, _WIDE, "R(5), initial=R")
def nansum(
    a: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False, initial: Any = 0.0,
    where: Any = True,
) -> Any:
    """A sum of some elements, without those that are no numbers."""
    chosen = _chosen(a, where, 0.0, dtype)
    return np.nansum(chosen, axis=axis, keepdims=keepdims) + initial


@reads("np.prod", *_SOME, _WIDE, "R(5), initial=R", "R(2, 3), axis=0, initial=2.0")
def prod(
    a: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False, initial: Any = 1.0,
    where: Any = True,
) -> Any:
    """A product of some elements, or one that does not begin with 1."""
    chosen = _chosen(a, where, 1.0, dtype)
    return np.prod(chosen, axis=axis, keepdims=keepdims) * initial


@reads("np.nanprod", *_SOME, _WIDE, "R(5), initial=R")
def nanprod(
    a: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False, initial: Any = 1.0,
    where: Any = True,
) -> Any:
    """A product of some elements, without those that are no numbers."""
    chosen = _chosen(a, where, 1.0, dtype)
    return np.nanprod(chosen, axis=axis, keepdims=keepdims) * initial


@reads("np.max", "R(5), initial=0.1", "R(2, 3), axis=0, initial=R, keepdims=True",
       "R(5), initial=-5.0, where=np.arange(5) > 2")
def max_(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any, where: Any = True
) -> Any:
    """The largest of some elements and an initial value."""
    return np.maximum(np.max(_chosen(a, where, initial), axis=axis, keepdims=keepdims), initial)


@reads("np.min", "R(5), initial=0.1", "R(2, 3), axis=0, initial=R, keepdims=True",
       "R(5), initial=5.0, where=np.arange(5) > 2")
def min_(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any, where: Any = True
) -> Any:
    """The smallest of some elements and an initial value."""
    return np.minimum(np.min(_chosen(a, where, initial), axis=axis, keepdims=keepdims), initial)


@reads("np.nanmax", "R(5), initial=0.1", "R(2, 3), axis=1, initial=-9.0, where=np.arange(3) > 0")
def nanmax(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any, where: Any = True
) -> Any:
    """The largest of some numbers and an initial value."""
    return np.fmax(np.nanmax(_chosen(a, where, initial), axis=axis, keepdims=keepdims), initial)


@reads("np.nanmin", "R(5), initial=0.1", "R(2, 3), axis=1, initial=9.0, where=np.arange(3) > 0")
def nanmin(
    a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any, where: Any = True
) -> Any:
    """The smallest of some numbers and an initial value."""
    return np.fmin(np.nanmin(_chosen(a, where, initial), axis=axis, keepdims=keepdims), initial)


@reads("np.mean", *_SOME, _WIDE)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """The mean of some elements."""
    if where is True:
        return np.mean(np.asarray(a, dtype), axis=axis, keepdims=keepdims)
    total = np.sum(_chosen(a, where, 0.0, dtype), axis=axis, keepdims=keepdims)
    return total / _count(a, where, axis, keepdims)


@reads("np.nanmean", *_SOME, _WIDE)
def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True
) -> Any:
    """The mean of some elements, without those that are no numbers."""
    return np.nanmean(_chosen(a, where, np.nan, dtype), axis=axis, keepdims=keepdims)


def _variance(
    a: Any, axis: Any, ddof: Any, keepdims: bool, where: Any, mean: Any
) -> Any:
    """The variance of some elements, about a mean that may be known."""
    if mean is None and where is True:
        return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)
    count = _count(a, where, axis, True)
    middle = np.sum(_chosen(a, where, 0.0), axis=axis, keepdims=True) / count
    deviations = _chosen(a - (middle if mean is None else mean), where, 0.0)
    squares = np.sum(deviations * deviations, axis=axis, keepdims=keepdims)
    return squares / (_count(a, where, axis, keepdims) - ddof)


_VARIANCES = ("R(3), correction=1", "R(5), where=np.arange(5) > 1", _WIDE,
              "R(2, 4), axis=1, where=np.arange(4) > 0, ddof=1, keepdims=True",
              "R(2, 3), axis=1, mean=np.full((2, 1), 0.1)")


@reads("np.var", *_VARIANCES)
def var(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: Any = 0,
) -> Any:
    """The variance of some elements, about a mean that may be known."""
    values = a if dtype is None else np.asarray(a, dtype)
    return _variance(values, axis, ddof + correction, keepdims, where, mean)


@reads("np.std", *_VARIANCES)
def std(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    where: Any = True, mean: Any = None, correction: Any = 0,
) -> Any:
    """The standard deviation of some elements, about a mean that may be known."""
    values = a if dtype is None else np.asarray(a, dtype)
    if mean is None and where is True:
        return np.std(values, axis=axis, ddof=ddof + correction, keepdims=keepdims)
    found = _variance(values, axis, ddof + correction, keepdims, where, mean)
    return np.sqrt(found + (found == 0.0)) * (found != 0.0)


@reads("np.nanvar", *_SOME, _WIDE)
def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    where: Any = True,
) -> Any:
    """The variance of some elements, without those that are no numbers."""
    return np.nanvar(_chosen(a, where, np.nan, dtype), axis=axis, ddof=ddof, keepdims=keepdims)


@reads("np.nanstd", *_SOME, _WIDE)
def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, *, ddof: Any = 0, keepdims: bool = False,
    where: Any = True,
) -> Any:
    """The standard deviation of some elements, without those that are no numbers."""
    return np.nanstd(_chosen(a, where, np.nan, dtype), axis=axis, ddof=ddof, keepdims=keepdims)


@reads("np.average", "R(2, 3), axis=1, weights=P(3), returned=True", "R(4), returned=True")
def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: bool = False,
) -> Any:
    """An average, and the sum of the weights."""
    found = np.average(a, axis=axis, weights=weights, keepdims=keepdims)  # type: ignore[call-overload]
    each = np.ones_like(a) if weights is None else weights
    if weights is None or np.ndim(weights) == np.ndim(a):
        return found, np.sum(each, axis=axis, keepdims=keepdims)
    return found, np.sum(each) * np.ones_like(found)


@reads("np.nancumsum", "R(2, 3), axis=1, dtype=np.float64")
def nancumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """A running sum in another dtype."""
    return np.nancumsum(np.asarray(a, dtype), axis=axis)


@reads("np.cumsum", "R(2, 3), axis=1, dtype=np.float64", "R(2, 3), 0, np.float64")
def cumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """A running sum in another dtype."""
    return np.cumsum(np.asarray(a, dtype), axis=axis)


@reads("np.cumprod", "R(2, 3), axis=1, dtype=np.float64")
def cumprod(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """A running product in another dtype."""
    return np.cumprod(np.asarray(a, dtype), axis=axis)


def _after(made: Any, a: Any, axis: Any, first: Any) -> Any:
    """A running sum or product with what it begins with."""
    place = 0 if axis is None else axis
    start = np.full_like(np.take(a, [0], axis=place), first)
    return np.concatenate([start, made], axis=place)


@reads("np.cumulative_sum", "R(4)", "R(2, 3), axis=1", "R(4), include_initial=True",
       "R(2, 3), axis=0, include_initial=True")
def cumulative_sum(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    """A running sum, which may begin with 0."""
    made = np.cumsum(x, axis=axis)
    return _after(made, x, axis, 0.0) if include_initial else made


@reads("np.cumulative_prod", "R(4)", "R(2, 3), axis=1, include_initial=True")
def cumulative_prod(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    """A running product, which may begin with 1."""
    made = np.cumprod(x, axis=axis)
    return _after(made, x, axis, 1.0) if include_initial else made


# What is largest so far, element by element


@reads("np.maximum.accumulate", "R(5)", "R(3, 4), 1", "R(3, 2), axis=0")
def running_maximum(array: Any, axis: int = 0) -> Any:
    """The largest element so far."""
    found = np.copy(np.moveaxis(array, axis, 0))
    for i in range(1, len(found)):
        found[i] = np.maximum(found[i - 1], found[i])
    return np.moveaxis(found, 0, axis)


@reads("np.minimum.accumulate", "R(5)", "R(3, 4), 1", "R(3, 2), axis=0")
def running_minimum(array: Any, axis: int = 0) -> Any:
    """The smallest element so far."""
    found = np.copy(np.moveaxis(array, axis, 0))
    for i in range(1, len(found)):
        found[i] = np.minimum(found[i - 1], found[i])
    return np.moveaxis(found, 0, axis)
