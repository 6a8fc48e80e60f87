"""Ranges gone over from their end: ``reversed(range(n))`` and ``range(n - 1, -1, -1)`` are one loop."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import source, value_and_grad
from tests.test_regressions import agrees

X = np.array([0.3, -0.7, 1.1, 0.4, 0.9, -0.2])


def by_reversed(x, a, b):
    s = 0.5
    for i in reversed(range(a, b)):
        s = np.sin(s + x[i])
    return s


def by_steps(x, a, b):
    s = 0.5
    for i in range(b - 1, a - 1, -1):
        s = np.sin(s + x[i])
    return s


def to_an_end(x, a, b):
    s = 0.5
    for i in range(b - 1, -1, -1):
        s = np.sin(s + x[i]) * (a + i)
    return s


def of_numbers(x, a, b):
    s = 0.5 * a * b
    for i in range(4, 0, -1):
        s = np.sin(s + x[i])
    for i in reversed(range(3)):
        s = np.sin(s * x[i])
    return s


def read_later(x, a, b):
    i, s = 5, 0.5
    for i in reversed(range(a, b)):
        s = np.sin(s + x[i])
    return s * x[i]


def left_early(x, a, b):
    s = 0.5
    for i in reversed(range(a, b)):
        s = np.sin(s + x[i])
        if s < 0.2:
            break
    return s


def changed_bounds(x, a, b):
    s = 0.5
    for i in reversed(range(a, b)):
        a, b = 0, i
        s = np.sin(s + x[i]) * b
    return s + a * x[0]


def in_others(x, a, b):
    s = 0.5
    for i in reversed(range(a, b)):
        for j in range(i, -1, -1):
            s = s + np.sin(s * x[i]) * x[j]
    return s


def counted(x, a, b):
    s = 0.5
    for k, i in enumerate(reversed(range(a, b))):
        s = np.sin(s + k * x[i])
    for i, j in zip(range(b), range(a, b)):
        s = np.sin(s + x[i] * x[j])
    return s


def substituted(x, a, b):
    u = np.outer(x, x) + 3.0 * np.eye(len(x))
    y = np.zeros(len(x))
    for i in range(len(x) - 1, -1, -1):
        y[i] = (x[i] - u[i, i + 1 :] @ y[i + 1 :]) / u[i, i]
    return np.sum(y**2) * a * b


FUNCTIONS = [by_reversed, by_steps, to_an_end, of_numbers, read_later, left_early, changed_bounds,
             in_others, counted, substituted]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), [(0, 6), (2, 5), (3, 3), (4, 2), (0, 1), (1, 0)])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_value_and_slopes_are_right(f, a, b):
    agrees(f, X, a, b)


@pytest.mark.parametrize("f", [by_reversed, by_steps])
def test_both_spellings_give_the_code_that_one_would_write(f):
    made = source(f, argnums=0, args=(X, 2, 5))
    assert "for i in reversed(range(a, b)):" in made
    assert "for i in range(a, b):" in made


def test_machine_code_checks_the_places_of_such_a_loop_before_it():
    pytest.importorskip("numba")
    compiled = value_and_grad(substituted, backend="numba")
    value, slope = compiled(X, 1, 2)
    expected = value_and_grad(substituted)(X, 1, 2)
    np.testing.assert_allclose(value, expected[0], rtol=1e-13)
    np.testing.assert_allclose(slope, expected[1], rtol=1e-11)
    assert "for i in reversed(range(" in compiled.source
    assert "            raise IndexError" not in compiled.source
