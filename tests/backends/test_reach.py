"""Indices are in bounds where sums of sizes say so; else that is asked as far out as it can be."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from tests.backends.plainly import loop_nests_in_python
from tests.backends.test_numba_backend import same

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

V = np.sin(np.arange(1.0, 8.0))
M = np.cos(np.arange(30.0)).reshape(5, 6)
B = np.cos(V)
ROWS, PLACES = np.array([0, 2, 2, 5, 7]), np.array([0, 3, 1, 2, 3, 0, 1])


def convolved(x):
    rows, cols = x.shape
    out = np.zeros((rows - 2, cols - 1))
    for i in range(rows - 2):
        for j in range(cols - 1):
            for a in range(3):
                for b in range(2):
                    out[i, j] += x[i + a, j + b] * (a + b)
    return np.sum(out * out)


def warped(x):
    n, m = x.shape
    best = np.full((n + 1, m + 1), 9.0)
    best[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            best[i, j] = x[i - 1, j - 1] + min(best[i - 1, j], best[i, j - 1], best[i - 1, j - 1])
    return best[n, m]


def windows(x):
    total = 0.0
    for i in range(len(x)):
        part = 0.0
        for j in range(max(0, i - 2), min(len(x), i + 3)):
            part += x[j] * x[(i + j) % len(x)]
        total += part * part
    return total


def pairs(x):
    total = 0.0
    for i in range(len(x) - 1, 0, -1):
        for j in range(i):
            total += x[i] * x[i - j] * x[(i - 1) // 2] * x[j - len(x)]
    return total


@pytest.mark.parametrize("f, x", [(convolved, M), (warped, M), (windows, V), (pairs, V)])
def test_no_question_is_left_where_sizes_tell(f, x) -> None:
    with loop_nests_in_python():
        derivative = adxform.value_and_grad(f, backend="numba")
        for one, other in zip(derivative(x), adxform.value_and_grad(f)(x), strict=True):
            same(one, other)
    assert "IndexError" not in derivative.source


def in_rows(data, places, rows, x):
    total = 0.0
    for i in range(len(rows) - 1):
        row = 0.0
        for k in range(rows[i], rows[i + 1]):
            row = np.tanh(row + data[k] * x[places[k]])
        total += row
    return total


def test_what_bounds_a_loop_is_asked_about_before_it() -> None:
    derivative = adxform.grad(in_rows, argnums=(0, 3), backend="numba")
    plain = adxform.grad(in_rows, argnums=(0, 3))
    for rows in (ROWS, np.array([4, 2, 2, 1]), np.array([0])):
        bars, expected = derivative(V, PLACES, rows, M[0]), plain(V, PLACES, rows, M[0])
        for one, other in zip(bars, expected, strict=True):
            same(one, other)
    inner = derivative.source.split("for k in ")[1:]
    assert inner and all("data.shape" not in text.split("for ")[0] for text in inner)
    for rows, places in ((ROWS + 1, PLACES), (ROWS - 8, PLACES), (ROWS, PLACES + 4)):
        with pytest.raises(IndexError, match="out of bounds"):
            derivative(V, places, rows, M[0])


def even(x):
    total = 0.0
    for i in range(0, len(x) - 1, 2):
        total += x[i] * x[i + 1]
    for i in range(len(x) // 2):
        total += x[2 * i + 1] ** 2
    return total


def counted(x, n):
    total = 0.0
    for i in range(n):
        total += x[i] * x[n - i]
    return total


def test_an_index_that_stays_in_bounds_raises_nothing() -> None:
    with loop_nests_in_python():
        derivative = adxform.grad(even, backend="numba")
        for length in (0, 1, 2, 6, 7):
            same(derivative(V[:length]), adxform.grad(even)(V[:length]))
    derivative = adxform.grad(counted, backend="numba")
    same(derivative(V, 6), adxform.grad(counted)(V, 6))
    for n in (7, 8):
        with pytest.raises(IndexError, match="out of bounds"):
            derivative(V, n)


def shrinking(x, n):
    size = len(x)
    total = 0.0
    for i in range(n):
        size -= 1
        y = np.empty(size)
        for j in range(size):
            y[j] = x[i] * j
        total += y[size - 1] * y[-1] + y[0]
    return total


def test_sizes_that_a_loop_changes_are_those_of_its_iteration() -> None:
    derivative = adxform.grad(shrinking, backend="numba")
    same(derivative(V, 6), adxform.grad(shrinking)(V, 6))
    with pytest.raises(IndexError, match="out of bounds"):
        derivative(V, 7)


def squares_of_rows(data, places, rows, x):
    total = 0.0
    for i in range(len(rows) - 1):
        row = 0.0
        for k in range(rows[i], rows[i + 1]):
            row += data[k] * x[places[k]]
        total += row * row
    return total


def test_numbers_that_one_loop_asked_about_are_in_bounds_in_the_next() -> None:
    derivative = adxform.grad(squares_of_rows, argnums=(0, 3), backend="numba")
    plain = adxform.grad(squares_of_rows, argnums=(0, 3))
    for rows in (ROWS, np.array([4, 2, 3])):
        bars, expected = derivative(V, PLACES, rows, M[0]), plain(V, PLACES, rows, M[0])
        for one, other in zip(bars, expected, strict=True):
            same(one, other)
    assert "IndexError" not in derivative.source.split("row_bar = ")[1]
    for places in (PLACES + 3, PLACES - 7):
        with pytest.raises(IndexError, match="out of bounds"):
            derivative(V, places, ROWS, M[0])


def marked(x, places):
    places = places.copy()
    total = 0.0
    for k in range(len(places)):
        total += x[places[k]] ** 2
    for k in range(len(places)):
        places[k] += 2
    for k in range(len(places)):
        total += x[places[k]] ** 3
    return total


def test_numbers_that_were_changed_are_asked_about_again() -> None:
    derivative = adxform.grad(marked, backend="numba")
    places = np.array([0, 3, 4])
    same(derivative(V, places), adxform.grad(marked)(V, places))
    with pytest.raises(IndexError, match="out of bounds"):
        derivative(V, places + 1)


COUNT = np.array([4])[0]


def as_often(x, y):
    total = 0.0
    for i in range(COUNT):
        total += np.sin(x[i]) * y[COUNT - 1 - i]
    return total


def test_numbers_from_outside_are_asked_about() -> None:
    derivative = adxform.grad(as_often, argnums=(0, 1), backend="numba")
    for one, other in zip(derivative(V, B), adxform.grad(as_often, (0, 1))(V, B), strict=True):
        same(one, other)
    with pytest.raises(IndexError, match="out of bounds"):
        derivative(V[:3], B)
