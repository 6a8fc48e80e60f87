"""Functions that write to an array they are given, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads


@reads("np.copyto")
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Write to the elements where a condition holds."""
    dst[...] = np.where(where, src, dst)


@reads("np.putmask")
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Write to the elements where a condition holds, in place; values begin anew as needed."""
    if np.ndim(values) == 0:
        a[...] = np.where(mask, values, a)
    else:
        a[...] = np.where(mask, np.resize(values, np.shape(a)), a)


@reads("np.place")
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write numbers one by one where a condition holds; they begin anew as needed."""
    chosen = np.not_equal(mask, 0)
    if np.ndim(vals) == 0:
        arr[chosen] = vals
    else:
        arr[chosen] = np.resize(vals, np.count_nonzero(chosen))


@reads("np.put")
def put(a: Any, ind: Any, v: Any) -> None:
    """Write to places, counted in a row; values begin anew as needed."""
    if np.ndim(v) == 0:
        a[np.unravel_index(ind, np.shape(a))] = v
    else:
        a[np.unravel_index(ind, np.shape(a))] = np.resize(v, np.shape(ind))


@reads("np.put_along_axis")
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int) -> None:
    """Write to places along an axis of a vector or a matrix."""
    if np.ndim(arr) == 1:
        arr[indices] = values
    elif axis % 2 == 1:
        arr[np.arange(len(arr))[:, None], indices] = values
    else:
        arr[indices, np.arange(np.shape(arr)[1])] = values


@reads("np.fill_diagonal")
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write to the diagonal of a matrix."""
    if wrap:
        raise NotImplementedError("the diagonal is not followed where it begins anew")
    places = np.arange(min(np.shape(a)[0], np.shape(a)[1]))
    a[places, places] = val


WRITERS = frozenset({"np.copyto", "np.putmask", "np.place", "np.put", "np.put_along_axis",
                     "np.fill_diagonal"})
