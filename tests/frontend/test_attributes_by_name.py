"""Attributes of objects that are set by names, and methods as values."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import grad
from adxform.errors import UnsupportedError


class Bunch:
    def __init__(self, **given):
        for name, value in given.items():
            setattr(self, name, value)

    def scaled(self, x):
        return self.a * x

    @classmethod
    def of(cls, a):
        return cls(a=a)

    @staticmethod
    def squashed(x):
        return np.tanh(x)


class Updated(Bunch):
    def __init__(self, given):
        self.a = 1.0
        self.__dict__.update(given)
        vars(self).update(b=2.0)


def by_setattr(x):
    return Bunch(a=x, b=2.0).scaled(x)


def by_update(x):
    made = Updated({"a": x, "c": x})
    return made.scaled(made.c) * made.b


def a_class_method(x):
    make = Bunch(a=1.0).of
    return make(x).scaled(x)


def a_static_method(x):
    squashed = Bunch(a=1.0).squashed
    return squashed(x) * x


def a_method(x):
    scaled = Bunch(a=x).scaled
    return scaled(x) * scaled(2.0)


@pytest.mark.parametrize(
    "f", [by_setattr, by_update, a_class_method, a_static_method, a_method],
    ids=lambda f: f.__name__,
)
def test_attributes_and_methods_by_name(f) -> None:
    assert grad(f)(1.5) == pytest.approx((f(1.5 + 1e-6) - f(1.5 - 1e-6)) / 2e-6, rel=1e-8)


def as_a_dictionary(x):
    made = Bunch(a=x)
    held = made.__dict__
    held["a"] = 3.0 * x
    return made.scaled(x)


def test_the_dictionary_of_attributes_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="of an object, is not followed"):
        grad(as_a_dictionary)(1.5)
