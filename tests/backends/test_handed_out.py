"""What a derivative that is called inside hands out is copied only where somebody else holds it."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

numba = pytest.importorskip("numba")

X = np.random.default_rng(0).normal(size=(5, 3))
W = np.random.default_rng(1).normal(size=5)


def weighted(p, w):
    x, y, z = p[:, 0], p[:, 1], p[:, 2]
    return np.sum(w * np.sin(x * y) * np.exp(-z * z))


slopes = adxform.grad(weighted, argnums=(0, 1))


def blocks(p, w):
    made = np.empty((len(w), 4))
    made[:, :3], made[:, 3] = slopes(p, w)
    return made


def used_twice(p, w):
    in_p, in_w = slopes(p, w)
    first = in_p * 1.0
    in_p[:, 0] = in_w
    return first + in_p


def of_one_memory(p, w):
    in_p, in_w = slopes(p, w)
    held = [in_p, in_p]
    in_p[0, 0] = np.sum(in_w)
    return held[0] * held[1] + in_p


def in_turn(p, w):
    s = np.zeros(3)
    for i in range(3):
        in_p, in_w = slopes(p * (1.0 + s[i]), w)
        s[i] = np.sum(in_p * in_p) + np.sum(in_w)
    return s


FUNCTIONS = [blocks, used_twice, of_one_memory, in_turn]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_values_and_derivatives_are_those_of_python(f):
    v = np.cos(np.arange(15.0)).reshape(5, 3)
    value, along = adxform.jvp(f, (X, W), (v, None), backend="numba")
    np.testing.assert_allclose(value, f(X, W), rtol=1e-13)
    h = 1e-6
    expected = (f(X + h * v, W) - f(X - h * v, W)) / (2 * h)
    np.testing.assert_allclose(along, expected, rtol=1e-6, atol=1e-7)


def test_what_dies_is_not_copied(monkeypatch):
    texts = []
    compiled = adxform.kernels.compile_text
    monkeypatch.setattr("adxform.kernels.compile_text", lambda text, *args, **kwargs: texts.append(
        text) or compiled(text, *args, **kwargs))
    adxform.jvp(blocks, (X, W), (None, None), backend="numba")
    assert texts
    assert not any("copy(" in text for text in texts)
