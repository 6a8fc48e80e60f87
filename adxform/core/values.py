"""What is known at compile time of a value that is at hand then: a default, a global, a literal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, reduce
from types import FunctionType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN
from adxform.core.types import (
    ANY,
    Array,
    Inert,
    Known,
    ListOf,
    Scalar,
    Struct,
    Type,
    join,
)

_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_OPERATORS = frozenset({
    "__neg__", "__abs__", "__getitem__", "__array_ufunc__", "__array_function__",
    *(f"__{side}{name}__" for name in _BINARY for side in ("", "r", "i")),
})  # fmt: skip
_PYTHON = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}


def type_of_value(value: Any) -> Type:
    """The type of a Python value that is known at compile time."""
    dtype = _PYTHON.get(type(value))
    if dtype is not None:
        return Scalar(dtype, weak=True, value=value)
    if isinstance(value, bool | int | float | complex):  # a number of a class of its own
        kind = np.dtype(type(value)).name
        return Known(value) if kind == "object" else Scalar(kind, weak=True, value=value)
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return Scalar(value.dtype.name, value=value)
    if isinstance(value, np.ndarray):
        return Array(value.dtype.name, tuple(int(n) for n in value.shape))
    if value is UNKNOWN:
        return ANY
    if isinstance(value, list):
        return ListOf(_item_type(value))  # its items may be others when the derivative runs
    if isinstance(value, tuple) and all(
        isinstance(item, bool | int | float | str | None | np.ndarray) for item in value
    ):
        return Struct(tuple(type_of_value(item) for item in value))
    known = type(value).__hash__ is not None and not is_sparse_class(type(value))
    return Known(value) if known else inert_type(value)


def inert_type(value: Any) -> Inert:
    """The type of a value that has no derivative."""
    return Inert(isinstance(value, Sequence | np.ndarray), is_sparse_class(type(value)))


def is_sparse_class(kind: Any) -> bool:
    """Whether a class is one of SciPy's sparse matrices or linear operators."""
    return isinstance(kind, type) and kind.__module__.startswith("scipy.sparse.") and hasattr(
        kind, "dot")


def plain(value: Any) -> bool:
    """Whether an array or a number computes as such do; ``*`` of a matrix and sums of a masked one
    do not, nor does what a class of the user's own makes of operators.
    """
    if not isinstance(value, np.ndarray | bool | int | float | complex):
        return True
    kind: Any = type(value)
    return not (isinstance(value, np.ma.MaskedArray | np.matrix) or _has_operators(kind))


@cache
def _has_operators(kind: type) -> bool:
    """Whether a class of arrays or numbers, none of NumPy's, says in Python what operators do."""
    kinds = (k for k in kind.__mro__ if k.__module__.partition(".")[0] != "numpy")
    own = {n for k in kinds for n, found in vars(k).items() if type(found) is FunctionType}
    return not own.isdisjoint(_OPERATORS)


def _item_type(items: list[Any]) -> Type:
    """What the items of a list that may be written to have in common; no values."""
    found: list[Type] = [type_of_value(item) for item in items]
    kinds = {replace(t, value=None) if isinstance(t, Scalar) else t for t in found}
    return reduce(join, sorted(kinds, key=repr)) if kinds else ANY


def attribute_of(owner: Any, name: str, default: Any) -> Any:
    """An attribute of what is known; the default where there is none, or where it cannot be had, as
    that of a module which is imported late and is missing.
    """
    try:
        return getattr(owner, name, default)
    except Exception:
        return default
