"""Attributes that descriptors give, those of enumerations among them, and members as options."""

from __future__ import annotations

import enum

import numpy as np
import pytest

from adxform import grad


class Constant:
    """A descriptor that is written in Python."""

    def __init__(self, value):
        self.value = value

    def __get__(self, owner, kind=None):
        return self if owner is None else self.value


class Lazy:
    def __init__(self, function):
        self.function = function

    def __get__(self, owner, kind=None):
        return self.function(owner)


class Settings:
    kind = Constant("square")
    rate = Constant(3.0)
    missing = Constant(None)

    @Lazy
    def mode(self):
        return "square"


class Kind(enum.Enum):
    SQUARE = "square"
    SIZE = "size"


SETTINGS = Settings()
DEFAULT = Kind.SIZE
TABLE = {Kind.SQUARE: np.square, Kind.SIZE: np.abs}


def by_a_text(x, settings):
    return x**2 if settings.kind == "square" else x


def by_what_is_lazy(x, settings):
    return x**2 if settings.mode == "square" else x


def by_none(x, settings):
    return x**2 if settings.missing is None else x


def by_a_class(x, settings):
    return x**2 * settings.rate if isinstance(settings.kind, str) else x


@pytest.mark.parametrize(
    "f", [by_a_text, by_what_is_lazy, by_none, by_a_class], ids=lambda f: f.__name__
)
def test_what_a_descriptor_gives_decides(f) -> None:
    # The descriptor itself was compared: wrong branches.
    def outside(x):
        return f(x, SETTINGS)

    expected = (f(2.0 + 1e-6, SETTINGS) - f(2.0 - 1e-6, SETTINGS)) / 2e-6
    assert grad(f)(2.0, SETTINGS) == pytest.approx(expected, rel=1e-8)
    assert grad(outside)(2.0) == pytest.approx(expected, rel=1e-8)


def by_members(x, kind):
    if kind is Kind.SQUARE:
        return np.sum(x**2)
    return np.sum(abs(x)) if kind == Kind.SIZE else np.sum(x)


def by_matching(x, kind):
    match kind:
        case Kind.SQUARE:
            return np.sum(x**2)
        case Kind.SIZE:
            return np.sum(abs(x))


def by_value(x, kind):
    return np.sum(x**2) if kind.value == "square" else np.sum(x) * len(kind.name)


def by_table(x, kind):
    return np.sum(TABLE[kind](x))


def by_each(x, kind):
    return sum(by_members(x, member) for member in Kind) * len(kind.name)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "f", [by_members, by_matching, by_value, by_table, by_each], ids=lambda f: f.__name__
)
def test_members_of_enumerations(f, kind) -> None:
    x = np.array([0.5, -2.0])
    expected = [(f(x + e, kind) - f(x - e, kind)) / 2e-6 for e in np.eye(2) * 1e-6]
    np.testing.assert_allclose(grad(f)(x, kind), expected, rtol=1e-7)


def test_a_member_decides_before_it_runs() -> None:
    slope = grad(by_members)
    slope(np.ones(2), Kind.SQUARE)
    assert "if" not in slope.source.split("def ")[1]


def by_the_default(x):
    return by_members(x, DEFAULT)


def test_another_member_is_seen(monkeypatch) -> None:
    x, slope = np.array([0.5, -2.0]), grad(by_the_default)
    np.testing.assert_array_equal(slope(x), [1.0, -1.0])
    monkeypatch.setitem(globals(), "DEFAULT", Kind.SQUARE)
    np.testing.assert_array_equal(slope(x), 2.0 * x)
