"""Functions that call themselves go forward and back in one call, where cotangents are known."""

from __future__ import annotations

import warnings
from unittest import mock

import numpy as np
import pytest

from adxform import check_grads, grad, source, value_and_grad
from adxform.errors import BackendWarning
from adxform.generated import Generated
from adxform.optimize.whole_calls import Apart
from adxform.options import Options

R = np.random.default_rng(0)


def rising(x, n):
    return 1.0 if n == 0 else (x + n - 1) * rising(x, n - 1)


def legendre(x, n):
    if n == 0:
        return 1.0
    if n == 1:
        return x
    first = legendre(x, n - 1)
    return ((2 * n - 1) * x * first - (n - 1) * legendre(x, n - 2)) / n


def casteljau(c, t):
    if len(c) == 1:
        return c[0]
    return (1 - t) * casteljau(c[:-1], t) + t * casteljau(c[1:], t)


def spline(u, knots, i, k):
    if k == 0:
        return 1.0 if knots[i] <= u < knots[i + 1] else 0.0
    a = (u - knots[i]) / (knots[i + k] - knots[i])
    b = (knots[i + k + 1] - u) / (knots[i + k + 1] - knots[i + 1])
    return a * spline(u, knots, i, k - 1) + b * spline(u, knots, i + 1, k - 1)


def option(s, up, i, n):
    """A price on a tree of prices."""
    if i == n:
        return np.maximum(s - 1.0, 0.0) * s
    down = option(s / up, up, i + 1, n)
    return 0.5 * option(s * up, up, i + 1, n) + 0.4 * down * s


def minor(a, row, columns):
    n = a.shape[0]
    if row == n:
        return 1.0
    total, sign = 0.0, 1.0
    for j in range(n):
        if (columns >> j) & 1:
            below = minor(a, row + 1, columns - (1 << j))
            total += sign * below * a[row, j]  # read after the call
            sign = -sign
    return total


def determinant(a):
    return minor(a, 0, (1 << len(a)) - 1)


def paths(w, i):
    """What all paths from a place have, in a loop with another loop behind it."""
    total = w[i] ** 2
    for j in range(i):
        total += paths(w, j) * w[j]
    for j in range(i):
        total -= np.sin(w[j])
    return total


def all_paths(w):
    return paths(w, len(w) - 1) * w[0]


def first_part(x, n):
    return x if n == 0 else x * second_part(x, n - 1)


def second_part(x, n):
    return x * x if n == 0 else np.sin(x) * first_part(x * 0.9, n - 1)


def twice(x, n):
    if n == 0:
        return np.sum(x * x)
    y = x * 0.9
    return twice(y, n - 1) + 0.3 * twice(y, n - 1) * x[0]


def crossed(a, b, n):
    if n == 0:
        return np.sum(a * b)
    return crossed(b, a * 0.5, n - 1) * np.sum(a)


def of_one(x, n):
    return crossed(x, x, n)


def two(x, n):
    if n == 0:
        return x, x * x
    a, b = two(x * 0.9, n - 1)
    return a * x + b, 2.0 * b - x * a


def of_two(x):
    a, b = two(x, 4)
    return a * 0.3 + b


def rising_and_sum(x, n):
    return np.sin(x) + rising(x, n) * x


def written(x, n):
    y = x * 1.5
    y[0] = x[1] * x[0]
    if n == 0:
        return np.sum(y * y)
    value = written(y, n - 1)
    y[1] = 2.0
    return value * x[2] + np.sum(y)


WHOLE = [
    (rising, (1.3, 4)), (rising, (1.3, 0)), (legendre, (0.3, 5)),
    (casteljau, (R.normal(size=4), 0.3)),
    (spline, (0.45, np.linspace(0.0, 1.0, 9) ** 1.2, 3, 2)),
    (option, (1.1, 1.2, 0, 4)), (determinant, (R.normal(size=(4, 4)),)),
    (determinant, (R.normal(size=(1, 1)),)), (all_paths, (R.normal(size=5),)),
    (first_part, (0.8, 5)), (twice, (R.normal(size=3), 3)), (of_one, (R.normal(size=3), 3)),
    (rising_and_sum, (0.7, 3)), (of_two, (0.7,)),
]  # fmt: skip
each_whole = pytest.mark.parametrize(("f", "args"), WHOLE, ids=lambda v: getattr(v, "__name__", ""))


def active(args):
    return tuple(i for i, a in enumerate(args) if not isinstance(a, int))


@pytest.mark.parametrize(
    ("f", "args"), [*WHOLE, (written, (R.normal(size=4), 2))],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_nothing_is_recorded(f, args):
    derivative = value_and_grad(f, active(args))
    value, _ = derivative(*args)
    assert value == f(*args)
    assert "tape" not in derivative.source and "record" not in derivative.source
    check_grads(f, args)


@each_whole
def test_compiled_nothing_is_on_stacks(f, args):
    pytest.importorskip("numba")
    derivative = grad(f, active(args), backend="numba")
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        found = derivative(*args)
    for one, other in zip(found, grad(f, active(args))(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    assert "stack" not in derivative.source and "tape" not in derivative.source


@each_whole
def test_arguments_stay_as_they_are(f, args):
    kept = [np.copy(a) for a in args]
    grad(f, active(args))(*args)
    for one, other in zip(args, kept, strict=True):
        np.testing.assert_array_equal(one, other)


@each_whole
def test_as_with_tapes(f, args):
    with mock.patch("adxform.pairs.with_whole_calls", side_effect=Apart):
        recording = value_and_grad(f, active(args))
        value, bars = recording(*args)
    assert "tape" in recording.source
    assert value == f(*args)
    for one, other in zip(bars, grad(f, active(args))(*args), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def halves(x, n):
    half = 1.0 if n == 0 else halves(x, n // 2)
    return half * half * x if n % 2 else half * half


def damped(x, n):
    return x if n == 0 else np.sin(damped(x, n - 1)) * x


def one_of_two(x, n):
    """One of the calls could come back at once."""
    return x if n == 0 else np.sin(one_of_two(x, n - 1)) + one_of_two(x * 0.5, n - 1)


def decides(x, n):
    value = x if n == 0 else decides(x * 0.9, n - 1) * x
    return value * x if value > 0.3 else value


def before_a_loop(x, n):
    y = x if n == 0 else before_a_loop(x, n - 1)
    for _ in range(2):
        y = np.cos(y) * x
    return y


@pytest.mark.parametrize("f", [halves, damped, one_of_two, decides, before_a_loop])
def test_what_needs_a_value_first_records(f):
    derivative = grad(f)
    derivative(0.7, 3)
    assert "tape" in derivative.source
    check_grads(f, (0.7, 3))


def test_the_text_is_what_one_writes_by_hand():
    assert source(rising, args=(1.3, 4)) == '''\
def rising_reverse(x, n, out_bar=1.0):
    if n == 0:
        out = 1.0
        x_bar = 0.0
    else:
        difference = x + n - 1
        rising_value, x_bar = rising_reverse(x, n - 1, out_bar * difference)
        out = difference * rising_value
        # return 1.0 if n == 0 else (x + n - 1) * rising(x, n - 1)
        x_bar += out_bar * rising_value
    return out, x_bar
'''


def test_without_merging_there_are_tapes():
    made = Generated(rising, "reverse", Options(merge=False))
    assert "rising_tape" in made.compiled((1.3, 4), (0,)).text
