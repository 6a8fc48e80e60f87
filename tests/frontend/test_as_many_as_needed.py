"""Arrays that give a call all that it needs, one by one: ``f(*x)``; iterators that are unpacked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from adxform import grad
from adxform.errors import UnsupportedError


class Point(NamedTuple):
    x: float
    y: float


class Line:
    def __init__(self, slope, start):
        self.slope, self.start = slope, start

    def at(self, x, scale):
        return (self.slope * x + self.start) * scale


def valley(x, y):
    return (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2


def of_a_function(p):
    return valley(*p)


def of_a_named_tuple(p):
    return Point(*p).x * Point(*p).y ** 2


def of_an_object(p):
    return Line(*p).at(*p)


def of_numpy(p):
    return np.hypot(*p) + np.arctan2(*p)


def beside_others(p):
    inner = lambda a, b, c: a * b**2 + c
    return inner(2.0, *p) + valley(p[0], *p[1:])


def of_rows(p):
    total = 0.0
    for row in np.outer(p, p):
        total += valley(*row)
    return total


def mapped(p):
    a, b = map(np.sin, p)
    first, *rest = map(np.exp, p)
    return a * b + first * sum(rest)


@pytest.mark.parametrize(
    "f",
    [of_a_function, of_a_named_tuple, of_an_object, of_numpy, beside_others, of_rows, mapped],
    ids=lambda f: f.__name__,
)
def test_items_one_by_one(f) -> None:
    p = np.array([0.7, -0.4])
    expected = [(f(p + e) - f(p - e)) / 2e-6 for e in np.eye(2) * 1e-6]
    np.testing.assert_allclose(grad(f)(p), expected, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_or_too_many_fail_as_they_do(count) -> None:
    p = np.ones(count)
    with pytest.raises(TypeError):
        of_a_function(p)
    with pytest.raises(TypeError):
        grad(of_a_function)(p)


def with_a_default(x, y=2.0):
    return x * y


def of_a_default(p):
    return with_a_default(*p)


def test_where_it_is_not_known_how_many_are_needed() -> None:
    with pytest.raises(UnsupportedError, match="arguments of unknown length"):
        grad(of_a_default)(np.ones(2))
