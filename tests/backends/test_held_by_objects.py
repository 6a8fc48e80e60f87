"""What objects hold is read before the machine code runs, wherever the function reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import adxform

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

X = np.random.default_rng(0).normal(size=4)


class Model:
    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def step(self, x: Any, rate: float) -> Any:
        return x - rate * self.weights * np.sin(x)


@dataclass
class Settings:
    rate: float = 0.1
    steps: int = 3


class Scale:
    factor = 2.0


MODEL, SETTINGS = Model(np.arange(4.0)), Settings()


def inside(x, model, settings):
    for _ in range(settings.steps):
        x = model.step(x, settings.rate)
    return np.sum(x**2)


def outside(x):
    for _ in range(SETTINGS.steps):
        x = MODEL.step(x, SETTINGS.rate)
    return np.sum(x**2) * Scale.factor


def chosen(x, model, heavy):
    if heavy:
        return np.sum(x * model.weights)
    return np.sum(x)


def agree(f: Callable[..., Any], compiled: Callable[..., Any], *args: Any) -> None:
    value, bar = compiled(*args)
    assert value == pytest.approx(f(*args), rel=1e-12)
    assert np.allclose(bar, adxform.grad(f)(*args), rtol=1e-12)


def test_objects_that_are_arguments() -> None:
    made = adxform.value_and_grad(inside, backend="numba")
    agree(inside, made, X, MODEL, SETTINGS)
    agree(inside, made, X, Model(np.ones(4)), Settings(0.3, 5))
    made = adxform.value_and_grad(chosen, backend="numba")
    agree(chosen, made, X, MODEL, True)
    agree(chosen, made, X, MODEL, False)


def test_objects_outside_are_read_in_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    made = adxform.value_and_grad(outside, backend="numba")
    agree(outside, made, X)
    monkeypatch.setattr(SETTINGS, "rate", 0.7)
    monkeypatch.setattr(SETTINGS, "steps", 2)
    monkeypatch.setattr(MODEL, "weights", np.ones(4))
    monkeypatch.setattr(Scale, "factor", 5.0)
    agree(outside, made, X)


class Net:
    def __init__(self, layers: Any) -> None:
        self.layers = layers


LAYERS = [Model(np.arange(1.0, 5.0)), Model(np.arange(4.0, 0.0, -1.0))]
NET = Net(LAYERS)


def by_places(x):
    return np.sum(np.tanh(LAYERS[0].weights * x) * LAYERS[-1].weights)


def in_a_loop(x):
    for layer in LAYERS:
        x = np.tanh(layer.weights * x)
    return np.sum(x)


def of_an_object(x):
    for layer in NET.layers:
        x = layer.step(x, 0.1)
    return np.sum(x**2)


def of_an_argument(x, net):
    for layer in net.layers:
        if x[0] > -5.0:
            x = layer.step(x, 0.1)
    return np.sum(x**2)


@pytest.mark.parametrize(("f", "rest"), [
    (by_places, ()), (in_a_loop, ()), (of_an_object, ()), (of_an_argument, (NET,))])
def test_objects_that_lists_hold(f, rest):
    made, plain = adxform.grad(f, backend="numba"), adxform.grad(f)
    assert np.allclose(made(X, *rest), plain(X, *rest), rtol=1e-13)
    before = LAYERS[0].weights
    LAYERS[0].weights = before[::-1] * 2.0
    try:
        assert np.allclose(made(X, *rest), adxform.grad(f)(X, *rest), rtol=1e-13)
    finally:
        LAYERS[0].weights = before


def test_an_argument_of_the_same_kind_is_read_anew():
    made = adxform.grad(of_an_argument, backend="numba")
    other = Net([Model(np.ones(4)), Model(np.full(4, 3.0))])
    assert np.allclose(made(X, NET), adxform.grad(of_an_argument)(X, NET))
    assert np.allclose(made(X, other), adxform.grad(of_an_argument)(X, other))
