"""Lists of rows of which NumPy makes an array: ``path.append([x, y])``, then ``np.array(path)``."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adxform import UnsupportedError, source
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, 0.4])


def orbit(s, rate):
    x, y, z = s
    out = []
    for _ in range(5):
        dx, dy, dz = rate * (y - x), x * (2.0 - z) - y, x * y - 1.3 * z
        x, y, z = x + 0.01 * dx, y + 0.01 * dy, z + 0.01 * dz
        out.append([x, y, z])
    return np.array(out)


def arm(angles, lengths):
    x = y = phi = 0.0
    joints = [(x, y)]
    for angle, length in zip(angles, lengths):
        phi += angle
        x += length * math.cos(phi)
        y += length * math.sin(phi)
        joints.append((x, y))
    return np.array(joints)


def until(x):
    rows, times = [[1.0, 2.0]], []
    while len(rows) < 4:
        times.append(x)
        rows.append([rows[-1][0] * x, rows[-1][1] + x])
    return np.asarray(rows).T @ np.arange(4.0) * len(times)


def whole_numbers_beside(x):
    rows = []
    for i in range(3):
        rows.append([i, x * i, True])
    return np.array(rows)


def none(x):
    rows = []
    for i in range(len(X) - 3):
        rows.append((x, i))
    return len(np.array(rows).shape) + np.sum(np.array(rows)) + x


@pytest.mark.parametrize("f, args", [
    (orbit, (X, 1.5)), (arm, (X, X[::-1].copy())), (until, (1.3,)), (whole_numbers_beside, (1.3,)),
    (none, (1.3,)),
], ids=lambda p: getattr(p, "__name__", ""))
def test_rows_become_arrays(f, args) -> None:
    agrees(f, *args)


def test_the_name_may_be_that_of_the_array_later() -> None:
    agrees(lambda x: np.sum(_path(x)[:, 0]), X)


def _path(x):
    path = [[x[0], x[1]]]
    for k in range(4):
        a, b = path[k][0], path[k][1]
        path.append([a + 0.1 * b, b - 0.1 * a * x[2]])
    path = np.array(path)
    return path * path[-1]


def test_the_text_says_so() -> None:
    assert "out.append(np.array([x, y, z]))" in source(orbit, args=(X, 1.5))


def read_as_a_place(x):
    rows = []
    for i in range(3):
        rows.append([i, x[i]])
    return np.sum(np.array(rows)) * x[rows[1][0]]


def changed_meanwhile(x):
    at, rows = x * 1.0, []
    for _ in range(3):
        at[0] = at[0] * 2.0
        rows.append([at, x])
    return np.sum(np.array(rows))


def changed_later(x):
    a = x * 1.0
    rows = [[a, x] for _ in range(len(x))]
    a[0] = 5.0 * x[1]
    return np.sum(np.array(rows))


def changed_by_another_name(x, w):
    a = x * 1.0
    rows = [(a, x * i) for i in w]
    a += 1.0
    return np.sum(np.array(rows))


def ragged(x):
    rows = [[x[0], x * i] for i in range(len(x))]
    return rows[1][0] * np.sum(rows[2][1])


@pytest.mark.parametrize("f", [read_as_a_place, changed_meanwhile, changed_later, ragged,
                               lambda x: changed_by_another_name(x, [1.0, 2.0])])
def test_right_or_refused(f) -> None:
    """Rows of a comprehension were copied where Python keeps the arrays themselves: another value."""
    try:
        agrees(f, X)
    except UnsupportedError:
        pass
