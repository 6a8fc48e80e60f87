"""Elements of rows are read from the arrays that have them, unless something is written before."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

P = np.random.default_rng(4).normal(size=(5, 2))
V = P[:, 0]
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


def windows(x):
    s = 0.0
    for i in range(1, len(x) - 1):
        before, here, after = x[i - 1 : i + 2]
        s += np.sin(before) * here - after**2
    return s


def windows_from_the_end(x):
    s = 0.0
    for i in range(len(x) - 1, 0, -2):
        w = x[i - 1 : 1 + i]
        s += np.sin(w[0]) * w[1]
    return s


def windows_of_planes(t):
    s = 0.0
    for i in range(2):
        for j in range(3):
            w = t[i : i + 2, j : j + 2, 0]
            s += np.sin(w[0, 1]) * w[1, 0] + w[0, 0]
    return s


def parts_of_parameters(p):
    rates, rest = p[0, :], p[1:]
    return rates[1] * np.sin(rest[0, 1]) + rest[2][0] ** 2


@pytest.mark.parametrize(("f", "x"), [(unpacked, P), (named, P), (chained, P), (nested, T),
                                      (in_a_branch, P), (windows, V), (windows_from_the_end, V),
                                      (windows_of_planes, T), (parts_of_parameters, P)])
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


def windows_from_a_negative_place(p):
    x = p[:, 0]
    s = 0.0
    for i in range(len(x)):
        w = x[i - 2 :]
        s += np.sin(w[0]) * w[1] if len(w) > 1 else w[0]
    return s


def window_written(p):
    x = p[:, 0] * 1.0
    s = 0.0
    for i in range(len(x) - 1):
        w = x[i : i + 2]
        x[i + 1] = p[i, 1] ** 2
        s += w[0] * w[1]
    return s


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(
    "f", [windows_from_a_negative_place, window_written, written_between, row_written, of_a_row_before, whole_row, of_places])
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


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize(("last", "error"), [(0, IndexError), (1, ValueError)])
def test_windows_end_where_arrays_end(last, error, backend):
    if backend == "numba":
        pytest.importorskip("numba")

    def item(x, n):
        s = 0.0
        for i in range(n):
            s += x[i : i + 2][1]
        return s

    def unpacked(x, n):
        s = 0.0
        for i in range(n):
            a, b = x[i : i + 2]
            s += a * b
        return s

    made = adxform.grad((item, unpacked)[last], backend=backend)
    made(V, 4)
    with pytest.raises(error):
        made(V, 5)


def test_items_beyond_a_window_are_none_of_the_array():
    def beyond(x):
        s = 0.0
        for i in range(2):
            s += x[i : i + 2][2]
        return s

    with pytest.raises(IndexError):
        adxform.grad(beyond)(V)
