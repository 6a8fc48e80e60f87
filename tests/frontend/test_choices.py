"""Conditional expressions in comprehensions and lambdas."""

from __future__ import annotations

import re

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad
from tests.test_regressions import agrees

X = np.array([0.7, 1.3, -0.4, 2.1])





def case_ifexp_comp(x):
    return sum([v ** 2 if v > 0 else -v for v in x])


def case_ifexp_comp2(x):
    return np.sum(np.array([np.sin(v) if i % 2 == 0 else v * 2 for i, v in enumerate(x)]))


def case_ifexp_comp3(x):
    return sum(v ** 2 if v > 0 else (v if v < -1 else v * 3) for v in x)


def case_ifexp_lambda(x):
    f = lambda v: v ** 2 if v > 0 else -v
    return f(x[0]) + f(x[2])


def case_ifexp_map(x):
    return sum(map(lambda v: v ** 2 if v > 0 else -v, x))


def case_ifexp_arr(x):
    return np.sum(np.array([x if i else x ** 2 for i in range(2)]))


def case_ifexp_filter(x):
    return sum([v ** 2 if v > 1 else v for v in x if v > 0])


def case_ifexp_tuple(x):
    ps = [(v, 1.0) if v > 0 else (v ** 2, 2.0) for v in [x[0], x[2]]]
    return ps[0][0] * ps[1][0] * ps[1][1]


def case_pairs_in_loop(x):
    rows = []
    for i in range(len(x)):
        rows.append((x[i], i))
    s = 0.0
    for v, i in rows: s += v ** i
    return s


def case_list_in_loop2(x):
    rows = []
    for i in range(3):
        rows.append([x[i], x[i] ** 2])
    return np.sum(np.array(rows) ** 2)


def case_list_in_loop3(x):
    rows = []
    for i in range(3):
        rows.append([x[i], x[i] ** 2])
    return np.sum(rows[-1])


def case_boolop_comp(x):
    return sum([(v > 0 and v ** 2) or 1.0 for v in x])


def case_boolop_comp2(x):
    return sum([x[0], sum([(v > 0 and v ** 2) or 1.0 for v in x])])


def case_or_lambda(x):
    f = lambda v, w: (v > 0 and v) or w ** 2
    return f(x[0], x[1]) + f(x[2], x[1])


def case_and_num(x):
    return sum([v and v ** 2 for v in x])


def case_or_num_arg(x):
    return np.sin(x[0] or x[1]) + np.sin(0.0 or x[1])


def case_not(x):
    return sum([v ** 2 for v in x if not (v > 0 and v < 1)])


def case_test_tests(x):
    s = 0.0
    for v in x:
        if v > 0 and (v < 1 or np.sin(v) > 0.9): s += v
        while s > 3 and s: s -= 1
    return s * (2.0 if s and x[0] else 1.0)


RIGHT = [
    case_pairs_in_loop,
    case_ifexp_comp,
    case_ifexp_comp2,
    case_ifexp_comp3,
    case_ifexp_lambda,
    case_ifexp_map,
    case_ifexp_arr,
    case_ifexp_filter,
    case_ifexp_tuple,
    case_boolop_comp,
    case_boolop_comp2,
    case_or_lambda,
    case_and_num,
    case_or_num_arg,
    case_not,
    case_test_tests,
    case_list_in_loop2,
]
REFUSED = [
    (case_list_in_loop3, "a container with _t, which is active here, is put into a list by a loo"),
]


@pytest.mark.parametrize("f", RIGHT)
def test_right(f):
    agrees(f, X)
    check_grads(f, (X,), order=2)


@pytest.mark.parametrize(("f", "reason"), REFUSED)
def test_refused(f, reason):
    with pytest.raises(UnsupportedError, match=re.escape(reason)):
        grad(f)(X)
