"""``while`` loops that run as often as the lengths of lists and known counts tell."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad
from adxform.errors import UnsupportedError

X = np.array([0.3, 0.7, 0.2])
FUNCTIONS = [np.sin, np.cos]


def shrinking(x):
    values = [x[0] ** j for j in range(4)]
    while len(values) > 1:
        values = [0.5 * a + 0.6 * b for a, b in zip(values, values[1:])]  # noqa: RUF007
    return values[0]


def growing(x):
    terms, k = [x[0]], 1
    while len(terms) < 6:
        terms = [*terms, terms[-1] * x[1] / k]
        k += 1
    return sum(terms)


def by_places(x):
    i = 0
    while i < len(FUNCTIONS):
        x = FUNCTIONS[i](x)
        i += 1
    return np.sum(x)


def left_early(x):
    n = 4
    values = [x[0] * k for k in range(1, n + 1)]
    while n > 1:
        values = [values[i] * values[i + 1] for i in range(n - 1)]
        n -= 1
        if len(values) == 2:
            break
    return sum(values)


def beside_one_that_data_ends(x):
    error, y = 1.0, x[0]
    while error > 1e-3:
        y, error = y * 0.5, error * 0.5
    return shrinking(x) + y


@pytest.mark.parametrize(
    "f", [shrinking, growing, by_places, left_early, beside_one_that_data_ends],
    ids=lambda f: f.__name__,
)
def test_loops_that_change_lengths(f) -> None:
    expected = [(f(X + e) - f(X - e)) / 2e-6 for e in np.eye(3) * 1e-6]
    np.testing.assert_allclose(grad(f)(X), expected, rtol=1e-6, atol=1e-9)


def plain(x):
    i = 0
    while i < 10:
        x = np.sin(x)
        i += 1
    return np.sum(x)


def test_a_loop_that_need_not_be_written_out_stays_one() -> None:
    slope = grad(plain)
    slope(X)
    assert slope.source.count("np.cos(") == 1


def of_any_length(x):
    values = [x[0], x[1], x[2]]
    while values[0] > 0.1:
        values = [0.5 * a + 0.4 * b for a, b in zip(values, values[1:])]  # noqa: RUF007
    return values[0]


def test_what_data_ends_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="a tuple changes its length"):
        grad(of_any_length)(X)
