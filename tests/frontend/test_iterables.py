"""What loops go over: dictionaries, sets, iterators of other libraries, generators of constants."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adxform import AdxformError, grad, jvp, vjp

NUMBERED = {0: 5, 1: 7}  # an item under a number is not the key of that number


class Counting:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


def even(n):
    for i in range(n):
        yield 2 * i


ITERABLES = [
    NUMBERED, {1, 2, 3}, frozenset({4, 5}), NUMBERED.keys(), NUMBERED.values(), Counting(4), (1, 2), [3, 4], range(3),
    np.arange(3), np.array([0.5, 1.5]), {2: 0.5, 0: 1.0},
]


def one_by_one(x, items):
    s = 0.0
    for i in items:
        s += x * i
    return s


def counted(x, items):
    s = 0.0
    for place, i in enumerate(items):
        s += x * i * place
    return s


def beside(x, items):
    s = 0.0
    for i, j in zip(items, [1.0, 2.0]):
        s += x * i * j
    return s


def in_a_sum(x, items):
    return sum(x * i for i in items)


def in_a_list(x, items):
    return x * sum([i * 2 for i in items])


def under_another_name(x, items):
    def inner(given):
        s = 0.0
        for i in given:
            s += x * i
        return s

    other = items
    return inner(other) + one_by_one(x, items)


@pytest.mark.parametrize("f", [one_by_one, counted, beside, in_a_sum, in_a_list, under_another_name])
@pytest.mark.parametrize("items", ITERABLES, ids=lambda v: type(v).__name__)
def test_items_are_those_that_python_gives(f, items):
    expected = f(1.0, items)
    assert np.isclose(grad(f)(1.5, items), expected)
    assert np.isclose(jvp(lambda x: f(x, items), (1.5,), (1.0,))[1], expected)
    assert np.isclose(vjp(lambda x: f(x, items), 1.5)[1](1.0)[0], expected)


def of_outside(x):
    return sum(x * k for k in NUMBERED) + one_by_one(x, NUMBERED) + sum(x * v for v in NUMBERED.values())


def of_iterators(x):
    s = 0.0
    for i, j in itertools.product(range(2), range(1, 3)):
        s += x * i * j
    for i, j in itertools.combinations([1, 2, 3], 2):
        s += x * i * j
    for i in itertools.chain([1, 2], {3}):
        s += x * i
    for place in np.ndindex(2, 3):
        s += x * place[0] * place[1]
    for i in {1, 2, 3}:
        s += x * i
    for i in Counting(3):
        s += x * i
    return s + sum(x * i for i in set([1, 2]))


def of_generators(x):
    s = 0.0
    for i in even(4):
        s += x * i
    return s + sum(x * i for i in even(3))


@pytest.mark.parametrize("f", [of_outside, of_iterators, of_generators])
def test_iterables_made_inside(f):
    assert np.isclose(grad(f)(1.5), f(1.0))
    assert np.isclose(jvp(f, (1.5,), (1.0,))[1], f(1.0))


def doubles(x):
    yield x
    yield 2 * x


def of_active_ones(x):
    s = 0.0
    for v in doubles(x):
        s += v
    return s


def of_endless_ones(x):
    for v in doubles_for_ever(x):
        if v > 5.0:
            return v


def doubles_for_ever(x):
    while True:
        yield x
        x = 2.0 * x


def test_generators_of_what_is_differentiated_are_lists_if_they_end():
    assert grad(of_active_ones)(1.5) == 3.0
    with pytest.raises(AdxformError, match="doubles_for_ever is a generator"):
        grad(of_endless_ones)(1.5)
