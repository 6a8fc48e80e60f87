"""Functions that put arrays together and take them apart, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads


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


@reads("np.require", "R(3)", "R(3), float", "[R, R], requirements='C'")
def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:
    """An array, in whatever order it is kept."""
    return np.asarray(a, dtype)


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
       "lambda v: v / np.sum(v * v), 0, R(3, 2)", "np.sum, 1, R(2, 3, 2)", "np.cumsum, 0, R(4)",
       "lambda v: [v[0], v[0] * v[1]], 0, R(3)", "lambda v: [v[0], v[0] * v[1]], 0, R(3, 2)",
       "lambda v, p: v**p, 0, R(3, 2), p=2")
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of each of the vectors along an axis."""
    if np.ndim(arr) == 1:
        return np.asarray(func1d(arr, *args, **kwargs))
    moved = np.moveaxis(arr, axis, -1)
    rows = np.reshape(moved, (-1, np.shape(moved)[-1]))
    made = np.stack([func1d(row, *args, **kwargs) for row in rows])
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


@reads("np.clip", "R(5), min=-0.3", "R(5), max=R", "R(5), min=-0.3, max=0.4")
def clip(a: Any, *, min: Any = None, max: Any = None) -> Any:
    """Within bounds that are given by their names."""
    return np.clip(a, min, max)


# Places and sizes


@reads("np.take", "R(4), [5, -7], mode='wrap'", "R(2, 3), [0, 7], axis=1, mode='clip'")
def take(a: Any, indices: Any, axis: Any = None, *, mode: str) -> Any:
    """Elements at places of which some are beyond the ends."""
    size = np.size(a) if axis is None else np.shape(a)[axis]
    if mode == "wrap":
        return np.take(a, np.mod(indices, size), axis=axis)
    return np.take(a, np.clip(indices, 0, size - 1), axis=axis)


@reads("np.choose", "[0, 4, 1], [R(3), R(3)], mode='clip'", "[0, 3, 1], [R(3), R(3)], mode='wrap'")
def choose(a: Any, choices: Any, *, mode: str) -> Any:
    """Elements of several arrays, of which some are beyond the last."""
    if mode == "wrap":
        return np.choose(np.mod(a, len(choices)), choices)
    return np.choose(np.clip(a, 0, len(choices) - 1), choices)


@reads("np.size", "R(2, 3), 1")
def size(a: Any, axis: int) -> Any:
    """The size along an axis."""
    return np.shape(a)[axis]


@reads("np.broadcast_arrays", "R(1, 3), R(2, 1)", "R(3), R", "R(2, 3), P(3), R(1)")
def broadcast_arrays(*args: Any) -> Any:
    """Arrays that are stretched to one shape."""
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    return tuple([np.broadcast_to(a, shape) for a in args])


@reads("np.diagflat", "R(3)", "R(2, 2), 1", "R")
def diagflat(v: Any, k: int = 0) -> Any:
    """All elements in a row on a diagonal."""
    return np.diag(np.ravel(v), k)


@reads("np.ediff1d", "R(4), to_begin=R, to_end=R(2)", "R(2, 3), to_end=0.0")
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours, with something before and behind."""
    made = np.diff(np.ravel(ary))
    if to_begin is not None:
        made = np.concatenate([np.ravel(np.asarray(to_begin, made.dtype)), made])
    if to_end is None:
        return made
    return np.concatenate([made, np.ravel(np.asarray(to_end, made.dtype))])


@reads("np.nan_to_num", "R(4), False", "R(4) * np.array([1.0, np.nan, 1.0, np.inf]), True, 2.0")
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Numbers in place of what is none, and of infinities."""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


# Products


@reads("np.cross", "R(3, 3), R(3, 3), axisa=0, axisb=1, axisc=0", "R(3, 4), R(4, 3), axisa=0")
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1) -> Any:
    """A vector product along axes of either operand."""
    made = np.cross(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1))
    return np.moveaxis(made, -1, axisc)


@reads("np.vecdot", "R(3, 2), R(3, 2), axis=0")
def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Products of vectors along an axis."""
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@reads("np.matvec", "R(2, 3), R(3)", "R(4, 2, 3), R(3)", "R(2, 3), R(4, 3)")
def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors."""
    return np.matmul(x1, np.expand_dims(x2, -1))[..., 0]


@reads("np.vecmat", "R(2), R(2, 3)", "R(4, 2), R(2, 3)")
def vecmat(x1: Any, x2: Any, /) -> Any:
    """Vectors times matrices."""
    return np.matmul(np.expand_dims(x1, -2), x2)[..., 0, :]


# Grids


@reads("np.linspace", "R(3), R(3), 4, axis=1", "R, R, 5, retstep=True", "R, 2.0, 4, False, True")
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, *,
    axis: int = 0,
) -> Any:
    """Numbers between others, along an axis, or with the distance between them."""
    made = np.moveaxis(np.linspace(start, stop, num, endpoint), 0, axis)
    return (made, (stop - start) / (num - 1 if endpoint else num)) if retstep else made


@reads("np.geomspace", "P, P, 4", "1.0, P(3), 4", "P, P, 3, endpoint=False")
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    """Numbers between others, each a multiple of the one before."""
    return np.exp(np.linspace(np.log(start), np.log(stop), num, endpoint))


@reads("np.meshgrid", "R(2), R(3), copy=False", "R(2), R(3), R(4), sparse=True",
       "R(2), R(3), sparse=True, indexing='ij'")  # fmt: skip
def meshgrid(
    *xi: Any, indexing: Any = "xy", copy: bool = True, sparse: bool = False
) -> Any:
    """Coordinates on a grid, or what broadcasts to them."""
    if not sparse:
        return np.meshgrid(*xi, indexing=indexing)
    made = []
    for place, x in enumerate(xi):
        axis = place
        if indexing == "xy" and len(xi) > 1 and place < 2:
            axis = 1 - place
        shape = [1] * len(xi)
        shape[axis] = -1
        made.append(np.reshape(x, shape))
    return tuple(made)


@reads("np.fromfunction", "lambda i, j, c: i * c - j, (2, 3), c=R",
       "lambda i, c: c * i * i, (4,), dtype=int, c=R(4)")
def fromfunction(function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    """What a function gives of the places of a grid."""
    places = np.meshgrid(*[np.arange(n, dtype=dtype) for n in shape], indexing="ij")
    return function(*places, **kwargs)


@reads("np.kaiser", "5, P", "4, 3.0 * P")
def kaiser(M: int, beta: Any) -> Any:
    """Kaiser's window."""
    middle = (M - 1) / 2.0
    inside = np.i0(beta * np.sqrt(1 - ((np.arange(M) - middle) / middle) ** 2))
    return inside / np.i0(np.atleast_1d(beta))


# Polynomials, the coefficient of the highest power first


def _longer(p: Any, size: int) -> Any:
    return np.pad(p, (size - len(p), 0))


@reads("np.polyadd", "R(3), R(2)", "R(2), R(3)", "R(3), R(3)")
def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials."""
    size = max(len(a1), len(a2))
    return _longer(a1, size) + _longer(a2, size)


@reads("np.polysub", "R(3), R(2)", "R(2), R(3)")
def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials."""
    size = max(len(a1), len(a2))
    return _longer(a1, size) - _longer(a2, size)


@reads("np.polymul", "R(3), R(2)")
def polymul(a1: Any, a2: Any) -> Any:
    """The product of two polynomials."""
    return np.convolve(a1, a2)


# Python's own functions, of an array


@reads("max", "R(4)")
def largest(iterable: Any) -> Any:
    """The largest element of a vector."""
    return np.max(iterable)


@reads("min", "R(4)")
def smallest(iterable: Any) -> Any:
    """The smallest element of a vector."""
    return np.min(iterable)


@reads("list", "R(4)", "R(3, 2)")
def listed(iterable: Any) -> Any:
    """The items of an array, as a list."""
    return [item for item in iterable]  # noqa: C416


@reads("sorted", "R(4)")
def in_order(iterable: Any) -> Any:
    """The elements of a vector in order, as a list."""
    return [item for item in np.sort(iterable)]  # noqa: C416


@reads("math.dist", "R(3), R(3)")
def dist(p: Any, q: Any) -> Any:
    """The distance of two points."""
    return np.linalg.norm(np.subtract(p, q))


@reads("math.hypot", "R, R, R", "R, R, R, R")
def hypot(*coordinates: Any) -> Any:
    """The length of a vector whose coordinates are given one by one."""
    return np.linalg.norm(np.array(coordinates))
