"""Elements of rows are read from the arrays that have them, unless something is written before."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

P = np.random.default_rng(4).normal(size=(5, 2))
T = np.random.default_rng(5).normal(size=(3, 4, 2))


def unpacked(p):
    s = 0.0
    for i in range(len(p)):
        x, y = p[i]
        s += np.sin(x) * y
    return s


def named(p):
    s = 0.0
    for row in p:
        s += np.sin(row[0]) * row[-1]
    return s


def chained(p):
    s = 0.0
    for i in range(len(p)):
        s += np.sin(p[i][0]) * p[i - 1][1]
    return s


def nested(t):
    s = 0.0
    for plane in t:
        for x, y in plane:
            s += np.sin(x) * y
    return s


def in_a_branch(p):
    s = 0.0
    for i in range(len(p)):
        row = p[i]
        if row[0] > 0.0:
            s += np.sin(row[0]) * row[1]
    return s


@pytest.mark.parametrize(("f", "x"), [(unpacked, P), (named, P), (chained, P), (nested, T),
                                      (in_a_branch, P)])
def test_no_row_of_zeros_is_made(f, x):
    adxform.check_grads(f, (x,))
    made = adxform.grad(f)
    made(x)
    assert made.source.count("np.zeros_like(") == 1


def written_between(p):
    q = p * 1.0
    s = 0.0
    for i in range(len(p)):
        row = q[i]
        q[i, 0] = p[i, 1] ** 2
        s += row[0] * row[1]
    return s


def row_written(p):
    q = p * 1.0
    s = 0.0
    for i in range(len(p)):
        row = q[i]
        row[0] = p[i, 1] ** 2
        s += row[0] * q[i][1]
    return s


def of_a_row_before(p):
    last = p[0]
    s = 0.0
    for i in range(1, len(p)):
        row = p[i]
        s += row[0] * last[1]
        last = row
    return s


def whole_row(p):
    s = 0.0
    for row in p:
        s += row[0] * np.sum(row)
    return s


def of_places(p):
    s = 0.0
    for i in range(len(p)):
        row = p[i]
        s += row[0] * np.sum(row[np.array([0, 1, 1])])
    return s


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    "f", [written_between, row_written, of_a_row_before, whole_row, of_places])
def test_rows_of_which_more_is_asked_stay(f, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    value, bar = adxform.value_and_grad(f, backend=backend)(P)
    assert value == pytest.approx(f(P), rel=1e-13)
    along = np.cos(np.arange(10.0)).reshape(5, 2)
    near = (f(P + 1e-6 * along) - f(P - 1e-6 * along)) / 2e-6
    assert np.sum(bar * along) == pytest.approx(near, rel=1e-6)


def test_a_length_is_asked_once():
    def pairs(p):
        s = 0.0
        for i in range(len(p)):
            a, b = p[i]
            c, d = p[i - 1]
            s += a * d - b * c
        return s

    made = adxform.grad(pairs)
    made(P)
    assert made.source.count("raise ValueError") == 1
