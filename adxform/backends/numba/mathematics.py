"""Functions of float64 numbers in arithmetic that LLVM computes for several numbers at once.

Numba calls the C library for each number; without a branch and without a call a loop over an array
takes a vector of them at a time. Errors are below 1 unit in the last place for ``exp`` and ``log``,
3 for ``tanh``; ``maximum`` and ``minimum`` are exact. The method is that of Cody and Waite (1980):
an argument is reduced to a short interval, where a polynomial serves; that for the logarithm has
the coefficients of FDLIBM (Sun Microsystems, 1993). Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload, register_jitable

MAGIC = 6755399441055744.0  # 1.5 * 2**52: what is added to it is rounded to an integer
MAGIC_BITS = 4843621399236968448
LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # its last bits are zero: an integer times it is exact
LN2_LOW = 1.90821492927058770002e-10
LARGEST, SMALLEST = 710.0, -746.0  # from where exp is inf, and 0
ONE_BITS = 0x3FF0000000000000
HALF_ROOT_BITS = 0x3FE6A09E667F3BCD  # of the square root of 1/2
FRACTION = 0x000FFFFFFFFFFFFF
TINY = 2.2250738585072014e-308  # the smallest normal number
UP = 18014398509481984.0  # 2**54
SATURATED = 22.0  # from where tanh is 1


def exp(x: Any) -> Any:
    """``np.exp``."""
    return np.exp(x)


def log(x: Any) -> Any:
    """``np.log``."""
    return np.log(x)


def tanh(x: Any) -> Any:
    """``np.tanh``."""
    return np.tanh(x)


@register_jitable(error_model="numpy")
def _reduced(x: float) -> tuple[int, float]:
    """The integer n and the number p for which exp(x) = 2**n * (1 + p)."""
    shifted = x * LOG2_E + MAGIC
    count = shifted - MAGIC
    n = int(np.float64(shifted).view(np.int64) - MAGIC_BITS)
    r = (x - count * LN2_HIGH) - count * LN2_LOW
    q = 1.0 / 6227020800.0
    q = q * r + 1.0 / 479001600.0
    q = q * r + 1.0 / 39916800.0
    q = q * r + 1.0 / 3628800.0
    q = q * r + 1.0 / 362880.0
    q = q * r + 1.0 / 40320.0
    q = q * r + 1.0 / 5040.0
    q = q * r + 1.0 / 720.0
    q = q * r + 1.0 / 120.0
    q = q * r + 1.0 / 24.0
    q = q * r + 1.0 / 6.0
    q = q * r + 0.5
    return n, r + r * r * q


@register_jitable(error_model="numpy")
def _power(n: int) -> float:
    """2**n, for an exponent of a normal number."""
    power: float = np.int64((n + 1023) << 52).view(np.float64)
    return power


def _exp(x: Any) -> Any:
    y = x if x < LARGEST else LARGEST
    y = y if y > SMALLEST else SMALLEST
    n, p = _reduced(y)
    half = n >> 1  # in two steps: the power itself may be no normal number
    scaled = (1.0 + p) * _power(half) * _power(n - half)
    return x if x != x else scaled


def _log(x: Any) -> Any:
    tiny = x < TINY
    bits = np.float64(x * UP if tiny else x).view(np.int64) + (ONE_BITS - HALF_ROOT_BITS)
    n = (bits >> 52) - 1023
    m = np.int64((bits & FRACTION) + HALF_ROOT_BITS).view(np.float64)
    count = np.int64(n + MAGIC_BITS).view(np.float64) - MAGIC
    count = count - 54.0 if tiny else count
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * 1.531383769920937332e-01 + 2.222219843214978396e-01
    odd = w * (w * odd + 3.999999999940941908e-01)
    even = w * 1.479819860511658591e-01 + 1.818357216161805012e-01
    even = w * even + 2.857142874366239149e-01
    even = z * (w * even + 6.666666666666735130e-01)
    half = 0.5 * f * f
    found = count * LN2_HIGH - ((half - (s * (half + odd + even) + count * LN2_LOW)) - f)
    found = found if x < np.inf else x
    beyond = -np.inf if x == 0.0 else np.nan
    return found if x > 0.0 else beyond


def _tanh(x: Any) -> Any:
    a = abs(x)
    a = a if a < SATURATED else SATURATED
    n, p = _reduced(2.0 * a)
    power = _power(n)
    less_one = p * power + (power - 1.0)  # exp(2 a) - 1
    found = np.copysign(less_one / (less_one + 2.0), x)
    return x if x != x else found


def maximum(x: Any, y: Any) -> Any:
    """``np.maximum``."""
    return np.maximum(x, y)


def minimum(x: Any, y: Any) -> Any:
    """``np.minimum``."""
    return np.minimum(x, y)


def _of_llvm(name: str) -> Any:
    """LLVM's own function of two numbers."""

    @intrinsic
    def made(context: Any, x: Any, y: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            double = ir.DoubleType()
            whole = ir.FunctionType(double, [double, double])
            function = builder.module.declare_intrinsic(name, [double], whole)
            return builder.call(function, args)

        return types.float64(types.float64, types.float64), code

    return made


_llvm_maximum, _llvm_minimum = _of_llvm("llvm.maximum"), _of_llvm("llvm.minimum")


def _maximum(x: Any, y: Any) -> Any:
    return _llvm_maximum(x, y)


def _minimum(x: Any, y: Any) -> Any:
    return _llvm_minimum(x, y)


def _is_double(t: Any) -> bool:
    return isinstance(t, types.Float) and t.bitwidth == 64


def _of_one(function: Callable[[Any], Any], fast: Callable[[Any], Any]) -> None:
    """Have Numba compile a function of a float64 as ``fast``, and of all else as it stands."""

    @overload(function, jit_options={"error_model": "numpy"})
    def made(x: Any) -> Any:
        return fast if _is_double(x) else function


def _of_two(function: Callable[[Any, Any], Any], fast: Callable[[Any, Any], Any]) -> None:
    """The same for two operands."""

    @overload(function, jit_options={"error_model": "numpy"})
    def made(x: Any, y: Any) -> Any:
        return fast if _is_double(x) and _is_double(y) else function


for _function, _fast in ((exp, _exp), (log, _log), (tanh, _tanh)):
    _of_one(_function, _fast)
for _pair in ((maximum, _maximum), (minimum, _minimum)):
    _of_two(*_pair)
