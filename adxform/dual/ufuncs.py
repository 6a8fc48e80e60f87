"""Ufuncs of dual numbers: calls, reductions and outer products."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from adxform.dual.complex_numbers import HOLOMORPHIC, OF_COMPLEX
from adxform.dual.elementwise import BILINEAR, BOOLEAN, PARTIALS
from adxform.dual.lifting import apply_multilinear, leaves, outermost, primal
from adxform.dual.number import UFUNC_METHODS, Dual, fitted, is_complex, level_of, plain
from adxform.dual.reductions import logsumexp
from adxform.dual.special import special_partials

REDUCTIONS: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logaddexp: logsumexp,
}


def call(ufunc: Any, *operands: Any, **kwargs: Any) -> Any:
    """``ufunc(*operands)``: dual where an operand is (``out`` alone may be, too).

    Raises
    ------
    TypeError
        When there is no partial derivative for it, or a keyword is given other than ``dtype``
        (and for matrix products ``axis`` and ``axes``).

    """
    operands = tuple(map(_as_dual, operands))
    if ufunc in BOOLEAN or not any(isinstance(operand, Dual) for operand in operands):
        return ufunc(*map(plain, operands), **kwargs)
    if ufunc is np.divmod:
        return call(np.floor_divide, *operands, **kwargs), call(np.remainder, *operands, **kwargs)
    if refused := kwargs.keys() - {"dtype", "axis", "axes", "keepdims"}:
        raise TypeError(f"{ufunc.__name__} of a Dual takes no {min(refused)}=")
    if ufunc in BILINEAR:
        return apply_multilinear(ufunc, (0, 1), operands, kwargs)
    if any(map(is_complex, operands)):
        if ufunc in OF_COMPLEX:
            return OF_COMPLEX[ufunc](*operands)
        if ufunc not in HOLOMORPHIC:
            raise TypeError(f"{ufunc.__name__} of complex numbers has no rule for a Dual")
    return _elementwise(ufunc, operands, kwargs)


def _as_dual(operand: Any) -> Any:
    """An operand; a list or tuple that holds dual numbers as the array that NumPy takes it for."""
    if not isinstance(operand, list | tuple):
        return operand
    if not any(isinstance(leaf, Dual) for leaf in leaves(operand)):
        return operand
    function: Any = np.stack
    return function([_as_dual(item) for item in operand])


def reduce(ufunc: Any, x: Any, /, *, axis: Any = 0, keepdims: bool = False) -> Any:
    """``ufunc.reduce(x)`` for add, multiply, maximum, minimum and logaddexp.

    Raises
    ------
    TypeError
        For other ufuncs.

    """
    if ufunc in BOOLEAN:
        return ufunc.reduce(plain(x), axis=axis, keepdims=keepdims)
    if ufunc not in REDUCTIONS:
        raise TypeError(f"numpy.{ufunc.__name__}.reduce has no rule for a Dual")
    return REDUCTIONS[ufunc](x, axis=axis, keepdims=keepdims)


def outer(ufunc: Any, x: Any, y: Any, /, **kwargs: Any) -> Any:
    """``ufunc`` of each element of x with each of y: of shape ``x.shape + y.shape``."""
    function: Any = np.reshape
    return call(ufunc, function(x, (*np.shape(x), *np.ones(np.ndim(y), int))), y, **kwargs)


UFUNC_METHODS.update({"__call__": call, "reduce": reduce, "outer": outer})


def _elementwise(ufunc: Any, operands: tuple[Any, ...], kwargs: dict[str, Any]) -> Dual:
    """The chain rule: the sum over the active operands of the partial times the tangent."""
    partials: Any = PARTIALS.get(ufunc) or special_partials().get(ufunc)
    lead = outermost(operands)
    active = [i for i, operand in enumerate(operands) if level_of(operand) == lead.level]
    if partials is None or any(partials[i] is None for i in active):
        raise TypeError(f"{ufunc.__name__} has no rule for a Dual as operand {active[0]}")
    values = primal(operands, lead.level)
    out = np.asarray(ufunc(*values, **kwargs)) if _are_plain(values) else ufunc(*values, **kwargs)
    reals = [_real(value) for value in values]
    slopes = {i: partials[i](out, *reals) for i in active}

    def tangent(k: int) -> Any:
        terms = [_times(slope, operands[i].tangents[k]) for i, slope in slopes.items()]
        return fitted(functools.reduce(operator.add, terms), out)

    return lead.like(out, tuple(tangent(k) for k in range(len(lead.tangents))))


def _are_plain(values: tuple[Any, ...]) -> bool:
    return not any(isinstance(value, Dual) for value in values)


def _real(operand: Any) -> Any:
    """An operand as a partial may compute with it: no integers, whose powers and signs wrap."""
    if isinstance(operand, Dual):
        return operand
    if isinstance(operand, bool | int | float):
        return float(operand)
    array = np.asarray(operand)
    return array.astype(np.float64) if array.dtype.kind in "biu" else array


def _times(slope: Any, x_dot: Any) -> Any:
    """``slope * x_dot``, and 0 where the tangent is, whatever the slope."""
    return np.where(_vanishes(x_dot), 0.0, slope * x_dot)


def _vanishes(x: Any) -> Any:
    """Where a value and its tangents of every level are 0."""
    if not isinstance(x, Dual):
        return x == 0
    return functools.reduce(operator.and_, map(_vanishes, x.tangents), _vanishes(x._value))
