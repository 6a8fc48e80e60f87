"""Rules for reading by an index, and for what is asked about shapes."""

from __future__ import annotations

import numpy as np

from adxform.core.dims import unknown_dim
from adxform.core.types import INT, Array, Known, Scalar, Struct, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import alias, holomorphic, inactive, linear, lowers
from adxform.rules.wording import along, axis_in, dtype_in, is_none, required_axis


def _shape(x: Type, *_: Type) -> Type:
    dims = dims_of(infer.as_array(x))
    if dims is None:
        return infer.inert()
    return Struct(tuple(Scalar("int64", weak=True, value=d) for d in dims))


def _length(x: Type) -> Type:
    if isinstance(x, Struct):
        return Scalar("int64", weak=True, value=len(x.items))
    dims = dims_of(x)
    return Scalar("int64", weak=True, value=dims[0]) if dims else INT


def _ndim(x: Type) -> Type:
    dims = dims_of(x)
    return INT if dims is None else Scalar("int64", weak=True, value=len(dims))


def _size(x: Type) -> Type:
    dims = dims_of(x)
    if dims is not None and all(isinstance(d, int) for d in dims):
        total = 1
        for d in dims:
            total *= d if isinstance(d, int) else 1
        return Scalar("int64", weak=True, value=total)
    if dims is not None and len(dims) == 1:
        return Scalar("int64", weak=True, value=dims[0])
    return INT


linear("x[index]", x="accumulate_at(np.zeros_like(x), index, out_bar)", infer=infer.getitem,
       fresh=False, cheap=True,
       sample=calls("R(5), 1", "R(5), 1:3", "R(5), ::-2", "R(3, 4), (slice(None), 2)",
                    "R(3, 4), 1, :", "R(3, 4), None, ..., 0", "R(5), [0, 2, 2]", "R(5), I(4)",
                    "R(3, 4), [0, 1], [2, 2]", "R(5), np.array([True, False, True, False, True])"))
inactive("x.shape", infer=_shape, cheap=True)
inactive("np.shape(x)", infer=_shape, cheap=True)
inactive("len(x)", infer=_length, cheap=True)
inactive("x.ndim", "np.ndim(x)", infer=_ndim, cheap=True)
inactive("x.size", "np.size(x)", infer=_size, cheap=True)
inactive("x.nbytes", "x.itemsize", infer=infer.inert, cheap=True)
inactive("np.broadcast_shapes(*shapes)", infer=infer.inert, cheap=True)


def _dtype(x: Type) -> Type:
    """The dtype itself, where it is known."""
    known = x.dtype if isinstance(x, Array) else None
    return infer.inert(x) if known is None else Known(np.dtype(known))


inactive("x.dtype", infer=_dtype, cheap=True)


# Elements by their places along an axis


def _taken(a: Type, indices: Type, axis: Type) -> Type:
    dims, given = dims_of(infer.as_array(a)), dims_of(infer.as_array(indices))
    place = axis_in(axis, a)
    if is_none(axis):
        return infer.array(dtype_in(a), given)
    if dims is None or given is None or place is None:
        return Array(dtype_in(a), None)
    return infer.array(dtype_in(a), (*dims[:place], *given, *dims[place + 1 :]))


def _untaken(a: Type, axis: Type) -> str:
    if is_none(axis) and rank(infer.as_array(a)) != 1:
        return "scatter_along(np.ravel(out_bar), a, np.ravel(indices), None)"
    place = required_axis("np.take", axis, a)
    return f"accumulate_at(np.zeros_like(a), np.s_[{along(place, 'indices')}], out_bar)"


linear("np.take(a, indices, axis=None)", a=_untaken, infer=_taken,
       sample=calls("R(4), [0, 2, 2]", "R(4), 1", "R(2, 3), [4, 0]", "R(2, 3), [2, 0], axis=1",
                    "R(2, 3), I(4, below=2), axis=0", "R(2, 3, 2), [[0, 1], [2, 2]], axis=1",
                    "R(2, 3), 1, axis=-1"))
alias("a.take(indices, axis=None)", "np.take")


def _taken_along(arr: Type, indices: Type, axis: Type) -> Type:
    dims = dims_of(infer.as_array(arr))
    given = dims_of(infer.as_array(indices))
    if is_none(axis) or dims is None or given is None or len(given) != len(dims):
        return Array(dtype_in(arr), given if is_none(axis) else None)
    place = axis_in(axis, arr)
    if place is None:
        return Array(dtype_in(arr), tuple(unknown_dim() for _ in dims))
    made = tuple(g if i == place or d == 1 else d if d == g else unknown_dim()
                 for i, (d, g) in enumerate(zip(dims, given, strict=True)))
    return Array(dtype_in(arr), made)


linear("np.take_along_axis(arr, indices, axis)",
       arr="scatter_along(out_bar, arr, indices, axis)", infer=_taken_along,
       sample=calls("R(4), I(3), 0", "R(2, 3), I(2, 2), 1", "R(2, 3), I(1, 3, below=2), axis=0",
                    "R(2, 3), I(4, below=6), None"))
linear("scatter_along(g, like, indices, axis)", g="np.take_along_axis(out_bar, indices, axis)",
       infer=lambda g, like, *_: infer.fresh_array(like),
       sample=calls("R(2, 2), R(2, 3), I(2, 2), 1", "R(3), R(4), I(3), 0"))


@lowers("scatter_along")
def lower_scatter_along(g: Type, like: Type, indices: Type, axis: Type) -> str | None:
    """Of a vector, an accumulation at the indices."""
    if rank(like) == 1 and axis_in(axis, like) == 0:
        return "accumulate_at(np.zeros_like(like), indices, g)"
    return None


# Indices made from sizes


def _places(indices: Type, shape: Type) -> Type:
    """One place along each axis."""
    if not isinstance(shape, Struct) or not isinstance(indices, Scalar):
        return infer.inert()
    return Struct((Scalar("int64"),) * len(shape.items))


inactive("np.unravel_index(indices, shape)", infer=_places)
inactive("np.ix_(*args)", "np.diag_indices(n, ndim=2)", "np.triu_indices(n, k=0, m=None)",
         "np.tril_indices(n, k=0, m=None)", "np.indices(dimensions)",
         "np.ravel_multi_index(multi_index, dims)",
         "np.triu_indices_from(arr, k=0)", "np.tril_indices_from(arr, k=0)",
         "np.diag_indices_from(arr)", infer=infer.inert)

holomorphic("[]", "np.take", ".take()", "np.take_along_axis", "scatter_along")
