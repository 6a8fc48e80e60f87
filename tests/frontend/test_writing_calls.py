"""Functions that write to their arguments, called inside tests, lambdas and partials."""

from __future__ import annotations

import functools
import itertools
import operator

import numpy as np
import pytest

from adxform import UnsupportedError, grad, jvp
from tests.test_regressions import agrees


def grown(w, c=1.0):
    w[0] += c * w[1] ** 2
    return w[0]


def given(x):
    return np.array([x, 2.0 * x, 0.5])


def between(x):
    w = given(x)
    return w[0] if 0.0 < grown(w) < 100.0 else w[1]


def between_two_calls(x):
    w = given(x)
    if not (x > 0.0 and w[0] < grown(w) < w[0] * grown(w)):
        return w[0]
    return w[0] * 3.0


def not_reached(x):
    w = given(x)
    if x > 100.0 and grown(w) > 0.0:
        return w[0]
    return w[0] * 3.0


def both(x):
    w = given(x)
    ok = x > 0.0 and grown(w) > 0.0 and grown(w) > 1.0
    return w[0] if ok else w[0] * 3.0


def either(x):
    w = given(x)
    y = w[0] if x > 0.0 or grown(w) > 0.0 else w[1]
    z = w[0] if x < 0.0 or grown(w) > 0.0 else w[1]
    return y * z


def while_it_is_small(x):
    w = given(x)
    k = 0
    while k < 5 and grown(w, x) < 60.0:
        k += 1
        w[1] *= 1.1
    return w[0] * k


def while_with_exits(x, most):
    w = given(x)
    k = 0
    while k < 5 and grown(w, x) < 60.0:
        k += 1
        if k == most:
            break
        if k == 2:
            continue
        w[1] *= 1.1
    else:
        w[0] *= 2.0
    return w[0] * k


def skipped(x):
    w = given(x)
    for i in range(4):
        if i % 2 == 0 and grown(w) > 1.0:
            continue
        w[1] += x
    return w[0]


def in_a_lambda(x):
    w = given(x)
    f = lambda e: e * grown(w)
    return f(x) * w[0] + f(w[0])


def in_a_partial(x):
    w = given(x)
    f = functools.partial(lambda a, b: a * b, grown(w))
    return f(x) * w[0]


def in_a_table(x):
    w = given(x)
    y = {"a": lambda e: e * grown(w), "b": np.cos}["a"](x)
    return y * w[0]


@pytest.mark.parametrize("f", [
    between, between_two_calls, not_reached, both, either, while_it_is_small, skipped, in_a_lambda, in_a_partial, in_a_table,
])
def test_what_tests_and_lambdas_write_is_followed(f):
    agrees(f, 1.3)


@pytest.mark.parametrize("most", [9, 3])
def test_a_loop_does_its_else_where_it_is_not_left(most):
    agrees(while_with_exits, 1.3, most)


def as_a_key(x):
    w = given(x)
    order = sorted([1, 2], key=lambda e: grown(w))
    return w[0] * order[0]


def test_sorting_calls_the_key_once_for_each_item():
    agrees(as_a_key, 1.3)


def as_another_key(x):
    w = given(x)
    order = list(itertools.accumulate([1, 2], lambda a, e: grown(w)))
    return w[0] * order[0]


def test_accumulate_calls_what_it_is_given():
    agrees(as_another_key, 1.3)


def kept_by_a_lambda(x):
    w = given(x)
    order = list(itertools.filterfalse(lambda e: grown(w) < 0, [1, 2]))
    return w[0] * order[0]


def test_a_lambda_that_others_call_may_not_write():
    with pytest.raises(UnsupportedError, match="grown may write to its arguments"):
        grad(kept_by_a_lambda)(1.3)


def stored(x, out, twice):
    if twice:
        return stored(x, out, False)
    operator.setitem(out, 0, x[0] * x[1])  # it has no source to be read
    return out


def stored_unread(x):
    out = np.zeros(2)
    stored(x, out, True)
    return out * x


def stored_before(x, data):
    out = np.zeros(2)
    stored(data, out, True)
    return np.sum(out * x)


def test_a_call_whose_result_is_not_read_may_write_all_the_same():
    x = np.array([1.5, 2.0])
    with pytest.raises(UnsupportedError, match="this expression may change x"):
        jvp(stored_unread, (x,), (x,))
    np.testing.assert_array_equal(grad(stored_before)(x, x), [3.0, 0.0])
