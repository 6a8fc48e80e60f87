"""``sorted``: by keys that are tuples, of what is not differentiated by keys that are."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad, source, vjp

X = np.array([0.7, 1.3, -0.4, 2.1])
M = np.array([[1.0, 2.0, 3.0], [4.0, 1.0, 3.5], [0.5, 2.0, 1.0]])
NAMES = ["bb", "a", "ccc", "dddd"]


def rows_by_tuples(m):
    return np.array(sorted(m, key=lambda r: (np.floor(r[1]), r[0]))) ** 2


def rows_by_tuples_backward(m):
    return np.array(sorted(m, key=lambda r: (r[1], r[0]), reverse=True)) ** 2


@pytest.mark.parametrize("f", [rows_by_tuples, rows_by_tuples_backward])
def test_rows_are_in_the_order_of_tuples(f):
    m = M + np.array([[0.0, 0.1, 0.0], [0.0, 0.2, 0.0], [0.0, 0.3, 0.0]])
    value, _ = vjp(f, m)
    np.testing.assert_array_equal(value, f(m))
    check_grads(f, (m,), order=1)


def test_equal_keys_keep_their_order():
    def f(m):
        return np.array(sorted(m, key=lambda r: (r[1], 0.0), reverse=True))

    np.testing.assert_array_equal(vjp(f, M)[0], f(M))


def names_by_values(x):
    p = dict(zip(NAMES, x, strict=True))
    best = sorted(NAMES, key=lambda name: p[name])
    return sum(p[name] ** (i + 1) for i, name in enumerate(best)), best


def places_by_a_list(x):
    values = []
    for v in x:
        values.append(v * v)
    order = sorted(range(len(values)), key=lambda i: values[i], reverse=True)
    return values[order[0]] * 2.0 + values[order[1]] * 3.0


def test_what_is_not_differentiated_is_sorted_by_what_is():
    check_grads(places_by_a_list, (X,), order=1)
    value, _ = vjp(names_by_values, X)
    assert value == names_by_values(X) and type(value[1][0]) is str
    found, _ = grad(names_by_values, has_aux=True)(X)
    np.testing.assert_allclose(found, grad(lambda x: x[2] + x[0] ** 2 + x[1] ** 3 + x[3] ** 4)(X))


def test_text_and_integers_stay_what_they_are():
    def f(x):
        return x[0] * len(sorted(NAMES)[0]), sorted(NAMES, key=len), sorted([3, 1, 2])

    value, _ = vjp(f, X)
    assert value == f(X) and type(value[1][0]) is str and type(value[2][0]) is int
    assert "sorted(NAMES, key=len)" in source(f, args=(X,))
