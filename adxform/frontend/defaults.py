"""Arguments of library functions that change nothing, so that rules need not know them.

``np.median(x, axis=None, out=None)`` is ``np.median(x)``; the memory order of a new array, or the
dtype of a sum that is the array's own, decide nothing about values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN, Global, Operand, Primitive
from adxform.core.types import Array, Type, is_float
from adxform.frontend.spellings import find_object

_MAKERS = frozenset(
    {"np.array", "np.asarray", "np.asanyarray", "np.ascontiguousarray", "np.copy", "np.zeros",
     "np.ones", "np.empty", "np.full", "np.zeros_like", "np.ones_like", "np.empty_like",
     "np.full_like"}
)
_LAYOUT = frozenset({"order", "subok", "device", "like"})  # of the memory, not of the values
_SPEED = frozenset({"check_finite", "overwrite_a", "overwrite_b"})
_SUMS = frozenset(
    {"np.sum", "np.mean", "np.prod", "np.cumsum", "np.cumprod", "np.var", "np.std", "np.trace"}
)

Known = Callable[[Operand], Any]
TypeOf = Callable[[Operand], Type]


@cache
def parameters_of(text: str) -> dict[str, inspect.Parameter] | None:
    """The parameters of the library's own function that a primitive stands for."""
    head = text.rpartition(".")[0]
    live = find_object(text) if head else getattr(np.ndarray, text, None)
    try:
        return None if live is None else dict(inspect.signature(live).parameters)
    except (TypeError, ValueError):
        return None


def essential(
    primitive: Primitive,
    args: Sequence[Operand],
    keywords: dict[str, Operand],
    known: Known,
    type_of: TypeOf,
) -> tuple[list[Operand], dict[str, Operand]] | None:
    """The arguments of a call without those that change nothing; None if all change something."""
    if primitive.style not in ("call", "method") or primitive.variadic is not None:
        return None
    parameters = parameters_of(primitive.text)
    if parameters is None:
        return None
    names = [
        p.name for p in parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(args) > len(names):
        return None
    first = type_of(args[0]) if args else None
    given = {**dict(zip(names, args, strict=False)), **keywords}

    def neutral(name: str, value: Operand) -> bool:
        parameter = parameters.get(name)
        if parameter is not None and _is_default(known(value), value, parameter.default):
            return True
        return _is_neutral(primitive.name, name, known(value), first)

    left_out = {name for name, value in given.items() if neutral(name, value)}
    if not left_out:
        return None
    count = next((i for i, n in enumerate(names) if n in left_out or n not in given), len(names))
    kept = [given[n] for n in names[:count]]
    rest = {n: v for n, v in given.items() if n not in left_out and n not in names[:count]}
    return kept, rest


def _is_default(value: Any, operand: Operand, default: Any) -> bool:
    if default is inspect.Parameter.empty:
        return False
    if value is UNKNOWN and isinstance(operand, Global):
        value = operand.value
    if value is default:
        return True
    simple = isinstance(default, bool | int | float | str)
    return simple and type(value) is type(default) and bool(value == default)


def _is_neutral(function: str, name: str, value: Any, first: Type | None) -> bool:
    if function in _MAKERS and name in _LAYOUT:
        return value is not UNKNOWN
    if name in _SPEED and function.startswith("scipy.linalg."):
        return True
    if function in _SUMS and name == "dtype" and isinstance(first, Array) and first.dtype:
        return is_float(first.dtype) and _is_dtype(value, first.dtype)
    return False


def _is_dtype(value: Any, name: str) -> bool:
    try:
        return value is not UNKNOWN and value is not None and np.dtype(value) == np.dtype(name)
    except TypeError:
        return False
