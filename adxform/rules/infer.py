"""Types of results from types of operands, shared by the rows of the rule table.

Each function takes the types of a primitive's parameters, in order, and gives the result's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache, reduce
from typing import Any

import numpy as np

from adxform.core.dims import Dim, Stop, Sym, shorter, unknown_dim
from adxform.core.forms import LIST
from adxform.core.types import (
    ANY,
    FLOAT,
    FLOATING,
    INERT,
    NUMBER,
    Array,
    Known,
    ListOf,
    Scalar,
    Slicing,
    Struct,
    Taped,
    Type,
    broadcast_dims,
    common_number,
    dims_of,
    is_complex,
    is_float,
    is_number,
    is_numeric,
    join,
    promote,
)


def elementwise(*types: Type) -> Type:
    """The broadcast of all operands, in their common floating dtype."""
    return _broadcast(types, as_float=True)


def arithmetic(*types: Type) -> Type:
    """The broadcast of all operands, in their common dtype (integers stay integers)."""
    return _broadcast(types, as_float=False)


def comparison(*types: Type) -> Type:
    """The broadcast of all operands, as booleans."""
    match _broadcast(types, as_float=False):
        case Scalar(_, weak):
            return Scalar("bool", weak)
        case Array(_, dims):
            return Array("bool", dims)
        case _:
            return INERT


def _broadcast(types: tuple[Type, ...], *, as_float: bool) -> Type:
    weak = True
    for t in types:
        if type(t) is not Scalar or t.dtype != "float64":
            break
        weak = weak and t.weak
    else:  # as most often
        if types:
            return FLOAT if weak else DOUBLE
    types = tuple([as_array(t) if type(t) is Struct else t for t in types])
    return _of_all(types, as_float) if all(map(is_numeric, types)) else ANY


@lru_cache(maxsize=4096)
def _of_all(types: tuple[Type, ...], as_float: bool) -> Type:
    dtype = promote(types)
    dtype = float_dtype(dtype) if as_float and dtype is not None else dtype
    scalars = [t for t in types if isinstance(t, Scalar)]
    if len(scalars) == len(types):
        weak = all(t.weak for t in scalars)
        if weak and dtype == FLOAT.dtype:
            return FLOAT
        return Scalar(dtype, weak) if dtype is not None else ANY
    if FLOATING in types and all(map(is_number, types)):
        return common_number(t for t in types if not isinstance(t, Scalar) or is_float(t.dtype))
    return array(dtype, broadcast_dims([dims_of(t) for t in types]))


def array(dtype: str | None, dims: tuple[Dim, ...] | None) -> Type:
    """The type of an array, or of the number that NumPy gives in place of a 0-d one."""
    if dims != ():
        return Array(dtype, dims)
    return NUMBER if dtype is None else Scalar(dtype)


DOUBLE = Scalar("float64")


def as_array(t: Type) -> Type:
    """The array that NumPy makes of a list or tuple of numbers."""
    if isinstance(t, Struct):
        items = [as_array(item) for item in t.items]
        shapes = {dims_of(item) for item in items}
        # An array of Python's numbers is of NumPy's widest, even beside single precision.
        dtype = promote([Scalar(i.dtype) if isinstance(i, Scalar) else i for i in items]) if (
            items) else "float64"
        if len(shapes) == 1 and None not in shapes and all(is_numeric(i) for i in items):
            inner = shapes.pop()
            return Array(dtype, (len(items), *(inner or ())))
        return Array(dtype, None) if all(is_numeric(i) for i in items) else ANY
    return t


@cache
def float_dtype(dtype: str) -> str:
    """The dtype that a ufunc such as ``np.sin`` gives for operands of ``dtype``."""
    kind = np.dtype(dtype)
    if kind.kind in "fc":
        return dtype
    return str(np.result_type(kind, np.float16 if kind.itemsize == 1 else np.float32
                              if kind.itemsize == 2 else np.float64).name)


def holds_complex(t: Type) -> bool:
    """Whether a number or array is complex."""
    return isinstance(t, Scalar | Array) and is_complex(t.dtype)


def real(t: Type) -> Type:
    """The type of real numbers where t is one of complex ones, t itself otherwise."""
    if not holds_complex(t) or not isinstance(t, Scalar | Array):
        return t
    dtype = f"float{int((t.dtype or '')[7:]) // 2}"
    return Scalar(dtype, t.weak) if isinstance(t, Scalar) else Array(dtype, t.dims)


def same(x: Type, *_: Type) -> Type:
    """The type of the first operand."""
    return x


def fresh_array(x: Type, *_: Type) -> Type:
    """An array of the first operand's shape and dtype (``zeros_like``)."""
    x = as_array(x)
    return Array(x.dtype, dims_of(x)) if is_numeric(x) else ANY  # type: ignore[union-attr]


def integer(*_: Type) -> Type:
    """A Python integer."""
    return Scalar("int64", weak=True)


def unknown(*_: Type) -> Type:
    """Anything."""
    return ANY


def inert(*_: Type) -> Type:
    """Something without a derivative."""
    return INERT


def const_of(t: Type | None, default: Any = None) -> Any:
    """The value that a type is known to have, or ``default``."""
    if isinstance(t, Known):
        return t.value
    if isinstance(t, Scalar) and not isinstance(t.value, Sym):
        return t.value if t.value is not None else default
    return default


def dim_of(t: Type) -> Dim | None:
    """The dimension that an integer stands for, or None."""
    if isinstance(t, Scalar) and isinstance(t.value, int | Sym):
        return t.value
    return None


def axes_of(axis: Type, ndim: int) -> tuple[int, ...] | None:
    """The axes, counted from 0, that an ``axis`` argument means; None if it is not known."""
    if isinstance(axis, Known) and axis.value is None:
        return tuple(range(ndim))
    parts = axis.items if isinstance(axis, Struct) else (axis,)
    values = [const_of(p) for p in parts]
    if any(not isinstance(v, int) for v in values):
        return None
    return tuple(v % ndim if ndim else v for v in values)


def reduction(x: Type, axis: Type, keepdims: Type, *_: Type) -> Type:
    """A sum, maximum, ... over ``axis``."""
    return _reduce(as_array(x), axis, keepdims)


def float_reduction(x: Type, axis: Type, *rest: Type) -> Type:
    """A mean, variance, ...: a reduction that turns integers to floats; ``keepdims`` is last."""
    result = _reduce(as_array(x), axis, rest[-1])
    if isinstance(result, Scalar | Array) and result.dtype is not None:
        return replace(result, dtype=float_dtype(result.dtype))
    return result


def _reduce(x: Type, axis: Type, keepdims: Type) -> Type:
    dtype = x.dtype if isinstance(x, Scalar | Array) else None
    dims, keep = dims_of(x), const_of(keepdims)
    whole = isinstance(axis, Known) and axis.value is None
    if whole and keep is False:
        return array(dtype, ())
    if not is_numeric(x):
        return ANY
    axes = axes_of(axis, len(dims)) if dims is not None else None
    if dims is None or axes is None or not isinstance(keep, bool):
        return Array(dtype, None)
    if keep:
        left = tuple(1 if i in axes else d for i, d in enumerate(dims))
    else:
        left = tuple(d for i, d in enumerate(dims) if i not in axes)
    return array(dtype, left)


def matmul(x: Type, y: Type) -> Type:
    """``x @ y``."""
    x, y = as_array(x), as_array(y)
    if not (is_numeric(x) and is_numeric(y)):
        return ANY
    dtype, a, b = promote((x, y)), dims_of(x), dims_of(y)
    if a is None or b is None or not a or not b:
        return Array(dtype, None)
    rows = a[-2:-1]
    columns = b[-1:] if len(b) > 1 else ()
    batch = broadcast_dims([a[:-2], b[:-2]])
    dims = (*(batch or ()), *rows, *columns)
    return array(dtype, dims)


def reshape(x: Type, shape: Type, *_: Type) -> Type:
    """``np.reshape(x, shape)``."""
    x = as_array(x)
    if not is_numeric(x):
        return ANY
    return Array(x.dtype, shape_dims(shape, dims_of(x)))  # type: ignore[union-attr]


def shape_dims(shape: Type, old: tuple[Dim, ...] | None = None) -> tuple[Dim, ...] | None:
    """The dimensions that a ``shape`` argument names; -1 is solved where the rest is known."""
    if not isinstance(shape, Struct | Scalar):
        return None
    parts = shape.items if isinstance(shape, Struct) else (shape,)
    dims: list[Dim] = []
    for part in parts:
        dim = dim_of(part)
        dims.append(unknown_dim() if dim is None else dim)
    if -1 in dims:
        place = dims.index(-1)
        dims[place] = _solve(dims[:place] + dims[place + 1 :], old)
    return tuple(dims)


def _solve(rest: list[Dim], old: tuple[Dim, ...] | None) -> Dim:
    if old is not None:
        left = list(old)
        for dim in rest:
            if dim in left:
                left.remove(dim)
            elif dim != 1:
                break
        else:
            if not left:
                return 1
            if len(left) == 1:
                return left[0]
            if all(isinstance(d, int) for d in left):
                return math.prod(d for d in left if isinstance(d, int))
    return unknown_dim() if old is None else Sym(f"-1{rest}{old}")


def getitem(x: Type, index: Type) -> Type:
    """``x[index]``."""
    if isinstance(x, Struct | Taped):
        place = const_of(index)
        if isinstance(place, int) and -len(x.items) <= place < len(x.items):
            return x.items[place]
        return _any_item(x, index)
    if isinstance(x, ListOf):
        if isinstance(index, Slicing):
            return ListOf(x.item)
        return x.item or ANY if is_number(index) else ANY  # it may be a slice that has a name
    dims = dims_of(x)
    if not isinstance(x, Array | Scalar):
        return ANY
    tuple_given = isinstance(index, Struct) and index.form != LIST
    parts = index.items if tuple_given and isinstance(index, Struct) else (index,)
    if dims is None:
        return Array(x.dtype, None)
    left = index_dims(dims, parts)
    if left == () and x.dtype is not None and Known(Ellipsis) not in parts:  # ... gives a view
        return Scalar(x.dtype)
    return Array(x.dtype, left)


def _any_item(x: Struct | Taped, index: Type) -> Type:
    """An item of a tuple or list by a place that only running tells, if all are numbers, or rows
    of numbers.
    """
    plain = isinstance(x, Struct) and x.form.kind in ("tuple", "list") and x.items
    if not plain or not isinstance(index, Scalar):
        return ANY
    found = reduce(join, x.items)
    return found if isinstance(found, Scalar | Struct) else ANY


def index_dims(dims: tuple[Dim, ...], parts: tuple[Type, ...]) -> tuple[Dim, ...] | None:
    """The dimensions left by an index; None where they cannot be told."""
    used = sum(_axes_used(p) for p in parts)
    parts = _fill_ellipsis(parts, len(dims) - used)
    result: list[Dim] = []
    advanced: list[tuple[int, Type]] = []
    axis = 0
    for part in parts:
        if isinstance(part, Known) and part.value is None:
            result.append(1)
            continue
        if axis >= len(dims):
            return None
        if isinstance(part, Slicing):
            result.append(_slice_dim(dims[axis], part))
        elif isinstance(part, Scalar) and part.dtype != "bool":
            if any(isinstance(p, Array | Struct) for p in parts):
                advanced.append((len(result), part))
        elif isinstance(part, Array | Struct):
            advanced.append((len(result), part))
        else:
            return None
        axis += _axes_used(part)
    result.extend(dims[axis:])
    return _place_advanced(result, advanced) if advanced else tuple(result)


def _axes_used(part: Type) -> int:
    if isinstance(part, Known):
        return 0
    if isinstance(part, Array) and part.dtype == "bool":
        return len(part.dims or ((0,)))
    return 1


def _fill_ellipsis(parts: tuple[Type, ...], missing: int) -> tuple[Type, ...]:
    for place, part in enumerate(parts):
        if isinstance(part, Known) and part.value is Ellipsis:
            whole = (Slicing(None, None, None),) * max(missing, 0)
            return parts[:place] + whole + parts[place + 1 :]
    return parts


def _slice_dim(dim: Dim, part: Slicing) -> Dim:
    bounds = [None if p is None else const_of(p, ANY) for p in (part.lower, part.upper, part.step)]
    if bounds in ([None, None, None], [0, None, None], [None, None, -1]):
        return dim
    if isinstance(dim, int) and all(b is None or isinstance(b, int) for b in bounds):
        return len(range(dim)[slice(*bounds)])
    first, last, step = bounds[0] or 0, bounds[1], bounds[2]
    stop = part.upper.value if isinstance(part.upper, Scalar) else None
    if isinstance(stop, Stop) and (first, step) in ((stop.first, None), (stop.first, 1)):
        return stop.dim
    if ANY in bounds:
        return unknown_dim()
    if step in (None, 1) and first >= 0 and (last is None or last < 0):
        return shorter(dim, first - (last or 0))
    return Sym(f"{dim}[{':'.join(str(b) for b in bounds)}]")


def _place_advanced(result: list[Dim], advanced: list[tuple[int, Type]]) -> tuple[Dim, ...] | None:
    """Integer-array indices broadcast together; their dimensions stand where the first stood."""
    places = [place for place, _ in advanced]
    if places[0] != places[-1]:
        return None
    arrays = [as_array(t) for _, t in advanced]
    masks = [dims_of(t) for t in arrays if isinstance(t, Array) and t.dtype == "bool"]
    if masks:
        one = len(arrays) == 1 and masks[0] is not None
        return (*result[: places[0]], unknown_dim(), *result[places[0] :]) if one else None
    dims = broadcast_dims([dims_of(t) for t in arrays])
    return None if dims is None else (*result[: places[0]], *dims, *result[places[0] :])


def like(make: Callable[[tuple[Dim, ...]], tuple[Dim, ...]]) -> Callable[..., Type]:
    """A result of the operand's dtype whose dimensions ``make`` gives."""

    def infer(x: Type, *_: Type) -> Type:
        x = as_array(x)
        if not is_numeric(x):
            return ANY
        dims = dims_of(x)
        return Array(x.dtype, None if dims is None else make(dims))  # type: ignore[union-attr]

    return infer
