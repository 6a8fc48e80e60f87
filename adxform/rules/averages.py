"""The rule of ``np.average``, whose weights may be a vector along the axis that is averaged."""

from __future__ import annotations

from adxform.core.types import Array, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.reductions import float_total, mean
from adxform.rules.samples import calls
from adxform.rules.table import general, linear, lowers
from adxform.rules.wording import (
    axis_in,
    dtype_in,
    is_none,
    kept,
    literal,
    put_back,
    refuse,
    strong,
)

_W = "weights_along(weights, a, axis)"
_TOTAL = f"np.sum({_W}, axis=axis, keepdims=keepdims)"


def _average(a: Type, axis: Type, weights: Type, keepdims: Type) -> Type:
    found = float_total(a, axis, keepdims)
    if is_none(weights) or strong(a, weights) == dtype_in(a):
        return found
    return infer.unknown()


def _in_order(a: Type, axis: Type) -> None:
    """Several axes of weights are those of the array in its own order."""
    said, ndim = literal(axis), rank(infer.as_array(a))
    if isinstance(said, tuple) and (ndim is None or sorted(i % ndim for i in said) != list(said)):
        refuse("np.average along several axes is differentiated where they are in order",
               "Write the axes in ascending order, each at least 0.")


def _a(a: Type, axis: Type, weights: Type, keepdims: Type) -> str:
    if is_none(weights):
        return mean(a, axis)
    _in_order(a, axis)
    return f"{kept(f'out_bar / {_TOTAL}', a, axis, keepdims)} * {_W}"


def _da(a: Type, axis: Type, weights: Type) -> str:
    if is_none(weights):
        return "np.mean(da, axis=axis, keepdims=keepdims)"
    _in_order(a, axis)
    return f"np.sum({_W} * da, axis=axis, keepdims=keepdims) / {_TOTAL}"


def _deviation(a: Type, axis: Type, keepdims: Type) -> str:
    return f"(a - {kept('out', a, axis, keepdims)})"


def _weights(a: Type, axis: Type, weights: Type, keepdims: Type) -> str:
    _in_order(a, axis)
    each = kept(f"out_bar / {_TOTAL}", a, axis, keepdims)
    text = f"unbroadcast({each} * {_deviation(a, axis, keepdims)}, {_W})"
    ranks = rank(infer.as_array(a)), rank(infer.as_array(weights))
    same = None not in ranks and ranks[0] == ranks[1]
    return text if same else f"np.reshape({text}, np.shape(weights))"


def _dweights(a: Type, axis: Type, keepdims: Type) -> str:
    _in_order(a, axis)
    moved = f"weights_along(dweights, a, axis) * {_deviation(a, axis, keepdims)}"
    return f"np.sum({moved}, axis=axis, keepdims=keepdims) / {_TOTAL}"


general(
    "np.average(a, axis=None, weights=None, *, keepdims=False)",
    a=_a,
    da=_da,
    weights=_weights,
    dweights=_dweights,
    infer=_average,
    sample=calls("R(2, 3)", "R(2, 3), axis=1, keepdims=True", "R(3), weights=P(3)",
                 "R(2, 3), weights=P(2, 3)", "R(2, 3), 0, P(2)", "R(2, 3), -1, P(3)",
                 "R(2, 3), 1, P(2, 3), keepdims=True", "R(2, 3, 4), (0, 2), P(2, 4)"),
)


def _along(weights: Type, a: Type, axis: Type) -> Type:
    dims, place = dims_of(infer.as_array(weights)), axis_in(axis, a)
    ndim = rank(infer.as_array(a))
    if dims is None or ndim is None or len(dims) == ndim:
        return Array(dtype_in(weights), None if ndim is None else dims)
    if place is None or len(dims) != 1:
        return Array(dtype_in(weights), None)
    return Array(dtype_in(weights), tuple(dims[0] if i == place else 1 for i in range(ndim)))


# weights_along(weights, a, axis): the weights of the elements of a, so that they broadcast.
linear("weights_along(weights, a, axis)", weights="np.reshape(out_bar, np.shape(weights))",
       infer=_along, fresh=False, cheap=True,
       sample=calls("R(2), R(2, 3), 0", "R(3), R(2, 3), -1", "R(2, 3), R(2, 3), 0"))


@lowers("weights_along")
def lower_weights_along(weights: Type, a: Type, axis: Type) -> str | None:
    """An index that puts a vector along its axis."""
    ndim, own, place = rank(a), rank(weights), axis_in(axis, a)
    if ndim is None or own is None:
        return None
    if own == ndim:
        return "weights"
    if own != 1 or place is None:
        return None
    return f"weights[{put_back(tuple(i for i in range(ndim) if i != place), ndim)}]"
