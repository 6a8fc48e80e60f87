"""The helpers that formulas call where types do not tell the plain NumPy, as they run.

Each is self-contained but for NumPy and other functions of this file, or that it imports: its
source text is copied into the modules that use it. ``like`` is an array or a number that gives a
result shape and dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.rules.runtime_along import (  # noqa: F401  (helpers like those below)
    along_last,
    axis_list,
    back_from_last,
    carried,
    median_weights,
    product_of_others,
    products_before,
    quantile_weights,
)
from adxform.rules.runtime_banded import (  # noqa: F401
    banded_outer,
    banded_product,
    banded_transpose,
)
from adxform.rules.runtime_ends import weighted_ends  # noqa: F401
from adxform.rules.runtime_fft import half_weights, resized  # noqa: F401
from adxform.rules.runtime_grids import ungradient  # noqa: F401
from adxform.rules.runtime_inserting import (  # noqa: F401
    insert_places,
    inserted_of,
    kept_of,
)
from adxform.rules.runtime_lists import add_lists, add_values, unrepeated  # noqa: F401
from adxform.rules.runtime_permutations import permutation_of  # noqa: F401
from adxform.rules.runtime_signals import (  # noqa: F401
    lagged,
    part_of_convolution,
    place_of_convolution,
    unlagged,
    whole_convolution,
)
from adxform.rules.runtime_tapes import add_tapes, recorded, whole_tape, zeros_in  # noqa: F401
from adxform.rules.runtime_ufuncs import math_polygamma  # noqa: F401


def as_like(g: Any, like: Any) -> Any:
    """Cast g to the dtype of ``like`` where that is a floating one; a number is no array."""
    if isinstance(g, np.ndarray) and not isinstance(like, np.ndarray):
        g = g[()]
    dtype = np.asarray(like).dtype
    if np.asarray(g).dtype == dtype or dtype.kind not in "fc":
        return g
    return np.asarray(g).astype(dtype, casting="same_kind")[()]  # nothing complex is made real


def as_array_like(g: Any, like: Any) -> Any:
    """What an array ``like`` holds where g is written to it; g itself if ``like`` is a number."""
    return as_like(g, like) if isinstance(like, np.ndarray) else g


def unbroadcast(g: Any, like: Any) -> Any:
    """Sum g over the axes along which NumPy stretched ``like`` to its shape."""
    shape, full = np.shape(like), np.shape(g)
    lead = len(full) - len(shape)
    if lead < 0:
        return as_like(np.broadcast_to(g, shape), like)
    axes = [lead + i for i, n in enumerate(shape) if n == 1 and full[lead + i] != 1]
    if lead or axes:
        g = np.sum(g, axis=(*range(lead), *axes), keepdims=True)
        g = np.reshape(g, shape)[()]
    return as_like(g, like)


def broadcast_like(g: Any, like: Any) -> Any:
    """Stretch g to the shape of ``like``."""
    if np.shape(g) != np.shape(like):
        g = np.broadcast_to(g, np.shape(like))
    return as_like(g, like)


def kept(g: Any, like: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Put the axes that a reduction of ``like`` over ``axis`` took from g back, as ones."""
    if axis is None or keepdims or not np.shape(like):
        return g
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(g, tuple(a % np.ndim(like) for a in axes))


def spread(g: Any, like: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The cotangent g of a sum of ``like`` over ``axis``, stretched to what was summed."""
    return broadcast_like(kept(g, like, axis, keepdims), like)


def count_along(a: Any, axis: Any = None) -> int:
    """How many elements of a each element of its reduction over ``axis`` combines."""
    if axis is None or not np.shape(a):
        return np.size(a)
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([np.shape(a)[i] for i in axes], dtype=int))


# Products


def matmul_left(g: Any, x: Any, y: Any) -> Any:
    """The cotangent of x in ``x @ y``, whose cotangent is g."""
    if np.ndim(y) == 1:
        made = np.multiply(g, y) if np.ndim(x) == 1 else np.expand_dims(g, -1) * y
    elif np.ndim(x) == 1:
        made = np.matmul(y, np.expand_dims(g, -1))[..., 0]
    else:
        made = np.matmul(g, np.swapaxes(y, -1, -2))
    return unbroadcast(made, x)


def matmul_right(g: Any, x: Any, y: Any) -> Any:
    """The cotangent of y in ``x @ y``, whose cotangent is g."""
    if np.ndim(x) == 1:
        made = np.multiply(g, x) if np.ndim(y) == 1 else (
            np.expand_dims(x, -1) * np.expand_dims(g, -2))
    elif np.ndim(y) == 1:
        made = np.matmul(np.swapaxes(x, -1, -2), np.expand_dims(g, -1))[..., 0]
    else:
        made = np.matmul(np.swapaxes(x, -1, -2), g)
    return unbroadcast(made, y)


def tensordot_left(g: Any, x: Any, y: Any, axes: Any = 2) -> Any:
    """The cotangent of x in ``np.tensordot(x, y, axes)``, whose cotangent is g."""
    x_axes, y_axes = contracted(x, y, axes)
    free = [i for i in range(np.ndim(x)) if i not in x_axes]
    y_free = [i for i in range(np.ndim(y)) if i not in y_axes]
    made = np.tensordot(g, y, (range(len(free), np.ndim(g)), y_free))
    order = free + [x_axes[y_axes.index(i)] for i in sorted(y_axes)]
    return as_like(np.transpose(made, np.argsort(np.array(order, int))), x)


def tensordot_right(g: Any, x: Any, y: Any, axes: Any = 2) -> Any:
    """The cotangent of y in ``np.tensordot(x, y, axes)``, whose cotangent is g."""
    x_axes, y_axes = contracted(x, y, axes)
    x_free = [i for i in range(np.ndim(x)) if i not in x_axes]
    free = [i for i in range(np.ndim(y)) if i not in y_axes]
    made = np.tensordot(x, g, (x_free, range(len(x_free))))
    order = [y_axes[x_axes.index(i)] for i in sorted(x_axes)] + free
    return as_like(np.transpose(made, np.argsort(np.array(order, int))), y)


def contracted(x: Any, y: Any, axes: Any) -> tuple[list[int], list[int]]:
    """The axes of x and y that ``np.tensordot(x, y, axes)`` sums over, counted from 0."""
    if isinstance(axes, int):
        return list(range(np.ndim(x) - axes, np.ndim(x))), list(range(axes))
    first, second = (a if isinstance(a, tuple | list) else (a,) for a in axes)
    return [i % np.ndim(x) for i in first], [i % np.ndim(y) for i in second]


def dot_left(g: Any, x: Any, y: Any) -> Any:
    """The cotangent of x in ``np.dot(x, y)``, whose cotangent is g."""
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(np.multiply(g, y), x)
    return tensordot_left(g, x, y, (-1, max(np.ndim(y) - 2, 0)))


def dot_right(g: Any, x: Any, y: Any) -> Any:
    """The cotangent of y in ``np.dot(x, y)``, whose cotangent is g."""
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return unbroadcast(np.multiply(g, x), y)
    return tensordot_right(g, x, y, (-1, max(np.ndim(y) - 2, 0)))


def kron_left(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of a in ``np.kron(a, b)``, whose cotangent is g."""
    blocks, _, b = kron_blocks(g, a, b)
    axes = range(1, 2 * np.ndim(b), 2)
    return as_like(np.reshape(np.tensordot(blocks, b, (axes, range(np.ndim(b)))), np.shape(a)), a)


def kron_right(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of b in ``np.kron(a, b)``, whose cotangent is g."""
    blocks, a, _ = kron_blocks(g, a, b)
    axes = range(0, 2 * np.ndim(a), 2)
    return as_like(np.reshape(np.tensordot(a, blocks, (range(np.ndim(a)), axes)), np.shape(b)), b)


def kron_blocks(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Give g an axis of a and an axis of b in turn, and both the same rank."""
    rank = max(np.ndim(a), np.ndim(b))
    a = np.reshape(a, (1,) * (rank - np.ndim(a)) + np.shape(a))
    b = np.reshape(b, (1,) * (rank - np.ndim(b)) + np.shape(b))
    sizes = [n for pair in zip(np.shape(a), np.shape(b), strict=True) for n in pair]
    return np.reshape(g, sizes), a, b


def weights_along(weights: Any, a: Any, axis: Any) -> Any:
    """Lay weights along the axes of a that they belong to, which are in order."""
    if np.ndim(weights) == np.ndim(a):
        return weights
    shape = [1] * np.ndim(a)
    for place, size in zip(np.atleast_1d(axis), np.shape(weights), strict=True):
        shape[place] = size
    return np.reshape(weights, shape)


# Parts of arrays


def unjoin(g: Any, arrays: Any, index: int, axis: Any = 0) -> Any:
    """The part of g that belongs to ``arrays[index]``, where g is all of them joined."""
    part = np.reshape(g[joint(arrays, index, axis)], np.shape(arrays[index]))
    return as_like(part[()], arrays[index])


def rejoin(part: Any, g: Any, arrays: Any, index: int, axis: Any = 0) -> Any:
    """Zeros like g with ``part`` in the place of ``arrays[index]``."""
    made = np.zeros_like(g)
    place = joint(arrays, index, axis)
    made[place] = np.reshape(part, made[place].shape)
    return made


def joint(arrays: Any, index: int, axis: Any) -> tuple[slice, ...]:
    """Where ``arrays[index]`` lies among arrays that are joined."""
    arrays, axis = as_joined(arrays, axis)
    axis %= np.ndim(arrays[index])
    start = sum(np.shape(a)[axis] for a in arrays[:index])
    stop = start + np.shape(arrays[index])[axis]
    return (*(slice(None),) * axis, slice(start, stop))


def as_joined(arrays: Any, axis: Any) -> tuple[Any, Any]:
    """What is joined, and along which axis; ``axis`` is "vstack", "hstack", ... for those."""
    if axis == "vstack":
        arrays, axis = [np.atleast_2d(a) for a in arrays], 0
    elif axis == "hstack":
        arrays = [np.atleast_1d(a) for a in arrays]
        axis = min(np.ndim(arrays[0]) - 1, 1)
    elif axis == "dstack":
        arrays, axis = [np.atleast_3d(a) for a in arrays], 2
    elif axis == "column_stack":
        arrays, axis = [np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in arrays], 1
    elif axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    return arrays, axis


def unjoin_all(g: Any, arrays: Any, axis: Any = 0) -> Any:
    """The parts of g that belong to each of ``arrays``, of which g is all joined."""
    made, along = as_joined(arrays, axis)
    ends = np.cumsum([np.shape(a)[along] for a in made])[:-1]
    parts = zip(np.split(g, ends, along), arrays, strict=True)
    bars = [as_like(np.reshape(part, np.shape(a)).copy()[()], a) for part, a in parts]
    return np.array(bars) if isinstance(arrays, np.ndarray) else bars


def rejoin_all(parts: Any, arrays: Any, axis: Any = 0) -> Any:
    """The parts joined as ``arrays`` are."""
    shaped = [np.reshape(part, np.shape(a)) for part, a in zip(parts, arrays, strict=True)]
    made, along = as_joined(shaped, axis)
    return np.concatenate(made, axis=along)


def untile(g: Any, like: Any, reps: Any) -> Any:
    """Add up g, which is tiles of the shape of ``like``."""
    counts = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    rank = max(np.ndim(like), len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - np.ndim(like)) + np.shape(like)
    pairs = [n for pair in zip(counts, shape, strict=True) for n in pair]
    made = np.sum(np.reshape(g, pairs), axis=tuple(range(0, 2 * rank, 2)))
    return np.reshape(made, np.shape(like))


def unrepeat(g: Any, like: Any, repeats: Any, axis: Any = None) -> Any:
    """Add up g, which is the elements of ``like`` repeated along ``axis``."""
    size = np.size(like) if axis is None else np.shape(like)[axis]
    places = np.repeat(np.arange(size), repeats)
    if axis is None:
        made = np.zeros(size, np.asarray(g).dtype)
        np.add.at(made, places, g)
        return np.reshape(made, np.shape(like))
    turned = np.moveaxis(np.zeros_like(like, dtype=np.asarray(g).dtype), axis, 0)
    np.add.at(turned, places, np.moveaxis(g, axis, 0))
    return np.moveaxis(turned, 0, axis)


def scatter_along(g: Any, like: Any, indices: Any, axis: Any) -> Any:
    """Zeros like ``like`` to which g is added at ``indices`` along ``axis``."""
    if axis is None:
        made = np.zeros_like(like, order="C")  # reshaped, it is a view
        np.add.at(np.reshape(made, -1), indices, g)
        return made
    made = np.zeros_like(like)
    places = list(np.indices(made.shape, sparse=True))
    places[axis] = indices
    np.add.at(made, tuple(places), g)
    return made


def scatter_diagonal(g: Any, like: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Zeros like ``like`` with g on a diagonal."""
    made = np.zeros_like(like)
    turned = np.moveaxis(made, (axis1, axis2), (-2, -1))
    rows = np.arange(np.shape(g)[-1]) + max(-offset, 0)
    turned[..., rows, rows + offset] = g
    return made


def undiff(g: Any, like: Any, n: int = 1, axis: int = -1) -> Any:
    """The cotangent of ``like`` in ``np.diff(like, n, axis)``, whose cotangent is g."""
    size = np.shape(like)[axis]
    for _ in range(min(n, size)):
        width = [(0, 0)] * np.ndim(g)
        width[axis] = (1, 1)
        g = -np.diff(np.pad(g, width), axis=axis)
    return g


def convolve_left(g: Any, a: Any, v: Any, mode: str = "full") -> Any:
    """The cotangent of a in ``np.convolve(a, v, mode)``, whose cotangent is g."""
    least = min(np.size(a), np.size(v))
    start = {"full": 0, "same": (least - 1) // 2, "valid": least - 1}[mode]
    whole = np.zeros(np.size(a) + np.size(v) - 1, np.asarray(g).dtype)
    whole[start : start + np.size(g)] = g
    return as_like(np.reshape(np.convolve(whole, np.flip(v), "valid"), np.shape(a)), a)


def unpad(g: Any, like: Any, pad_width: Any) -> Any:
    """The part of g that ``np.pad(like, pad_width)`` took from ``like``."""
    before = np.broadcast_to(pad_width, (np.ndim(g), 2))[:, 0]
    return g[tuple(slice(b, b + n) for b, n in zip(before, np.shape(like), strict=True))]


def undiag(g: Any, like: Any, k: int = 0) -> Any:
    """The cotangent of ``like`` in ``np.diag(like, k)``, whose cotangent is g."""
    return np.diag(g, k) if np.ndim(like) == 1 else scatter_diagonal(g, like, k)


# Matrices


def matrix_transpose(a: Any) -> Any:
    """The transpose of a matrix, or of each of a stack."""
    return np.swapaxes(a, -1, -2)


def real_only(x: Any) -> Any:
    """Refuse complex numbers."""
    if np.iscomplexobj(x):
        raise ValueError("this function of a real matrix is complex: no derivative rule for that")
    return x


def as_vector(x: Any) -> Any:
    """Refuse a matrix."""
    if np.ndim(x) > 1:
        raise ValueError("this norm has a derivative rule for vectors only")
    return x


def columns(g: Any, b: Any) -> Any:
    """Give g a last axis if b is a vector, which ``np.linalg.solve`` takes for one column."""
    return np.expand_dims(g, -1) if np.ndim(b) == 1 else g


def uncolumned(g: Any, b: Any) -> Any:
    """Take the last axis from g if b is a vector."""
    return g[..., 0] if np.ndim(b) == 1 else g


def inverse_gaps(w: Any) -> Any:
    """Give 1 / (w[j] - w[i]) at [..., i, j], and 0 where both are the same."""
    gaps = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    return np.divide(1.0, gaps, out=np.zeros_like(gaps), where=gaps != 0)


def diagonal_matrix(v: Any) -> Any:
    """Make a matrix, or a stack of them, with v on the diagonal."""
    return np.expand_dims(v, -1) * np.eye(np.shape(v)[-1], dtype=v.dtype)


def last_written(g: Any, index: Any) -> Any:
    """The elements ``g[index]``, but 0 where the index names an element again later."""
    part = np.array(g[index])
    order = np.arange(part.size).reshape(part.shape)
    seen = np.empty(np.shape(g), dtype=int)
    seen[index] = order
    return np.where(seen[index] == order, part, np.zeros_like(part))


def as_list(x: Any) -> Any:
    """The items of an array, each in memory of its own."""
    return [np.copy(item)[()] for item in x]


def summed(total: Any, value: Any) -> Any:
    """A step of a sum whose order is free: compiled, several are made at once."""
    return total + value
