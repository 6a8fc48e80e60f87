"""Arrays that loops record: the very arrays where nothing writes to them afterwards, else copies."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

X = np.array([0.7, 1.3, -0.4, 0.9])
N = 3


def written_before(x, n):
    y = np.zeros(len(x))
    for _ in range(n):
        z = np.empty(len(x))
        z[0] = x[0]
        z[1:] = x[1:] * y[:-1]
        y = np.sin(y + z * z)
    return np.sum(y)


def written_after(x, n):
    s = 0.0
    for _ in range(n):
        z = np.exp(-x * s)
        s = np.tanh(s + 0.1 * np.sum(np.sin(z)))
        z[0] = s
        s = np.tanh(s + 0.02 * np.sum(z * z))
    return s


def written_between(x, n):
    s = 0.0
    for i in range(n):
        z = x * (1.0 + i)
        y = z * z
        z[1] = 0.1 * np.sum(y) * s
        w = np.sin(z) * y
        s = np.tanh(s + 0.01 * np.sum(w * z))
    return s


def written_in_the_next_iteration(x, n):
    z = x * 1.0
    s = 0.0
    for i in range(n):
        z[i] = z[i] * z[0] + s
        y = z
        s = np.tanh(s + 0.1 * np.sum(np.sin(y) * y))
    return s


def written_in_a_later_one(x, n):
    held = [x * 2.0]
    s = 0.0
    for _ in range(n):
        held[0][1] = s
        z = x * (1.0 + s)
        s = np.tanh(s + 0.1 * np.sum(z * z * held[0]))
        held[0] = z
    return s


def written_through_a_part(x, n):
    s = 0.0
    for i in range(n):
        z = np.outer(x, x) * (1.0 + i)
        row = z[1]
        s = np.tanh(s + 0.01 * np.sum(np.sin(z)) * np.sum(row * row))
        row[2] = s
        s = np.tanh(s + 0.02 * np.sum(z * z))
    return s


def written_in_a_branch(x, n):
    s = 0.0
    for i in range(n):
        z = x * (1.0 + i)
        if i % 2:
            y = np.sin(z)
            s = np.tanh(s + 0.1 * np.sum(y * z))
        z[0] = s
        s = np.tanh(s + 0.02 * np.sum(z * z))
    return s


def written_in_a_loop_within(x, n):
    s = 0.0
    for i in range(n):
        z = x * (1.0 + i)
        for j in range(n):
            y = z * z
            s = np.tanh(s + 0.1 * np.sum(np.sin(y) * z))
            z[j] = s
    return s


def made_in_a_loop_within(x, n):
    s = 0.0
    for _ in range(n):
        for j in range(n):
            z = np.empty(len(x))
            z[:] = x * s + j
            z[j] = x[j]
            s = np.tanh(s + 0.1 * np.sum(np.sin(z) * z))
    return s


def one_of_two(x, n):
    s = 0.0
    for i in range(n):
        y = x * (1.0 + s)
        z = x * (2.0 + s)
        w = y if i % 2 else z
        s = np.tanh(s + 0.1 * np.sum(np.sin(w) * w))
        y[0] = s
        s = np.tanh(s + 0.1 * np.sum(np.sin(z) * y))
    return s


def swapped(x, n):
    a, b = x * 1.0, x * 2.0
    for _ in range(n):
        b[1:] = np.sin(a[:-1]) * b[1:]
        a, b = b, a * b
    return np.sum(a * b)


def in_a_while_loop(x, n):
    s, k = 0.0, 0
    while k < n:
        z = np.zeros(len(x))
        z[1:] = x[1:] * x[:-1] + s
        y = np.exp(-z)
        s = np.tanh(s + 0.1 * np.sum(y * z))
        z[0] = s
        s = np.tanh(s + 0.1 * np.sum(z) * z[0])
        k += 1
    return s


WRITTEN = [
    written_before, written_after, written_between, written_in_the_next_iteration,
    written_in_a_later_one, written_through_a_part, written_in_a_branch, written_in_a_loop_within,
    made_in_a_loop_within, one_of_two, swapped, in_a_while_loop,
]  # fmt: skip


def differences_of(f, h=1e-6):
    return np.array([(f(X + h * e, N) - f(X - h * e, N)) / (2 * h) for e in np.eye(len(X))])


@pytest.mark.parametrize("f", WRITTEN)
def test_gradients_are_right(f):
    expected = differences_of(f)
    assert np.allclose(adxform.grad(f)(X, N), expected, rtol=1e-6, atol=1e-6)
    made: dict[str, object] = {}
    exec(adxform.source(f), made)
    for _ in range(2):
        found = made[f"{f.__name__}_reverse"](X, N)[1]  # type: ignore[operator]
        assert np.allclose(found[0] if type(found) is tuple else found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("f", WRITTEN)
def test_gradients_of_machine_code_are_right(f):
    pytest.importorskip("numba")
    found = adxform.grad(f, backend="numba")(X, N)
    assert np.allclose(found, adxform.grad(f)(X, N), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("f", WRITTEN)
def test_second_derivatives_are_right(f):
    v = np.array([0.3, -1.2, 0.8, 0.1])
    _, along = adxform.jvp(adxform.grad(f), (X, N), (v, None))
    h = 1e-5
    gradient = adxform.grad(f)
    expected = (gradient(X + h * v, N) - gradient(X - h * v, N)) / (2 * h)
    assert np.allclose(along, expected, rtol=1e-5, atol=1e-5)


def test_what_is_written_to_no_more_is_not_copied():
    assert "z_tape[i] = z\n" in adxform.source(written_before)
    assert "copy" not in adxform.source(made_in_a_loop_within)


@pytest.mark.parametrize("f", [written_after, written_through_a_part, written_in_a_loop_within])
def test_what_is_written_to_again_is_copied(f):
    assert "= np.copy(" in adxform.source(f) or "= recorded(" in adxform.source(f)


def test_arrays_are_put_in_lists_where_none_is_copied():
    text = adxform.source(written_before, args=(X, N))
    assert "    y_tape = [None] * n" in text
    assert "    z_tape = np.empty((n, x.shape[0]))" in text
    assert "_tape = np.empty((n, x.shape[0]))" in adxform.source(written_after, args=(X, N))
