"""Functions of ``scipy.special``, which Numba lacks, of numbers and of arrays.

Importing this needs Numba.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from adxform.backends.numba.ranks import axis_of, function, item, known, nested, tuple_of
from adxform.rules import runtime_ufuncs

SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160)


def expit(x: Any) -> Any:
    """1 / (1 + exp(-x)), of no large number."""
    small = np.exp(-abs(x))
    return 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)


def log_expit(x: Any) -> Any:
    """Its logarithm."""
    return min(x, 0.0) - np.log1p(np.exp(-abs(x)))


def erf(x: Any) -> Any:
    """The error function."""
    return math.erf(x)


def erfc(x: Any) -> Any:
    """1 less the error function."""
    return math.erfc(x)


def gammaln(x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function."""
    return math.lgamma(x)


def ndtr(x: Any) -> Any:
    """The standard normal distribution's cumulative function."""
    return 0.5 * math.erfc(-x * 0.7071067811865476)


def digamma(x: Any) -> Any:
    """The derivative of ``gammaln``: a series for large numbers, to which others are moved."""
    if x <= 0.0 and x == np.floor(x):
        return np.nan if x < 0.0 else -math.copysign(np.inf, x)
    value = 0.0
    if x < 0.0:
        value -= math.pi / math.tan(math.pi * (x - np.floor(x)))
        x = 1.0 - x
    while x < 12.0:
        value -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    rest = 0.0
    for term in SERIES[::-1]:
        rest = (rest + term) * square
    return value + math.log(x) - 0.5 / x - rest


def _elementwise(stub: Callable[..., Any]) -> None:
    """Have Numba compile a function of one number, and of the numbers in an array."""
    number = register_jitable(stub)

    def made(x: Any) -> Callable[..., Any] | None:
        if isinstance(x, types.Float | types.Integer):
            return lambda x: number(float(x))
        if not isinstance(x, types.Array) or not isinstance(x.dtype, types.Float) or not x.ndim:
            return None
        loops = {f"i{n}": f"x.shape[{n}]" for n in range(x.ndim)}
        one = f"{item('made', list(loops))} = number({item('x', list(loops))})"
        lines = ["made = np.empty(x.shape, x.dtype)", *nested(loops, [one]), "return made"]
        return function("x", lines, {"number": number})

    overload(stub, strict=False)(made)


def logsumexp(a: Any, axis: Any, keepdims: Any) -> Any:
    """The logarithm of a sum of exponentials, of all elements or along an axis."""
    largest = np.max(a, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    total = np.log(np.sum(np.exp(a - largest), axis=axis, keepdims=True)) + largest
    return total if keepdims else np.squeeze(total, axis=axis)


@overload(logsumexp, strict=False, prefer_literal=True)
def _logsumexp(a: Any, axis: Any, keepdims: Any) -> Callable[..., Any] | None:
    if not isinstance(a, types.Array) or not isinstance(a.dtype, types.Float) or not a.ndim:
        return None
    kept, every = known(keepdims), known(axis) is None
    along = None if every else axis_of(axis, a.ndim)
    if not isinstance(kept, bool) or (along is None and (not every or kept)):
        return None
    loops = {f"i{n}": f"a.shape[{n}]" for n in range(a.ndim)}
    inner = loops if every else {f"i{along}": loops[f"i{along}"]}
    outer = {index: size for index, size in loops.items() if index not in inner}
    value = item("a", list(loops))
    lines = [
        "largest = -np.inf",
        *nested(inner, [f"largest = np.maximum(largest, {value})"]),
        "if not np.isfinite(largest):",
        "    largest = 0.0",
        "total = 0.0",
        *nested(inner, [f"total += np.exp({value} - largest)"]),
        "found = np.log(total) + largest",
    ]
    if every:
        return function("a, axis, keepdims", [*lines, "return a.dtype.type(found)"])
    sizes = ["1" if index in inner else size for index, size in loops.items()]
    places = ["0" if index in inner else index for index in loops]
    if not kept:
        sizes, places = ([t for n, t in enumerate(ts) if n != along] for ts in (sizes, places))
    if not places:
        return function("a, axis, keepdims", [*lines, "return a.dtype.type(found)"])
    return function("a, axis, keepdims", [
        f"made = np.empty({tuple_of(sizes)}, a.dtype)",
        *nested(outer, [*lines, f"{item('made', places)} = found"]),
        "return made",
    ])  # fmt: skip


def math_polygamma(n: Any, x: Any) -> Any:
    """The helper of this name."""
    return runtime_ufuncs.math_polygamma(n, x)


@overload(math_polygamma, strict=False, prefer_literal=True)
def _math_polygamma(n: Any, x: Any) -> Callable[..., Any] | None:
    return (lambda n, x: digamma(x)) if known(n) == 0 and isinstance(x, types.Float) else None


for _one in (expit, log_expit, erf, erfc, gammaln, ndtr, digamma):
    _elementwise(_one)
