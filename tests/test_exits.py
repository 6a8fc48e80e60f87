"""Loops that are left early: break, continue, return and else, in every mode and at second order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import adxform
from adxform import check_grads, vjp
from tests.test_regressions import V, W, agrees, flat

A = np.array([[0.5, -0.2, 0.9], [1.3, 0.1, -0.6], [0.4, 0.8, 0.2]])


def newton(a, tol, most):
    x = 1.0 + a
    for _ in range(most):
        dx = (x * x - a) / (2 * x)
        x = x - dx
        if abs(dx) < tol:
            break
    return x


def break_in_the_middle(x, n):
    s = 0.3
    for i in range(1, n, 2):
        r = np.sin(s + x * i)
        if r > 0.9:
            break
        s = s + r * x
    return s * s


def break_on_the_other_side(x, n):
    s = x
    for _ in range(n):
        if s < 1.0:
            s = s * 1.5 + np.sin(s)
        else:
            break
    return s


def several_breaks(v, limit):
    s = 0.0
    for i in range(len(v)):
        if v[i] > 1.0:
            break
        s += v[i] ** 2
        if s > limit:
            break
        s = np.sin(s) + s
    return s


def break_after_work(v, limit):
    s = 1.0
    y = 0.0
    for i in range(len(v)):
        s = s * v[i]
        if s < limit:
            y = np.exp(s) + i
            s = s * 2
            break
    return s * y + s


def break_in_a_branch(v, limit):
    s = 0.0
    for e in v:
        if e > 0:
            s += np.sin(e)
            if s > limit:
                break
            s *= e
        else:
            s -= e
        s += e * e
    return s


def continues(v):
    s = 0.1
    for i, e in enumerate(v):
        if e < 0:
            continue
        s = s * e + i
        if i == 2:
            continue
        s = s + np.sin(e)
    return s


def continue_in_a_branch(v, x):
    s = 0.1
    for e in v:
        if e > x:
            if e > 1:
                s = s + x
                continue
            s = s * e
        elif e < 0:
            continue
        s = s * x + e
    return s


def continue_and_break(v, x):
    s = x
    i = 0
    while i < 10:
        i += 1
        if i % 2:
            if s > 3:
                break
            if s < 0.2:
                s = s + 0.5
                continue
        s = s * v[i % 3] + x
        if s < -2:
            break
    return s * i


def returns_inside(v, limit):
    s = 0.0
    for i in range(len(v)):
        s = s + v[i] ** 2
        if s > limit:
            return np.sqrt(s)
    return s


def returns_several(v, x):
    for i, e in enumerate(v):
        if e > x:
            return e * x
        y = e * e
        if y > 1:
            return np.sin(y) * i
        x = x + y
        if x > 100:
            break
    else:
        x = x * 2
    return x


def returns_from_nested(x, n):
    s = x
    for i in range(n):
        for j in range(i + 1):
            s = s * np.cos(s) + 0.3 * j
            if s > 1.2:
                return s * x + j
            if s < 0.2:
                break
        else:
            s = s + 0.2
        if i == 3:
            return s
    return s * s


def returns_at_once(v):
    for e in v:
        return e * e
    return v[0] * 0.5


def returns_from_while_true(x):
    while True:
        y = np.sin(x)
        if y < 0.3:
            return y * x
        x = x * 0.7


def while_true(x):
    n = 0
    while True:
        n += 1
        x = np.sin(x) + 0.1
        if n > 5 or x < 0.5:
            break
    return x * n


def for_else(v, t):
    for i in range(len(v)):
        if v[i] > t:
            y = v[i] * t
            break
    else:
        y = t * t * 0.5
    return y * y


def plain_else(v, x):
    for e in v:
        x = x * e
    else:
        x = x + 1.0
    while x > 5:
        x = x * 0.5
    else:
        x = x * x
    return x


def while_else(x, limit):
    n = 0
    while x < limit:
        x = x * x + 0.1
        n += 1
        if n == 3:
            break
    else:
        x = x * 3.0
    return x


def exits_in_else(v, x):
    for i in range(3):
        for e in v:
            if e > x:
                break
        else:
            if i == 1:
                return x * x
            continue
        x = x + np.sin(e) * i
    return x


def loop_variable_afterwards(v, x):
    for i in range(10):
        x = x * 1.5
        if x > 2:
            break
    for e in v:
        if e * x > 1:
            break
    return x * i + e * e


def carried_past_a_break(v, n):
    w = v
    for i in range(n):
        u = w * (i + 1.0)
        if np.sum(u) > 4:
            break
        w = np.sin(u) + v
    return np.sum(w * u)


def swapped(x, y, n):
    for _ in range(n):
        x, y = y * 0.9, x + 0.1
        if y > 1:
            break
    return x * y


def asked_before_it_moves(x, y, n):
    for _ in range(n):
        stop = y > 1
        x, y = y, x * y + 0.5
        if stop:
            break
    return x - y * y


def tuple_of_items(x, y):
    s = 1.0
    for e in (x, y, x * y):
        if e < 0:
            continue
        s = s * e
        if s > 2:
            break
    else:
        s = s * s
    return s * e


def in_place_until(v, n):
    u = v.copy()
    for i in range(n):
        u[i % 3] = u[i % 3] * np.sin(u[(i + 1) % 3])
        if u[0] < 0.1:
            break
    return np.sum(u * u)


def inner_bound_changes(x, n):
    s = x
    for i in range(n):
        for j in range(2 * i, 0, -1):
            s = s + np.sin(s) / j
            if s > 3.0 + i:
                break
        while s > 2.5:
            s = s * 0.8
            if s < 2.6:
                continue
            s = s - 0.01
    return s


def truth_of_a_number(x, n: int):
    k = n
    s = x
    for _ in range(10):
        s = np.sin(s) + x
        k -= 1
        if not k:
            break
        if k and s < 0:
            return s * k
        s = s * 1.1
    return s


def power_iteration(a, v):
    old = 0.0
    for _ in range(20):
        v = a @ v
        size = np.sqrt(v @ v)
        v = v / size
        if abs(size - old) < 1e-2:
            break
        old = size
    else:
        raise RuntimeError("no convergence")
    return v @ (a @ v)


def left_by_an_exception(x, words):
    s = 1.0
    for w in words:
        try:
            k = float(w)
        except ValueError:
            break
        else:
            if k > 4:
                continue
            else:
                k = k + 1
        s = s * k
    else:
        s = s * 10
    return s * x


def left_from_a_match(x, words):
    s = 1.0
    for w in words:
        match w:
            case "a":
                break
            case "b":
                y = 2.0
            case _:
                y = 3.0
        s = s * y
    return s * x


def kept_where_an_exception_comes_first(x, word):
    k = 1.5
    try:
        k = float(word)
    except ValueError:
        pass
    return x * k


def items_from_before(x, y):
    for a, b in ((x, y), (y, x * y), (x, 2.0)):
        if a * b > 1:
            break
        if a > 5:
            return b
        x = x + a * b
    else:
        return x
    return x * a


def tuples_on_the_way_out(v, x):
    for e in v:
        pair = (e * x, np.sin(x))
        if pair[0] > 0.3:
            return pair[0] * pair[1] + e
        if e < -0.8:
            x = pair[0] - x
            break
        x = x + pair[1]
    return x * x


def results_on_the_way_out(v, x):
    for e in v:
        pair = (e * x, np.sin(x))
        if pair[0] > 0.3:
            both = (x, e)
            return pair[0] * pair[1] + e, both[0] * v
        x = x + pair[1]
    return x * x, v


CASES = [
    (newton, (2.0, 1e-3, 20), (2.0, 1e-3, 2), (2.0, 1e-3, 0)),
    (break_in_the_middle, (0.7, 9), (0.7, 1), (0.1, 4)),
    (break_on_the_other_side, (0.3, 9), (0.3, 2), (3.0, 2)),
    (several_breaks, (V, 0.4), (0.5 * V, 9.0), (0.5 * V, 0.2)),
    (break_after_work, (V, 0.0), (V, -9.0), (W, 0.7)),
    (break_in_a_branch, (V, 0.5), (W, 0.5), (W, 9.0), (V[:0], 0.1)),
    (continues, (V,), (W,), (np.concatenate([V, W]),)),
    (continue_in_a_branch, (V, 0.2), (W, 0.8), (W, 2.0)),
    (continue_and_break, (V, 0.7), (W, 1.4), (W, 0.3), (A[0], 2.0)),
    (returns_inside, (V, 0.5), (V, 9.0), (V, 0.05)),
    (returns_several, (V, 0.2), (W, 1.3), (W, 5.0), (0.2 * W, 0.4)),
    (returns_from_nested, (0.7, 4), (0.4, 6), (1.2, 3), (0.7, 0)),
    (returns_at_once, (V,), (W,)),
    (returns_from_while_true, (1.5,), (0.2,)),
    (while_true, (1.5,), (0.2,)),
    (for_else, (V, 0.5), (V, 5.0), (V, -0.9)),
    (plain_else, (V, 0.4), (3 * V, 0.7)),
    (while_else, (1.2, 4.0), (0.5, 4.0), (3.0, 2.0)),
    (exits_in_else, (V, 0.4), (V, 2.0), (W, 1.0)),
    (loop_variable_afterwards, (V, 0.4), (W, 1.7), (W, 0.001)),
    (carried_past_a_break, (V, 4), (2 * V, 3), (V, 1)),
    (swapped, (0.5, 0.7, 6), (0.5, 0.7, 0), (0.5, 1.3, 3)),
    (asked_before_it_moves, (0.5, 0.7, 6), (0.5, 1.3, 3), (0.2, 0.3, 1)),
    (tuple_of_items, (0.4, 0.7), (-0.4, 3.0), (1.5, 1.6)),
    (in_place_until, (V, 7), (V, 2), (W, 9), (W, 0)),
    (inner_bound_changes, (0.7, 4), (0.3, 0), (2.9, 3)),
    (truth_of_a_number, (0.4, 3), (0.4, 20), (-0.6, 4)),
    (left_by_an_exception, (0.7, ["1", "2"]), (0.7, ["1", "7", "2", "x", "3"]), (0.7, [])),
    (left_from_a_match, (0.7, ["b", "c", "a", "b"]), (0.7, [])),
    (kept_where_an_exception_comes_first, (0.7, "2.5"), (0.7, "x")),
    (tuples_on_the_way_out, (V, 1.1), (V, 0.2), (W, 0.1), (W[::-1], 0.4)),
    (results_on_the_way_out, (V, 1.1), (W, 0.1), (0.1 * V, 0.2)),
    (items_from_before, (0.3, 0.4), (0.3, 0.9), (1.3, 2.0), (0.1, 6.0)),
    (power_iteration, (A @ A.T, V), (A + 2.0, W)),
]
POINTS = [(f, args) for f, *points in CASES for args in points]
IDS = [f"{f.__name__}-{place}" for f, *points in CASES for place in range(len(points))]


@pytest.mark.parametrize(("f", "args"), POINTS, ids=IDS)
def test_both_modes(f, args):
    agrees(f, *args)


@pytest.mark.parametrize(("f", "args"), POINTS, ids=IDS)
def test_second_order(f, args):
    check_grads(f, args, order=2)


@pytest.mark.parametrize(("f", "args"), POINTS, ids=IDS)
def test_without_types(f, args):
    """Text made without knowing the arguments, as on the command line, gives the same numbers."""
    places = tuple(i for i, a in enumerate(args) if not isinstance(a, int | str | list))
    space = {}
    exec(adxform.source(f, "reverse", places), space)
    expected = f(*args)
    seeds = [np.ones_like(v) for v in flat(expected)]
    value, bars = space[f"{f.__name__}_reverse"](*args, *seeds)
    assert all(np.array_equal(a, b) for a, b in zip(flat(value), flat(expected), strict=True))
    pulled = vjp(f, *args)[1](tuple(seeds) if isinstance(expected, tuple) else seeds[0])
    for found, place in zip(flat(bars), places, strict=True):
        assert np.allclose(found, pulled[place], rtol=1e-12)


@dataclass
class Scaled:
    scale: float
    shift: float


def left_with_an_object(x, n: int):
    k = 0
    while k < n:
        k += 1
        held = Scaled(np.sin(x) * k, x)
        if held.scale > 1.0:
            return held.scale * held.shift + k
    return x


def left_with_a_dictionary(x, n: int):
    for k in range(n):
        held = dict(a=x * k, b=x)
        held = {"a": x * x * k, "b": np.sin(x)}
        if held["a"] > 1.0:
            return held["a"] * held["b"], x * k
    return x, x


@pytest.mark.parametrize("f", [left_with_an_object, left_with_a_dictionary])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_a_loop_is_left_with_a_part_of_what_it_made(f, n):
    agrees(f, 0.8, n)
