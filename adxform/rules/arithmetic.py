"""Rules for Python's operators on numbers and arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from adxform.core.forms import LIST
from adxform.core.types import (
    ANY,
    CARRIED,
    Array,
    Inert,
    Known,
    ListOf,
    Scalar,
    Struct,
    Type,
    differentiable,
    is_float,
    is_weak,
)
from adxform.rules import infer
from adxform.rules.infer import const_of
from adxform.rules.lists import joined, repeated
from adxform.rules.samples import uniform
from adxform.rules.table import bilinear, elementwise, holomorphic, inactive


def _number(t: Type) -> float | None:
    """The number that an operand is known to be."""
    value = const_of(t)
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


def _power_x(y: Type) -> str:
    """The derivative of a power in its base; a constant exponent is folded into the text.

    The exponent y - (y != 0) is y - 1, except that it is 0 for y = 0: the slope of x ** 0 is 0,
    at x = 0 too.
    """
    exponent = _number(y)
    if exponent is None:
        return "y * x ** (y - (y != 0)) * g"
    if exponent == 0:
        return "0.0 * g"
    if exponent == 1:
        return "g"
    rest = "x" if exponent == 2 else f"x ** {exponent - 1!r}"
    return f"-g * {rest}" if exponent == -1 else f"{float(exponent)!r} * {rest} * g"


def _power_y(x: Type, y: Type) -> str:
    """The derivative of a power in its exponent; 0 for a base of 0, where x + (x == 0) is 1.

    The logarithm of a Python number stays one where a number of NumPy's would widen y.
    """
    base = _number(x)
    if base is not None and base > 0:
        return f"{math.log(base)!r} * out * g"
    if infer.holds_complex(_power(x, y)) and not infer.holds_complex(x):
        return "np.log(x + (x == 0) + 0j) * out * g"
    if is_weak(x) and isinstance(y, Array) and y.dtype != "float64":
        return "float(np.log(x + (x == 0))) * out * g"
    return "np.log(x + (x == 0)) * out * g"


def _numbers(*types: Type) -> Type:
    """The broadcast of all operands; Python makes an integer of booleans."""
    found = infer.arithmetic(*types)
    booleans = type(found) is Scalar and found.dtype == "bool" and found.weak
    return infer.integer() if booleans else found


def _counts(*types: Type) -> Type:
    """The same of operators that NumPy has for integers: of booleans it makes the shortest."""
    found = _numbers(*types)
    if isinstance(found, Scalar | Array) and found.dtype == "bool":
        return replace(found, dtype="int8")
    return found


def _power(x: Type, y: Type) -> Type:
    """A power; one of Python's negative numbers to an exponent that may be any is complex."""
    found, base, exponent = _counts(x, y), _number(x), _number(y)
    weak = isinstance(found, Scalar) and found.weak and found.dtype == "float64"
    if not weak or base is None or base >= 0 or getattr(y, "dtype", "") != "float64":
        return found
    return found if exponent is not None and exponent % 1 == 0 else Scalar("complex128", weak=True)


def _is_list(t: Type) -> bool:
    return isinstance(t, ListOf) or (isinstance(t, Struct) and t.form == LIST)


def _product(x: Type, y: Type) -> Type:
    """Numbers and arrays are multiplied; a list or tuple is repeated."""
    for held, times in ((x, y), (y, x)):
        if isinstance(times, Scalar) and not is_float(times.dtype):
            if _is_list(held):
                return repeated(held, times)
            if isinstance(held, Struct):
                return ANY if differentiable(held) else infer.inert()
    return _numbers(x, y)


def _sum(x: Type, y: Type) -> Type:
    """Numbers and arrays are added; lists are joined."""
    if _is_list(x) and _is_list(y):
        return joined(x, y)
    return _numbers(x, y)


def _of_sets(x: Type, y: Type, numbers: Callable[..., Type]) -> Type:
    """What an operator gives that sets have, too: of what may be one, what may be one."""
    sets = CARRIED in (x, y) and all(t == CARRIED or isinstance(t, Inert | Known) for t in (x, y))
    return CARRIED if sets else numbers(x, y)


def _difference(x: Type, y: Type) -> Type:
    return _of_sets(x, y, _numbers)


def _bits(x: Type, y: Type) -> Type:
    return _of_sets(x, y, infer.arithmetic)


elementwise("x + y", x="g", y="g", infer=_sum, sample=uniform(-1.0, 1.0))
elementwise("x - y", x="g", y="-g", infer=_difference, sample=uniform(-1.0, 1.0))
bilinear("x * y", x="out_bar * y", y="out_bar * x", broadcasts=True, infer=_product,
         sample=uniform(-1.0, 1.0))
elementwise("x / y", x="g / y", y="-g * out / y")
elementwise("x ** y", x=_power_x, y=_power_y, infer=_power)
elementwise("-x", x="-g", infer=_numbers)
elementwise("+x", x="g", infer=_numbers)
elementwise("x % y", x="g", y="-g * (x // y)", infer=_counts,
            sample=uniform(2.1, 2.9, y=(0.6, 0.65)))
inactive("x // y", infer=_counts, sample=uniform(0.2, 0.9))
inactive("x == y", "x != y", "x < y", "x <= y", "x > y", "x >= y", infer=infer.comparison,
         cheap=True, sample=uniform(0.2, 0.9))
inactive("x is y", "x is not y", "x in y", "x not in y", infer=infer.inert, cheap=True)
inactive("not x", infer=infer.inert, cheap=True)
inactive("~x", infer=_numbers, sample=uniform(0, 1, x=int))
inactive("x & y", "x | y", "x ^ y", infer=_bits,
         sample=uniform(0, 1, x=int, y=int))
inactive("x << y", "x >> y", infer=_counts, sample=uniform(0, 1, x=int, y=int))

holomorphic("op.Add", "op.Sub", "op.Mult", "op.Div", "op.Pow", "op.USub", "op.UAdd")
