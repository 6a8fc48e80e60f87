"""Of zeros that a loop writes over, only what stays zero is set to it."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

X = np.random.default_rng(0).normal(size=7)


def shifted(x, n):
    y = x * 1.0
    for _ in range(n):
        y = np.sin(np.tanh(y)[:-1] * x[1:]) @ x[:-1] * y
    return np.sum(y)


def inner(x, n):
    y = x * 1.0
    s = 0.0
    for _ in range(n):
        y = np.tanh(y + s)
        s = s + np.sum(np.exp(y)[2:-1] * x[:-3])
    return s


def rows(x, n):
    y = np.outer(x, x)
    s = 0.0
    for _ in range(n):
        y = np.tanh(y)
        s = s + np.sum(np.cos(y * s)[1:] * x)
    return s


def elements(x, n):
    s = 0.0
    for i in range(n):
        y = np.tanh(x * s)
        s = s + np.exp(y)[i] * x[i]
    return s


def alone(x):
    return np.sum(np.sin(x)[1:] * x[:-1])


def differences_of(f, x, *rest, h=1e-6):
    return np.array([(f(x + h * e, *rest) - f(x - h * e, *rest)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize("f", [shifted, inner, rows, elements])
def test_the_gradient_is_right(f):
    assert np.allclose(adxform.grad(f)(X, 3), differences_of(f, X, 3), rtol=1e-7, atol=1e-8)
    short = X[:4]
    assert np.allclose(adxform.grad(f)(short, 2), differences_of(f, short, 2), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("f", "ends"), [
    (shifted, ["[-1:] = 0.0"]), (inner, ["[:2] = 0.0", "[-1:] = 0.0"]), (rows, ["[:1] = 0.0"]),
])  # fmt: skip
def test_what_is_written_over_is_not_set_to_zero(f, ends):
    loop = adxform.source(f, args=(X, 3)).split("for i in reversed")[-1]
    assert loop.count("np.empty_like(") == 1
    assert loop.count("] = 0.0") == len(ends)
    assert all(end in loop for end in ends)


def test_zeros_stay_where_elements_are_written():
    assert "np.zeros_like(" in adxform.source(elements, args=(X, 3)).split("for i in reversed")[-1]


def test_outside_of_loops_zeros_are_shorter():
    text = adxform.source(alone, args=(X,))
    assert "np.zeros_like(" in text
    assert "np.empty_like(" not in text
