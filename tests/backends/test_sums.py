"""Sums in compiled loops: those of derivatives are made in any order, the user's in theirs."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad, jvp, value_and_grad

pytest.importorskip("numba")


def softplus(x, a, b):
    total = 0.0
    for i in range(len(x)):
        d = x[i] - a
        total += np.log(np.exp(-b * d * d) + 1.0)
    return total


def exponentials(x, n):
    total = 0.0
    for i in range(n):
        total += np.exp(x[i])
    return total


def falling(x):
    total = 1.0
    for i in reversed(range(x.shape[0])):
        total = total - np.tanh(x[i]) * x[i]
    return total


def running(x):
    total, most = 0.0, 0.0
    for i in range(len(x)):
        total += np.exp(x[i])
        most += np.exp(-total)
    return most


def filled(x):
    out, total = np.zeros(len(x)), 0.0
    for i in range(len(x)):
        out[i] = np.exp(x[i])
        total += out[i] * x[i]
    return total + out[0]


X = np.random.default_rng(0).normal(size=37)


@pytest.mark.parametrize(
    ("f", "args", "wrt"),
    [(softplus, (X, 0.3, 0.7), (0, 1, 2)), (exponentials, (X, 30), 0), (exponentials, (X, -2), 0),
     (falling, (X,), 0), (running, (X / 9,), 0), (filled, (X,), 0), (softplus, (X[:0], 1.0, 2.0), (0, 1))],
)  # fmt: skip
def test_value_and_gradient_are_those_of_numpy(f, args, wrt):
    found = value_and_grad(f, wrt, backend="numba")(*args)
    expected = value_and_grad(f, wrt)(*args)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)
    gradients = zip(*(g if isinstance(g, tuple) else (g,) for g in (found[1], expected[1])), strict=True)
    for one, other in gradients:
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_what_is_added_to_a_cotangent_is_added_in_any_order():
    compiled = grad(softplus, (0, 1, 2), backend="numba")
    compiled(X, 0.3, 0.7)
    assert "a_bar = summed(a_bar, -d_bar)" in compiled.source
    assert "_terms" not in compiled.source  # the value is not asked for


def test_a_sum_of_the_user_is_added_in_its_order_by_a_loop_of_its_own():
    compiled = value_and_grad(exponentials, backend="numba")
    x = np.zeros(1000)
    x[0] = 37.0  # exp(37) is even, and 1 less than its spacing: each 1 added to it is lost
    value, _ = compiled(x, 1000)
    assert "total += total_terms[i]" in compiled.source
    assert value == exponentials(x, 1000) == np.exp(37.0)
    assert value != np.exp(37.0) + 999.0


def test_a_sum_that_others_read_on_the_way_stays():
    compiled = value_and_grad(running, backend="numba")
    compiled(X / 9)
    assert "total_terms" not in compiled.source


def integrated(a, n):
    total = 0.0
    for i in range(n):
        total += np.exp(-a * i / n)
    return total / n


def test_a_loop_over_no_array_stores_no_terms():
    compiled = value_and_grad(integrated, backend="numba")
    found, expected = compiled(0.7, 100), value_and_grad(integrated)(0.7, 100)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert "_terms" not in compiled.source


def test_tangents_of_sums_are_added_in_any_order_too():
    tangents = np.ones_like(X), None, None
    found = jvp(softplus, (X, 0.3, 0.7), tangents, backend="numba")
    np.testing.assert_allclose(found, jvp(softplus, (X, 0.3, 0.7), tangents), rtol=1e-12)
