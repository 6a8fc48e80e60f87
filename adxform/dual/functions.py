"""NumPy functions of dual numbers that are linear, multilinear, or of values alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from adxform.dual.lifting import apply_linear, apply_multilinear, mapped
from adxform.dual.number import FUNCTIONS, Dual, plain, rule


def _present(namespace: Any, *names: str) -> tuple[Any, ...]:
    """The functions of these names that this version of NumPy has."""
    return tuple(getattr(namespace, name) for name in names if hasattr(namespace, name))


_TRANSFORMS = (
    *(f"{kind}fft{size}" for kind in ("", "i", "r", "ir") for size in ("", "2", "n")),
    *("hfft", "ihfft", "fftshift", "ifftshift"),
)

#: Where dual numbers may be: positions and keywords in which the function is jointly linear.
LINEAR: dict[Any, tuple[int | str, ...] | None] = {
    **dict.fromkeys((np.sum, np.mean, np.trace, np.cumsum), (0,)),
    **dict.fromkeys((np.reshape, np.ravel, np.squeeze, np.expand_dims, np.broadcast_to), (0,)),
    **dict.fromkeys((np.transpose, np.swapaxes, np.moveaxis, np.rollaxis), (0,)),
    **dict.fromkeys(_present(np, "trapezoid", "trapz", "matrix_transpose"), (0,)),
    **dict.fromkeys(_present(np.linalg, "matrix_transpose", "diagonal", "trace"), (0,)),
    **dict.fromkeys((np.flip, np.fliplr, np.flipud, np.roll, np.rot90), (0,)),
    **dict.fromkeys((np.tile, np.repeat, np.copy, np.delete), (0,)),
    **dict.fromkeys((np.diag, np.diagflat, np.diagonal, np.tril, np.triu), (0,)),
    **dict.fromkeys((np.take, np.take_along_axis), (0,)),
    **dict.fromkeys((np.concatenate, np.stack, np.vstack, np.hstack, np.dstack), (0,)),
    **dict.fromkeys((np.column_stack, np.block), (0,)),
    **dict.fromkeys((np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit), (0,)),
    **dict.fromkeys((np.atleast_1d, np.atleast_2d, np.atleast_3d), None),
    **dict.fromkeys((np.broadcast_arrays, np.meshgrid), None),
    **dict.fromkeys((np.append, np.linspace), (0, 1, "start", "stop", "values")),
    **dict.fromkeys((getattr(np.fft, name) for name in _TRANSFORMS), (0,)),
    np.insert: (0, 2, "values"),
    np.diff: (0, 3, 4, "prepend", "append"),
    np.select: (1, 2, "choicelist", "default"),
    np.compress: (1,),
}

#: Functions of two arguments, linear in each.
BILINEAR: tuple[Any, ...] = (
    *(np.dot, np.inner, np.outer, np.vdot, np.tensordot, np.kron, np.cross),
    *(np.convolve, np.correlate),
    *_present(np.linalg, "matmul", "outer", "tensordot", "vecdot", "cross"),
)

#: Functions of values alone, whose results (indices, shapes, truths) have no tangents.
DISCRETE: tuple[Any, ...] = (
    *(np.argmax, np.argmin, np.argsort, np.searchsorted, np.digitize),
    *(np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero),
    *(np.any, np.all, np.isclose, np.allclose, np.array_equal),
    *(np.isneginf, np.isposinf, np.iscomplexobj, np.isrealobj),
    *(np.shape, np.ndim, np.size, np.result_type),
)


def _linear(function: Any, places: Any, *args: Any, **kwargs: Any) -> Any:
    return apply_linear(function, places, args, kwargs)


def _bilinear(function: Any, *args: Any, **kwargs: Any) -> Any:
    return apply_multilinear(function, (0, 1), args, kwargs)


def _discrete(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*mapped(plain, args), **mapped(plain, kwargs))


def _table(rows: Any, implementation: Callable[..., Any]) -> None:
    FUNCTIONS.update({function: functools.partial(implementation, function) for function in rows})


FUNCTIONS.update({f: functools.partial(_linear, f, places) for f, places in LINEAR.items()})
_table(BILINEAR, _bilinear)
_table(DISCRETE, _discrete)


@rule(np.einsum)
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Linear in each operand; the subscripts are a string."""
    if not isinstance(subscripts, str):
        raise TypeError("einsum of a Dual takes its subscripts as a string")
    places = range(1, len(operands) + 1)
    return apply_multilinear(np.einsum, places, (subscripts, *operands), kwargs)


@rule(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Linear, but for the modes that take the largest, the least or the middle of a line."""
    if callable(mode) or mode in ("maximum", "minimum", "median", "empty"):
        raise TypeError(f"np.pad of a Dual takes no mode={mode!r}")
    return apply_linear(np.pad, (0,), (array, pad_width, mode), kwargs)


@rule(np.where)
def where(condition: Any, *branches: Any) -> Any:
    """Linear in the branches; the condition is a truth of values."""
    condition = plain(condition)
    if not any(isinstance(branch, Dual) for branch in branches):
        return np.where(condition, *branches)
    return apply_linear(np.where, (1, 2), (condition, *branches), {})


@rule(np.round, np.around)
def rounded(a: Dual, decimals: int = 0, out: None = None) -> Dual:
    """Piecewise constant."""
    return a.push(np.round(a.value, decimals), np.zeros_like)


@rule(np.zeros_like, np.empty_like)
def zeros_like(a: Dual, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Zeros with zero tangents; a plain array where ``dtype`` has no tangents."""
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        return np.zeros_like(plain(a), dtype, *args, **kwargs)
    value: Any = np.zeros_like(a._value, dtype, *args, **kwargs)
    return a.push(value, functools.partial(_zeros, value))


def _zeros(value: Any, a_dot: Any) -> Any:
    return np.zeros_like(value)


@rule(np.ones_like)
def ones_like(a: Dual, *args: Any, **kwargs: Any) -> Any:
    """Ones with zero tangents."""
    return full_like(a, 1.0, *args, **kwargs)


@rule(np.full_like)
def full_like(a: Dual, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    """An array filled with a constant or a dual number of ``a``'s components."""
    result = zeros_like(a, *args, **kwargs)
    result[...] = fill_value
    return result


def array(items: Any) -> Any:
    """What ``np.array(items)`` would be if an array could hold dual numbers.

    Parameters
    ----------
    items
        A dual number, a number, an array, or a list or tuple of these, nested at will.

    Returns
    -------
    Dual or ndarray
        A Dual where there is one among the items.

    """
    if isinstance(items, list | tuple) and items:
        function: Any = np.stack
        return function([array(item) for item in items])
    return items.copy() if isinstance(items, Dual) else np.array(items)
