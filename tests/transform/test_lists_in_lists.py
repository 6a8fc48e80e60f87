"""Lists that hold lists: their cotangents are added item by item, where ``+`` would join them."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import jvp, vjp

X = np.array([2.0, 3.0])


def read_and_returned(x):
    places = range(2)
    p = [[x[i] * x[j] * x[j] for j in places] for i in places]
    return [[x[j] * p[i][j] for j in places] for i in places], p


def returned_twice(x):
    places = range(2)
    p = [[x[i] * x[j] for j in places] for i in places]
    return p, p


def ragged(x):
    places = range(2)
    p = [[x[i] * x[j] for j in range(i + 1)] for i in places]
    return [p[i][0] * p[1][i] for i in places], p


SEEDS = {
    read_and_returned: ([[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.6], [0.7, 0.8]]),
    returned_twice: ([[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.6], [0.7, 0.8]]),
    ragged: ([1.0, 2.0], [[0.5], [0.7, 0.8]]),
}


def flat(value):
    return [x for v in value for x in flat(v)] if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize("f", SEEDS, ids=lambda f: f.__name__)
def test_reverse_is_the_transpose_of_forward(f):
    direction = np.array([0.3, -0.7])
    _, tangent = jvp(f, (X,), (direction,))
    (x_bar,) = vjp(f, X)[1](SEEDS[f])
    assert np.dot(flat(tangent), flat(SEEDS[f])) == pytest.approx(np.dot(x_bar, direction))
    step = 1e-6 * direction
    moved = np.subtract(flat(f(X + step)), flat(f(X - step)))
    np.testing.assert_allclose(flat(tangent), moved / 2e-6, rtol=1e-6)
