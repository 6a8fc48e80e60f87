"""Numbers of Python's and of NumPy's that are not alike: derivatives have those of the function."""

from __future__ import annotations

import math
import warnings

import numpy
import numpy as np
import pytest

from adxform import BackendWarning, UnsupportedError, check_grads, grad, jvp, value_and_grad


def counted(x):
    c = sum([x > 0.1, x > 0.5])
    return c * x * x


def counted_one_by_one(x):
    return sum(x > bound for bound in (0.1, 0.5, 2.0)) * x * x


def between(x):
    for _ in range(3):
        x = np.sin(x) * ((0 < x < 2) + (0 < x < 3)) + 0.1 * x
    return x


def both(x):
    for _ in range(3):
        x = np.sin(x) * ((x > 0.1 and x > 0.2) + (x > 0.1 or x > 0.3)) + 0.1 * x
    return x


def divided(x):
    c = (x > 0.1) // (x > 0.05) + (x > 0.1) % (x > 0.05) + (x > 0.1) ** (x > 0.05)
    return c * x * x


def divided_in_loop(x):
    for _ in range(3):
        x = np.sin(x) * ((x > 0.1) // (x > 0.05) + (x > 0.1) ** (x > 0.05))
    return x


def absolute(x):
    for _ in range(3):
        x = math.sin(x) * (abs(x > 0.1) + abs(x > 0.2))
    return x


def itself(x):
    total = 0.0
    for _ in range(3):
        large = x > 0.5
        total += (2.0 if large is True else 1.0) * x * x
        if large is not False:
            total += x
        x = math.sin(x) * x * 1.1
    return total


def looked_up(x):
    weights = [1.0, 3.0]
    for _ in range(3):
        x = math.sin(x) * weights[x > 0.5]
    return x


def listed(x):
    total = 0.0
    for v in np.array([x, x * x]).tolist():
        total += ((v > 0.1) + (v > 0.5)) * v
    return total


def read_from_table(x):
    total = 0.0
    for i in range(2):
        total += (([x, 3.0][i] > 0.5) + ([x, 3.0][i] > 0.2)) * x
    return total


def turned_into_numpys(x):
    total = 0.0
    for _ in range(3):
        total += ((x > 0.1) + (x > 0.5)) * x
        x = np.sin(x)
    return total


def clipped(x):
    y = max(np.sin(x), 0.9)
    return ((y > 0.1) + (y > 0.6)) * x


def is_it(x):
    for _ in range(2):
        large = x > 0.5
        x = np.sin(x) if large is True else np.cos(x)
    return x


def is_numpys(x):
    large = np.sin(x) > 0.5
    return x if large is True else x * x


PYTHONS = [counted, counted_one_by_one, absolute, itself, looked_up, listed]
NUMPYS = [is_numpys, counted, counted_one_by_one, divided, divided_in_loop, between, both, listed]


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    ("f", "x"),
    [*((f, 0.93) for f in [*PYTHONS, divided, is_numpys]), *((f, np.float64(0.93)) for f in NUMPYS)],
)
def test_booleans_are_computed_with_as_they_are(f, x, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    value, gradient = value_and_grad(f, backend=backend)(x)
    assert value == pytest.approx(f(x), rel=1e-12)
    assert gradient == pytest.approx(slope, rel=1e-6)
    if backend == "numpy":
        assert jvp(f, (x,), (1.0,)) == pytest.approx((f(x), slope), rel=1e-6)


@pytest.mark.parametrize("f", [turned_into_numpys, clipped, read_from_table, between, is_it])
def test_sums_of_booleans_of_either_kind_are_refused(f):
    with pytest.raises(UnsupportedError, match="NumPy's"):
        grad(f)(0.9)


def halved(x):
    rate = 1.0
    for k in range(1, 4):
        rate = 10**-k
        part = k
        part **= -k
        x = x - rate * math.sin(x) * 2 ** (1 - k) * pow(3, -k) * part
    return x


def strided(v):
    total = 0.0
    for k in range(1, 3):
        step = 2 ** (k - 1)
        for i in range(len(v) // step):
            total += v[i * step] ** 2 * step
    return total


def test_powers_of_integers_are_recorded_as_fractions():
    check_grads(halved, (0.9,))
    check_grads(strided, (np.array([0.3, 0.7, 0.2, 0.5]),))


def written(x):
    return len(str(x)) * x * x


def test_texts_of_numbers_are_not_compiled():
    pytest.importorskip("numba")
    with pytest.warns(BackendWarning, match="does not write floating numbers"):
        assert grad(written, backend="numba")(0.125) == 1.25


def placed(x):
    return np.sum(np.interp(np.array([0.5, 1.2]), range(len(x)), x) ** 2)


def test_a_range_is_an_array_to_numpy():
    check_grads(placed, (np.array([0.3, 0.7, 0.2]),))


def typed_by_python(x):
    steps, kept = numpy.zeros((3, 2), dtype=int), np.zeros(3, dtype=bool)
    for t in range(1, 3):
        steps[t] = t * x.astype(int)[0]
        kept[t] = True
    return np.sum(x[kept]) * steps[2, 1] + np.sum(np.arange(3, dtype=float) * x)


def test_dtypes_of_python_are_compiled():
    pytest.importorskip("numba")
    x = np.array([3.2, 0.7, 0.4])
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        fast = grad(typed_by_python, backend="numba")(x)
    np.testing.assert_array_equal(fast, grad(typed_by_python)(x))
