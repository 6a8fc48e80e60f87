"""Rules for sums, means, products and variances over axes, and for running sums and products."""

from __future__ import annotations

import numpy as np

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Known, Scalar, Struct, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import alias, general, holomorphic, inactive, linear, of_complex
from adxform.rules.wording import (
    axis_in,
    dtype_in,
    dtype_of,
    extent,
    held,
    is_none,
    kept,
    literal,
    shape,
    size,
)

NONE = Known(None)
OVER_AXES = calls("R(2, 3)", "R(2, 3), axis=0", "R(2, 3), axis=1, keepdims=True",
                  "R(2, 3, 4), axis=(0, 2)", "R(2, 3, 4), axis=-2", "R(3)", "R(2, 0, 3), axis=0")


def summed_dtype(dtype: str | None) -> str | None:
    """The dtype of a sum: booleans and small integers become the machine's integers."""
    if dtype is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind in "bui":
        return str(np.result_type(kind, np.uint64 if kind.kind == "u" else np.int64).name)
    return dtype


def total(a: Type, axis: Type, keepdims: Type, dtype: Type = NONE, *_: Type) -> Type:
    """A sum or product over axes, in a dtype that may be given."""
    found = infer.reduction(a, axis, keepdims)
    if isinstance(found, Scalar | Array):
        return infer.array(dtype_of(dtype, summed_dtype(found.dtype)), dims_of(found))
    return found


def float_total(a: Type, axis: Type, keepdims: Type, *_: Type) -> Type:
    """A mean or variance over axes."""
    found = infer.reduction(a, axis, keepdims)
    if isinstance(found, Scalar | Array):
        dtype = None if found.dtype is None else infer.float_dtype(found.dtype)
        kind = "float64" if dtype == "float16" and dtype_in(a) != dtype else dtype
        return infer.array(kind, dims_of(found))
    return found


def count(a: Type, axis: Type) -> str:
    """How many elements each element of a mean combines."""
    axes = literal(axis)
    if is_none(axis):
        return size(a, "a")
    if axes is None or axes == ():
        return "count_along(a, axis)"
    each = [extent(a, "a", i) for i in (axes if isinstance(axes, tuple) else (axes,))]
    return each[0] if len(each) == 1 else f"({' * '.join(each)})"


# Sums and means



def _summed(where: Type) -> str:
    """The cotangent of what a sum was taken of, which may be some elements only."""
    spread = "spread(out_bar, a, axis, keepdims)"
    return spread if infer.const_of(where) is True else f"np.where(where, {spread}, 0.0)"


linear(
    "np.sum(a, axis=None, *, keepdims=False, dtype=None, where=True)",
    a=_summed,
    infer=total,
    sample=calls(*OVER_AXES.lists, "R(2, 3), where=B(2, 3)", "R(2, 3), 0, where=B(3)",
                 "R(2, 3), axis=1, dtype=np.float64"),
)
alias("a.sum(axis=None, *, keepdims=False, dtype=None, where=True)", "np.sum")


def mean(a: Type, axis: Type) -> str:
    """The cotangent of what a mean was taken of."""
    return f"spread(out_bar / {count(a, axis)}, a, axis, keepdims)"


linear(
    "np.mean(a, axis=None, *, keepdims=False)",
    a=mean,
    infer=float_total,
    sample=calls(*OVER_AXES.lists[:6]),
)
alias("a.mean(axis=None, *, keepdims=False)", "np.mean")


def _sum_of_list(iterable: Type) -> str:
    """Python's sum runs over the first axis, which broadcasting puts back."""
    return "out_bar" if isinstance(iterable, Struct) else "broadcast_like(out_bar, iterable)"


def _python_sum(iterable: Type) -> Type:
    if isinstance(iterable, Struct):
        items = [item for item in iterable.items if is_numeric(item)]
        return infer.arithmetic(*items) if items and len(items) == len(iterable.items) else (
            infer.unknown())
    dims = dims_of(iterable)
    return infer.array(summed_dtype(dtype_in(iterable)), dims[1:]) if dims else infer.unknown()


# Each item of a list that Python adds up has the cotangent of the sum, if it was not stretched.
linear(
    "sum(iterable)",
    iterable=lambda iterable, item=None: (
        "broadcast_like(out_bar, iterable)" if item is None else "unbroadcast(out_bar, item)"),
    infer=_python_sum,
    sample=calls("[R, R, R]", "[R(3), R(3)]", "R(4)", "R(4, 2)"),
)


# Variances: the mean is at its best place already, so its own derivative vanishes.


def _freedom(a: Type, axis: Type, ddof: Type) -> str:
    fewer = literal(ddof)
    return count(a, axis) if fewer == 0 else (
        f"({count(a, axis)} - {'ddof' if fewer is None else fewer})")


def _deviation(axis: Type) -> str:
    return "(a - np.mean(a))" if is_none(axis) else "(a - np.mean(a, axis=axis, keepdims=True))"


def _var(a: Type, axis: Type, ddof: Type, keepdims: Type) -> str:
    scale = f"2.0 * out_bar / {_freedom(a, axis, ddof)}"
    return f"{kept(scale, a, axis, keepdims)} * {_deviation(axis)}"


def _dvar(a: Type, axis: Type, ddof: Type) -> str:
    inner = f"np.sum({_deviation(axis)} * da, axis=axis, keepdims=keepdims)"
    return f"2.0 * {inner} / {_freedom(a, axis, ddof)}"


# Where all elements agree, their deviations are 0, and so is the slope: out + (out == 0) is 1.
def _std(a: Type, axis: Type, ddof: Type, keepdims: Type) -> str:
    scale = f"out_bar / ({_freedom(a, axis, ddof)} * (out + (out == 0)))"
    return f"{kept(scale, a, axis, keepdims)} * {_deviation(axis)}"


def _dstd(a: Type, axis: Type, ddof: Type) -> str:
    inner = f"np.sum({_deviation(axis)} * da, axis=axis, keepdims=keepdims)"
    return f"{inner} / ({_freedom(a, axis, ddof)} * (out + (out == 0)))"


_SPREADS = calls(*OVER_AXES.lists[:6], "R(4), ddof=1", "R(3, 4), axis=1, ddof=1")
for _text in ("np.{}(a, axis=None, *, ddof=0, keepdims=False)",
              "a.{}(axis=None, *, ddof=0, keepdims=False)"):
    general(_text.format("var"), a=_var, da=_dvar, ddof=held, dddof=held, sample=_SPREADS,
            infer=lambda a, axis, ddof, keepdims: infer.real(float_total(a, axis, keepdims)))
    general(_text.format("std"), a=_std, da=_dstd, ddof=held, dddof=held, sample=_SPREADS,
            infer=lambda a, axis, ddof, keepdims: infer.real(float_total(a, axis, keepdims)))


# Products: the derivative in one element is the product of all others, whatever is zero.

general(
    "np.prod(a, axis=None, *, keepdims=False)",
    a=lambda a, axis, keepdims: (
        f"{kept('out_bar', a, axis, keepdims)} * product_of_others(a, axis)"),
    da="np.sum(product_of_others(a, axis) * da, axis=axis, keepdims=keepdims)",
    infer=total,
    sample=OVER_AXES,
)
alias("a.prod(axis=None, *, keepdims=False)", "np.prod")


def back(text: str, axis: str = "axis") -> str:
    """A running product from the other end, whose operands are turned round, too."""
    return f"np.flip({text}, {axis})"


_AFTER = back("products_before(np.flip(a, axis), axis)")
_ALONG = calls("R(4)", "R(3, 4), 1", "R(3, 4), 0", "R(2, 3)", "R(2, 3, 2), (0, 2)")



def carried_back(b: str) -> str:
    """``carried`` from the other end."""
    return back(f"carried(np.flip({b}, axis), np.flip(a, axis), axis)")


# Of the products L of what is before and R of what is after, out = L R; and L' = c with
# c[i + 1] = a'[i] L[i] + a[i] c[i], which `carried` computes.
general(
    "product_of_others(a, axis=None)",
    a=f"products_before(a, axis) * {carried_back(f'out_bar * {_AFTER}')}"
      f" + {_AFTER} * carried(out_bar * products_before(a, axis), a, axis)",
    da=f"{_AFTER} * carried(da * products_before(a, axis), a, axis)"
       f" + products_before(a, axis) * {carried_back(f'da * {_AFTER}')}",
    infer=infer.fresh_array,
    sample=_ALONG,
)
general(
    "products_before(a, axis=None)",
    a=f"out * {carried_back('out_bar')}",
    da="carried(da * out, a, axis)",
    infer=infer.fresh_array,
    sample=_ALONG,
)
general(
    "carried(b, a, axis=None)",
    b=carried_back("out_bar"),
    db="carried(db, a, axis)",
    a=f"out * {carried_back('out_bar')}",
    da="carried(da * out, a, axis)",
    infer=lambda b, a, axis: infer.fresh_array(a),
    sample=calls("R(4), R(4)", "R(3, 4), R(3, 4), 1", "R(3, 4), R(3, 4), 0"),
)


# Running sums and products


def running(a: Type, axis: Type, *_: Type) -> Type:
    """A running sum or product; of all elements in a row where there is no axis."""
    a = infer.as_array(a)
    dims = dims_of(a)
    if not is_numeric(a):
        return infer.unknown()
    if dims == ():  # a number is an array of one element here
        dims = (1,)
    elif is_none(axis):
        dims = dims if dims is not None and len(dims) == 1 else (unknown_dim(),)
    return Array(summed_dtype(dtype_in(a)), dims)


def reversed_along(text: str, axis: int | None, ndim: int | None) -> str:
    """A text turned round along an axis."""
    if axis is None:
        return f"np.flip({text}, axis)"
    if axis >= 0:
        return f"{text}[{':, ' * axis}::-1]"
    return f"{text}[..., ::-1]" if axis == -1 else f"np.flip({text}, axis)"


def _cumsum(a: Type, axis: Type) -> str:
    ndim = rank(infer.as_array(a))
    if is_none(axis) or ndim == 0:
        text = "np.cumsum(out_bar[::-1])[::-1]"
        return text if ndim == 1 else f"np.reshape({text}, {shape(a, 'a')})"
    place = axis_in(axis, a)
    inner = f"np.cumsum({reversed_along('out_bar', place, ndim)}, axis=axis)"
    return reversed_along(inner, place, ndim)


_RUNNING = calls("R(4)", "R(2, 3)", "R(2, 3), axis=0", "R(2, 3), axis=-1", "R(2, 3, 2), 1")
linear("np.cumsum(a, axis=None)", a=_cumsum, infer=running, sample=_RUNNING)
alias("a.cumsum(axis=None)", "np.cumsum")


def _cumprod(a: Type, axis: Type) -> str:
    ndim = rank(infer.as_array(a))
    if ndim == 0:
        return f"np.reshape(out_bar, {shape(a, 'a')})"
    flat = is_none(axis) and ndim != 1
    g = f"np.reshape(out_bar, {shape(a, 'a')})" if flat else "out_bar"
    return f"products_before(a, axis) * ({g} + {carried_back(f'{g} * a')})"


def _dcumprod(a: Type, axis: Type) -> str:
    ndim = rank(infer.as_array(a))
    if ndim == 0:
        return "np.ravel(da)"
    before = "products_before(a, axis)"
    text = f"da * {before} + a * carried(da * {before}, a, axis)"
    return f"np.ravel({text})" if is_none(axis) and ndim != 1 else text


general("np.cumprod(a, axis=None)", a=_cumprod, da=_dcumprod, infer=running, sample=_RUNNING)
alias("a.cumprod(axis=None)", "np.cumprod")


# Counts and tests


def _counted(a: Type, axis: Type, keepdims: Type) -> Type:
    return _as_dtype(infer.reduction(a, axis, keepdims), "int64")


def _tested(a: Type, axis: Type, keepdims: Type) -> Type:
    return _as_dtype(infer.reduction(a, axis, keepdims), "bool")


def _as_dtype(found: Type, dtype: str) -> Type:
    known = isinstance(found, Scalar | Array)
    return infer.array(dtype, dims_of(found)) if known else infer.inert()


inactive("np.count_nonzero(a, axis=None, *, keepdims=False)", infer=_counted)
inactive("np.any(a, axis=None, *, keepdims=False)", "np.all(a, axis=None, *, keepdims=False)",
         "a.any(axis=None, *, keepdims=False)", "a.all(axis=None, *, keepdims=False)",
         infer=_tested)

holomorphic("np.sum", ".sum()", "np.mean", ".mean()", "sum", "np.prod", ".prod()", "np.cumsum",
            ".cumsum()", "np.cumprod", ".cumprod()", "product_of_others", "products_before",
            "carried")


def _dvar_of_complex(a: Type, axis: Type, ddof: Type) -> str:
    inner = f"np.sum(np.real(np.conj({_deviation(axis)}) * da), axis=axis, keepdims=keepdims)"
    return f"2.0 * {inner} / {_freedom(a, axis, ddof)}"


def _dstd_of_complex(a: Type, axis: Type, ddof: Type) -> str:
    inner = f"np.sum(np.real(np.conj({_deviation(axis)}) * da), axis=axis, keepdims=keepdims)"
    return f"{inner} / ({_freedom(a, axis, ddof)} * (out + (out == 0)))"


of_complex("np.var", ".var()", a=_var, da=_dvar_of_complex)
of_complex("np.std", ".std()", a=_std, da=_dstd_of_complex)
