"""What runs along vectors, and diagonals of matrices, as Numba takes it.

Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from adxform.backends.numba.lines import by_lines
from adxform.backends.numba.ranks import axis_of, function, known
from adxform.rules import runtime, runtime_along


def products_before(a: Any, axis: Any = None) -> Any:
    """The helper of this name."""
    return runtime_along.products_before(a, axis)


@overload(products_before, strict=False, prefer_literal=True)
def _products_before(a: Any, axis: Any = None) -> Callable[..., Any] | None:
    if not _all(a, axis):
        return _lines("a, axis=None", a, axis, "products_before({a})")

    def made(a: Any, axis: Any = None) -> Any:
        found = np.empty(a.shape, a.dtype)
        given, before = np.ravel(a), found.reshape(a.size)
        product = given.dtype.type(1)
        for i in range(given.size):
            before[i] = product
            product *= given[i]
        return found

    return made


def product_of_others(a: Any, axis: Any = None) -> Any:
    """The helper of this name."""
    return runtime_along.product_of_others(a, axis)


@overload(product_of_others, strict=False, prefer_literal=True)
def _product_of_others(a: Any, axis: Any = None) -> Callable[..., Any] | None:
    if not _all(a, axis):
        return _lines("a, axis=None", a, axis, "product_of_others({a})")

    def made(a: Any, axis: Any = None) -> Any:
        found = products_before(a)
        given, others = np.ravel(a), found.reshape(a.size)
        product = given.dtype.type(1)
        for i in range(given.size - 1, -1, -1):
            others[i] *= product
            product *= given[i]
        return found

    return made


def carried(b: Any, a: Any, axis: Any = None) -> Any:
    """The helper of this name."""
    return runtime_along.carried(b, a, axis)


@overload(carried, strict=False, prefer_literal=True)
def _carried(b: Any, a: Any, axis: Any = None) -> Callable[..., Any] | None:
    if not _all(a, axis) or not _all(b, axis):
        return _lines("b, a, axis=None", b, axis, "carried({b}, {a})")

    def made(b: Any, a: Any, axis: Any = None) -> Any:
        found = np.zeros(a.shape, a.dtype)
        steps, times, sums = np.ravel(b), np.ravel(a), found.reshape(a.size)
        for i in range(times.size - 1):
            sums[i + 1] = steps[i] + times[i] * sums[i]
        return found

    return made


def median_weights(a: Any, axis: Any = None) -> Any:
    """The helper of this name."""
    return runtime_along.median_weights(a, axis)


@overload(median_weights, strict=False, prefer_literal=True)
def _median_weights(a: Any, axis: Any = None) -> Callable[..., Any] | None:
    if not _all(a, axis):
        return _lines("a, axis=None", a, axis, "median_weights({a})")

    def made(a: Any, axis: Any = None) -> Any:
        found = np.zeros(a.shape, a.dtype)
        weights, n = found.reshape(a.size), a.size
        order = np.argsort(np.ravel(a), kind="mergesort")
        middle = order[(n - 1) // 2 : n // 2 + 1]
        for place in middle:
            weights[place] = 0.5 if n % 2 == 0 else 1.0
        return found

    return made


def quantile_weights(a: Any, q: Any, axis: Any = None) -> Any:
    """The helper of this name."""
    return runtime_along.quantile_weights(a, q, axis)


@overload(quantile_weights, strict=False, prefer_literal=True)
def _quantile_weights(a: Any, q: Any, axis: Any = None) -> Callable[..., Any] | None:
    if not isinstance(q, types.Float | types.Integer):
        return None
    if not _all(a, axis):
        return _lines("a, q, axis=None", a, axis, "quantile_weights({a}, q)")

    def made(a: Any, q: Any, axis: Any = None) -> Any:
        found = np.zeros(a.shape, a.dtype)
        weights = found.reshape(a.size)
        order = np.argsort(np.ravel(a), kind="mergesort")
        place = q * (a.size - 1)
        low = min(int(np.floor(place)), max(a.size - 2, 0))
        if low + 1 < a.size:
            weights[order[low + 1]] = place - low
        weights[order[low]] = 1.0 - (place - low)
        return found

    return made


def _lines(parameters: str, a: Any, axis: Any, line: str) -> Callable[..., Any] | None:
    """The same of each line along an axis."""
    if not isinstance(getattr(a, "dtype", None), types.Float):
        return None
    return by_lines(parameters, a, axis, line, globals())


def _all(a: Any, axis: Any) -> bool:
    """Whether all elements of an array are meant: those of a vector, along its only axis."""
    if not isinstance(a, types.Array) or not isinstance(a.dtype, types.Float) or not a.ndim:
        return False
    return known(axis) is None or (a.ndim == 1 and axis_of(axis, 1) == 0)


def mean(a: Any, axis: Any) -> Any:
    """``np.mean``."""
    return np.mean(a, axis=axis)


@overload(mean, strict=False, prefer_literal=True)
def _mean(a: Any, axis: Any) -> Callable[..., Any] | None:
    if known(axis) is None:
        return lambda a, axis: np.mean(a)
    along = axis_of(axis, getattr(a, "ndim", 0))
    if along is None or not isinstance(a, types.Array) or a.dtype != types.float64:
        return None
    if a.ndim == 1:
        return lambda a, axis: np.mean(a)
    return function("a, axis", [f"return np.sum(a, {along}) / a.shape[{along}]"])


def polyval(p: Any, x: Any) -> Any:
    """``np.polyval``."""
    return np.polyval(p, x)


@overload(polyval, strict=False)
def _polyval(p: Any, x: Any) -> Callable[..., Any] | None:
    if not isinstance(p, types.Array) or p.ndim != 1 or not isinstance(p.dtype, types.Float):
        return None
    if isinstance(x, types.Array) and not (isinstance(x.dtype, types.Float) and x.ndim):
        return None
    if not isinstance(x, types.Array | types.Float):
        return None

    def made(p: Any, x: Any) -> Any:
        value = x * 0.0
        for i in range(p.size):
            value = value * x + p[i]
        return value

    return made


def diagonal(a: Any, offset: Any, axis1: Any, axis2: Any) -> Any:
    """``np.diagonal``."""
    return np.diagonal(a, offset, axis1, axis2)


@overload(diagonal, strict=False, prefer_literal=True)
def _diagonal(a: Any, offset: Any, axis1: Any, axis2: Any) -> Callable[..., Any] | None:
    axes = axis_of(axis1, 2), axis_of(axis2, 2)
    if getattr(a, "ndim", 0) != 2 or axes != (0, 1):
        return None
    return lambda a, offset, axis1, axis2: np.diag(a, offset)


def scatter_diagonal(g: Any, like: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """The helper of this name."""
    return runtime.scatter_diagonal(g, like, offset, axis1, axis2)


@overload(scatter_diagonal, strict=False, prefer_literal=True)
def _scatter_diagonal(
    g: Any, like: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1
) -> Callable[..., Any] | None:
    axes = axis_of(axis1, 2), axis_of(axis2, 2)
    if getattr(like, "ndim", 0) != 2 or getattr(g, "ndim", 0) != 1 or axes != (0, 1):
        return None

    def made(g: Any, like: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
        found = np.zeros(like.shape, like.dtype)
        first = max(-offset, 0)
        for i in range(g.size):
            found[first + i, first + i + offset] = g[i]
        return found

    return made


def undiag(g: Any, like: Any, k: Any = 0) -> Any:
    """The helper of this name."""
    return runtime.undiag(g, like, k)


@overload(undiag, strict=False)
def _undiag(g: Any, like: Any, k: Any = 0) -> Callable[..., Any] | None:
    if getattr(like, "ndim", 0) == 1:
        return lambda g, like, k=0: np.diag(g, k)
    return lambda g, like, k=0: scatter_diagonal(g, like, k, 0, 1)
