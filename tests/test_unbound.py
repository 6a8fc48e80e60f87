"""Variables that some path leaves unbound: recorded where they are read, and never given a value."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform import check_grads, grad, jvp, vjp
from tests.test_regressions import V, agrees, flat


def first_bound_in_the_loop(v, n):
    for i in range(n):
        w = v * i
    return np.sum(w * w)


def the_one_before(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s = s + y * y  # noqa: F821
        y = np.sin(x * (i + 1))
    return s


def the_array_before(v, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s = s + y @ y  # noqa: F821
        y = np.sin(v * (i + 1))
    return s


def bound_in_some_iterations(v, c: int, n: int):
    s = 1.0
    for i in range(n):
        if i > c:
            w = np.sin(v) * i
        if i > c + 1:
            s = s * np.sum(w * w)
    return s


def read_behind_and(x, n: int):
    s = x
    for i in range(n):
        if i > 0 and y > 0.1:  # noqa: F821
            s = s * y  # noqa: F821
        y = np.sin(s + i)
    return s


def of_no_known_shape(v, n: int):
    s = 0.0
    for i in range(n):
        w = np.unique(np.arange(i + 1)) * v[i]
        if w[-1] > 0.9:
            break
        s = s + np.sum(w)
    return s * np.sum(w[-1:] * w[0:1])


def bound_in_one_branch(v, x, c: int):
    if c > 0:
        y = v * x
    if c > 0:
        r = np.sum(y * v)
    else:
        r = x
    return r


def inactive_before_the_loop(v, c: int, n: int):
    if c:
        y = np.ones(3)
    for i in range(n):
        y = v * i
    return np.sum(y * v)


def in_a_loop_that_may_not_run(v, n: int):
    s = 1.0
    for i in range(n):
        for j in range(i):
            w = v * (j + 1.0)
            if np.sum(w) * j > 0.4:
                break
        for _ in range(i):
            s = s + np.sum(w * w)
    return s


def after_a_while(v, limit):
    y = 2 * v
    while np.sum(y) < limit:
        z = y * 2
        y = z + v
    return np.sum(y * z)


CASES = [
    (first_bound_in_the_loop, (V, 3), (V, 1)),
    (the_one_before, (0.3, 4), (0.3, 1), (0.3, 0)),
    (the_array_before, (V, 4), (V, 1), (V, 0)),
    (bound_in_some_iterations, (V, 0, 4), (V, 0, 1), (V, 1, 5)),
    (read_behind_and, (0.4, 5), (0.4, 1), (0.4, 0)),
    (of_no_known_shape, (abs(V), 3), (abs(V), 1)),
    (bound_in_one_branch, (V, 2.0, 1), (V, 2.0, 0)),
    (inactive_before_the_loop, (V, 0, 2), (V, 1, 0), (V, 1, 2)),
    (in_a_loop_that_may_not_run, (V, 4), (V, 1), (V, 0)),
    (after_a_while, (V, 30.0), (V, 2.0)),
]
POINTS = [(f, args) for f, *points in CASES for args in points]
IDS = [f"{f.__name__}-{place}" for f, *points in CASES for place in range(len(points))]


@pytest.mark.parametrize(("f", "args"), POINTS, ids=IDS)
def test_what_is_bound_where_it_is_read(f, args):
    agrees(f, *args)
    check_grads(f, args, order=2)


@pytest.mark.parametrize(("f", "args"), POINTS, ids=IDS)
def test_without_types(f, args):
    places = tuple(i for i, a in enumerate(args) if not isinstance(a, int))
    space = {}
    exec(adxform.source(f, "reverse", places), space)
    value, bars = space[f"{f.__name__}_reverse"](*args)
    assert np.array_equal(value, f(*args))
    for found, bar in zip(flat(bars), flat(grad(f, places)(*args)), strict=True):
        assert np.allclose(found, bar, rtol=1e-12)


def never_found(v, limit):
    for e in v:
        if e > limit:
            z = e * e
            break
    return z * v[0]


UNBOUND = [
    (first_bound_in_the_loop, (V, 0)),
    (after_a_while, (V, -3.0)),
    (inactive_before_the_loop, (V, 0, 0)),
    (never_found, (V, 100.0)),
]


@pytest.mark.parametrize(("f", "args"), UNBOUND, ids=[f.__name__ for f, _ in UNBOUND])
def test_an_unbound_variable_is_one_in_every_derivative(f, args):
    # vjp gave a gradient of zeros: None stood for what was not bound.
    tangents = (np.ones(3), *(None if isinstance(a, int) else 1.0 for a in args[1:]))
    for derivative in (
        lambda: f(*args),
        lambda: jvp(f, args, tangents),
        lambda: vjp(f, *args),
        lambda: grad(f)(*args),
    ):
        with pytest.raises(UnboundLocalError):
            derivative()


def ragged(x, n):
    s = x
    for i in range(n):
        for _ in range(i):
            s = s * np.cos(s) + 0.3
    return s * s


def test_second_order_of_a_loop_whose_inner_bound_changes():
    # A ValueError: the zeros of a list of tapes of several lengths were those of one array.
    check_grads(ragged, (0.7, 4), order=2)


def test_a_cotangent_that_is_a_recorded_value_is_not_named_where_it_is_unbound():
    def f(y, v, w):
        b = np.sin(y)
        if y <= b + 10.0:
            if v[0] <= y:
                w = np.arctan(np.exp(w))
            if np.max(w) >= 0.3:
                if np.sum(w) <= w @ w:
                    b += np.exp(np.tanh(v[-1] ** 2))
            else:
                v = np.log(2.0 + v)
        return b + np.sum(w) + np.sum(v)

    for w in ([0.1, 0.2], [3.1, 3.2], [0.6, 0.1]):
        adxform.check_grads(f, (0.5, np.array([0.3, 0.4]), np.array(w)), order=2)


def of_two(p, e):
    if 0.0 < e < 1.0:
        e = e + p[1]
    elif np.arctan2(e, 2.0 + np.sin(e)) >= 0.9:
        a = (np.sin(e), {"a": 1.0 / (1.0 + e * e)})
        t = (a[1]["a"], 1)
        return np.sin(a[1]["a"]) + np.sin(t[0]) + np.sin(a[0])
    return e * e


def items_of_a_tuple_on_an_inner_path(v):
    return of_two(v, v[0] * 9.0) + of_two(v, v[1] * 0.1) + of_two(v, v[2] * -0.4)


def test_items_of_a_tuple_that_an_inner_path_binds():
    agrees(items_of_a_tuple_on_an_inner_path, np.array([0.4, 0.7, 0.9]))
    agrees(items_of_a_tuple_on_an_inner_path, np.array([0.01, 8.0, -20.0]))
