"""Work arrays that change places: each name holds another array in each trip, never two the same."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, grad, source

V = np.array([0.7, 1.3, 0.4, 0.9])


def elementwise(x):
    old, new = x * 1.0, np.zeros_like(x)
    for _ in range(3):
        for i in range(len(x)):
            new[i] = np.sin(old[i]) * old[0]
        old, new = new, old
    return np.sum(old * new)


def heat(x, n):
    u, v = x.copy(), np.empty_like(x)
    for _ in range(n):
        v[0], v[-1] = u[0], u[-1]
        v[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2]) * u[1:-1]
        u, v = v, u
    return np.sum(u**2) + v[1]


def wave(x, n):
    before, now, after = x * 1.0, 0.9 * x, np.zeros_like(x)
    for _ in range(n):
        after[1:-1] = 2 * now[1:-1] - before[1:-1] + 0.1 * (now[2:] - now[:-2]) * now[1:-1]
        before, now, after = now, after, before
    return np.sum(now**3) + np.sum(before * after)


def jacobi(x, tolerance):
    old, new = np.ones_like(x), np.ones_like(x)
    change, trips = 1.0, 0
    while change > tolerance and trips < 9:
        new[1:-1] = 0.3 * (old[:-2] + old[2:]) + 0.1 * x[1:-1] * old[1:-1] ** 2
        change = np.max(np.abs(new - old))
        trips += 1
        old, new = new, old
    return np.sum(old * x)


def by_a_third_name(x):
    a, b = x * 2.0, np.zeros_like(x)
    for k in range(3):
        b[:] = a * a[k]
        t = a
        a = b
        b = t
    return np.sum(a) + b[0]


def new_row_each_time(x):
    before = np.ones_like(x)
    for k in range(3):
        row = np.zeros_like(x)
        row[0] = x[k] * before[0]
        for j in range(1, len(x)):
            row[j] = row[j - 1] * x[j] + before[j] * before[j - 1]
        before = row
    return np.sum(before * before)


def sometimes(x):
    best, trial = x * 1.0, x * 2.0
    for k in range(4):
        trial[:] = best * best[0] + 0.1 * k
        trial[k] += 0.3
        if np.sum(trial) > 3.0:
            best, trial = trial, best
        best[0] += 0.01 * trial[1]
    return np.sum(best * trial)


def nested(x, n):
    u, v = x * 1.0, np.zeros_like(x)
    total = 0.0
    for k in range(n):
        for _ in range(k + 1):
            v[1:-1] = u[1:-1] * (1.0 + 0.1 * u[2:] * u[:-2])
            u, v = v, u
        u[0] = total + x[k]
        total += np.sum(u * v)
    return total


def two_of_three_inside(x):
    a, b, c = x * 1.0, x * 2.0, np.zeros_like(x)
    for _ in range(2):
        for _ in range(3):
            b[1:] = a[:-1] * a[1:]
            b[0] = c[0]
            a, b = b, a
        c[:] = a * b[0] + x
        a, c = c, a
    return np.sum(a * b) + np.sum(c)


def one_buffer_into_a_second_loop(x):
    u, v = x * 1.0, np.zeros_like(x)
    for _ in range(3):
        v[:] = np.sin(u) * u[0]
        u, v = v, u
    for k in range(3):
        v[k] = u[k] * u[k + 1]
        u[k] *= v[0]
    w = v
    w[0] = x[0] * u[0]
    return np.sum(u * v)


def left_early(x):
    u, v = x * 1.0, np.zeros_like(x)
    for k in range(5):
        v[:] = 1.2 * u * u[1]
        if np.sum(v) > 4.0:
            break
        u, v = v, u
    return np.sum(u * v) + u[0] * k


def through_views(x):
    u, v = x * 1.0, np.zeros_like(x)
    for _ in range(3):
        inside, left, right = v[1:-1], u[:-2], u[2:]
        inside[:] = left * right
        v[0] = u[1]
        u, v = v, u
    return np.sum(u**2)


def matrices(a):
    old, new = a.copy(), a.copy()
    for _ in range(3):
        new[1:-1, 1:-1] = 0.25 * (old[2:, 1:-1] + old[:-2, 1:-1] + old[1:-1, 2:] * old[1:-1, :-2])
        old, new = new, old
    return np.sum(old**2)


def powers(x, n):
    p, q = np.eye(2) * x[0], np.zeros((2, 2))
    step = np.array([[x[0], x[1]], [x[2], x[3]]])
    for _ in range(n):
        np.matmul(p, step, out=q)
        p, q = q, p
    return np.sum(p * q)


def _advance(u, v, n):
    u, v = u.copy(), v.copy()
    for _ in range(n):
        v[1:] = u[:-1] * u[1:]
        u, v = v, u
    return u, v


def in_a_function(x):
    u, v = _advance(x, x * 2.0, 3)
    return np.sum(u * v)


def result_is_an_array(x):
    u, v = x * 1.0, np.zeros_like(x)
    for _ in range(3):
        v[1:] = u[:-1] * u[1:]
        v[0] = u[-1]
        u, v = v, u
    return u


RIGHT = [
    (elementwise, V), (heat, V, 5), (wave, V, 4), (jacobi, V, 1e-3), (by_a_third_name, V),
    (new_row_each_time, V), (sometimes, V), (nested, V, 3), (two_of_three_inside, V),
    (one_buffer_into_a_second_loop, V), (left_early, V), (through_views, V),
    (matrices, np.outer(V, V) + 1.0), (powers, V, 3), (in_a_function, V), (result_is_an_array, V),
]


@pytest.mark.parametrize(("f", "args"), [(f, a) for f, *a in RIGHT], ids=lambda v: getattr(v, "__name__", None))
def test_arrays_that_change_places(f, args, all_agree):
    all_agree(f, *args)


@pytest.mark.parametrize(("f", "args"), [(f, a) for f, *a in RIGHT], ids=lambda v: getattr(v, "__name__", None))
def test_nothing_is_copied_but_what_is_recorded(f, args):
    text = source(f, args=tuple(args))
    for loop in ast.walk(ast.parse(text)):
        if isinstance(loop, ast.For | ast.While):
            assert ".copy()" not in ast.unparse(loop), text


# --- names that may share memory ------------------------------------------------------------------


def one_array_twice(x):
    u = x * 1.0
    v = u
    for _ in range(3):
        v[0] = u[1] * u[2]
        u, v = v, u
    return np.sum(u * v)


def views_of_one(x):
    both = np.zeros((2, len(x)))
    both[0] = x
    u, v = both[0], both[1]
    for _ in range(3):
        v[1:] = u[:-1] * u[1:]
        u, v = v, u
    return np.sum(both)


def kept_from_before(x):
    u, v = x * 1.0, np.zeros_like(x)
    kept = u
    for _ in range(3):
        v[:] = u * u[0]
        u, v = v, u
    return np.sum(kept * x)


def two_of_three_the_same(x):
    a, b, c = x * 1.0, x * 2.0, np.zeros_like(x)
    for _ in range(3):
        c[0] = a[1] * b[1]
        a, b, c = b, c, b
    return np.sum(a) + np.sum(b * c)


def the_same_from_one_branch(x):
    u, v = x * 1.0, np.zeros_like(x)
    for k in range(4):
        v[:] = u * u[0] + 0.1
        if k % 2:
            u, v = v, u
        else:
            u = v
    return np.sum(u * v)


def kept_in_a_list(x):
    u, v = x * 1.0, np.zeros_like(x)
    rows = []
    for _ in range(3):
        v[:] = u * u[0]
        u, v = v, u
        rows.append(u)
    return np.sum(rows[0] * rows[1])


def written_after_it_was_handed_on(x):
    before = x * 1.0
    for k in range(3):
        now = np.zeros_like(x)
        now[0] = before[1] * x[k]
        before = now
        now[1] = before[0] + x[0]
    return np.sum(before)


def kept_over_trips(x):
    u, v, last = x * 1.0, np.zeros_like(x), x * 3.0
    for k in range(3):
        v[:] = u * u[0]
        v[k] = last[k] * last[0]
        last = u
        u, v = v, u
    return np.sum(u * last)


def stepped_view(x):
    u, v = x * 1.0, np.zeros_like(x)
    tail = v[1:]
    for _ in range(3):
        tail[:] = u[:-1] * u[1:]
        u, v = v, u
    return np.sum(u * x) + np.sum(tail)


def shared_by_the_caller(x):
    y = x * 1.0
    return _swapping(y, y)


def _swapping(u, v):
    for _ in range(3):
        v[0] = u[1] * u[2]
        u, v = v, u
    return np.sum(u * v)


def inner_names_leave(x):
    u, v, w = x * 1.0, np.zeros_like(x), np.ones_like(x)
    for k in range(2):
        for _ in range(2):
            v[:] = u * u[0]
            w = v
            u, v = v, u
        v[k] = w[k] * x[0]
    return np.sum(u * w)


SHARED = [
    one_array_twice, views_of_one, kept_from_before, two_of_three_the_same,
    the_same_from_one_branch, kept_in_a_list, written_after_it_was_handed_on, kept_over_trips,
    stepped_view, shared_by_the_caller, inner_names_leave,
]


@pytest.mark.parametrize("f", SHARED, ids=lambda f: f.__name__)
def test_names_that_share_memory_are_right_or_refused(f, all_agree):
    try:
        grad(f)(V)
    except UnsupportedError as error:
        location = error.diagnostics[0].location
        assert location is not None and location.file == __file__
    else:
        all_agree(f, V)


def test_what_is_refused_names_both_places():
    with pytest.raises(UnsupportedError) as caught:
        grad(kept_over_trips)(V)
    text = str(caught.value)
    assert "v is changed in place here while" in text and "may share its memory" in text
    assert "v[:] = u * u[0]" in text and ".copy()" in text


def test_trip_counts_make_no_difference():
    for n in range(4):
        value, slope = adxform.value_and_grad(wave)(V, n)
        assert value == wave(V, n)
        _, tangent = adxform.jvp(wave, (V, n), (np.cos(V), None))
        np.testing.assert_allclose(slope @ np.cos(V), tangent, rtol=1e-13)
