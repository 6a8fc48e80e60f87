"""The partial derivatives of NumPy's elementwise ufuncs: functions of ``(out, *operands)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Partial = Callable[..., Any]

_LN2, _LN10 = np.log(2.0).item(), np.log(10.0).item()
_DEGREE = np.pi / 180.0


def zero(out: Any, *operands: Any) -> Any:
    """The partial of what is piecewise constant."""
    return 0.0


def one(out: Any, *operands: Any) -> Any:
    """The partial of a term."""
    return 1.0


def _minus_one(out: Any, *operands: Any) -> Any:
    return -1.0


def _out(out: Any, *operands: Any) -> Any:
    return out


def _left(out: Any, x: Any, y: Any) -> Any:
    return x


def _right(out: Any, x: Any, y: Any) -> Any:
    return y


def _numerator(out: Any, x: Any, y: Any) -> Any:
    return 1.0 / y


def _denominator(out: Any, x: Any, y: Any) -> Any:
    return -out / y


def _power_base(out: Any, x: Any, y: Any) -> Any:
    """The slope y x**(y-1); where y = 0 the power is constant, even at x = 0."""
    return np.where(y == 0, 0.0, y * np.power(x, np.where(y == 0, 1.0, y - 1.0)))


def _power_exponent(out: Any, x: Any, y: Any) -> Any:
    """log(x) x**y; 0 where x = 0."""
    return np.where(x == 0, 0.0, np.log(np.where(x == 0, 1.0, x)) * out)


def _remainder_divisor(out: Any, x: Any, y: Any) -> Any:
    return -np.floor(x / y)


def _fmod_divisor(out: Any, x: Any, y: Any) -> Any:
    return -np.trunc(x / y)


def _square(out: Any, x: Any) -> Any:
    return 2.0 * x


def _sqrt(out: Any, x: Any) -> Any:
    return 0.5 / out


def _cbrt(out: Any, x: Any) -> Any:
    return 1.0 / (3.0 * out * out)


def _reciprocal(out: Any, x: Any) -> Any:
    return -out * out


def _exp(out: Any, x: Any) -> Any:
    return np.exp(x)


def _exp2(out: Any, x: Any) -> Any:
    return _LN2 * out


def _log(out: Any, x: Any) -> Any:
    return 1.0 / x


def _log2(out: Any, x: Any) -> Any:
    return 1.0 / (_LN2 * x)


def _log10(out: Any, x: Any) -> Any:
    return 1.0 / (_LN10 * x)


def _log1p(out: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x)


def _sin(out: Any, x: Any) -> Any:
    return np.cos(x)


def _cos(out: Any, x: Any) -> Any:
    return -np.sin(x)


def _tan(out: Any, x: Any) -> Any:
    return 1.0 + out * out


def _arcsin(out: Any, x: Any) -> Any:
    return 1.0 / np.sqrt((1.0 - x) * (1.0 + x))


def _arccos(out: Any, x: Any) -> Any:
    return -_arcsin(out, x)


def _arctan(out: Any, x: Any) -> Any:
    return 1.0 / (1.0 + x * x)


def _arctan2_y(out: Any, y: Any, x: Any) -> Any:
    return x / (x * x + y * y)


def _arctan2_x(out: Any, y: Any, x: Any) -> Any:
    return -y / (x * x + y * y)


def _sinh(out: Any, x: Any) -> Any:
    return np.cosh(x)


def _cosh(out: Any, x: Any) -> Any:
    return np.sinh(x)


def _tanh(out: Any, x: Any) -> Any:
    return 1.0 / np.cosh(x) ** 2


def _arcsinh(out: Any, x: Any) -> Any:
    return 1.0 / np.sqrt(1.0 + x * x)


def _arccosh(out: Any, x: Any) -> Any:
    return 1.0 / np.sqrt((x - 1.0) * (x + 1.0))


def _arctanh(out: Any, x: Any) -> Any:
    return 1.0 / ((1.0 - x) * (1.0 + x))


def _hypot_x(out: Any, x: Any, y: Any) -> Any:
    """The slope x / out; 0 at the origin, as of every norm."""
    return np.where(out == 0, 0.0, x / np.where(out == 0, 1.0, out))


def _hypot_y(out: Any, x: Any, y: Any) -> Any:
    return _hypot_x(out, y, x)


def _greater(out: Any, x: Any, y: Any) -> Any:
    """1 where x is the greater one; ties share evenly, and a NaN is chosen by no comparison."""
    return np.where(x == y, 0.5, np.where(np.isnan(out), np.nan, x > y))


def _greater_second(out: Any, x: Any, y: Any) -> Any:
    return _greater(out, y, x)


def _less(out: Any, x: Any, y: Any) -> Any:
    return _greater(out, y, x)


def _less_second(out: Any, x: Any, y: Any) -> Any:
    return _greater(out, x, y)


def _number_or(x: Any, y: Any, chosen: Any) -> Any:
    """``chosen``, except where just one of x and y is a number, which fmax and fmin then take."""
    return np.where(np.isnan(y) & ~np.isnan(x), 1.0, np.where(np.isnan(x), 0.0, chosen))


def _fmax(out: Any, x: Any, y: Any) -> Any:
    return _number_or(x, y, _greater(out, x, y))


def _fmax_second(out: Any, x: Any, y: Any) -> Any:
    return _number_or(y, x, _greater(out, y, x))


def _fmin(out: Any, x: Any, y: Any) -> Any:
    return _number_or(x, y, _greater(out, y, x))


def _fmin_second(out: Any, x: Any, y: Any) -> Any:
    return _number_or(y, x, _greater(out, x, y))


def _sign(out: Any, x: Any) -> Any:
    return np.sign(x)


def _copysign(out: Any, x: Any, y: Any) -> Any:
    return np.sign(x) * np.copysign(1.0, y)


def _heaviside_half(out: Any, x: Any, half: Any) -> Any:
    return 1.0 * (x == 0)


def _ldexp(out: Any, x: Any, exponent: Any) -> Any:
    return np.exp2(exponent)


def _logaddexp(out: Any, x: Any, y: Any) -> Any:
    """exp(x - out); 0 where x, and so perhaps out, is log(0)."""
    return np.where(np.isneginf(x), 0.0, np.exp(x - out))


def _logaddexp_second(out: Any, x: Any, y: Any) -> Any:
    return _logaddexp(out, y, x)


def _logaddexp2(out: Any, x: Any, y: Any) -> Any:
    return np.where(np.isneginf(x), 0.0, np.exp2(x - out))


def _logaddexp2_second(out: Any, x: Any, y: Any) -> Any:
    return _logaddexp2(out, y, x)


def _to_radians(out: Any, x: Any) -> Any:
    return _DEGREE


def _to_degrees(out: Any, x: Any) -> Any:
    return 1.0 / _DEGREE


#: One partial for each operand.
PARTIALS: dict[Any, tuple[Partial, ...]] = {
    np.add: (one, one),
    np.subtract: (one, _minus_one),
    np.multiply: (_right, _left),
    np.divide: (_numerator, _denominator),
    np.floor_divide: (zero, zero),
    np.remainder: (one, _remainder_divisor),
    np.fmod: (one, _fmod_divisor),
    np.power: (_power_base, _power_exponent),
    np.float_power: (_power_base, _power_exponent),
    np.positive: (one,),
    np.conjugate: (one,),
    np.negative: (_minus_one,),
    np.square: (_square,),
    np.sqrt: (_sqrt,),
    np.cbrt: (_cbrt,),
    np.reciprocal: (_reciprocal,),
    np.exp: (_out,),
    np.expm1: (_exp,),
    np.exp2: (_exp2,),
    np.log: (_log,),
    np.log2: (_log2,),
    np.log10: (_log10,),
    np.log1p: (_log1p,),
    np.logaddexp: (_logaddexp, _logaddexp_second),
    np.logaddexp2: (_logaddexp2, _logaddexp2_second),
    np.sin: (_sin,),
    np.cos: (_cos,),
    np.tan: (_tan,),
    np.arcsin: (_arcsin,),
    np.arccos: (_arccos,),
    np.arctan: (_arctan,),
    np.arctan2: (_arctan2_y, _arctan2_x),
    np.sinh: (_sinh,),
    np.cosh: (_cosh,),
    np.tanh: (_tanh,),
    np.arcsinh: (_arcsinh,),
    np.arccosh: (_arccosh,),
    np.arctanh: (_arctanh,),
    np.hypot: (_hypot_x, _hypot_y),
    np.deg2rad: (_to_radians,),
    np.radians: (_to_radians,),
    np.rad2deg: (_to_degrees,),
    np.degrees: (_to_degrees,),
    np.maximum: (_greater, _greater_second),
    np.minimum: (_less, _less_second),
    np.fmax: (_fmax, _fmax_second),
    np.fmin: (_fmin, _fmin_second),
    np.absolute: (_sign,),
    np.fabs: (_sign,),
    np.sign: (zero,),
    np.floor: (zero,),
    np.ceil: (zero,),
    np.trunc: (zero,),
    np.rint: (zero,),
    np.copysign: (_copysign, zero),
    np.heaviside: (zero, _heaviside_half),
    np.ldexp: (_ldexp, zero),
}

#: Ufuncs of values alone: their results are booleans, without tangents.
BOOLEAN: frozenset[Any] = frozenset(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.logical_and, np.logical_or, np.logical_xor, np.logical_not}
    | {np.isnan, np.isinf, np.isfinite, np.signbit}
)

#: Ufuncs that are linear in each operand; the last ones are younger than NumPy 2.0.
BILINEAR: frozenset[Any] = frozenset(
    getattr(np, name) for name in ("matmul", "vecdot", "matvec", "vecmat") if hasattr(np, name)
)
