"""How formulas say sizes, places and axes: in the words that fit the operand's type."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from adxform.core.types import (
    Array,
    Known,
    Number,
    Scalar,
    Struct,
    Type,
    dims_of,
    is_complex,
    promote,
    rank,
)
from adxform.errors import Diagnostic, UnsupportedError
from adxform.rules import infer


def refuse(reason: str, hint: str = "") -> NoReturn:
    """Say that a call has no derivative here; who asked for it adds the place."""
    raise UnsupportedError(Diagnostic(reason, None, hint))


def held() -> NoReturn:
    """The formula of a parameter that a result depends on, but that nobody differentiates in."""
    refuse("no derivative rule in this parameter, which is active here",
           "Hold it constant with stop_gradient.")


def shape(t: Type, name: str) -> str:
    """``a.shape``, or what says it of a list or a number, too."""
    return f"{name}.shape" if isinstance(t, Array) else f"np.shape({name})"


def size(t: Type, name: str) -> str:
    """``a.size``, or what says it of a list or a number, too."""
    return f"{name}.size" if isinstance(t, Array) else f"np.size({name})"


def extent(t: Type, name: str, axis: int) -> str:
    """The size of an array along an axis; a literal where it is known."""
    dims = dims_of(infer.as_array(t))
    if dims is not None and -len(dims) <= axis < len(dims):
        known = dims[axis]
        if isinstance(known, int):
            return str(known)
        if len(dims) == 1:
            return f"len({name})"
    return f"{shape(t, name)}[{axis}]"


def is_none(t: Type) -> bool:
    """Whether an argument is None, and known to be."""
    return isinstance(t, Known) and t.value is None


def literal(t: Type) -> Any:
    """An argument of integers, or tuples of them, as written; None where it is not known."""
    if isinstance(t, Struct):
        parts = [literal(item) for item in t.items]
        return None if any(p is None for p in parts) else tuple(parts)
    value = infer.const_of(t)
    return value if isinstance(value, int) else None


def axis_in(axis: Type, t: Type) -> int | None:
    """A single axis of an array, counted from 0 where its rank is known; None if not known."""
    value, ndim = literal(axis), rank(infer.as_array(t))
    if not isinstance(value, int):
        return None
    return value % ndim if ndim else value


def required_axis(name: str, axis: Type, t: Type) -> int:
    """An axis that a rule cannot do without; None means the first."""
    place = 0 if is_none(axis) else axis_in(axis, t)
    if place is None:
        refuse(f"{name} is differentiated only where its axis is known",
               "Write the axis as a number.")
    return place


def along(axis: int, index: str) -> str | None:
    """The index that takes ``index`` along an axis and everything along the others.

    >>> along(0, "i"), along(2, "i"), along(-1, "i"), along(-2, "i")
    ('i', ':, :, i', '..., i', '..., i, :')
    """
    if axis >= 0:
        return ":, " * axis + index
    return "..., " + index + ", :" * (-axis - 1)


def put_back(axes: tuple[int, ...], ndim: int) -> str:
    """The index that puts axes that were reduced back, as ones.

    >>> put_back((1,), 3), put_back((0, 1), 3), put_back((2,), 3)
    (':, None', 'None, None', '..., None')
    """
    parts = ["None" if i in axes else ":" for i in range(ndim)]
    if ndim - 1 in axes and ndim > 2 and len(axes) == 1:
        return "..., None"
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts)


def matrix_transpose(t: Type, name: str) -> str:
    """The transpose of a matrix, or of each of a stack of them."""
    ndim = rank(t)
    if ndim == 2:
        return f"{name}.T"
    return f"np.swapaxes({name}, {ndim - 2}, {ndim - 1})" if ndim else (
        f"np.swapaxes({name}, -1, -2)")


def dtype_of(t: Type, default: str | None) -> str | None:
    """The dtype that a ``dtype=`` argument names; None where it is not known."""
    if is_none(t):
        return default
    value = infer.const_of(t)
    if value is None:
        return None
    try:
        return str(np.dtype(value).name)
    except TypeError:
        return None


def made_like(t: Type) -> Type:
    """The type of a result of an operand's shape and dtype; a number is one of NumPy's."""
    t = infer.as_array(t)
    if isinstance(t, Number):
        return t
    return infer.array(t.dtype, dims_of(t)) if isinstance(t, Scalar | Array) else infer.unknown()


def kept(text: str, like: Type, axis: Type, keepdims: Type, name: str = "a") -> str:
    """A reduction's result, so that it broadcasts; leading axes come back by themselves."""
    ndim = rank(infer.as_array(like))
    axes = None if ndim is None else infer.axes_of(axis, ndim)
    leading = axes is not None and sorted(axes) == list(range(len(axes)))
    if is_none(axis) or (leading and infer.const_of(keepdims) is False):
        return text
    return f"kept({text}, {name}, axis, keepdims)"


def narrowed(text: str, name: str, like: Type, *factors: Type) -> str:
    """A product in the dtype of one of its operands, where the others are known to widen it."""
    wide, own = strong(*factors), dtype_in(like)
    if wide is None or own is None or wide == own:
        return text
    narrow = own.startswith("float") or (is_complex(own) and is_complex(wide))
    return f"as_like({text}, {name})" if narrow else text


def strong(*types: Type) -> str | None:
    """The dtype of a function that makes arrays of all its operands, of Python's numbers too."""
    known = [infer.as_array(t) for t in types]
    return promote([Scalar(t.dtype) if isinstance(t, Scalar) else t for t in known])


def dtype_said(t: Type) -> str:
    """The dtype of a result that is a floating one of t's own: its name, if that is known."""
    known = dtype_in(t)
    return repr(known) if known in ("float16", "float32", "float64") else "out.dtype"


def dtype_in(t: Type) -> str | None:
    """The dtype of a number, an array or a list of them."""
    t = infer.as_array(t)
    return t.dtype if isinstance(t, Scalar | Array) else None
