"""Rules for extrema over axes, for sorting, and for the places of elements in an order.

Elements that tie for an extremum share its derivative evenly, as in JAX.
"""

from __future__ import annotations

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import Array, Scalar, Struct, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.reductions import OVER_AXES, float_total
from adxform.rules.samples import calls
from adxform.rules.table import alias, general, inactive
from adxform.rules.wording import dtype_in, dtype_said, is_none, kept, shape

NON_EMPTY = calls(*OVER_AXES.lists[:6])


def ties(a: Type, axis: Type, keepdims: Type, out: str = "out") -> str:
    """Where a has its extremum: as booleans, or as numbers of its dtype where that may be small."""
    peak = kept(out, a, axis, keepdims)
    tied = f"(a == {peak})" if isinstance(a, Array) else f"np.equal(a, {peak})"
    if dtype_in(a) == "float64" or isinstance(a, Struct):
        return tied
    return f"np.asarray({tied}, dtype={dtype_said(a)})"


def shared(a: Type, axis: Type, keepdims: Type, out: str = "out") -> str:
    """The cotangent of an extremum, shared among the elements that attain it."""
    tied = ties(a, axis, keepdims, out)
    each = f"out_bar / np.sum({tied}, axis=axis, keepdims=keepdims)"
    return f"{kept(each, a, axis, keepdims)} * {tied}"


def averaged(a: Type, axis: Type, keepdims: Type, out: str = "out") -> str:
    """The tangent of an extremum: the mean over the elements that attain it."""
    tied = ties(a, axis, keepdims, out)
    return (f"np.sum({tied} * da, axis=axis, keepdims=keepdims)"
            f" / np.sum({tied}, axis=axis, keepdims=keepdims)")


def pull_extremum(a: Type, axis: Type, keepdims: Type) -> str:
    """The cotangent of what was the extremum, shared by ties."""
    return shared(a, axis, keepdims)


def push_extremum(a: Type, axis: Type, keepdims: Type) -> str:
    """The tangent of an extremum, the mean of those of ties."""
    return averaged(a, axis, keepdims)


for _name in ("max", "min"):
    general(f"np.{_name}(a, axis=None, *, keepdims=False)", a=pull_extremum, da=push_extremum,
            infer=infer.reduction, sample=NON_EMPTY)
    alias(f"np.a{_name}(a, axis=None, *, keepdims=False)", f"np.{_name}")
    alias(f"a.{_name}(axis=None, *, keepdims=False)", f"np.{_name}")


_TOP, _BOTTOM = (f"np.{name}(a, axis=axis, keepdims=keepdims)" for name in ("max", "min"))


def _range(a: Type, axis: Type, keepdims: Type) -> str:
    return f"{shared(a, axis, keepdims, _TOP)} - {shared(a, axis, keepdims, _BOTTOM)}"


def _drange(a: Type, axis: Type, keepdims: Type) -> str:
    return f"{averaged(a, axis, keepdims, _TOP)} - {averaged(a, axis, keepdims, _BOTTOM)}"


general("np.ptp(a, axis=None, *, keepdims=False)", a=_range, da=_drange, infer=infer.reduction,
        sample=NON_EMPTY)

inactive("median_weights(a, axis=None)", infer=lambda a, axis: infer.fresh_array(a))
general(
    "np.median(a, axis=None, *, keepdims=False)",
    a=lambda a, axis, keepdims: f"{kept('out_bar', a, axis, keepdims)} * median_weights(a, axis)",
    da="np.sum(median_weights(a, axis) * da, axis=axis, keepdims=keepdims)",
    infer=float_total,
    sample=calls(*NON_EMPTY.lists, "R(4)"),
)


# Sorting: an element's cotangent is that of the place that it went to.


def _sorted(a: Type, axis: Type, *_: Type) -> Type:
    if not is_numeric(infer.as_array(a)):
        return infer.unknown()
    return Array(dtype_in(a), _places_dims(a, axis))


def _places_dims(a: Type, axis: Type) -> tuple[Dim, ...] | None:
    dims = dims_of(infer.as_array(a))
    if is_none(axis):
        return dims if dims is not None and len(dims) == 1 else (unknown_dim(),)
    return dims


def _unsorted(a: Type, axis: Type) -> str:
    if rank(infer.as_array(a)) == 1:
        return "out_bar[np.argsort(np.argsort(a))]"
    if is_none(axis):
        return ("np.reshape(out_bar[np.argsort(np.argsort(a, axis=None))], "
                f"{shape(a, 'a')})")
    return ("np.take_along_axis(out_bar, np.argsort(np.argsort(a, axis=axis), axis=axis), "
            "axis)")


def _sorted_tangent(a: Type, axis: Type) -> str:
    if rank(infer.as_array(a)) == 1:
        return "da[np.argsort(a)]"
    if is_none(axis):
        return "np.ravel(da)[np.argsort(a, axis=None)]"
    return "np.take_along_axis(da, np.argsort(a, axis=axis), axis)"


general(
    "np.sort(a, axis=-1)",
    a=_unsorted,
    da=_sorted_tangent,
    infer=_sorted,
    sample=calls("R(4)", "R(3, 4)", "R(3, 4), axis=0", "R(2, 3), axis=None"),
)


# Places


def _place(a: Type, axis: Type, keepdims: Type) -> Type:
    found = infer.reduction(a, axis, keepdims)
    known = isinstance(found, Scalar | Array)
    return infer.array("int64", dims_of(found)) if known else infer.inert()


def _order(a: Type, axis: Type, *_: Type) -> Type:
    return Array("int64", _places_dims(a, axis))


def _found(a: Type, v: Type, *_: Type) -> Type:
    return infer.array("int64", dims_of(infer.as_array(v)))


for _name in ("argmax", "argmin"):
    inactive(f"np.{_name}(a, axis=None, *, keepdims=False)",
             f"a.{_name}(axis=None, *, keepdims=False)", infer=_place)
    inactive(f"np.nan{_name}(a, axis=None, *, keepdims=False)", infer=_place)
inactive("np.argsort(a, axis=-1, kind=None, order=None, *, stable=None)",
         "a.argsort(axis=-1, kind=None, order=None, *, stable=None)", infer=_order)
inactive("np.argpartition(a, kth, axis=-1)", infer=lambda a, kth, axis: _order(a, axis))
inactive("np.searchsorted(a, v, side='left', sorter=None)",
         "a.searchsorted(v, side='left', sorter=None)", infer=_found)
inactive("np.digitize(x, bins, right=False)", infer=lambda x, *_: _found(x, x))
inactive("np.nonzero(a)", "a.nonzero()", "np.flatnonzero(a)", "np.argwhere(a)", "np.lexsort(keys)",
         infer=infer.inert)
