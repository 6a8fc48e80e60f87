"""What is differentiable in real and imaginary parts, but in no complex sense: |z|, conj(z)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.dual.number import Dual, is_complex, rule

# The functions below call NumPy with dual numbers, which NumPy's own annotations do not know.
_np: Any = np


@rule(np.real)
def real(val: Dual) -> Dual:
    """The real part of value and tangent."""
    return val.push(_np.array(_np.real(val._value)), _np.real) if is_complex(val) else val


@rule(np.imag)
def imag(val: Dual) -> Dual:
    """The imaginary part of value and tangent; of what is real it is 0."""
    if is_complex(val):
        return val.push(_np.array(_np.imag(val._value)), _np.imag)
    return val.push(_np.zeros_like(val._value), _np.zeros_like)


@rule(np.angle)
def angle(z: Dual, deg: bool = False) -> Dual:
    """The imaginary part of log z, whose tangent is z_dot / z; of what is real it is constant."""

    def turned(z_dot: Any) -> Any:
        radians = _np.imag(z_dot / z._value) if is_complex(z) else _np.zeros_like(z_dot)
        return radians * (180.0 / np.pi) if deg else radians

    return z.push(_np.angle(z._value, deg), turned)


def absolute(x: Dual) -> Dual:
    """The magnitude: its tangent is the part of x_dot that points along x; 0 at 0."""
    size = np.abs(x._value)
    one = _np.where(_np.equal(size, 0), 1.0, size)
    return x.push(size, lambda x_dot: _np.real(_np.conjugate(x._value) * x_dot) / one)


def conjugate(x: Dual) -> Dual:
    """The conjugates of value and tangent."""
    return x.push(_np.conjugate(x._value), _np.conjugate)


#: What a ufunc does with complex dual numbers, where it does something else than with real ones.
OF_COMPLEX: dict[Any, Any] = {np.absolute: absolute, np.conjugate: conjugate}

#: Ufuncs whose partial derivatives hold for complex numbers.
HOLOMORPHIC: frozenset[Any] = frozenset({
    np.add, np.subtract, np.multiply, np.divide, np.power, np.positive, np.negative, np.square,
    np.sqrt, np.reciprocal, np.exp, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos,
    np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh,
})
