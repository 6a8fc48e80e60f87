"""Writes to cotangents that nothing reads again are not made; trimmed arrays are recorded whole."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

X = np.random.default_rng(0).normal(size=6)


def shifted(x):
    z = np.empty(len(x))
    z[0] = x[0] ** 2
    z[1:] = x[1:] * x[:-1]
    return np.sum(np.sin(z))


def ends(x):
    z = np.empty(len(x))
    z[-1] = x[0] * x[1]
    z[:-1] = np.sin(x[1:])
    return z @ z


def with_a_new_axis(x):
    z = np.zeros((3, 2))
    z[0] = x[:2]
    z[0, 1] = x[2] * x[3]
    row = z[None, 0]
    return np.sum(np.sin(row)) + np.sum(z**2)


def overlapping(x):
    z = x * 2.0
    z[2] = x[0] * x[1]
    z[1:] = np.sin(x[1:])
    return z @ z * z[2]


def steps(x, n):
    y = np.zeros(len(x))
    for _ in range(n):
        z = np.empty(len(x))
        z[0] = x[0]
        z[1:] = x[1:] * y[:-1]
        y = np.sin(y + 0.1 * z)
    return y[-1] + np.sum(y[1:-1] ** 2)



def differences_of(f, x, *rest, h=1e-6):
    return np.array([(f(x + h * e, *rest) - f(x - h * e, *rest)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize("f", [shifted, ends, overlapping, with_a_new_axis])
def test_the_gradient_is_right(f):
    assert np.allclose(adxform.grad(f)(X), differences_of(f, X), rtol=1e-8, atol=1e-8)


def test_steps_are_right():
    assert np.allclose(adxform.grad(steps)(X, 4), differences_of(steps, X, 4), atol=1e-8)


@pytest.mark.parametrize("f", [shifted, ends])
def test_what_is_read_no_more_is_not_set_to_zero(f):
    text = adxform.source(f, args=(X,))
    assert "] = 0.0" not in text
    assert "copy" not in text


def test_what_is_read_again_is_set_to_zero():
    assert "z_bar[1:] = 0.0" in adxform.source(overlapping, args=(X,))


def test_an_array_is_recorded_once_for_its_parts():
    text = adxform.source(steps, args=(X, 4))
    assert "y_tape[i] = y\n" in text
    assert text.count("[None]") == text.count("_tape[i] = ") == 2


def test_a_write_out_of_bounds_is_an_error_still():
    def f(x):
        z = np.zeros(3)
        z[5] = x[0]
        return z[0] + x[0]

    with pytest.raises(IndexError):
        adxform.grad(f)(X)


# --- in loops ---------------------------------------------------------------------------------


def element_by_element(x):
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = np.sin(x[i]) * x[i]
    return np.sum(out**2)


def column_by_column(x):
    out = np.empty((2, len(x)))
    for i in range(len(x)):
        out[:, i] = x[i] ** 2 * x[:2]
    return np.sum(np.sin(out))


def from_the_end(x):
    out = np.zeros(len(x) + 2)
    for i in range(-2, len(x)):
        out[i] = np.sin(x[i]) * x[i]
    return np.sum(out**2)


def every_other(x):
    out = np.zeros(len(x))
    for i in range(1, len(x), 2):
        out[i] = x[i] * x[i - 1]
    return out @ np.cos(out) + out[0] * x[0]


def triangle(x):
    out = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        for j in range(i):
            out[i, j] = x[i] * x[j] ** 2
    return np.sum(np.exp(out))


def one_place(x):
    out = np.zeros(2)
    total = 0.0
    for i in range(len(x)):
        out[0] = x[i] ** 2
        out[1] = out[0] * x[0]
        total += out[1] * out[0]
    return total + out[0]


def back_and_forth(x):
    out = x * 1.0
    for i in range(1, len(x)):
        out[i] = out[i - 1] * x[i]
        out[i - 1] = np.sin(out[i])
    return np.sum(out**2)


def twice_over(x):
    out = x * 1.0
    for _ in range(2):
        for i in range(len(x)):
            out[i] = out[i] ** 2 * x[0]
    return np.sum(out)


def while_it_lasts(x):
    out, i = x * 1.0, 0
    while i < 4:
        out[i] = out[i + 1] * x[i]
        i += 1
    return np.sum(out**3)


def one_side(x):
    out = x * 1.0
    for i in range(len(x) - 1):
        if x[i] > 0.0:
            out[i] = x[i] ** 3
        else:
            out[i + 1] = out[i] * x[i]
    return np.sum(out * x)


LOOPS = (
    element_by_element, column_by_column, from_the_end, every_other, triangle, one_place,
    back_and_forth, twice_over, while_it_lasts, one_side,
)  # fmt: skip


@pytest.mark.parametrize("f", LOOPS)
def test_loops_are_right(f):
    given = X.copy()
    assert np.allclose(adxform.grad(f)(given), differences_of(f, X), rtol=1e-7, atol=1e-7)
    adxform.check_grads(f, (X,))
    assert np.array_equal(given, X)


@pytest.mark.parametrize("f", [element_by_element, column_by_column, every_other, triangle])
def test_an_element_of_one_iteration_is_not_set_to_zero(f):
    text = adxform.source(f, args=(X,))
    assert "] = 0.0" not in text
    assert "copy" not in text


@pytest.mark.parametrize("f", [from_the_end, one_place])
def test_an_element_that_a_later_iteration_reads_is(f):
    assert "] = 0.0" in adxform.source(f, args=(X,))
