"""Modules that are arguments, or attributes of objects: ``xp.sum(x)`` is no method of an array."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adxform import AdxformError, UnsupportedError, check_grads, grad, source

X = np.array([0.5, 1.0, 1.5])


def energy(x, xp):
    return xp.sum(xp.exp(-x) * x) + xp.linalg.norm(x)


def by_default(x, xp=np):
    return xp.mean(xp.stack([x, x * x], axis=-1), axis=-1)


def turned(x, xp):
    return xp.reshape(x, (-1, 1)) * xp.pi


def through_another(x, xp):
    return xp.max(turned(2.0 * x, xp)) + energy(x, xp=xp)


class Layer:
    def __init__(self, xp):
        self.xp = xp

    def out(self, x):
        return self.xp.sum(self.xp.tanh(x))

    def column(self, x):
        return self.xp.reshape(x, (-1, 1))


LAYER = Layer(np)


@pytest.mark.parametrize("f", [energy, turned, through_another])
def test_of_an_argument(f) -> None:
    check_grads(f, (X, np), order=1)


@pytest.mark.parametrize("f", [by_default, LAYER.out, LAYER.column, lambda x: Layer(np).column(x)])
def test_of_a_default_or_an_attribute(f) -> None:
    check_grads(f, (X,), order=1)


def slope(x, lib=np):
    return lib.sin(x)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_each_module_is_another_specialisation(backend) -> None:
    made = grad(slope, backend=backend)
    assert made(1.0) == made(1.0, np) == made(1.0, math) == math.cos(1.0)


def test_text_is_of_the_module_that_it_was_made_for() -> None:
    text = source(energy, args=(X, np))
    assert "np.sum(" in text and 'assert xp.__name__ == "numpy"' in text


@pytest.mark.parametrize("f", [by_default, turned, lambda x, xp: xp.sum(x)])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_what_may_be_no_array_is_refused(f, mode) -> None:
    """As a method of an array, ``xp.reshape(x, ...)`` had x for its shape: its derivative was zero."""
    with pytest.raises(AdxformError):
        source(f, mode, (0,))


def test_an_array_of_unknown_type_has_its_methods() -> None:
    assert "A.dot(x)" in source(lambda x, A: A.dot(x), "forward", (0,))


def twice(x):
    return np.sum(x, 0, axis=0)


def spread_twice(x):
    return slope(x, lib=np, **{"lib": math})


@pytest.mark.parametrize("f", [twice, spread_twice])
def test_an_argument_given_twice_is_none(f) -> None:
    with pytest.raises(UnsupportedError, match="twice"):
        grad(f)(X)
