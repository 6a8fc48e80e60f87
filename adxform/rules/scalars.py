"""Rules for Python's own numbers: the ``math`` module and the built-in functions.

Formulas keep to ``math`` and to operators, so that a file that does without NumPy stays so.
"""

from __future__ import annotations

from typing import Any

from adxform.core.types import BOOL, FLOAT, INT, Array, Scalar, Struct, Type, is_weak
from adxform.rules import infer
from adxform.rules.samples import calls, numbers, uniform
from adxform.rules.table import (
    alias,
    elementwise,
    general,
    holomorphic,
    inactive,
    linear,
    of_complex,
)

_SIGNED, _POSITIVE = numbers(-1.0, 1.0), numbers(0.2, 0.9)


def _float(*_: Type) -> Type:
    return FLOAT


def _integer(*_: Type) -> Type:
    return INT


def _answer(*_: Type) -> Type:
    return BOOL


def function(pattern: str, *, sample: object = _POSITIVE, **partials: Any) -> None:
    """A function of numbers that gives a float."""
    elementwise(pattern, infer=_float, broadcasts=False, sample=sample, **partials)


# Powers, roots, exponentials and logarithms.
function("math.exp(x)", x="out")
function("math.exp2(x)", x="0.6931471805599453 * out * g")
function("math.expm1(x)", x="math.exp(x)")
function("math.log2(x)", x="g / (0.6931471805599453 * x)")
function("math.log10(x)", x="g / (2.302585092994046 * x)")
function("math.log1p(x)", x="g / (1 + x)", sample=numbers(-0.9, 2.0))
function("math.sqrt(x)", x="g * 0.5 / out")
function("math.cbrt(x)", x="g / (3.0 * out * out)")
function(
    "math.pow(x, y)",
    x="y * x ** (y - (y != 0)) * g",
    y="math.log(x + (x == 0)) * out * g",
)


def _log_x(base: Type) -> str:
    return "out_bar / (x * math.log(base[0]))" if _given(base) else "out_bar / x"


def _log_dx(base: Type) -> str:
    return "dx / (x * math.log(base[0]))" if _given(base) else "dx / x"


def _given(base: Type) -> bool:
    return isinstance(base, Struct) and bool(base.items)


general(
    "math.log(x, *base)",
    x=_log_x,
    base="-out_bar * out / (item * math.log(item))",
    dx=_log_dx,
    dbase="-dbase[0] * out / (base[0] * math.log(base[0]))",
    infer=_float,
    sample=calls("P", "P, 2.0", "P, 1.0 + P"),
)

# Trigonometry.
function("math.sin(x)", x="math.cos(x)")
function("math.cos(x)", x="-g * math.sin(x)")
function("math.tan(x)", x="1 + out * out")
function("math.asin(x)", x="g / math.sqrt((1 - x) * (1 + x))", sample=numbers(-0.9, 0.9))
function("math.acos(x)", x="-g / math.sqrt((1 - x) * (1 + x))", sample=numbers(-0.9, 0.9))
function("math.atan(x)", x="g / (1 + x * x)", sample=numbers(-2.0, 2.0))
function("math.atan2(y, x)", y="g * x / (x * x + y * y)", x="-g * y / (x * x + y * y)")
function("math.hypot(x, y)", x="g * x / (out + (out == 0))", y="g * y / (out + (out == 0))")
function("math.radians(x)", x="math.radians(g)")
function("math.degrees(x)", x="math.degrees(g)")
function("math.sinh(x)", x="math.cosh(x)")
function("math.cosh(x)", x="math.sinh(x)")
function("math.tanh(x)", x="1 - out * out", sample=_SIGNED)
function("math.asinh(x)", x="g / math.sqrt(1 + x * x)", sample=numbers(-2.0, 2.0))
function("math.acosh(x)", x="g / math.sqrt((x - 1) * (x + 1))", sample=numbers(1.2, 3.0))
function("math.atanh(x)", x="g / ((1 - x) * (1 + x))", sample=numbers(-0.9, 0.9))

# The error function; the gamma function, whose slope needs a helper.
function("math.erf(x)", x="2.0 / math.pi ** 0.5 * math.exp(-x * x) * g", sample=_SIGNED)
function("math.erfc(x)", x="-2.0 / math.pi ** 0.5 * math.exp(-x * x) * g", sample=_SIGNED)
function("math.gamma(x)", x="g * out * math_polygamma(0, x)")
function("math.lgamma(x)", x="g * math_polygamma(0, x)")
# math_polygamma(n, x): the n-th derivative of the digamma function, which is that of lgamma.
function("math_polygamma(n, x)", x="g * math_polygamma(n + 1, x)", sample=numbers(0.2, 0.9, n=0))

# Magnitudes and remainders.
function("math.fabs(x)", x="g * (x > 0) - g * (x < 0)", sample=_SIGNED)
function("math.copysign(x, y)", x="math.copysign(1.0, y) * (g * (x > 0) - g * (x < 0))",
         sample=_SIGNED)
function("math.fmod(x, y)", x="g", y="-g * math.trunc(x / y)",
         sample=numbers(2.1, 2.9, y=(0.6, 0.65)))
function("math.remainder(x, y)", x="g", y="-g * ((x - out) / y)",
         sample=numbers(2.45, 2.55, y=(0.9, 0.95)))
function("math.ldexp(x, exponent)", x="math.ldexp(g, exponent)",
         sample=numbers(-1.0, 1.0, exponent=3))
inactive("math.floor(x)", "math.ceil(x)", "math.trunc(x)", "math.gcd(x, y)", "math.lcm(x, y)",
         "math.factorial(x)", "math.comb(x, y)", "math.perm(x, y)", "math.isqrt(x)",
         infer=_integer)
inactive("math.isnan(x)", "math.isinf(x)", "math.isfinite(x)",
         "math.isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", infer=_answer, cheap=True)


# Built-in functions.


def _abs(x: Type) -> str:
    return "np.sign(x)" if isinstance(x, Array) else "g * (x > 0) - g * (x < 0)"


elementwise("abs(x)", x=_abs, infer=lambda x: INT if x == BOOL else infer.real(infer.arithmetic(x)),
            sample=uniform(-1.0, 1.0))
alias("pow(x, y)", "op.Pow")
elementwise("float(x)", x="g", infer=_float, sample=_SIGNED)
elementwise("max(x, y)", x="g * (x > y) + 0.5 * g * (x == y)",
            y="g * (x < y) + 0.5 * g * (x == y)", infer=infer.arithmetic, broadcasts=False,
            sample=_SIGNED)
elementwise("min(x, y)", x="g * (x < y) + 0.5 * g * (x == y)",
            y="g * (x > y) + 0.5 * g * (x == y)", infer=infer.arithmetic, broadcasts=False,
            sample=_SIGNED)


def _rounded(x: Type, ndigits: Type) -> Type:
    """An integer, if a Python number is rounded to no decimals."""
    whole = is_weak(x) and not isinstance(ndigits, Scalar)
    return INT if whole else x


inactive("round(x, ndigits=None)", infer=_rounded)
inactive("int(x)", infer=_integer)
inactive("bool(x)", infer=_answer)


def _fsum(index: Type | None = None) -> str:
    """The cotangent of one number of a list, or of all numbers of an array."""
    return "broadcast_like(out_bar, seq)" if index is None else "out_bar"


linear("math.fsum(seq)", seq=_fsum, infer=_float, sample=calls("[R, R, R]", "R(3)"))

linear("complex(real=0.0, imag=0.0)", real="out_bar", imag="0.0 * out_bar",
       infer=lambda *_: Scalar("complex128", weak=True), sample=calls("R, R", "R"))
of_complex("complex", real="out_bar", imag="-1j * out_bar")
of_complex("abs", x="out_bar * x / (out + (out == 0))",
           dx="np.real(np.conj(x) * dx) / (out + (out == 0))")
holomorphic("pow")
