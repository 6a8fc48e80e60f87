"""Lists that are made of as many numbers as a program needs, and then filled by their places."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, check_grads, grad

V = np.array([1.5, 2.5, 0.7, 0.4])


def zeros_of_integers(x, n=3):
    z = [0] * (n + 1)
    for i in range(n):
        z[i] = x * i
    return z[1] * x + z[2] * z[2]


def one_is_replaced(x, n=3):
    z = [0] * n
    z[1] = x * x
    return z[1] * x


def the_number_first(x, n=3):
    z = n * [1]
    for i in range(1, n):
        z[i] = z[i - 1] * x
    return sum(z) + max(z)


def longer_by_one(x, n=3):
    z = [1] + [0] * n
    for i in range(n):
        z[i + 1] = z[i] * x
    z.append(x)
    return len(z) * z[-1] * z[-2]


def known_length(x):
    z = [0.0] * 4
    for i in range(4):
        z[i] = x * i
    return z[1] * z[3]


def written_out(x):
    z = [1, 0, 0]
    for i in range(1, 3):
        z[i] = z[i - 1] * x + i
    return z[2] * x


def chosen_by_the_data(x, k=1):
    z = [0.0, 1.0, 2.0]
    z[k] = x
    z[k - 1] += x * x
    return z[0] * z[1] + z[2]


def catalan(x, n=4):
    counts = [0] * (n + 1)
    counts[0] = x
    for i in range(1, n + 1):
        for j in range(i):
            counts[i] += counts[j] * counts[i - j - 1]
    return counts[n]


def tridiagonal(x):
    """The second coefficients of the natural cubic spline through four points."""
    n = len(x) - 1
    h = [x[i + 1] - x[i] + 3.0 for i in range(n)]
    l, mu, z, c = [1] + [0] * n, [0] * (n + 1), [0] * (n + 1), [0] * (n + 1)
    for i in range(1, n):
        l[i] = 2 * (h[i] + h[i - 1]) - h[i - 1] * mu[i - 1]
        mu[i] = h[i] / l[i]
        z[i] = (x[i] ** 2 - h[i - 1] * z[i - 1]) / l[i]
    for j in range(n - 1, -1, -1):
        c[j] = z[j] - mu[j] * c[j + 1]
    return sum(c[:n]) * c[1]


def numbers_and_arrays(x, n=3):
    z = [0] * n
    z[1] = x * x
    return np.sum(sum(z) * x) + np.sum(z[2] + x)


def shape_of_ones(x, axis=1):
    shape = [1] * 2
    shape[axis] = -1
    return np.sum(x.reshape(shape) * np.ones((3, 1)) * np.sin(x))


NUMBERS = (zeros_of_integers, one_is_replaced, the_number_first, longer_by_one, known_length,
           written_out, chosen_by_the_data, catalan)


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_a_list_of_integers_takes_what_is_active(f):
    check_grads(f, (1.3,))
    assert grad(f)(1.3) != 0.0


@pytest.mark.parametrize("f", (tridiagonal, shape_of_ones, numbers_and_arrays), ids=lambda f: f.__name__)
def test_of_vectors(f):
    check_grads(f, (V,))


def test_a_list_that_repeats_another_is_refused_where_one_changes():
    def rows(x, n=3):
        z = [[0.0] * n] * 2
        z[0][1] = x
        return z[1][1] * x

    with pytest.raises(UnsupportedError):
        grad(rows)(2.0)


def test_an_array_that_is_repeated_and_changed_is_refused():
    def same(x, n=3):
        z = [np.zeros(3)] * n
        z[0][1] = x
        return z[1][1] * x

    with pytest.raises(UnsupportedError, match="share its memory"):
        grad(same)(2.0)


def filled(x, n=4):
    z = [0] * n
    for i in range(n):
        z[i] = x * i
    return z


def slices_side_by_side(x):
    z = filled(x)
    return sum(a * b for a, b in zip(z[:-1], z[1:], strict=True)) + sum(z[:2])  # noqa: RUF007


def turned(x):
    z = []
    for i in range(4):
        z.append(x * i)
    return np.sum(np.array(z[::-1]) * np.arange(4.0)) + z[1:][0] * z[2:][1]


def arrays_in_a_slice(x):
    z = []
    for i in range(1, 5):
        z.append(np.array([x * i, x]))
    return np.sum(np.array(z[1:]) ** 2) * np.sum(z[:2][1])


def copied_by_a_slice(x):
    z = filled(x)
    w, v = z[:], z.copy()
    w[1] = x * x
    v[2] = x * x * x
    return w[1] * z[1] + v[2] * z[2]


def unpacked(x):
    _, b, *rest = filled(x)
    return b * rest[1]


def from_its_end(x, n=4):
    z = [0] * n
    for i in range(n):
        z[i] = x * i
    w = list(reversed(z))
    v = np.array([a**2 for a in reversed(z)])
    return w[0] * w[1] + v[0] * sum(reversed(z))


def constants_from_their_end(x, n=4):
    z = []
    for i in range(n):
        if i > x:
            z.append(i * 1.0)
    return list(reversed(z))[0] * x


def joined_to_another(x, n=4):
    z = [0] * n
    for i in range(n):
        z[i] = x * i
    z = z + [x * x]
    z = [x] + z
    return z[-1] * z[0] * z[2]


def grows_by_joining(x):
    path = [x]
    for i in range(4):
        path = path + [path[-1] * x + i]
    return path[-1] * path[2]


def grows_in_place(x):
    path, both = [x], []
    for i in range(4):
        path += [path[-1] * x + i]
        both.extend([path[-1], x])
        both += (i, x * i)
    return path[-1] * path[2] + both[4] * both[-1] + len(both)


def repeated(x, n=3):
    z = [x, x * x] * n
    w = n * [x]
    for i in range(n):
        w[i] = w[i] * i + z[i]
    return z[5] * z[2] * w[2]


def twice(x, n=3):
    z = [x * i for i in range(n)] * 2
    return z[5] * z[2]


LISTS = (slices_side_by_side, turned, arrays_in_a_slice, copied_by_a_slice, unpacked,
         from_its_end, constants_from_their_end, joined_to_another, grows_by_joining, grows_in_place, repeated, twice)


@pytest.mark.parametrize("f", LISTS, ids=lambda f: f.__name__)
def test_slices_and_joins_of_lists(f):
    check_grads(f, (1.3,))
    assert grad(f)(1.3) != 0.0


def test_a_slice_that_is_replaced_is_refused():
    def replaced(x):
        z = filled(x)
        z[1:3] = [x, x**2]
        return z[2] * z[1] * z[3]

    with pytest.raises(UnsupportedError, match="a slice of a list is replaced"):
        grad(replaced)(2.0)


def test_an_array_in_two_lists_is_followed_or_refused():
    def same(x):
        v = np.array([x, x])
        z = [v] * int(v.size)
        v[0] = x * x
        return z[1][0] * x

    with pytest.raises(UnsupportedError, match="share its memory"):
        grad(same)(2.0)


def test_equal_numbers_are_written_as_they_would_be():
    assert "z = [0.0] * 4" in adxform.source(known_length, mode="reverse")


def test_of_items_by_places_that_are_kept():
    def ratios(x):
        places = range(len(x))
        inverse = [1.0 / v for v in x]
        roots = [[(1.0 + x[i] * inverse[j]) ** 0.5 for j in places] for i in places]
        return sum(x[j] * roots[i][j] for j in places for i in places if i < j)

    check_grads(ratios, ([0.4, 2.0, 1.3],))
