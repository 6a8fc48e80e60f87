"""Functions that Numba's ``vectorize`` has made functions of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad

numba = pytest.importorskip("numba")


@numba.vectorize
def bounded(x, y):
    if x > y:
        return y + 0.1 * x
    return x * x


def of_numbers(x):
    return bounded(x, 1.0) * bounded(0.5, x)


def of_arrays(x):
    return np.sum(bounded(x * np.array([0.5, 1.0, 2.0]), x) ** 2)


@pytest.mark.parametrize("f", [of_numbers, of_arrays])
@pytest.mark.parametrize("x", [0.7, 1.6])
def test_what_is_done_to_each_element(f, x) -> None:
    difference = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    assert grad(f)(x) == pytest.approx(difference, rel=1e-7)
