"""Rules for Python's operators, and NumPy's names for them."""

from __future__ import annotations

from adxform.core.types import Type
from adxform.rules import infer
from adxform.rules.infer import const_of
from adxform.rules.table import alias, bilinear, elementwise, inactive


def _power_x(x: Type, y: Type) -> str:
    """The derivative of a power in its base; a constant exponent is folded into the text."""
    exponent = const_of(y)
    if isinstance(exponent, bool) or not isinstance(exponent, int | float):
        return "g * (y * x ** np.where(y == 0, 1, y - 1))"
    if exponent == 0:
        return "g * np.zeros_like(out)"
    if exponent == 1:
        return "g"
    rest = "x" if exponent == 2 else f"x ** {exponent - 1!r}" if exponent > 1 else (
        f"x ** ({exponent - 1!r})")
    return f"g * ({float(exponent)!r} * {rest})"


elementwise("x + y", x="g", y="g", infer=infer.arithmetic)
elementwise("x - y", x="g", y="-g", infer=infer.arithmetic)
bilinear("x * y", x="out_bar * y", y="out_bar * x", broadcasts=True, infer=infer.arithmetic)
elementwise("x / y", x="g / y", y="-g * out / y")
elementwise(
    "x ** y", x=_power_x, y="g * (out * np.log(np.where(x == 0, 1, x)))", infer=infer.arithmetic
)
elementwise("-x", x="-g", infer=infer.arithmetic)
elementwise("+x", x="g", infer=infer.arithmetic)
elementwise("x % y", x="g", y="-g * np.floor(x / y)", infer=infer.arithmetic)
inactive("x // y", infer=infer.arithmetic)
inactive("x == y", "x != y", "x < y", "x <= y", "x > y", "x >= y", infer=infer.comparison,
         cheap=True)
inactive("x is y", "x is not y", "x in y", "x not in y", infer=infer.inert, cheap=True)
inactive("not x", infer=infer.inert, cheap=True)
inactive("~x", "x & y", "x | y", "x ^ y", "x << y", "x >> y", infer=infer.arithmetic)

alias("np.add(x, y)", "op.Add")
alias("np.subtract(x, y)", "op.Sub")
alias("np.multiply(x, y)", "op.Mult")
alias("np.divide(x, y)", "op.Div")
alias("np.true_divide(x, y)", "op.Div")
alias("np.power(x, y)", "op.Pow")
alias("np.negative(x)", "op.USub")
