"""Rules for arrays made from shapes, numbers and ranges."""

from __future__ import annotations

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, Scalar, Struct, Type, dims_of, is_numeric, promote, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import general, holomorphic, inactive, linear
from adxform.rules.wording import dtype_in, dtype_of, is_none


def _from_shape(shape: Type, dtype: Type) -> Type:
    return Array(dtype_of(dtype, "float64"), infer.shape_dims(shape))


def _like(a: Type, dtype: Type) -> Type:
    made = infer.fresh_array(a)
    return Array(dtype_of(dtype, made.dtype), made.dims) if isinstance(made, Array) else made


inactive("np.zeros(shape, dtype=None)", "np.ones(shape, dtype=None)",
         "np.empty(shape, dtype=None)", infer=_from_shape)
inactive("np.zeros_like(a, dtype=None)", "np.ones_like(a, dtype=None)",
         "np.empty_like(a, dtype=None)", infer=_like)


# Arrays filled with a value: its cotangent is the sum of all.


def _full(shape: Type, fill_value: Type, dtype: Type) -> Type:
    return Array(dtype_of(dtype, dtype_in(fill_value)), infer.shape_dims(shape))


def _full_like(a: Type, fill_value: Type, dtype: Type) -> Type:
    return _like(a, dtype)


def _filled(fill_value: Type) -> str:
    number = rank(infer.as_array(fill_value)) == 0
    return "np.sum(out_bar)" if number else "unbroadcast(out_bar, fill_value)"


linear("np.full(shape, fill_value, dtype=None)", fill_value=_filled, infer=_full,
       sample=calls("(2, 3), R", "4, R", "(2, 3), R(3)", "(2, 3), R()"))
linear("np.full_like(a, fill_value, dtype=None)", fill_value=_filled, infer=_full_like,
       sample=calls("np.zeros((2, 3)), R", "np.zeros((2, 3)), R(3)"))


# Identities and triangles of ones


def _eye(N: Type, M: Type, k: Type, dtype: Type) -> Type:
    rows = _size(N)
    return Array(dtype_of(dtype, "float64"), (rows, rows if is_none(M) else _size(M)))


def _size(t: Type) -> Dim:
    dim = infer.dim_of(t)
    return unknown_dim() if dim is None else dim


inactive("np.eye(N, M=None, k=0, dtype=None)", "np.tri(N, M=None, k=0, dtype=None)", infer=_eye)
inactive("np.polynomial.legendre.leggauss(deg)", "np.polynomial.hermite.hermgauss(deg)",
         "np.polynomial.hermite_e.hermegauss(deg)", "np.polynomial.laguerre.laggauss(deg)",
         infer=lambda deg: Struct((Array("float64", (_size(deg),)),) * 2))
inactive("np.identity(n, dtype=None)",
         infer=lambda n, dtype: Array(dtype_of(dtype, "float64"), (_size(n),) * 2))


# Ranges. Where np.arange has one argument its elements are 0, 1, ... whatever the end is.


def _arange(start: Type, stop: Type, step: Type, dtype: Type) -> Type:
    bounds = [t for t in (start, stop, step) if not is_none(t)]
    known = promote(bounds) if all(is_numeric(t) for t in bounds) else None
    size = infer.dim_of(start) if len(bounds) == 1 else None
    return Array(dtype_of(dtype, known), (unknown_dim() if size is None else size,))


def _one_argument(stop: Type) -> bool:
    return is_none(stop)


general(
    "np.arange(start, stop=None, step=1, dtype=None)",
    start=lambda stop: "0.0" if _one_argument(stop) else "np.sum(out_bar)",
    dstart=lambda stop: "np.zeros_like(out)" if _one_argument(stop) else (
        "np.full_like(out, dstart)"),
    step="np.sum(out_bar * np.arange(len(out)))",
    dstep="dstep * np.arange(len(out))",
    stop="0.0",
    dstop="np.zeros_like(out)",
    infer=_arange,
    sample=calls("P, 5.0", "0.0, 5.0, P", "P, 7.0, P"),
)


def _spaced(start: Type, stop: Type, num: Type, endpoint: Type) -> Type:
    ends = [infer.as_array(start), infer.as_array(stop)]
    dtype = infer.arithmetic(Scalar("float64", True), *ends)
    shapes = [dims_of(t) for t in ends]
    dims = (_size(num),) if all(s == () for s in shapes) else None
    narrow = any(dtype_in(t) in ("float16", "float32") for t in ends)
    return Array(None if narrow else dtype_in(dtype), dims)


def _start(start: Type, stop: Type) -> str:
    return _weighed("1.0 - np.linspace(0.0, 1.0, num, endpoint)", "start", start, stop)


def _stop(start: Type, stop: Type) -> str:
    return _weighed("np.linspace(0.0, 1.0, num, endpoint)", "stop", start, stop)


def _weighed(weights: str, name: str, start: Type, stop: Type) -> str:
    if rank(infer.as_array(start)) == 0 and rank(infer.as_array(stop)) == 0:
        return f"out_bar @ ({weights})"
    return f"unbroadcast(np.tensordot({weights}, out_bar, 1), {name})"


linear("np.linspace(start, stop, num=50, endpoint=True)", start=_start, stop=_stop,
       infer=_spaced,
       sample=calls("R, R, 5", "R, R, 4, endpoint=False", "R, 1.0, num=3", "R(3), R(3), 4",
                    "R(3), R, 4"))

holomorphic("np.full", "np.full_like")
