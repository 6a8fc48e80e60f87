"""Views and other names of an array: what is written through one is seen through the others."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, grad

X = np.array([1.5, 2.5])
A = np.arange(12.0).reshape(3, 4) / 10


# The first five are wrong in a tool that follows values only, without a word.


def view(x):
    y = x * 1.0
    v = y[:1]
    v *= 3
    return np.sum(y * x)


def alias(x):
    y = x * 2
    z = y
    z *= x
    return np.sum(y * y)


def buf(x):
    c = np.ones(2)
    y = c * x
    c[0] = 5
    return np.sum(y * y)


def work(x):
    c = np.ones(2)
    s = 0.0
    for _ in range(3):
        c *= 2
        s += np.sum(c * x)
    return s


def idx(x):
    i = np.array([0, 1])
    y = x[i]
    i[:] = 0
    return np.sum(y * y) * y[1]


def rowv(a):
    b = a * 1.0
    for i in range(3):
        row = b[i]
        row[:] = row * row[0]
        row[1] += 2.0
    return np.sum(b * a)


def tv(a):
    b = a * 2.0
    t = b.T
    t[0] = 3.0 * t[1]
    b[1, 1] = 7.0
    return np.sum(t * a.T) + np.sum(b * b)


def inbranch(x):
    y = x * 2.0
    z = y
    if x[0] > 1.0:
        z[0] = x[1] ** 2
    else:
        z *= 3.0
    return np.sum(y * y) + z[0]


def loopalias(x):
    y = np.zeros(4)
    v = y[1:3]
    for k in range(3):
        v += x * k
        y[0] += v[0] * v[1]
    return np.sum(y * y) * v[0]


def swap(x):
    u = x * 1.0
    w = x * 2.0
    for k in range(3):
        w[0] = u[0] * u[1]
        w[1] = u[1] + w[0]
        u, w = (w, u)
    return np.sum(u * w)


def lists(x):
    y = x * 2.0
    xs = [y, x]
    y[0] = x[1] ** 2
    return np.sum(xs[0] * xs[1])


def sub2(x):
    a = x * 1.0

    def bump(v, k):
        v[0] += k
        return v
    b = bump(a, x[1])
    b *= 2.0
    return np.sum(a * a)


def resh(x):
    y = np.zeros((2, 2))
    f = y.ravel()
    f[1] = x[0]
    return np.sum(y * y)


def overlap(x):
    y = np.zeros(4)
    y[:2] = x
    y[1:] = y[:-1]
    y[::-1][0] = x[0] * x[1]
    return np.sum(y * y * y)


def nest(x):
    y = np.zeros((2, 3))
    for i in range(2):
        r = y[i]
        for j in range(3):
            if j > 0:
                r[j] = r[j - 1] * x[i] + 1.0
            else:
                r[j] = x[i]
    return np.sum(y ** 2)


def whl(x):
    y = x * 1.0
    z = y
    k = 0
    while k < 3:
        z[0] = y[1] * z[0]
        k += 1
    return y[0] * y[1]


def two(x):
    u = x.copy()
    v = u
    u = u + 1.0
    v[0] = x[1]
    return np.sum(u * v)


def in_a_closure(x):
    w = x * 1.0

    def first(v):
        w[0] = v

    first(x[1] ** 2)
    return np.sum(w * x)


def through_a_call(x):
    y = x * 1.0
    z = y
    scale_first(y[:], x[1])
    return np.sum(y) * np.sum(z)


def scale_first(a, k):
    a[0] *= k
    a.sort()


VECTORS = [
    view, alias, buf, work, idx, inbranch, loopalias, lists, sub2, resh, overlap, nest, whl, two,
    in_a_closure, through_a_call,
]


def check(f, x):
    kept = x.copy()
    value, gradient = adxform.value_and_grad(f)(x)
    assert value == f(x.copy())
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(adxform.value_and_grad(f)(x)[1], gradient)
    adxform.check_grads(f, (x,), order=2)


@pytest.mark.parametrize("f", VECTORS, ids=lambda f: f.__name__)
def test_writes_to_vectors(f):
    check(f, X)


@pytest.mark.parametrize("f", [rowv, tv], ids=lambda f: f.__name__)
def test_writes_to_matrices(f):
    check(f, A)


def perhaps_a_view(x):
    y = np.outer(x, x).T
    flat = y.ravel()
    flat[0] = x[0]
    return np.sum(y)


def test_what_may_be_a_view_or_a_copy_is_refused():
    with pytest.raises(UnsupportedError, match="a view or a copy"):
        grad(perhaps_a_view)(X)


def test_arrays_that_change_places():
    check(swap, X)


def in_a_comprehension(x):
    y = x * 1.0
    return sum([bump(y) * v for v in x])


def bump(a):
    a[0] += 1.0
    return a[0]


def test_writes_where_they_cannot_be_followed_are_refused():
    with pytest.raises(UnsupportedError, match="write"):
        grad(in_a_comprehension)(X)
