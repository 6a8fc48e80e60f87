"""Rules for reading by an index, and for what is asked about shapes."""

from __future__ import annotations

from adxform.core.types import INT, Array, Scalar, Struct, Sym, Type, dims_of
from adxform.rules import infer
from adxform.rules.table import inactive, linear


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


def _transposed(x: Type) -> Type:
    dims = dims_of(x)
    return Array(getattr(x, "dtype", None), None if dims is None else dims[::-1])


linear("x[index]", x="accumulate_at(np.zeros_like(x), index, out_bar)", infer=infer.getitem,
       fresh=False, cheap=True)
linear("x.T", x="out_bar.T", infer=_transposed, fresh=False, cheap=True)
inactive("x.shape", "np.shape(x)", infer=_shape, cheap=True)
inactive("len(x)", infer=_length, cheap=True)
inactive("x.ndim", "np.ndim(x)", infer=_ndim, cheap=True)
inactive("x.size", "np.size(x)", infer=_size, cheap=True)
inactive("x.dtype", infer=infer.inert, cheap=True)

__all__ = ["Sym"]
