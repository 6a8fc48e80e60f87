"""Masks of all elements of arrays of several axes are compiled."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from tests.backends.test_numba_backend import same

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RNG = np.random.default_rng(0)
M, W = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6))


def taken(x, w):
    return np.sum(x[x > 0] ** 2) * np.mean(np.exp(w[w > -9.0]))


def leaky(x, w):
    y = x * w
    y[y < 0] *= 0.1
    return np.sum(y**2)


def in_both(x, w):
    y = x * w
    small = np.abs(x) < 0.5
    y[small] = w[small] ** 2
    y[~small] += x[~small] * w[~small]
    y[x > 1.0] = w[0, 0]
    return np.sum(np.sin(y))


@pytest.mark.parametrize("f", [taken, leaky, in_both])
@pytest.mark.parametrize(
    "x", [M, np.asfortranarray(M), np.repeat(M, 2, 1)[:, ::2], M[:1, :1], -np.abs(M), np.abs(M)]
)
def test_gradients_are_those_of_numpy(f, x) -> None:
    w = W[: len(x), : x.shape[1]]
    value, bars = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")(x, w)
    expected, expected_bars = adxform.value_and_grad(f, argnums=(0, 1))(x, w)
    same(value, expected)
    for one, other in zip(bars, expected_bars, strict=True):
        same(one, other)


def filled(x, values):
    y = x * 2.0
    y[x > 0] = values
    return np.sum(y * y)


def test_values_are_as_many_as_places() -> None:
    derivative = adxform.grad(filled, argnums=(0, 1), backend="numba")
    count = np.count_nonzero(M > 0)
    values = np.arange(1.0, count + 1)
    for one, other in zip(
        derivative(M, values), adxform.grad(filled, argnums=(0, 1))(M, values), strict=True
    ):
        same(one, other)
    for wrong in (values[:-1], np.append(values, 1.0)):
        with pytest.raises(ValueError, match="cannot assign"):
            derivative(M, wrong)
