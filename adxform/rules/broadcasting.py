"""Helpers that undo or repeat NumPy's broadcasting, and how they vanish where shapes are known."""

from __future__ import annotations

from collections.abc import Iterable

from adxform.core.dims import Dim, may_be_one
from adxform.core.types import (
    NUMBER,
    Array,
    Scalar,
    Struct,
    Type,
    dims_of,
    is_float,
    is_narrow,
    is_number,
    is_weak,
    was_broadcast,
)
from adxform.rules import infer
from adxform.rules.samples import calls
from adxform.rules.table import holomorphic, inactive, linear, lowers
from adxform.rules.wording import dtype_in, is_none, made_like, put_back


def _like(_: Type, like: Type, *rest: Type) -> Type:
    return made_like(like)


def _summed(g: Type, like: Type) -> Type:
    """As ``like``; a number of Python's has no precision of its own, which it could give."""
    return NUMBER if is_weak(like) and is_narrow(g) else made_like(like)


def _kept(g: Type, like: Type, axis: Type, keepdims: Type) -> Type:
    """The shape of ``like`` with ones where it was reduced."""
    dims = dims_of(infer.as_array(like))
    axes = None if dims is None else infer.axes_of(axis, len(dims))
    if dims is None or axes is None or is_none(axis):
        return g if is_none(axis) else Array(dtype_in(g), None)
    return infer.array(dtype_in(g), tuple(1 if i in axes else d for i, d in enumerate(dims)))


# unbroadcast(g, like): g summed over the axes along which `like` was stretched to g's shape.
linear(
    "unbroadcast(g, like)",
    g="broadcast_like(out_bar, g)",
    infer=_summed,
    fresh=False,
    sample=calls("R(2, 3), R(3)", "R(2, 3), R(2, 1)", "R(4, 2, 3), R(1, 3)", "R(2, 3), R()",
                 "R(3), R", "R(3), R(3)"),
)

# broadcast_like(g, like): g stretched to the shape of `like`.
linear(
    "broadcast_like(g, like)",
    g="unbroadcast(out_bar, g)",
    infer=_like,
    fresh=False,
    sample=calls("R(3), R(2, 3)", "R(2, 1), R(2, 3)", "R, R(3)", "R(3), R(3)"),
)

# kept(g, like, axis, keepdims): g, a reduction of `like`, so that it broadcasts against `like`.
linear(
    "kept(g, like, axis=None, keepdims=False)",
    g="np.reshape(out_bar, np.shape(g))",
    infer=_kept,
    fresh=False,
    cheap=True,
    sample=calls("R(2), R(2, 3), 1", "R(3), R(2, 3), 0", "R(2), R(2, 3, 4), (1, 2)",
                 "R(2, 1), R(2, 3), 1, True"),
)

# spread(g, like, axis, keepdims): the cotangent g of a sum, stretched to what was summed.
linear(
    "spread(g, like, axis=None, keepdims=False)",
    g="np.sum(out_bar, axis=axis, keepdims=keepdims)",
    infer=_like,
    fresh=False,
    sample=calls("R(2), R(2, 3), 1", "R, R(2, 3)", "R(3), R(2, 3, 4), (0, 2)",
                 "R(2, 1), R(2, 3), 1, True", "R(1, 1), R(2, 3), None, True"),
)

inactive("count_along(a, axis=None)", infer=infer.integer)


@lowers("unbroadcast")
def lower_unbroadcast(g: Type, like: Type) -> str | None:
    """Nothing where the shapes agree, else a sum over the axes that were stretched."""
    if was_broadcast(like, g) is False:
        return _in_dtype("g", g, like)
    if isinstance(like, Struct):  # a list that is written out, put into an array
        made = infer.as_array(like)
        alike = isinstance(g, Array) and dtype_in(g) == dtype_in(made) is not None
        return "g" if alike and was_broadcast(made, g) is False else None
    if is_number(like):
        return _in_dtype("np.sum(g)", g, like) if isinstance(g, Array) else None
    small, large = dims_of(like), dims_of(g)
    if small is None or large is None or len(small) > len(large):
        return None
    if not small:
        return _in_dtype("np.sum(g)", g, like)
    lead = len(large) - len(small)
    pairs = list(zip(small, large[lead:], strict=True))
    if any(_unsure(s, d) for s, d in pairs):
        return None
    axes = [i for i, (s, d) in enumerate(pairs) if _stretched(s, d)]
    text = f"np.sum(g, axis={_axis(range(lead))})" if lead else "g"
    text = f"np.sum({text}, axis={_axis(axes)}, keepdims=True)" if axes else text
    return _in_dtype(text, g, like)


def _axis(axes: Iterable[int]) -> str:
    found = tuple(axes)
    return repr(found[0]) if len(found) == 1 else repr(found)


def _in_dtype(text: str, g: Type, like: Type) -> str:
    """A cotangent in the dtype of what it belongs to, where that is known to differ."""
    if isinstance(like, Scalar) and not like.weak and is_narrow(like) != is_narrow(g):
        known = isinstance(g, Scalar | Array) and g.dtype is not None and is_float(like.dtype)
        return f"np.{like.dtype}({text})" if known else f"as_like({text}, like)"
    if not isinstance(g, Array) or not isinstance(like, Array) or None in (g.dtype, like.dtype):
        return text
    own, its = like.dtype or "", g.dtype or ""
    if own == its or not own.startswith(("float", "complex")):
        return text
    if its.startswith("complex") and own.startswith("float"):
        part = f"np.real({text})"
        return part if its == f"complex{2 * int(own[5:])}" else f"{part}.astype(like.dtype)"
    real = its.startswith(("float", "complex"))
    return f"{_called(text)}.astype(like.dtype)" if real else f"as_like({text}, like)"


def _called(text: str) -> str:
    return text if text.isidentifier() or text.endswith(")") else f"({text})"


def _stretched(small: Dim, large: Dim) -> bool:
    return small == 1 and large != 1


def _unsure(small: Dim, large: Dim) -> bool:
    return small not in (large, 1) and may_be_one(small)


# as_like(g, like): g in the floating dtype of `like`.
linear(
    "as_like(g, like)",
    g="as_like(out_bar, g)",
    infer=lambda g, like: infer.array(dtype_in(like), dims_of(g)),
    fresh=False,
    sample=calls("R(3), R(3)"),
)


@lowers("as_like")
def lower_as_like(g: Type, like: Type) -> str | None:
    """Nothing where the dtypes agree, else ``astype``."""
    if isinstance(g, Scalar) and isinstance(like, Scalar):
        if g.dtype == like.dtype or is_narrow(g) != is_narrow(like):
            return _in_dtype("g", g, like)
        if infer.holds_complex(g) and like.dtype.startswith("float"):
            return "np.real(g)"
    if not isinstance(g, Array) or not isinstance(like, Array) or None in (g.dtype, like.dtype):
        return None
    text = _in_dtype("g", g, like)
    return None if text == "as_like(g, like)" else text


# as_array_like(g, like): g in the floating dtype of `like` if that is an array, not a number.
linear(
    "as_array_like(g, like)",
    g="as_like(out_bar, g)",
    infer=lambda g, like: g,
    fresh=False,
    sample=calls("R(3), R(3)", "R, R"),
)


@lowers("broadcast_like")
def lower_broadcast_like(g: Type, like: Type) -> str | None:
    """Nothing where the shapes agree, else ``np.broadcast_to``."""
    if was_broadcast(g, like) is False:
        return _in_dtype("g", g, like)
    if isinstance(like, Scalar) or not isinstance(like, Array) or like.dims is None:
        return None
    if isinstance(g, Scalar):
        return _full(g, like)
    return _in_dtype("np.broadcast_to(g, like.shape)", g, like) if isinstance(g, Array) else None


def _full(g: Type, like: Array) -> str | None:
    """An array filled with a number: in the dtype of ``like``, which an integer's would spoil."""
    if like.dtype is None or not like.dtype.startswith(("float", "complex")):
        return None
    real = infer.holds_complex(g) and not infer.holds_complex(like)
    return "np.full_like(like, np.real(g))" if real else "np.full_like(like, g)"


@lowers("kept")
def lower_kept(g: Type, like: Type, axis: Type, keepdims: Type) -> str | None:
    """An index that puts the reduced axes back."""
    keep = infer.const_of(keepdims)
    if is_none(axis) or keep is True or isinstance(like, Scalar):
        return "g"
    dims = dims_of(like)
    axes = None if dims is None else infer.axes_of(axis, len(dims))
    if dims is None or axes is None or keep is not False:
        return None
    return f"g[{put_back(axes, len(dims))}]"


@lowers("spread")
def lower_spread(g: Type, like: Type, axis: Type, keepdims: Type) -> str | None:
    """The reduced axes put back, and a broadcast."""
    dims, keep = dims_of(like), infer.const_of(keepdims)
    if isinstance(like, Scalar):
        return "g"
    if dims is None or not isinstance(like, Array) or not isinstance(keep, bool):
        return None
    axes = infer.axes_of(axis, len(dims))
    if axes is None:
        return None
    if len(axes) == len(dims) and not keep:
        return _full(g, like)
    leading = not keep and sorted(axes) == list(range(len(axes)))
    inner = "g" if leading else "kept(g, like, axis, keepdims)"
    return _in_dtype(f"np.broadcast_to({inner}, like.shape)", g, like)

holomorphic("unbroadcast", "broadcast_like", "kept", "spread", "as_like",
            "as_array_like")
