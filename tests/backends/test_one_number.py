"""Under Numba a derivative in one number goes forward where a reverse sweep would need records."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad, value_and_grad

pytest.importorskip("numba")


def root(a):
    x = 1.0
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def diffused(rate, u):
    for _ in range(4):
        u = u + rate * (np.roll(u, 1) - 2.0 * u + np.roll(u, -1))
    return np.sum(u**2)


def total(x, n):
    s = 0.0
    for k in range(n):
        s += np.cos(k * x)
    return s


def test_nothing_is_recorded_for_one_number():
    derivative = value_and_grad(root, backend="numba")
    assert derivative(2.0) == pytest.approx((np.sqrt(2.0), 0.5 / np.sqrt(2.0)), abs=1e-12)
    assert "def root_forward(a):" in derivative.source and "tape" not in derivative.source


def test_an_array_goes_backward_and_a_number_beside_it_forward():
    u = np.linspace(0.0, 1.0, 5) ** 2
    in_rate, in_both = grad(diffused, backend="numba"), grad(diffused, (0, 1), backend="numba")
    expected = grad(diffused, (0, 1))(0.1, u)
    assert in_rate(0.1, u) == pytest.approx(expected[0], rel=1e-12)
    assert "drate" not in in_rate.source and "du" in in_rate.source  # the direction is 1
    np.testing.assert_allclose(in_both(0.1, u)[1], expected[1], rtol=1e-12)
    assert "tape" in in_both.source


def test_a_loop_that_records_nothing_goes_backward():
    derivative = grad(total, backend="numba")
    assert derivative(0.3, 5) == pytest.approx(grad(total)(0.3, 5), rel=1e-12)
    assert "x_bar" in derivative.source


def test_twice():
    second = grad(grad(root), backend="numba")
    assert second(2.0) == pytest.approx(-0.25 * 2.0**-1.5, abs=1e-9)
    assert "dx_tape = []" in second.source
