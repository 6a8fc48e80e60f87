"""Integers, booleans and single precision under Numba: the numbers of Python and NumPy, or an error."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import adxform
from adxform.errors import BackendWarning
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

V = np.array([0.3, -1.2, 0.7, 2.0, -0.4, 1.1])
K = np.array([2, 3, 1, 0, 4, 5])
M = np.array([True, False, True, True, False, True])
TENTHS = np.full(6, 0.1, np.float32)


def series(x, n):
    total, factorial = 0.0, 1
    for k in range(1, n):
        factorial *= k
        total += x**k / factorial
    return total


def powers_of_two(x, n):
    total = 0.0
    for k in range(n):
        total += x * 2**k
    return total


def shifted(x, n):
    total = 0.0
    for k in range(n):
        total += x * (1 << k)
    return total


def scaled(x, n):
    return x * 10**n


def squared(x, n):
    return x * (n * n) + x * n**2


def whole(x, c):
    return x * int(c) + x * math.floor(c)


def collatz(x, n):
    total = 0.0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        total += x / n
    return total


def by_places(x, k):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * (i % k) + x[(i * 7) % len(x)] * (i // k)
    return total


def counted(x, k):
    seen, place = 0, 0
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            seen += 1
        place = (place + k) % len(x)
        total += x[place] * (seen + 2 * i)
    return total


def of_integers(x, k):
    return np.sum(x * (k * k + 1)) + np.sum(x * (100 - k)) + np.sum(k * x[0])


def of_one_and_another(x, k):
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i] * (k[i] - k[i + 1]) + x[i] * (k[i] * 100)
    return total


def of_booleans(x, m):
    total = 0.0
    for i in range(len(x) - 1):
        total += x[i] * (m[i] + m[i + 1])
    return total + np.sum(x * (m + (x > 0.5))) + np.sum(x * (m * (x > 0.5)))


def filled(x, k):
    return np.sum(x * np.full_like(k, 2.7)) + np.sum(x * np.full_like(k > 2, 7))


def limits(x, c):
    y = np.where(x > 0.1, x * x, x) + np.maximum(x, c) + np.clip(x, 0.1, 1.0)
    total = np.sum(y) + np.sum(np.abs(x - c))
    for i in range(len(x)):
        if x[i] > c:
            total += x[i] * 5.0
    return total


def with_flag(x, a):
    return np.sum(x) * (a + a) + np.sum(x) * ~a


CASES = [
    (series, (2.0, 15)), (collatz, (1.5, 27)), (by_places, (V, 3)), (by_places, (V, -4)),
    (counted, (V, 4)), (of_integers, (V, K)), (of_integers, (V, K.astype(np.int32) * 30000)),
    (of_integers, (V, K.astype(np.int8) * 20)), (of_integers, (V, K.astype(np.uint8) * 20)),
    (of_one_and_another, (V, K.astype(np.uint8))), (of_one_and_another, (V, K.astype(np.int8))),
    (of_booleans, (V, M)), (filled, (V, K)), (limits, (TENTHS, 0.1)), (with_flag, (V, True)),
    (powers_of_two, (1.5, 60)), (squared, (1.5, 1000)), (whole, (1.5, -2.5)),
]  # fmt: skip
LONG = [
    (series, (8.0, 40)), (powers_of_two, (1.5, 70)), (shifted, (1.5, 70)), (scaled, (1.5, 20)),
    (scaled, (1.5, -3)), (squared, (1.5, 10**10)), (whole, (1.5, 1e30)),
]  # fmt: skip
REFUSED = [
    (by_places, (V, 0), ZeroDivisionError), (whole, (1.5, math.nan), ValueError),
    (whole, (1.5, math.inf), OverflowError),
    (lambda x, k: np.sum(x * k**-1), (V, K), ValueError),
    (lambda x, k: np.sum(x * k ** (k - 2)), (V, K), ValueError),
    (lambda x, m: np.sum(x * (m - (x > 0))), (V, M), TypeError),
    (lambda x, m: np.sum(x * -m), (V, M), TypeError),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize(("f", "args"), CASES)
def test_numbers_are_those_of_numpy(f, args):
    expected = adxform.value_and_grad(f)(*args)
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        found = adxform.value_and_grad(f, backend="numba")(*args)
        with loop_nests_in_python():
            again = adxform.value_and_grad(f, backend="numba")(*args)
    rtol = 1e-5 if f is limits else 1e-12
    for one in (found, again):
        np.testing.assert_allclose(one[0], expected[0], rtol=rtol)
        np.testing.assert_allclose(one[1], expected[1], rtol=rtol)


@pytest.mark.parametrize(("f", "args"), LONG)
def test_integers_of_more_than_64_bits_are_left_to_python(f, args):
    with pytest.warns(BackendWarning, match="64 bits|integer powers"):
        found = adxform.value_and_grad(f, backend="numba")(*args)
    assert found == pytest.approx(adxform.value_and_grad(f)(*args), rel=1e-14)
    assert found[0] == pytest.approx(f(*args), rel=1e-14)


@pytest.mark.filterwarnings("ignore::adxform.errors.BackendWarning")
@pytest.mark.parametrize(("f", "args", "kind"), REFUSED)
def test_errors_are_those_of_python_and_numpy(f, args, kind):
    with pytest.raises(kind):
        f(*args)
    with pytest.raises(kind):
        adxform.grad(f, backend="numba")(*args)


def test_what_only_counts_is_not_asked():
    derivative = adxform.grad(counted, backend="numba")
    derivative(V, 4)
    assert "Overflow" not in derivative.source
