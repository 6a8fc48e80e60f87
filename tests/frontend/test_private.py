"""Names with two underscores, which belong to the class whose methods say them."""

import numpy as np
import pytest

from adxform import grad


class Spring:
    def __init__(self, stiffness):
        self.__stiffness = stiffness
        self._Spring__rest = 0.5
        self.__calls = 0

    def __stretched(self, x):
        return x - self.__rest

    @staticmethod
    def __half(x):
        return 0.5 * x

    @property
    def __doubled(self):
        return 2.0 * self.__stiffness

    def energy(self, x):
        self.__calls += 1
        return self.__half(self.__stiffness) * self.__stretched(x) ** 2

    def by_class(self, x):
        return Spring.__half(x) * x

    def by_property(self, x):
        return np.sin(self.__doubled * x)

    def by_inner_function(self, x):
        __shift = 0.25

        def moved(y):
            return self.__stretched(y) + __shift

        return moved(x) ** 2 + (lambda y: self.__stiffness * y)(x)


class Softer(Spring):
    def __stretched(self, x):
        return x

    def both(self, x):
        return self.energy(x) + self.__stretched(x)


class __Hidden:
    def __init__(self):
        self.__factor = 3.0

    def scaled(self, x):
        return self.__factor * x * x


HIDDEN = __Hidden()


def made_inside(x):
    return Spring(x).energy(x)


@pytest.mark.parametrize("function", [
    Spring(3.0).energy, Spring(3.0).by_class, Spring(3.0).by_property,
    Spring(3.0).by_inner_function, Softer(3.0).both, HIDDEN.scaled, made_inside,
])  # fmt: skip
def test_private_names_are_found(function):
    expected = (function(1.3 + 1e-6) - function(1.3 - 1e-6)) / 2e-6
    assert np.isclose(grad(function)(1.3), expected)
