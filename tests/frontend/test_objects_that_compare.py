"""Objects whose classes say how they compare, and whether they are true: each is asked."""

from __future__ import annotations

import functools

import pytest

from adxform import grad


@functools.total_ordering
class Level:
    def __init__(self, v):
        self.v = v

    def __eq__(self, other):
        return self.v == (other.v if isinstance(other, Level) else other)

    def __lt__(self, other):
        return self.v < other.v

    def __hash__(self):
        return 1

    def __bool__(self):
        return self.v > 0.0

    def __contains__(self, v):
        return v < self.v


class Disguised:
    def __init__(self):
        self.kind = "plain"

    def __getattribute__(self, name):
        return "square" if name == "kind" else object.__getattribute__(self, name)


def equal(x, p, q):
    return x**2 if p == q else x


def unequal(x, p, q):
    return x**2 if p != q else x


def less(x, p, q):
    return x**2 if p < q else x


def equal_to_a_number(x, p, q):
    return x**2 if p == 1.0 else x


def the_same(x, p, q):
    return x**2 if p is q else x


def among(x, p, q):
    return x**2 if p in (q, None) else x


def holds(x, p, q):
    return x**2 if 1.0 in p else x


def true(x, p, q):
    return x**2 if p else x


def not_true(x, p, q):
    return x**2 if not p else x


def both(x, p, q):
    return x**2 if p and q else x


ONE = Level(1.0)
PAIRS = [(Level(1.0), Level(1.0)), (Level(1.0), Level(2.0)), (Level(2.0), Level(1.0)),
         (Level(-1.0), Level(1.0)), (Level(3.0), Level(-2.0)), (ONE, ONE)]  # fmt: skip
ALL = [equal, unequal, less, equal_to_a_number, the_same, among, holds, true, not_true, both]


@pytest.mark.parametrize("f", ALL, ids=lambda f: f.__name__)
def test_the_objects_at_hand_are_asked(f) -> None:
    # Those of the first call decided for all of their class.
    slope = grad(f)
    for p, q in PAIRS:
        expected = (f(1.5 + 1e-6, p, q) - f(1.5 - 1e-6, p, q)) / 2e-6
        assert slope(1.5, p, q) == pytest.approx(expected, rel=1e-8)


def by_kind(x, settings):
    return x**2 if settings.kind == "square" else x


def test_attributes_that_are_not_what_they_seem() -> None:
    assert by_kind(1.5, Disguised()) == 2.25
    assert grad(by_kind)(1.5, Disguised()) == 3.0
