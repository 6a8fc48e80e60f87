"""Dual numbers whose values are complex, against differences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from adxform.dual import Dual, derivative

RNG = np.random.default_rng(4)
C, D = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
X = RNG.uniform(0.5, 1.5, 3)

FUNCTIONS = {
    "abs": np.abs,
    "angle": np.angle,
    "degrees": lambda z: np.angle(z, deg=True),
    "parts": lambda z: z.real * z.imag + np.real(z) ** 2,
    "conj": lambda z: np.conj(z) * np.sin(z) + z.conj(),
    "powers": lambda z: z**3 + z**2.5 + np.sqrt(z) + np.log(z) / z,
    "products": lambda z: np.vdot(z, D * z) + np.dot(z, D),
    "solve": lambda z: np.linalg.solve(np.diag(z) + 1j, D),
    "norm": np.linalg.norm,
    "other norm": lambda z: np.linalg.norm(z, 3),
    "variance": np.var,
    "fourier": lambda z: np.fft.ifft(np.fft.fft(z) * D),
    "cast": lambda z: z.astype(complex) * 2.0,
    "truth": lambda z: np.where(np.abs(z) > 1.0, z, 2.0 * z),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("real", [False, True], ids=["complex", "real"])
def test_tangents_agree_with_differences(name, real):
    def f(x):
        return FUNCTIONS[name](x * C + 0.3 if real else x)

    point, direction, h = (X, D.real, 1e-6) if real else (C, D, 1e-6)
    value, tangent = derivative(f, point, direction=direction)
    assert_allclose(value, f(point), rtol=1e-14)
    expected = (f(point + h * direction) - f(point - h * direction)) / (2 * h)
    assert_allclose(tangent, expected, rtol=1e-6, atol=1e-7)
    assert np.iscomplexobj(tangent) == np.iscomplexobj(value)


def test_second_derivatives():
    def slope(x):
        return derivative(lambda x: np.abs(np.exp(1j * x) * C + x) ** 3, x, direction=1.0)[1]

    _, second = derivative(slope, X, direction=1.0)
    assert_allclose(second, (slope(X + 1e-6) - slope(X - 1e-6)) / 2e-6, rtol=1e-6)


def test_the_magnitude_has_slope_0_at_0():
    assert np.abs(Dual(0j, 1.0)).tangent == 0.0


@pytest.mark.parametrize("f", [np.sign, np.max, np.sort, np.linalg.eigvalsh, np.linalg.cholesky,
                               lambda z: z.astype(float), lambda z: np.maximum(z, 1.0)])
def test_what_has_no_rule_for_complex_numbers_is_refused(f):
    with pytest.raises(TypeError):
        f(Dual(np.eye(2) + 0j, 1.0))
