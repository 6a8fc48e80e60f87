"""Reductions and selections of dual numbers that are not linear."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from adxform.dual.number import Dual, is_complex, plain, require_real, rule

# The functions below call NumPy with dual numbers, which NumPy's own annotations do not know.
_np: Any = np


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """``axis`` as a tuple of numbers from 0; None means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if any(not -ndim <= one < ndim for one in axes):
        raise np.exceptions.AxisError(f"axis {axis} is out of bounds for {ndim} dimensions")
    return tuple(one % ndim for one in axes)


def only_default(**arguments: Any) -> None:
    """Raise TypeError for an argument that is given, and has no rule."""
    for name, argument in arguments.items():
        if argument is not None:
            raise TypeError(f"no rule for {name}= with a Dual")


@rule(np.prod)
def prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    """Multiply slice by slice, so that zeros need no division."""
    only_default(dtype=dtype, out=out)
    axes = axes_of(axis, a.ndim)
    for one in axes:
        slices = [_np.take(a, [i], one) for i in range(a.shape[one])]
        a = functools.reduce(np.multiply, slices, _np.ones_like(_np.sum(a, one, keepdims=True)))
    return a if keepdims else _np.squeeze(a, axes)


@rule(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Multiply slice by slice, and keep each product."""
    only_default(dtype=dtype, out=out)
    a, axis = (_np.ravel(a), 0) if axis is None else (a, axes_of(axis, a.ndim)[0])
    products: list[Any] = []
    for i in range(a.shape[axis]):
        factor = _np.take(a, [i], axis)
        products.append(products[-1] * factor if products else factor)
    return _np.concatenate(products, axis) if products else a.copy()


@rule(np.max, np.amax)
def maximum_of(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """The tangent at the maximum; ties share evenly."""
    only_default(out=out)
    return _extremum(np.max, a, axis, keepdims)


@rule(np.min, np.amin)
def minimum_of(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """The tangent at the minimum; ties share evenly."""
    only_default(out=out)
    return _extremum(np.min, a, axis, keepdims)


def _extremum(function: Any, a: Dual, axis: Any, keepdims: bool) -> Dual:
    require_real(a, function.__name__)
    ties = np.equal(a.value, function(a.value, axis=axis, keepdims=True))
    share = ties / np.sum(ties, axis=axis, keepdims=True)  # a NaN equals nothing: 0 / 0

    def tangent(a_dot: Any) -> Any:
        return _np.sum(share * a_dot, axis=axis, keepdims=keepdims)

    return a.push(function(a.value, axis=axis, keepdims=keepdims), tangent)


@rule(np.ptp)
def peak_to_peak(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Maximum less minimum."""
    only_default(out=out)
    return maximum_of(a, axis, None, keepdims) - minimum_of(a, axis, None, keepdims)


@rule(np.var)
def variance(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
) -> Any:
    """The mean square of the deviations."""
    only_default(dtype=dtype, out=out)
    deviation = a - _np.mean(a, axis=axis, keepdims=True)
    deviation = np.abs(deviation) if is_complex(a) else deviation
    count = np.prod([a.shape[one] for one in axes_of(axis, a.ndim)])
    total = _np.sum(deviation * deviation, axis=axis, keepdims=keepdims)
    return total / deviation.dtype.type(count - ddof)


@rule(np.std)
def standard_deviation(*args: Any, **kwargs: Any) -> Any:
    """The root of the variance; of constants its tangent is 0."""
    return _np.sqrt(variance(*args, **kwargs))


@rule(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """By value; equal elements keep their order."""
    only_default(order=order)
    require_real(a, "sort")
    a, axis = (_np.ravel(a), 0) if axis is None else (a, axis)
    return _np.take_along_axis(a, np.argsort(plain(a), axis, kind="stable"), axis)


@rule(np.clip)
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    """The maximum with one bound, then the minimum with the other: ties share evenly."""
    only_default(out=out)
    lower = min if a_min is None else a_min
    upper = max if a_max is None else a_max
    a = a if lower is None else np.maximum(a, lower)
    return +a if upper is None else np.minimum(a, upper)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """``log(sum(b * exp(a)))``, as ``scipy.special.logsumexp`` of a dual number or an array.

    Parameters
    ----------
    a
        The exponents.
    axis
        The axis or axes to sum over; None for all.
    b
        Factors that broadcast against ``a``; a plain factor of 0 removes its element.
    keepdims
        Whether the axes stay, with length 1.

    """
    if b is not None and not isinstance(b, Dual):
        a = np.where(np.equal(b, 0), -np.inf, a)
    peak = np.max(plain(a), axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0.0).astype(peak.dtype)
    terms = np.exp(a - peak) if b is None else b * np.exp(a - peak)
    with np.errstate(divide="ignore"):  # plain arrays come here too
        out = np.log(_np.sum(terms, axis=axis, keepdims=True)) + peak
    return out if keepdims else _np.squeeze(out, axes_of(axis, np.ndim(out)))
