"""Rules for NumPy's elementwise functions that are constant wherever they are smooth."""

from __future__ import annotations

from adxform.core.types import Array, Scalar, Type, dims_of
from adxform.rules import infer
from adxform.rules.samples import uniform
from adxform.rules.table import alias, inactive
from adxform.rules.ufuncs import number_result, strong

_SIGNED = uniform(-1.0, 1.0)


def _same(x: Type, *_: Type) -> Type:
    """The first operand's shape and dtype; a number is one of NumPy's."""
    return strong(infer.as_array(x))


def _answers(*types: Type) -> Type:
    """Booleans, of all operands broadcast together."""
    return strong(infer.comparison(*types))


def _close(a: Type, b: Type, *_: Type) -> Type:
    return _answers(a, b)


def _answer(*_: Type) -> Type:
    """One boolean of Python's."""
    return Scalar("bool", weak=True)


inactive("np.sign(x)", "np.floor(x)", "np.ceil(x)", "np.trunc(x)", "np.rint(x)", "np.fix(x)",
         "np.round(x, decimals=0)", "np.around(x, decimals=0)", "x.round(decimals=0)", infer=_same,
         sample=_SIGNED)
alias("np.floor_divide(x, y)", "op.FloorDiv", infer=number_result)

inactive("np.equal(x, y)", "np.not_equal(x, y)", "np.less(x, y)", "np.less_equal(x, y)",
         "np.greater(x, y)", "np.greater_equal(x, y)", "np.logical_and(x, y)",
         "np.logical_or(x, y)", "np.logical_xor(x, y)", "np.logical_not(x)",
         infer=_answers, cheap=True, sample=_SIGNED)
inactive("np.isnan(x)", "np.isinf(x)", "np.isfinite(x)", "np.isposinf(x)", "np.isneginf(x)",
         "np.signbit(x)", "np.isreal(x)", "np.iscomplex(x)", infer=_answers, cheap=True,
         sample=_SIGNED)
inactive("np.isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)", infer=_close,
         sample=_SIGNED)
inactive("np.allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False)", "np.array_equal(a, b)",
         infer=_answer, sample=_SIGNED)
inactive("np.isin(element, test_elements, *, invert=False)", sample=_SIGNED,
         infer=lambda a, *_: Array("bool", dims_of(infer.as_array(a))))
inactive("np.isscalar(x)", "np.iscomplexobj(x)", "np.isrealobj(x)", infer=_answer, cheap=True,
         sample=_SIGNED)

inactive("np.bitwise_and(x, y)", "np.bitwise_or(x, y)", "np.bitwise_xor(x, y)", "np.gcd(x, y)",
         "np.lcm(x, y)", "np.left_shift(x, y)", "np.right_shift(x, y)",
         "np.bitwise_left_shift(x, y)", "np.bitwise_right_shift(x, y)",
         infer=number_result, sample=uniform(0, 1, x=int, y=int))
inactive("np.invert(x)", "np.bitwise_not(x)", "np.bitwise_invert(x)", infer=number_result,
         sample=uniform(0, 1, x=int))
