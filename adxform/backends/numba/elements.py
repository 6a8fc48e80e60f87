"""What one element of an array operation's result is made of: which elements of its operands.

An array operation is a loop nest if each element of its result can be said by itself: of the
elements at the same place (`Pointwise`), of those at another place (`Moved`), of none (`Filled`),
or of all along some axes (`Reduced`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.dims import Dim, may_be_one
from adxform.core.ir import (
    Const,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.operands import begins_at, left_out
from adxform.core.types import Array, Scalar, Type
from adxform.rules.infer import index_dims
from adxform.rules.table import RULES

CHEAP = frozenset(
    {
        "op.Add", "op.Sub", "op.Mult", "op.USub", "op.UAdd", "accumulate",
        "np.add", "np.subtract", "np.multiply", "np.negative", "np.square",
        "np.abs", "np.absolute", "abs", "np.maximum", "np.minimum", "np.where", "np.outer",
        "np.float64", "np.float32", "op.Eq", "op.NotEq", "op.Lt", "op.LtE", "op.Gt", "op.GtE",
    }
)  # what is sooner computed again than stored
ALSO_POINTWISE = frozenset(
    {
        "op.Mult", "np.multiply", "accumulate", "np.where", "np.sign", "np.floor", "np.ceil",
        "np.trunc", "np.rint", "np.isnan", "np.isfinite", "np.isinf", "np.logical_and",
        "np.logical_or", "np.logical_xor", "np.logical_not", "np.equal", "np.not_equal",
        "np.less", "np.less_equal", "np.greater", "np.greater_equal", "np.signbit",
        "op.Eq", "op.NotEq", "op.Lt", "op.LtE", "op.Gt", "op.GtE", "op.FloorDiv",
        "op.BitAnd", "op.BitOr", "op.BitXor", "np.floor_divide",
    }
)  # besides the elementwise rules: those that are bilinear, or have no derivative
NOT_POINTWISE = frozenset(
    {"max", "min", "pow", "float", "np.clip", ".clip()", "np.heaviside", "math_polygamma"}
)  # that Numba has for arrays only, or not at all
FILLS = {"np.zeros_like": 0, "np.ones_like": 1}
SUMS = {"np.sum", ".sum()", "np.max", "np.min", ".max()", ".min()",
        "np.amax", "np.amin", "np.prod", ".prod()"}


@dataclass(frozen=True, slots=True)
class Pointwise:
    """``op`` of the elements of ``operands``; ``aligned`` says for each which axes it has."""

    op: Primitive
    operands: tuple[Operand, ...]
    aligned: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """``value`` everywhere; the shape is that of ``like``."""

    value: Operand
    like: Operand


@dataclass(frozen=True, slots=True)
class Moved:
    """The element of ``operand`` at ``place``: numbers of the result's axes, or None for 0.

    ``shape`` is the result's, where the operand does not have it. A ``cut`` leaves out so many of
    the first and of all elements along each axis of the operand.
    """

    operand: Operand
    place: tuple[int | None, ...]
    shape: Operand | None = None
    cut: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Reduced:
    """The elements of ``operand`` along ``axes``, combined; ``keepdims`` as NumPy has it."""

    how: str
    operand: Operand
    rank: int
    axes: tuple[int, ...]
    keepdims: bool

    @property
    def trailing(self) -> bool:
        """Whether the axes are the last ones, whose elements are next to each other in memory."""
        return self.axes == tuple(range(self.rank - len(self.axes), self.rank))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of ``operand`` at the numbers in ``places``."""

    operand: Operand
    places: Operand


Element = Pointwise | Filled | Moved | Reduced | Gathered


def is_cut(element: Element | None) -> bool:
    """Whether an array is what slices leave of another."""
    return isinstance(element, Moved) and bool(element.cut)


def part_written(stmt: Let, types: Types) -> Var | None:
    """The array that a statement writes, or adds, to a part of another: a row, or what slices in
    steps of one leave; None if it does neither.
    """
    if not isinstance(stmt.op, Primitive) or stmt.op.name not in ("update", "accumulate_at"):
        return None
    base, index, value = stmt.args
    whole, part = dims_known(type_of(base, types)), dims_known(type_of(value, types))
    places = [type_of(p, types) for p in parts_of(index)]
    counted = all(
        begins_at(p) is not None if isinstance(p, Slice) else _is_count(t)
        for p, t in zip(parts_of(index), places, strict=True)
    )
    if not isinstance(value, Var) or whole is None or part is None or not counted:
        return None
    left = index_dims(whole, tuple(places))
    fits = left is not None and len(left) == len(part)
    if base == value or left is None or not fits:
        return None
    free = _free(index, len(whole))
    return value if all(map(_agree, left, part, free)) else None


def unlike_sizes(stmt: Let, types: Types) -> list[tuple[int, int, Dim]]:
    """For each axis of the part that a statement writes to: the axis of the whole array whose size,
    less a number, the value must have there, which is the dimension that follows; -1 where their
    types say that it has.
    """
    base, index, value = stmt.args
    whole, part = dims_known(type_of(base, types)) or (), dims_known(type_of(value, types)) or ()
    left = index_dims(whole, tuple(type_of(p, types) for p in parts_of(index))) or ()
    free = _free(index, len(whole))
    return [
        (-1 if dim == own else axis, _less(place), dim)
        for dim, own, (axis, place) in zip(left, part, free, strict=True)
    ]


def _less(place: Operand | None) -> int:
    """How many elements a slice leaves out, if that is known."""
    cut = None if place is None else left_out(place)
    return 0 if cut is None else cut[1]


def _free(index: Operand, rank: int) -> list[tuple[int, Operand | None]]:
    """The axes that an index leaves, with the slice that it has there, if any."""
    parts = [*parts_of(index), *[None] * (rank - len(parts_of(index)))]
    return [(i, p) for i, p in enumerate(parts) if p is None or isinstance(p, Slice)]


def _agree(one: Dim, other: Dim, free: tuple[int, Operand | None]) -> bool:
    """Whether a value has the size of a part along an axis, or can be asked whether it has."""
    asked = free[1] is None or isinstance(one, int) or left_out(free[1]) is not None
    return one == other or (asked and not may_be_one(other))  # which NumPy does not stretch


def _is_count(t: Type) -> bool:
    return isinstance(t, Scalar) and t.dtype.startswith("int")


def places_of(
    index: Operand, inner: Sequence[Operand]
) -> list[tuple[Operand, int]]:
    """Where in an array an element of a part of it is: along each axis an operand, and a number
    to be added; ``inner`` is where it is in the part.
    """
    left = iter(inner)
    found = [
        (next(left), begins_at(part) or 0) if isinstance(part, Slice) else (part, 0)
        for part in parts_of(index)
    ]
    return [*found, *((operand, 0) for operand in left)]


def dims_known(t: Type) -> tuple[Dim, ...] | None:
    """The dimensions of an array of numbers, where a loop over it can be written."""
    if not isinstance(t, Array) or not t.dims or t.dtype is None:
        return None
    return t.dims if np.dtype(t.dtype).kind in "bif" else None


def element_of(stmt: Let, types: Types) -> Element | None:
    """What an element of a statement's result is; None if that cannot be said."""
    op = stmt.op
    if not isinstance(op, Primitive) or len(stmt.targets) != 1:
        return None
    known = types.get(stmt.target)
    if op.name in SUMS:
        return _reduced(op.name, stmt.args, types)
    dims = None if known is None else dims_known(known)
    if dims is None:
        return None
    if op.name in _MAPS:
        return _MAPS[op.name](stmt, dims, types)
    elementwise = RULES[op.name].kind == "elementwise" and not op.augments
    if (elementwise or op.name in ALSO_POINTWISE) and op.name not in NOT_POINTWISE:
        return _pointwise(op, stmt.args, dims, types)
    return None


def _pointwise(
    op: Primitive, args: Sequence[Operand], dims: tuple[Dim, ...], types: Types
) -> Pointwise | None:
    aligned: list[tuple[int | None, ...]] = []
    for arg in args:
        known = type_of(arg, types)
        if isinstance(known, Scalar):
            aligned.append(())
            continue
        own = dims_known(known) if isinstance(arg, Var) else None
        places = None if own is None else alignment(own, dims)
        if places is None:
            return None
        aligned.append(places)
    return Pointwise(op, tuple(args), tuple(aligned))


def alignment(own: tuple[Dim, ...], dims: tuple[Dim, ...]) -> tuple[int | None, ...] | None:
    """The axis of the result that each axis of an operand runs along, None where it is stretched;
    None altogether where that is decided only at run time.
    """
    lead = len(dims) - len(own)
    places: list[int | None] = []
    for axis, dim in enumerate(own):
        full = dims[lead + axis]
        if dim == 1 and full != 1:
            places.append(None)
        elif dim == full or not may_be_one(dim):
            places.append(lead + axis)
        else:
            return None
    return tuple(places) if lead >= 0 else None


def _filled(stmt: Let, dims: tuple[Dim, ...], types: Types) -> Filled | None:
    name = stmt.op.name  # type: ignore[union-attr]
    like = stmt.args[0]
    if dims_known(type_of(like, types)) is None:
        return None
    if name == "np.full_like":
        value = stmt.args[1]
        return Filled(value, like) if _holds(types[stmt.target], type_of(value, types)) else None
    return Filled(Const(FILLS[name]), like)


def _holds(array: Type, value: Type) -> bool:
    """Whether an array of numbers can have a number as an element that is no other then."""
    if not isinstance(array, Array) or not isinstance(value, Scalar):
        return False
    return (array.dtype or "").startswith("float") or array.dtype == value.dtype


def _transposed(stmt: Let, dims: tuple[Dim, ...], types: Types) -> Moved | None:
    return Moved(stmt.args[0], tuple(reversed(range(len(dims)))))


def _outer(stmt: Let, dims: tuple[Dim, ...], types: Types) -> Pointwise | None:
    if any(len(dims_known(type_of(a, types)) or ()) != 1 for a in stmt.args):
        return None
    return Pointwise(RULES["op.Mult"].primitive, stmt.args, ((0,), (1,)))


def _stretched(stmt: Let, dims: tuple[Dim, ...], types: Types) -> Moved | None:
    own = dims_known(type_of(stmt.args[0], types))
    places = None if own is None else alignment(own, dims)
    return None if places is None else Moved(stmt.args[0], places, stmt.args[1])


def gathers(stmt: Let, types: Types) -> bool:
    """Whether a statement reads an array at places along its first axis that an array names."""
    if not isinstance(stmt.op, Primitive) or stmt.op.name != "[]":
        return False
    array, places = (type_of(arg, types) for arg in stmt.args)
    named = isinstance(places, Array) and (places.dtype or "").startswith("int")
    return named and dims_known(array) is not None and len(dims_known(places) or ()) == 1


def _item(stmt: Let, dims: tuple[Dim, ...], types: Types) -> Moved | Gathered | None:
    """``x[:, None]``: axes that are put in, or places, or what slices leave; other indices are
    views of their own.
    """
    if gathers(stmt, types):
        return Gathered(*stmt.args)
    own = dims_known(type_of(stmt.args[0], types))
    parts = parts_of(stmt.args[1])
    cuts = [left_out(p) for p in parts if p != Const(None)]
    shorter = any(cut != (0, 0) for cut in cuts)
    if own is None or None in cuts or (shorter and Const(None) in parts):
        return None
    kept = [axis for axis, p in enumerate(parts) if p != Const(None)]
    kept += range(len(parts), len(parts) + len(own) - len(kept))
    cuts += [(0, 0)] * (len(own) - len(cuts))
    return Moved(stmt.args[0], tuple(kept), cut=tuple(filter(None, cuts)) if shorter else ())


def place_read(stmt: Stmt, types: Types) -> tuple[Var, tuple[int, ...]] | None:
    """The array of which a statement reads one element, and the numbers that say which."""
    if not isinstance(stmt, Let) or getattr(stmt.op, "name", "") != "[]":
        return None
    array, index = stmt.args
    dims = dims_known(type_of(array, types))
    places = [p.value for p in parts_of(index) if isinstance(p, Const) and type(p.value) is int]
    whole = dims is not None and len(places) == len(parts_of(index)) == len(dims)
    return (array, tuple(places)) if whole and isinstance(array, Var) else None


_MAPS: dict[str, Callable[[Let, tuple[Dim, ...], Types], Element | None]] = {
    "np.zeros_like": _filled,
    "np.ones_like": _filled,
    "np.full_like": _filled,
    ".T": _transposed,
    "np.outer": _outer,
    "np.broadcast_to": _stretched,
    "[]": _item,
}


def _reduced(name: str, args: Sequence[Operand], types: Types) -> Reduced | None:
    operand, axis, keepdims = args[:3]
    dims = dims_known(type_of(operand, types))
    if dims is None or not isinstance(operand, Var) or not isinstance(keepdims, Const):
        return None
    if any(a not in (Const(None), Const(True)) for a in args[3:]):
        return None
    how = name.strip(".()").removeprefix("np.").removeprefix("a")
    known = types[operand.name]
    if how in ("max", "min") and not known.dtype.startswith("float"):  # type: ignore[union-attr]
        return None
    axes = reduced_axes(axis, len(dims))
    return None if axes is None else Reduced(how, operand, len(dims), axes, keepdims.value)


def reduced_axes(axis: Operand, rank: int) -> tuple[int, ...] | None:
    """The axes that a reduction runs over, counted from 0; None where they are not known, or not
    there.
    """
    if axis == Const(None):
        return tuple(range(rank))
    parts = axis.items if isinstance(axis, Tuple) else (axis,)
    values = [p.value for p in parts if isinstance(p, Const) and type(p.value) is int]
    if len(values) < len(parts) or not all(-rank <= v < rank for v in values):
        return None
    found = sorted(v % rank for v in values)
    return tuple(found) if len(set(found)) == len(found) else None
