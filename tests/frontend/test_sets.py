"""Sets hold each item once, iterators give theirs once; logs, random draws, ``enumerate(x, 1)``."""

from __future__ import annotations

import itertools
import logging
import marshal
import types
import warnings

import numpy as np
import pytest

from adxform import AdxformError, check_grads, source, vjp

X = np.array([0.7, 1.3, -0.4, 2.1, 0.2])
LOGGER = logging.getLogger(__name__)


def summed(x):
    i = j = 1
    return x[0] * sum({1, 1, 2}) * len({*sorted({i, j})}) + len(list({"a", "a"}))


def sorted_places(x):
    return sum(x[i] * (k + 1) for k, i in enumerate(sorted({4, 0, 2, 2})))


def in_the_order_of_python(x):
    total = 0.0
    for i in {9, 1, 17, 1}:
        total = total * x[0] + i * x[1]
    return total


def after_the_first(x):
    places = iter([0, 1, 2])
    first = next(places)
    return sum(x[i] for i in places) * x[first]


def grouped(x):
    odd = itertools.groupby(sorted(range(len(x)), key=lambda i: i % 2), key=lambda i: i % 2)
    total = sum((k + 1) * sum(x[i] for i in members) for k, members in odd)
    groups = itertools.groupby([0, 0, 1, 1, 0])
    total += sum((k + 1) * sum(x[i] for i in members) for k, members in groups)
    for k, members in itertools.groupby(range(5), key=lambda i: i // 2):
        for i in members:
            total += x[i] ** (k + 1)
    return total


def told(x):
    LOGGER.info("x is %s", x)
    logging.debug("sum %s", x.sum())
    if x[0] > 5.0:
        warnings.warn(f"large: {x[0]}", stacklevel=2)
    return x[0] ** 2


def with_draws(x):
    rng = np.random.default_rng(3)
    z = rng.standard_normal((4, len(x)))
    places = rng.permutation(x.size)
    return np.sum(z @ x) * x[places[0]] + np.random.RandomState(2).rand(*x.shape) @ x**2


def counted_from(x):
    total = sum(i * v for i, v in enumerate(x, start=2))
    return total + list(enumerate(x, 3))[1][0] * x[0] + dict(enumerate([x[0], x[1]], 1))[2]


def starred_iterators(x):
    return np.array([0.5, *map(lambda v: v * v, x), *(2.0 * v for v in x)]) @ np.arange(11.0)


CASES = (counted_from, starred_iterators, summed, sorted_places, in_the_order_of_python, after_the_first, grouped, told, with_draws)


@pytest.mark.parametrize("f", CASES)
def test_the_value_is_that_of_python(f):
    value, _ = vjp(f, X)
    assert value == f(X)
    check_grads(f, (X,), order=1)


def test_the_order_of_a_set_is_that_of_the_code_that_runs():
    code = marshal.loads(marshal.dumps(in_the_order_of_python.__code__))  # as of a .pyc file
    read = types.FunctionType(code, globals(), "in_the_order_of_python")
    value, _ = vjp(read, X)
    assert value == read(X)
    check_grads(read, (X,), order=1)


def test_what_is_asked_of_an_array_stands_where_it_stood():
    assert "z = rng.standard_normal((4, len(x)))" in source(with_draws, args=(X,))


def first_above(x):
    i = next(i for i, v in enumerate(x) if v > 1.0)
    return next(v * v for v in x) * x[i] + next((v for v in x if v > 9.0), x[1])


def running(x):
    peaks = np.maximum.accumulate(x)
    return np.max(peaks - x) * np.sum(np.minimum.accumulate(x)) + sum((v * v for v in x), x[0])


@pytest.mark.parametrize("f", [first_above, running])
def test_the_first_and_the_largest_so_far(f):
    assert vjp(f, X)[0] == f(X)
    check_grads(f, (X,), order=1)


def reversed_arrays(x):
    y = x * 2.0
    turned = list(reversed(y))
    y[0] = 5.0
    total = sum(a * b for a, b in zip(x, reversed(x), strict=True)) + sum(reversed(y))
    return total * turned[-1] * y[0] + sum(i * v for i, v in enumerate(reversed(x)))


def test_an_array_is_gone_over_from_its_end():
    assert vjp(reversed_arrays, X)[0] == reversed_arrays(X)
    check_grads(reversed_arrays, (X,), order=1)


def test_what_comes_after_the_first_is_not_computed():
    def f(x):
        rng = np.random.default_rng(1)
        return next(v for v in x if v > rng.random()) * rng.random()

    with pytest.raises(AdxformError, match="rule"):
        vjp(f, X)


def test_groups_of_what_is_differentiated_are_refused():
    def f(x):
        return sum(sum(group) for _, group in itertools.groupby(x, key=lambda v: v > 0.0))

    with pytest.raises(AdxformError, match="no derivative rule"):
        vjp(f, X)


GROUPS = np.array([0, 0, 1, 1, 2])


def of_other_groups(x):
    others = set(GROUPS.tolist()) - {0}
    total = min(np.mean(x[GROUPS == k]) for k in others) ** 2
    for k in others | {0}:
        total += np.sum(x[GROUPS == k]) ** 2
    return total + sum(x[k] * x[k] for k in {1, 2} & {2, 3})


def test_differences_and_unions_of_sets_are_listed():
    # A crash: sets have no items by number.
    check_grads(of_other_groups, (np.array([0.3, 1.1, 0.4, 2.0, 0.7]),), order=1)
