"""Rules for NumPy's smooth elementwise functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adxform.core.types import ANY, Array, Scalar, Type
from adxform.rules import infer
from adxform.rules.samples import uniform
from adxform.rules.table import alias, elementwise, holomorphic


def float_result(*types: Type) -> Type:
    """The broadcast of all operands in their floating dtype; a number is one of NumPy's."""
    return strong(infer.elementwise(*types))


def number_result(*types: Type) -> Type:
    """The broadcast of all operands in their common dtype; a number is one of NumPy's."""
    return strong(infer.arithmetic(*types))


def strong(found: Type) -> Type:
    """A number as NumPy's functions give it: ``np.sin(0.5)`` widens a float32 array."""
    if isinstance(found, Scalar) or (isinstance(found, Array) and found.dims == ()):
        return ANY if found.dtype is None else Scalar(found.dtype)
    return found


def _double(*types: Type) -> Type:
    """The broadcast of all operands in double precision."""
    found = float_result(*types)
    return _cast("complex128" if infer.holds_complex(found) else "float64", found)


def _single(x: Type) -> Type:
    return _cast("float32", float_result(x))


def _cast(dtype: str, found: Type) -> Type:
    return replace(found, dtype=dtype) if isinstance(found, Array | Scalar) else found


def ufunc(pattern: str, *, sample: object = None, **partials: Any) -> None:
    """A function of NumPy that acts element by element, and its partial derivatives."""
    elementwise(pattern, infer=float_result, sample=sample, **partials)


# Operators under NumPy's names.
alias("np.add(x, y)", "op.Add", infer=number_result)
alias("summed(x, y)", "op.Add", infer=number_result)  # a step of a sum whose order is free
alias("np.subtract(x, y)", "op.Sub", infer=number_result)
alias("np.multiply(x, y)", "op.Mult", infer=number_result)
alias("np.divide(x, y)", "op.Div", infer=float_result)
alias("np.true_divide(x, y)", "op.Div", infer=float_result)
alias("np.power(x, y)", "op.Pow", infer=number_result)
alias("np.pow(x, y)", "op.Pow", infer=number_result)
alias("np.float_power(x, y)", "op.Pow", infer=_double)
alias("np.remainder(x, y)", "op.Mod", infer=number_result)
alias("np.mod(x, y)", "op.Mod", infer=number_result)
elementwise("np.fmod(x, y)", x="g", y="-g * np.trunc(x / y)", infer=number_result,
            sample=uniform(2.1, 2.9, y=(0.6, 0.65)))
alias("np.negative(x)", "op.USub", infer=number_result)
alias("np.positive(x)", "op.UAdd", infer=number_result)

# Numbers and arrays of another precision.
elementwise("np.float64(x)", x="g", infer=_double)
elementwise("np.float32(x)", x="g", infer=_single)
elementwise("np.complex128(x)", x="g", infer=lambda x: _cast("complex128", float_result(x)))
elementwise("np.complex64(x)", x="g", infer=lambda x: _cast("complex64", float_result(x)))

# Powers, roots, exponentials and logarithms.
ufunc("np.exp(x)", x="out")
ufunc("np.exp2(x)", x="0.6931471805599453 * out * g")
ufunc("np.expm1(x)", x="np.exp(x)")
ufunc("np.log(x)", x="g / x")
ufunc("np.log2(x)", x="g / (0.6931471805599453 * x)")
ufunc("np.log10(x)", x="g / (2.302585092994046 * x)")
ufunc("np.log1p(x)", x="g / (1 + x)", sample=uniform(-0.9, 2.0))
ufunc("np.sqrt(x)", x="g * 0.5 / out")
ufunc("np.cbrt(x)", x="g / (3.0 * out * out)")
ufunc("np.square(x)", x="2.0 * x * g", sample=uniform(-1.0, 1.0))
ufunc("np.reciprocal(x)", x="-g * out * out")

# log(exp(x) + exp(y)): where both are log(0), nan_to_num keeps the slope from being nan, at 0.
ufunc("np.logaddexp(x, y)", x="g * np.exp(x - np.nan_to_num(out))",
      y="g * np.exp(y - np.nan_to_num(out))", sample=uniform(-1.0, 1.0))
ufunc("np.logaddexp2(x, y)", x="g * np.exp2(x - np.nan_to_num(out))",
      y="g * np.exp2(y - np.nan_to_num(out))", sample=uniform(-1.0, 1.0))

# Trigonometry; (1 - x) * (1 + x) keeps the digits that 1 - x * x loses near 1.
ufunc("np.sin(x)", x="np.cos(x)")
ufunc("np.cos(x)", x="-g * np.sin(x)")
ufunc("np.tan(x)", x="1 + out * out")
ufunc("np.arcsin(x)", x="g / np.sqrt((1 - x) * (1 + x))", sample=uniform(-0.9, 0.9))
ufunc("np.arccos(x)", x="-g / np.sqrt((1 - x) * (1 + x))", sample=uniform(-0.9, 0.9))
ufunc("np.arctan(x)", x="g / (1 + x * x)", sample=uniform(-2.0, 2.0))
ufunc("np.arctan2(y, x)", y="g * x / (x * x + y * y)", x="-g * y / (x * x + y * y)")
# At the origin out + (out == 0) is 1, so the slope is 0 there.
ufunc("np.hypot(x, y)", x="g * x / (out + (out == 0))", y="g * y / (out + (out == 0))")
ufunc("np.deg2rad(x)", x="np.deg2rad(g)")
ufunc("np.rad2deg(x)", x="np.rad2deg(g)")
ufunc("np.radians(x)", x="np.radians(g)")
ufunc("np.degrees(x)", x="np.degrees(g)")

ufunc("np.sinh(x)", x="np.cosh(x)")
ufunc("np.cosh(x)", x="np.sinh(x)")
ufunc("np.tanh(x)", x="1 - out * out", sample=uniform(-1.0, 1.0))
ufunc("np.arcsinh(x)", x="g / np.sqrt(1 + x * x)", sample=uniform(-2.0, 2.0))
ufunc("np.arccosh(x)", x="g / np.sqrt((x - 1) * (x + 1))", sample=uniform(1.2, 3.0))
ufunc("np.arctanh(x)", x="g / ((1 - x) * (1 + x))", sample=uniform(-0.9, 0.9))

for _long, _short in (("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"),
                      ("arcsinh", "asinh"), ("arccosh", "acosh"), ("arctanh", "atanh")):
    alias(f"np.{_short}(x)", f"np.{_long}")
alias("np.atan2(y, x)", "np.arctan2")

# np.sinc(x) is sin(pi x) / (pi x); near 0 the slope is a series, whose slope is right at 0, too.
ufunc(
    "np.sinc(x)",
    x="g * np.where(np.abs(x) < 0.05, x * (x * x * (x * x * (0.2091827825412383 * x * x"
    " - 1.144510944732505) + 3.246969701133414) - 3.289868133696453),"
    " (np.cos(np.pi * x) - out) / (x + (x == 0)))",
    sample=uniform(-1.5, 1.5),
)

# arccosh is not among these: sqrt((x - 1) * (x + 1)) has another sign where x lies to the left.
holomorphic(
    "np.add", "summed", "np.subtract", "np.multiply", "np.divide", "np.true_divide", "np.power",
    "np.pow", "np.negative", "np.positive", "np.complex128", "np.complex64", "np.exp", "np.expm1",
    "np.log", "np.log2", "np.log10", "np.log1p", "np.sqrt", "np.square", "np.reciprocal", "np.sin",
    "np.cos", "np.tan", "np.arcsin", "np.arccos", "np.arctan", "np.sinh", "np.cosh", "np.tanh",
    "np.arcsinh", "np.arctanh", "np.asin", "np.acos", "np.atan", "np.asinh", "np.atanh",
)
