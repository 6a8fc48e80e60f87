"""Constant factors of the compiler's own products that cancel are not in the text."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform.derivatives import Derivative
from adxform.options import Options

X = np.random.default_rng(1).normal(size=5)
A = np.random.default_rng(2).normal(size=(4, 5))
B = np.linspace(-1.0, 1.0, 4)


def half_squares(x):
    return 0.5 * np.sum(x**2)


def half_of_squares(x):
    return np.sum(x**2) / 2


def half_product(x):
    return 0.5 * np.sum(x * x)


def least_squares(x, a, b):
    return 0.5 * np.sum((a @ x - b) ** 2)


def log_density(x):
    return -0.5 * np.sum((x / 3.0) ** 2)


def rows(x):
    return np.sum(np.exp(-0.5 * np.sum((x[None, :] - A) ** 2, axis=1)))


def quarter(x):
    return 0.25 * np.sum(x**4)


CASES = (
    (half_squares, (X,)), (half_of_squares, (X,)), (half_product, (X,)), (log_density, (X,)),
    (least_squares, (X, A, B)), (rows, (X,)), (quarter, (X,)),
)  # fmt: skip


@pytest.mark.parametrize(("f", "args"), CASES)
def test_factors_that_cancel_are_gone(f, args):
    gradient = adxform.grad(f)
    gradient(*args)
    assert "2.0 *" not in gradient.source
    assert "1.0 *" not in gradient.source
    assert "4.0 *" not in gradient.source


@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives_are_right_and_do_not_depend_on_it(f, args):
    adxform.check_grads(f, args)
    plain = Derivative(f, options=Options(optimize=False))(*args)
    assert np.allclose(adxform.grad(f)(*args), plain, rtol=1e-14, atol=0)


def test_what_is_handed_out_is_the_callers_own():
    bar = adxform.grad(half_squares)(X)
    assert np.array_equal(bar, X)
    assert not np.shares_memory(bar, X)


def test_dtypes_stay():
    assert adxform.grad(half_squares)(X.astype("float32")).dtype == np.float32
    assert adxform.grad(least_squares)(X, np.ones((4, 5), int), np.arange(4)).dtype == np.float64


def test_factors_that_are_no_powers_of_two_stay():
    def third(x):
        return np.sum(x**3) / 3.0

    assert "3.0" in adxform.source(third, args=(X,)).split("# ")[-1]
    adxform.check_grads(third, (X,))
