"""Rules for arrays with elements put in or left out: ``np.insert`` and ``np.delete``."""

from __future__ import annotations

from adxform.core.dims import unknown_dim
from adxform.core.types import Array, Type, dims_of, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import linear, lowers
from adxform.rules.wording import (
    along,
    axis_in,
    dtype_in,
    is_none,
    literal,
    made_like,
    required_axis,
)


def _resized(arr: Type, axis: Type) -> Type:
    """An array that has another size along an axis."""
    dims, place = dims_of(infer.as_array(arr)), axis_in(axis, arr)
    if is_none(axis):
        return Array(dtype_in(arr), (unknown_dim(),))
    if dims is None or place is None:
        return Array(dtype_in(arr), None)
    return Array(dtype_in(arr), (*dims[:place], unknown_dim(), *dims[place + 1 :]))


# np.delete: what is left out gets zeros.


def _left(arr: Type, axis: Type) -> str:
    if is_none(axis) and rank(infer.as_array(arr)) != 1:
        return "scatter_along(out_bar, arr, np.delete(np.arange(np.size(arr)), obj), None)"
    place = required_axis("np.delete", axis, arr)
    size = "len(arr)" if place == 0 else f"np.shape(arr)[{place}]"
    index = along(place, f"np.delete(np.arange({size}), obj)")
    return f"accumulate_at(np.zeros_like(arr), np.s_[{index}], out_bar)"


linear("np.delete(arr, obj, axis=None)", arr=_left,
       infer=lambda arr, obj, axis: _resized(arr, axis),
       sample=calls("R(4), 1", "R(4), -1", "R(4), [0, 2]", "R(4), slice(0, 2)", "R(3, 2), 4",
                    "R(3, 2), 1, axis=0", "R(2, 4), [1, 3], 1", "R(2, 4), I(2), axis=-1",
                    "R(4), np.array([True, False, True, False])"))


# np.insert. kept_of(g, arr, obj, values, axis): the part of g that was there before;
# inserted_of(...): the part that was put in, added up where one value was put in many times.


def _stripped(name: str) -> str:
    return f"{name}(out_bar, arr, obj, values, axis)"


linear("np.insert(arr, obj, values, axis=None)", arr=_stripped("kept_of"),
       values=_stripped("inserted_of"),
       infer=lambda arr, obj, values, axis: _resized(arr, axis),
       sample=calls("R(4), 1, R", "R(4), 0, R", "R(4), -1, R", "R(3), 1, R(2)",
                    "R(3), [0, 2], R(2)", "R(3), [1, 1], R(2)", "R(3), [0, 2], R",
                    "R(2, 3), 1, R(2), axis=1", "R(2, 3), 0, 1.0, axis=1",
                    "R(2, 3), 2, R", "R(2, 3), 1, R(3), axis=0",
                    "R(2, 3), [0, 2], R(2, 2), axis=1"))
linear("kept_of(g, arr, obj, values, axis=None)",
       g="np.insert(out_bar, obj, np.zeros_like(values), axis=axis)",
       infer=lambda g, arr, *_: made_like(arr),
       sample=calls("R(5), P(4), 1, P", "R(5), P(3), [0, 2], P(2)", "R(2, 4), P(2, 3), 1, P(2), 1"))
linear("inserted_of(g, arr, obj, values, axis=None)",
       g="np.insert(np.zeros_like(arr), obj, out_bar, axis=axis)",
       infer=lambda g, arr, obj, values, *_: made_like(values),
       sample=calls("R(5), P(4), 1, P", "R(5), P(3), [2, 0], P(2)", "R(2, 4), P(2, 3), 1, P(2), 1",
                    "R(5), P(3), [0, 2], P"))


def _one_place(arr: Type, obj: Type, values: Type) -> bool:
    """Whether one number is put into a vector, at a place that is counted from its beginning."""
    place = literal(obj)
    first = isinstance(place, int) and not isinstance(place, bool) and place >= 0
    return first and rank(arr) == 1 and rank(infer.as_array(values)) == 0


@lowers("kept_of")
def lower_kept_of(g: Type, arr: Type, obj: Type, values: Type, axis: Type) -> str | None:
    """``np.delete`` where one number was put in."""
    return "np.delete(g, obj)" if _one_place(arr, obj, values) else None


@lowers("inserted_of")
def lower_inserted_of(g: Type, arr: Type, obj: Type, values: Type, axis: Type) -> str | None:
    """The element itself where one number was put in."""
    return "g[obj]" if _one_place(arr, obj, values) else None
