"""Functions that put arrays together and take them apart, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Type, rank
from adxform.frontend.equivalents.table import reads
from adxform.rules import infer


@reads("np.diff", "R(5), prepend=0.0", "R(5), append=R", "R(5), n=2, prepend=R(2), append=R",
       "R(2, 4), prepend=R(2, 1)", "R(3, 2), axis=0, append=R(2, 2)")
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, the first or the last ones with what is given."""
    ends = np.shape(np.take(a, [0], axis))
    if prepend is not None:
        before = np.broadcast_to(prepend, ends) if np.ndim(prepend) == 0 else prepend
        a = np.concatenate([before, a], axis=axis)
    if append is not None:
        behind = np.broadcast_to(append, ends) if np.ndim(append) == 0 else append
        a = np.concatenate([a, behind], axis=axis)
    return np.diff(a, n, axis)


@reads("np.block", "[R(2, 2), R(2, 3)]", "[[R(2, 2), R(2, 3)], [R(1, 2), R(1, 3)]]", "[R, R(2)]",
       "[[R, R(2)], [R(3)]]", "[[R(2, 2), np.zeros((2, 1))], [R(1, 2), 1.0]]",
       "[[R, 2.0], [0.0, R]]")
def block(arrays: Any) -> Any:
    """Rows of blocks, one below the other; what is in one list stands side by side."""
    if not isinstance(arrays, list):
        return np.array(arrays)
    if not isinstance(arrays[0], list):
        return np.hstack(arrays)
    return np.vstack([np.hstack([np.atleast_2d(a) for a in row]) for row in arrays])


@reads("np.where", "R(4) > 0.1")
def where(condition: Any) -> Any:
    """Where a condition holds: an array of places for each axis."""
    return np.nonzero(condition)


@reads("np.divmod", "R(4), 0.3", "R(4), P(4)")
def divmod_(x1: Any, x2: Any) -> Any:
    """The quotient, rounded down, and what is left over."""
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@reads("np.modf", "R(4) * 3.0")
def modf(x: Any) -> Any:
    """What is behind the point, and what is before it."""
    whole = np.trunc(x)
    return x - whole, whole


@reads("np.rollaxis", "R(2, 3, 4), 2", "R(2, 3, 4), 0, 3", "R(2, 3, 4), 2, 1", "R(2, 3, 4), -1")
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis that is moved before another."""
    axis = axis % np.ndim(a)
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


# Functions that are applied to parts of an array


@reads("np.apply_along_axis", "lambda v: np.sum(v * v), 0, R(3, 2)", "np.cumsum, 1, R(3, 2)",
       "lambda v: v / np.sum(v * v), 0, R(3, 2)", "np.sum, 1, R(2, 3, 2)", "np.cumsum, 0, R(4)")
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any) -> Any:
    """A function of each of the vectors along an axis."""
    if np.ndim(arr) == 1:
        return func1d(arr, *args)
    moved = np.moveaxis(arr, axis, -1)
    rows = np.reshape(moved, (-1, np.shape(moved)[-1]))
    made = np.stack([func1d(row, *args) for row in rows])
    found = np.reshape(made, np.shape(moved)[:-1] + np.shape(made)[1:])
    return np.moveaxis(found, -1, axis) if np.ndim(made) > 1 else found


@reads("np.piecewise", "R(5), [np.arange(5) < 2], [lambda v: v * v, lambda v: -v]",
       "R(5), [np.arange(5) < 2, np.arange(5) > 3], [np.sin, 0.5, np.exp]",
       "R(5), [np.arange(5) < 2], [0.0, lambda v: v * v * v]",
       "R(2, 3), [np.array([[True, False, True], [False, True, False]])], [lambda v: 3.0 * v]")
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any) -> Any:
    """A function for each condition; one more is for what meets none of them."""
    y = np.zeros_like(x)
    rest = np.ones(np.shape(x), dtype=bool)
    for condition, function in zip(condlist, funclist, strict=False):
        y[condition] = function(x[condition], *args) if callable(function) else function
        rest = rest & ~condition
    if len(funclist) > len(condlist):
        last = funclist[-1]
        y[rest] = last(x[rest], *args) if callable(last) else last
    return y


def vectorized(pyfunc: Any, *args: Any) -> Any:
    """What ``np.vectorize(pyfunc)`` does: a function of each element."""
    if len(args) == 1:
        made = np.array([pyfunc(value) for value in np.ravel(args[0])])
        return np.reshape(made, np.shape(args[0]))
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    flat = [np.ravel(np.broadcast_to(a, shape)) for a in args]
    made = np.array([pyfunc(*[a[i] for a in flat]) for i in range(len(flat[0]))])
    return np.reshape(made, shape)


# Statistics


def _several(q: Type, **_: Type) -> bool:
    """Whether more than one quantile is asked for."""
    return (rank(infer.as_array(q)) or 0) > 0


@reads("np.percentile", "R(7), [25, 50.0]", "R(2, 5), [10.0, 60.0], axis=1", when=_several)
def percentile(a: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Several percentiles, one after the other."""
    return np.stack([np.percentile(a, one, axis=axis, keepdims=keepdims) for one in q])


@reads("np.quantile", "R(7), [0.25, 0.5]",
       "R(2, 5), (0.1, 0.6), axis=0, keepdims=True", when=_several)
def quantile(a: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Several quantiles, one after the other."""
    return np.stack([np.quantile(a, one, axis=axis, keepdims=keepdims) for one in q])


@reads("np.clip", "R(5), min=-0.3", "R(5), max=R", "R(5), min=-0.3, max=0.4")
def clip(a: Any, *, min: Any = None, max: Any = None) -> Any:
    """Within bounds that are given by their names."""
    return np.clip(a, min, max)
