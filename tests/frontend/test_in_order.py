"""``sorted``: by keys that are tuples, of what is not differentiated by keys that are."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad, source, vjp

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


Y = np.array([1.0, 0.4, 0.9, 0.2])


def sorted_pairs(x, y):
    pairs = list(zip(x, y, strict=True))
    area = 0.0
    for (a, b), (c, d) in zip(sorted(pairs)[:-1], sorted(pairs)[1:], strict=True):
        area += (c - a) * (b + d)
    return area * max(pairs)[1] * min(pairs)[1] * min(pairs)[0]


def sorted_iterator(x, y):
    total = 0.0
    for i, (a, b) in enumerate(sorted(zip(x, y, strict=True), key=lambda p: p[1])):
        total += a * b**i
    return total


def sorted_in_place(x, y):
    values = [a * b for a, b in zip(x, y, strict=True)]
    values.sort(reverse=True)
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    pairs.sort(key=lambda p: -p[1])
    ends = [x[0], x[1], y[2]]
    ends.sort()
    places = [3, 1, 2]
    places.sort()
    return values[0] ** 2 * values[2] + pairs[1][0] * ends[0] * ends[2] * places[1]


def of_several(x, y):
    return sum(map(lambda a, b: a * b * b, x, y)) + list(enumerate(x))[2][1] ** 2


@pytest.mark.parametrize("f", [sorted_pairs, sorted_iterator, sorted_in_place, of_several])
def test_pairs_are_sorted(f):
    value, _ = vjp(f, X, Y)
    assert value == f(X, Y)
    check_grads(f, (X, Y), order=1)


def test_a_sorted_array_is_the_same_array():
    def f(x):
        y = x * x
        z = y
        y.sort()
        return z[0] * y[3] + z[1]

    check_grads(f, (X,), order=1)


def added(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    return (pairs[0] + pairs[1])[1]


def repeated_by_a_function(x, y):
    twice = lambda row: row * 2
    return twice([(a, b) for a, b in zip(x, y, strict=True)][0])[1]


def compared(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    return x[0] if pairs[0] < pairs[1] else y[0]


def searched(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    return x[0] if (x[1], y[1]) in pairs else y[0]


def as_a_set(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    return len(set(pairs)) * x[0]


def of_its_kind(x, y):
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    return isinstance(pairs[0], tuple) * x[0]


@pytest.mark.parametrize(
    "f", [added, repeated_by_a_function, compared, searched, as_a_set, of_its_kind]
)
def test_what_means_another_thing_to_an_array_than_to_a_tuple_is_refused(f):
    with pytest.raises(UnsupportedError, match="this is a tuple in a list of such"):
        grad(f)(X, Y)


def beside_text(x, y):
    rows = [(v, "text") for v in x]
    return rows[0][0] * len(rows[1][1])


def tuples_in_tuples(x, y):
    rows = [(a, (b, a)) for a, b in zip(x, y, strict=True)]
    return rows[0][1][0] * rows[1][0]


@pytest.mark.parametrize("f", [beside_text, tuples_in_tuples])
def test_what_no_array_holds_is_refused(f):
    with pytest.raises(UnsupportedError, match="for each item"):
        grad(f)(X, Y)


def test_a_tuple_may_be_added_to_an_array():
    def f(x, y):
        total = np.zeros(2)
        for pair in [(a, a * b) for a, b in zip(x, y, strict=True)]:
            total = total + pair
        return total[0] * total[1]

    check_grads(f, (X, Y), order=1)


def summed_strictly(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def listed_strictly(x, y):
    return [a * b for a, b in zip(x, y, strict=True)][0]


def named_strictly(x, y):
    p = dict(zip(NAMES, x, strict=True))
    return p["a"] * y[0]


@pytest.mark.parametrize("f", [summed_strictly, listed_strictly, named_strictly])
def test_lengths_that_differ_are_an_error_where_they_are_to_be_equal(f):
    check_grads(f, (X, Y), order=1)
    with pytest.raises(ValueError, match="zip"):
        grad(f)(X[:3], Y)


def extremes(x, y):
    large = max(list(zip(x, np.sin(y), strict=True)))
    value, place = max((v, i) for i, v in enumerate(y))
    pairs = [(a, b) for a, b in zip(x, y, strict=True)]
    products = max(p[0] * p[1] for p in pairs)
    return large[1] * value * place * products + min(zip(x, y, strict=True))[1] + min([v * v for v in x])


def test_the_largest_of_pairs_is_a_pair():
    assert vjp(extremes, X, Y)[0] == extremes(X, Y)
    check_grads(extremes, (X, Y), order=1)
