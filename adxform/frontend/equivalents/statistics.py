"""Statistics of samples that ``scipy.stats`` and Python have, in other words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads

_CALLS = ("R(5)", "R(4, 3)", "R(3, 4), axis=1", "R(2, 3), axis=None")
_POSITIVE = ("P(5)", "P(4, 3)", "P(3, 4), axis=1")


def _moment(a: Any, order: int, axis: Any, keepdims: bool = False) -> Any:
    """The mean of powers of deviations."""
    deviations = a - np.mean(a, axis=axis, keepdims=True)
    return np.mean(deviations**order, axis=axis, keepdims=keepdims)


@reads("scipy.stats.zscore", *_CALLS, "R(3, 4), axis=1, ddof=1")
def zscore(a: Any, axis: Any = 0, ddof: int = 0) -> Any:
    """Deviations, in standard deviations."""
    spread = np.std(a, axis=axis, ddof=ddof, keepdims=True)
    return (a - np.mean(a, axis=axis, keepdims=True)) / spread


@reads("scipy.stats.zmap", "R(4), R(5)", "R(4, 3), R(5, 3), ddof=1")
def zmap(scores: Any, compare: Any, axis: Any = 0, ddof: int = 0) -> Any:
    """Deviations from other numbers' mean, in their standard deviations."""
    spread = np.std(compare, axis=axis, ddof=ddof, keepdims=True)
    return (scores - np.mean(compare, axis=axis, keepdims=True)) / spread


@reads("scipy.stats.moment", "R(5), 3", "R(4, 3), 2", "R(3, 4), order=3, axis=1")
def moment(a: Any, order: int = 1, axis: Any = 0, *, keepdims: bool = False) -> Any:
    """A central moment."""
    return _moment(a, order, axis, keepdims)


@reads("scipy.stats.skew", *_CALLS, "R(5), bias=False", "R(3, 4), axis=1, bias=False")
def skew(a: Any, axis: Any = 0, bias: bool = True, *, keepdims: bool = False) -> Any:
    """The skewness of a sample."""
    found = _moment(a, 3, axis, keepdims) / _moment(a, 2, axis, keepdims) ** 1.5
    if bias:
        return found
    n = np.size(a) if axis is None else np.shape(a)[axis]
    return ((n - 1.0) * n) ** 0.5 / (n - 2.0) * found


@reads("scipy.stats.kurtosis", *_CALLS, "R(5), fisher=False", "R(5), bias=False",
       "R(3, 5), axis=1, fisher=False, bias=False")
def kurtosis(
    a: Any, axis: Any = 0, fisher: bool = True, bias: bool = True, *, keepdims: bool = False
) -> Any:
    """The kurtosis of a sample."""
    found = _moment(a, 4, axis, keepdims) / _moment(a, 2, axis, keepdims) ** 2
    if not bias:
        n = np.size(a) if axis is None else np.shape(a)[axis]
        found = 1.0 / (n - 2) / (n - 3) * ((n**2 - 1.0) * found - 3 * (n - 1) ** 2.0) + 3.0
    return found - 3.0 if fisher else found


@reads("scipy.stats.sem", *_CALLS, "R(5), ddof=0")
def sem(a: Any, axis: Any = 0, ddof: int = 1, *, keepdims: bool = False) -> Any:
    """The standard error of a mean."""
    n = np.size(a) if axis is None else np.shape(a)[axis]
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims) / n**0.5


@reads("scipy.stats.variation", *_POSITIVE, "P(5), ddof=1")
def variation(a: Any, axis: Any = 0, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation, in means."""
    spread = np.std(a, axis=axis, ddof=ddof, keepdims=keepdims)
    return spread / np.mean(a, axis=axis, keepdims=keepdims)


@reads("scipy.stats.gmean", *_POSITIVE, "P(3, 4), axis=1, weights=P(4)")
def gmean(
    a: Any, axis: Any = 0, dtype: Any = None, weights: Any = None, *, keepdims: bool = False
) -> Any:
    """The geometric mean."""
    if dtype is not None:
        raise NotImplementedError("means in another dtype have no derivative rule here")
    mean = np.average(np.log(a), axis=axis, weights=weights, keepdims=keepdims)  # type: ignore[call-overload]
    return np.exp(mean)


@reads("scipy.stats.hmean", *_POSITIVE, "P(3, 4), axis=1, weights=P(4)")
def hmean(
    a: Any, axis: Any = 0, dtype: Any = None, *, weights: Any = None, keepdims: bool = False
) -> Any:
    """The harmonic mean."""
    if dtype is not None:
        raise NotImplementedError("means in another dtype have no derivative rule here")
    mean = np.average(1.0 / a, axis=axis, weights=weights, keepdims=keepdims)  # type: ignore[call-overload]
    return 1.0 / mean


@reads("scipy.stats.entropy", *_POSITIVE, "P(4), P(4)", "P(4), base=2", "P(3, 4), P(3, 4), axis=1")
def entropy(
    pk: Any, qk: Any = None, base: Any = None, axis: Any = 0, *, keepdims: bool = False
) -> Any:
    """The entropy of a distribution, or the divergence of one from another."""
    from scipy import special

    p = pk / np.sum(pk, axis=axis, keepdims=True)
    terms = special.entr(p) if qk is None else (
        special.rel_entr(p, qk / np.sum(qk, axis=axis, keepdims=True)))
    found = np.sum(terms, axis=axis, keepdims=keepdims)
    return found if base is None else found / math.log(base)


# Python's own, of numbers one by one


@reads("statistics.mean")
def mean(data: Any) -> Any:
    """The mean."""
    return np.mean(np.array(data))


@reads("statistics.fmean")
def fmean(data: Any, weights: Any = None) -> Any:
    """The mean of floating numbers."""
    return np.average(np.array(data), weights=weights)


@reads("statistics.median")
def median(data: Any) -> Any:
    """The number in the middle, or the mean of both."""
    return np.median(np.array(data))


@reads("statistics.variance")
def variance(data: Any, xbar: Any = None) -> Any:
    """The variance of a sample."""
    numbers = np.array(data)
    middle = np.mean(numbers) if xbar is None else xbar
    return np.sum((numbers - middle) ** 2) / (len(numbers) - 1)


@reads("statistics.pvariance")
def pvariance(data: Any, mu: Any = None) -> Any:
    """The variance of all there are."""
    numbers = np.array(data)
    return np.mean((numbers - (np.mean(numbers) if mu is None else mu)) ** 2)


@reads("statistics.stdev")
def stdev(data: Any) -> Any:
    """The standard deviation of a sample."""
    return np.std(np.array(data), ddof=1)


@reads("statistics.pstdev")
def pstdev(data: Any) -> Any:
    """The standard deviation of all there are."""
    return np.std(np.array(data))


@reads("statistics.geometric_mean")
def geometric_mean(data: Any) -> Any:
    """The geometric mean."""
    return np.exp(np.mean(np.log(np.array(data))))


@reads("statistics.harmonic_mean")
def harmonic_mean(data: Any) -> Any:
    """The harmonic mean."""
    return 1.0 / np.mean(1.0 / np.array(data))
