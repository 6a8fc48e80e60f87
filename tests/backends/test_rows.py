"""What is recorded is computed where it is recorded; a transposed operand is a view."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

pytest.importorskip("numba")

X = np.random.default_rng(0).normal(size=5)
A = np.random.default_rng(1).normal(size=(4, 5))


def steps(x, n):
    y = np.zeros(len(x))
    for _ in range(n):
        half = y + 0.05 * np.sin(x * y)
        y = y + 0.1 * np.cos(half * x) * half
    return np.sum(y)


def rows(x):
    out = np.empty((3, len(x)))
    for i in range(3):
        row = np.sin(x) * (i + 1.0)
        out[i] = row
        row *= 2.0
    return np.sum(out**2)


def carried(x):
    out = np.zeros((3, len(x)))
    row = x * 1.0
    for i in range(3):
        new = np.sin(row) + x
        out[i] = new
        row = new
    return np.sum(out * row)


def read_before(x):
    out = np.ones((3, len(x)))
    total = 0.0
    for i in range(3):
        row = x * out[i] + i
        total += np.sum(out[i] * row)
        out[i] = row
    return total + np.sum(out)


def written_again(x):
    out = np.zeros((3, len(x)))
    total = 0.0
    for i in range(3):
        row = np.exp(0.1 * x) * (i + 1.0)
        out[i] = row
        out[i, 0] = 5.0
        total += np.sum(row * row)
    return total + np.sum(out)


def returned(x):
    out = np.zeros((2, len(x)))
    row = x
    for i in range(2):
        row = np.cos(x) * (i + 2.0)
        out[i] = row
    out[1, 0] = 3.0
    return np.sum(out) * row


@pytest.mark.parametrize("f", [rows, carried, read_before, written_again])
def test_gradients_are_right(f):
    made = adxform.grad(f, backend="numba")
    assert np.allclose(made(X), adxform.grad(f)(X), rtol=1e-13)
    value, _ = adxform.value_and_grad(f, backend="numba")(X)
    assert value == pytest.approx(f(X), rel=1e-13)


def test_results_are_nobodys_rows():
    value, pull = adxform.vjp(returned, X, backend="numba")
    assert np.allclose(value, returned(X))
    assert np.allclose(pull(np.ones(5))[0], adxform.vjp(returned, X)[1](np.ones(5))[0])


def test_steps_are_recorded_in_place():
    made = adxform.grad(steps, backend="numba")
    assert np.allclose(made(X, 4), adxform.grad(steps)(X, 4), rtol=1e-13)
    assert "half_tape[i, i_2] = " in made.source
    assert "half = np.empty(" not in made.source


def listed(w, x):
    rows = []
    for i in range(len(w)):
        rows.append(np.exp(-w[i] * x))
    return np.sum(np.sum(np.array(rows), axis=0) * x)


def test_what_lists_hold_is_nobodys_row():
    made = adxform.grad(listed, backend="numba")
    w = np.array([0.5, 1.0, 1.5])
    assert np.allclose(made(w, X), adxform.grad(listed)(w, X), rtol=1e-13)
    assert "tape.copy()" not in made.source  # a copy of all for each element


def product(a, m):
    return np.sum(((m - np.sin(a)) @ m.T) ** 2)


def test_a_transposed_operand_is_not_stored():
    made = adxform.grad(product, backend="numba")
    assert np.allclose(made(A, A[:, ::-1].copy()), adxform.grad(product)(A, A[:, ::-1].copy()))
    assert "transposed = np.empty(" not in made.source
