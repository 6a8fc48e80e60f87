"""Joining arrays whose number is not known: those of a list that grew, or the rows of an array."""

from __future__ import annotations

from adxform.core.dims import Dim, unknown_dim
from adxform.core.types import ANY, Array, ListOf, Struct, Type, dims_of, is_numeric, rank
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import linear
from adxform.rules.wording import dtype_in, is_none, literal, refuse, shape

Dims = tuple[Dim, ...]


def one_of_many(arrays: Type) -> Type:
    """The type of the arrays that are joined, where their number is not known."""
    if isinstance(arrays, ListOf):
        return ANY if arrays.item is None else infer.as_array(arrays.item)
    dims = dims_of(arrays)
    return Array(dtype_in(arrays), dims[1:] if dims else None) if is_numeric(arrays) else ANY


def joined_many(arrays: Type, least: int, axis: int | None) -> Type:
    """The type of arrays joined, of ``least`` dimensions, along an axis that is counted in them."""
    item = one_of_many(arrays)
    dims, dtype = dims_of(item), dtype_in(item)
    if dims is None or axis is None:
        return Array(dtype, None)
    made: list[Dim] = [*(1,) * (least - len(dims)), *dims]
    if not -len(made) <= axis < len(made):
        return Array(dtype, None)
    made[axis] = unknown_dim()
    return Array(dtype, tuple(made))


def layered_many(arrays: Type, axis: Type) -> Type:
    """The type of arrays stacked along an axis of their own."""
    item, place = one_of_many(arrays), literal(axis)
    dims, dtype = dims_of(item), dtype_in(item)
    if dims is None or not isinstance(place, int):
        return Array(dtype, None)
    place %= len(dims) + 1
    whole = dims_of(arrays) if isinstance(arrays, Array) else None
    return Array(dtype, (*dims[:place], whole[0] if whole else unknown_dim(), *dims[place:]))


def parts_of(arrays: Type, name: str, axis: Type | None = None) -> str:
    """The cotangents of all the arrays joined by ``np.name``."""
    if isinstance(arrays, Struct):
        refuse(f"np.{name} of these operands has no derivative rule", "Join a list of arrays.")
    ndim = rank(arrays) if isinstance(arrays, Array) else None
    whole = None if ndim is None else _rows(arrays, ndim, name, axis)
    if whole is not None:
        return whole
    said = "axis" if axis is not None else repr(name)
    return f"unjoin_all(out_bar, arrays, {said})"


def _rows(arrays: Type, ndim: int, name: str, axis: Type | None) -> str | None:
    """The cotangent of an array whose rows have been joined."""
    place = _axis(ndim, name, axis)
    if name == "column_stack" and ndim == 2:
        return "out_bar.T"
    if name == "dstack" and ndim in (2, 3):
        return "out_bar[0].T" if ndim == 2 else "np.moveaxis(out_bar, 2, 0)"
    if place == 0 or ndim == 1 or (axis is not None and is_none(axis)):
        return f"np.reshape(out_bar, {shape(arrays, 'arrays')})"
    return None if place is None else f"np.stack(np.split(out_bar, len(arrays), axis={place}))"


def _axis(ndim: int, name: str, axis: Type | None) -> int | None:
    """The axis of the joined along which rows of an array of ``ndim`` dimensions follow."""
    if axis is not None:
        place = literal(axis)
        return place % (ndim - 1) if isinstance(place, int) and ndim > 1 else None
    return {"vstack": 0, "hstack": min(max(ndim - 2, 0), 1), "column_stack": 1, "dstack": 2}[name]


# unjoin_all(g, arrays, axis): the parts of g that belong to each of the arrays that are joined in
# it; rejoin_all(parts, arrays, axis): the parts joined again.
def _like_all(g: Type, arrays: Type, axis: Type) -> Type:
    return arrays if isinstance(arrays, ListOf | Array) else infer.unknown()


def _as_joined(parts: Type, arrays: Type, axis: Type) -> Type:
    return Array(dtype_in(one_of_many(arrays)), None)


linear("unjoin_all(g, arrays, axis=0)", g="rejoin_all(out_bar, arrays, axis)", infer=_like_all,
       sample=calls("R(6), P(3, 2)", "R(3, 4), P(2, 3, 2), 1", "R(3, 2), P(3, 2), 'vstack'",
                    "R(1, 3, 2), P(2, 3), 'dstack'", "R(6), P(3, 2), None"))
linear("rejoin_all(parts, arrays, axis=0)", parts="unjoin_all(out_bar, arrays, axis)",
       infer=_as_joined, sample=calls("R(3, 2), P(3, 2)", "R(2, 3, 2), P(2, 3, 2), 'hstack'"))
