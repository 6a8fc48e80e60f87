"""Short integers of NumPy wrap, and Python's booleans add up: derivatives have the same numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adxform import grad, hvp, value_and_grad

X = np.array([0.3, -1.2, 0.7, 2.0, -0.4])
U = (np.arange(5) * 60).astype(np.uint8)
K = np.arange(5, dtype=np.int32)


def less_a_minus(x, u):
    return np.sum(x + (-u)) + 2.0 * np.sum(x - (-u))


def times_a_minus(x, u):
    return np.sum(x * (-u)) * 2.0 + np.sum(-u * x)


def times_a_product(x, u):
    return np.sum(x**2 * (u * 2)) + np.sum(x**2 * (2 * u * 4)) * 3.0


def times_large_ones(x, u):
    return np.sum(x * x * (u * 1000000000))


CASES = [(f, u) for f in (less_a_minus, times_a_minus, times_a_product) for u in (U, K, U[:5].view(np.int8))]
CASES.append((times_large_ones, K))


@pytest.mark.parametrize(("f", "u"), CASES)
def test_derivatives_compute_with_the_numbers_that_the_function_has(f, u):
    value, gradient = value_and_grad(f)(X, u)
    assert value == pytest.approx(f(X, u), rel=1e-12)
    step = 1e-6 * np.eye(5)
    estimate = [(f(X + e, u) - f(X - e, u)) / 2e-6 for e in step]
    np.testing.assert_allclose(gradient, estimate, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(grad(f)(X, u), gradient, rtol=1e-12)
    moved = [(grad(f)(X + e, u) - grad(f)(X - e, u)) / 2e-6 for e in step]
    found = hvp(f, (X, u), (np.ones(5), None))
    np.testing.assert_allclose(found, np.sum(moved, axis=0), rtol=1e-6, atol=1e-4)


def stepped(x, n):
    for _ in range(n):
        c = (x > 0.2) + (x > -0.5) + (x > 0.9)
        x = math.sin(x * (c + 1)) * c + 0.3 * x
    return x


def turned(x, n):
    for _ in range(n):
        c = (x > 0.2) * 2 - (x < 0.9)
        x = math.cos(x * c) * ~(x > 0.3) + 0.1 * x
    return x


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [stepped, turned])
def test_sums_of_booleans_are_recorded_as_integers(f, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    value, gradient = value_and_grad(f, backend=backend)(0.4, 5)
    assert value == pytest.approx(f(0.4, 5), rel=1e-12)
    assert gradient == pytest.approx((f(0.4 + 1e-6, 5) - f(0.4 - 1e-6, 5)) / 2e-6, rel=1e-5)
