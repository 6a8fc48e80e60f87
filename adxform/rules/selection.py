"""Rules for functions that choose between values, and so have kinks.

At a kink the slopes of both sides are shared evenly, as in JAX: |x| has slope 0 at 0, and equal
operands of a maximum get one half each. ``np.clip`` passes everything on at its bounds, as PyTorch.
"""

from __future__ import annotations

from typing import Any

from adxform.core.types import ANY, Array, Known, Scalar, Type, dims_of, is_complex
from adxform.rules import infer
from adxform.rules.samples import calls, uniform
from adxform.rules.table import (
    Formula,
    alias,
    elementwise,
    general,
    holomorphic,
    linear,
    of_complex,
)
from adxform.rules.ufuncs import float_result, number_result, strong

_SIGNED = uniform(-1.0, 1.0)


def _select(condition: Type, x: Type, y: Type) -> Type:
    """One of x and y, broadcast with the condition: an array, even of no dimensions."""
    chosen = number_result(x, y)
    dtype = chosen.dtype if isinstance(chosen, Array | Scalar) else None
    return Array(dtype, dims_of(infer.comparison(condition, chosen)))


def _first(x: Type, *_: Type) -> Type:
    """The type of the first operand; a number is one of NumPy's."""
    return strong(infer.as_array(x))


def _scaled(x: Type, exponent: Type) -> Type:
    """The dtype of x alone, broadcast with the exponent."""
    alone, found = float_result(x), float_result(x, exponent)
    if not isinstance(alone, Array | Scalar):
        return ANY
    return Array(alone.dtype, dims_of(found)) if isinstance(found, Array) else alone


def _clipped(a: Type, low: Type, high: Type) -> Type:
    """The bounds' shapes count as well; None is no bound. A number a is made one of NumPy's."""
    return number_result(strong(a), *(t for t in (low, high) if not isinstance(t, Known)))


def real(x: Type) -> Type:
    """A number or array without its imaginary part."""
    return infer.real(infer.as_array(x))


def real_if_close(a: Type) -> Type:
    """An array; of complex numbers it depends on them what becomes of it."""
    a = infer.as_array(a)
    return Array(None, a.dims) if isinstance(a, Array) and is_complex(a.dtype) else a


def chooser(
    pattern: str, *, infer: object = number_result, sample: object = _SIGNED, **partials: Any
) -> None:
    """A function of NumPy that gives one of its operands."""
    elementwise(pattern, infer=infer, sample=sample, **partials)


# np.where of a tangent is np.where of its operands' tangents, so no infinite slope of the side
# that is not taken can reach it.
linear(
    "np.where(condition, x, y)",
    x="np.where(condition, out_bar, 0.0)",
    y="np.where(condition, 0.0, out_bar)",
    infer=_select,
    broadcasts=True,
    sample=uniform(-1.0, 1.0, condition=bool),
)

chooser("np.maximum(x, y)", x="g * (x > y) + 0.5 * g * (x == y)",
        y="g * (x < y) + 0.5 * g * (x == y)")
chooser("np.minimum(x, y)", x="g * (x < y) + 0.5 * g * (x == y)",
        y="g * (x > y) + 0.5 * g * (x == y)")
# fmax and fmin take the number where the other operand is nan.
chooser("np.fmax(x, y)", x="g * ((x > y) | np.isnan(y)) + 0.5 * g * (x == y)",
        y="g * ((x < y) | np.isnan(x)) + 0.5 * g * (x == y)")
chooser("np.fmin(x, y)", x="g * ((x < y) | np.isnan(y)) + 0.5 * g * (x == y)",
        y="g * ((x > y) | np.isnan(x)) + 0.5 * g * (x == y)")

# Inside the bounds the result is a itself; a_min or a_max may be None, which no number equals.
chooser(
    "np.clip(a, a_min, a_max)",
    a="g * (out == a)",
    a_min="g * ((out == a_min) & (out != a) & (out != a_max))",
    a_max="g * ((out == a_max) & (out != a))",
    infer=_clipped,
    sample=uniform(-1.0, 1.0, a_min=(-0.5, -0.3), a_max=(0.2, 0.4)),
)
chooser(
    "a.clip(min=None, max=None)",
    a="g * (out == a)",
    min="g * ((out == min) & (out != a) & (out != max))",
    max="g * ((out == max) & (out != a))",
    infer=_clipped,
    sample=uniform(-1.0, 1.0, min=(-0.5, -0.3), max=(0.2, 0.4)),
)

chooser("np.abs(x)", x="np.sign(x)", infer=lambda x: real(number_result(x)))
alias("np.absolute(x)", "np.abs")
alias("np.fabs(x)", "np.abs", infer=number_result)
# The magnitude of x with the sign of y.
chooser("np.copysign(x, y)", x="g * np.sign(x) * np.sign(out)", infer=float_result)
# 0 below 0 and 1 above: of its operands only the value at 0 passes a slope on.
chooser("np.heaviside(x, half)", half="g * np.equal(x, 0)", infer=float_result)
chooser(
    "np.nan_to_num(x, *, nan=0.0, posinf=None, neginf=None)",
    x="np.where(np.isfinite(x), g, 0.0)",
    nan="np.where(np.isnan(x), g, 0.0)",
    posinf="np.where(np.isposinf(x), g, 0.0)",
    neginf="np.where(np.isneginf(x), g, 0.0)",
    infer=_first,
    sample=uniform(-1.0, 1.0),
)
chooser("np.ldexp(x, exponent)", x="np.ldexp(g, exponent)", infer=_scaled,
        sample=uniform(-1.0, 1.0, exponent=int))

# The real part of a real number is itself, and so is its conjugate.
linear("np.real(x)", x="np.real(out_bar)", infer=real, fresh=False, sample=_SIGNED)
linear("x.real", x="np.real(out_bar)", infer=real, fresh=False, sample=_SIGNED)
linear("np.imag(x)", x="np.imag(out_bar)", infer=real, fresh=False, sample=_SIGNED)
linear("x.imag", x="np.imag(out_bar)", infer=real, fresh=False, sample=_SIGNED)
linear("np.real_if_close(a)", a="out_bar", infer=real_if_close, fresh=False, sample=calls("R(3)"))
linear("np.conj(x)", x="np.conj(out_bar)", infer=_first, sample=_SIGNED)
linear("x.conj()", x="np.conj(out_bar)", infer=_first, fresh=False, sample=_SIGNED)
alias("np.conjugate(x)", "np.conj")
alias("x.conjugate()", ".conj()")

# np.angle(z) is Im log z: constant where numbers are real.


def _turned(text: str) -> Formula:
    """Radians, or degrees."""
    degrees = f"np.where(deg, 57.29577951308232, 1.0) * ({text})"
    return lambda deg: text if infer.const_of(deg) is False else degrees


general("np.angle(z, deg=False)", z="0.0 * out_bar", dz="0.0 * dz",
        infer=lambda z, deg: real(float_result(z)), sample=calls("R(3)", "R", "R(2, 3), True"))
of_complex("np.angle", z=_turned("1j * out_bar / np.conj(z)"), dz=_turned("np.imag(dz / z)"))

holomorphic("np.where")
of_complex("np.abs", "np.absolute", x="out_bar * x / (out + (out == 0))",
           dx="np.real(np.conj(x) * dx) / (out + (out == 0))")
of_complex("np.real", ".real", x="out_bar")
of_complex("np.imag", ".imag", x="1j * out_bar")
of_complex("np.conj", ".conj()", "np.conjugate", ".conjugate()", x="np.conj(out_bar)")
