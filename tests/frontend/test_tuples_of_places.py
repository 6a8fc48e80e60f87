"""``a[tuple(places)]`` of a list of places: a list by itself means other elements."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError, grad, source
from tests.test_regressions import agrees

A = np.array([[1.0, 2.0, 3.0], [4.5, 5.0, 6.0], [7.0, 8.0, 9.5]])


def along(a, axis):
    places = [slice(None)] * a.ndim
    places[axis] = slice(0, 2)
    return a[tuple(places)]


def one(a, i):
    places = [0] * a.ndim
    places[i] = 2
    return a[tuple(places)] * a[tuple([i, 1])]


def appended(a, n):
    places = []
    for k in range(n):
        places.append(k)
    return np.sum(a[tuple(places)])


def found(a, n):
    place = list(np.argwhere(a > 4)[n])
    return a[tuple(place)] * np.sum(a[place])


def written(a, axis):
    places = [slice(None)] * 2
    places[axis] = 1
    b = a * 1.0
    b[tuple(places)] = 2.0 * a[tuple(places)]
    b[tuple(places)] *= a[0, 0]
    return b


@pytest.mark.parametrize("f, n", [
    (along, 1), (along, -1), (one, 0), (one, 1), (appended, 2), (found, 1), (written, 0), (written, 1),
])
def test_places(f, n) -> None:
    agrees(f, A, n)


def test_text_for_unknown_types() -> None:
    space: dict = {}
    exec(source(one, "forward", (0,), args=(A, 1)), space)
    assert space["one_forward"](A, 1, A)[0] == one(A, 1)


def under_a_name(a, n):
    places = []
    for k in range(n):
        places.append(k)
    places = tuple(places)
    return np.sum(a[places])


def written_under_a_name(a, n):
    places = [0, 0]
    places[n] = 1
    places = tuple(places)
    b = a * 1.0
    b[places] = a[2, 2] * 3.0
    return np.sum(b * b)


@pytest.mark.parametrize("f, n", [(under_a_name, 2), (written_under_a_name, 1)])
def test_right_or_refused(f, n) -> None:
    """The list was an index: ``a[[0, 1]]`` are rows, and ``a[0, 1]`` is a number."""
    try:
        grad(f)(A, n)
    except UnsupportedError:
        return
    agrees(f, A, n)
