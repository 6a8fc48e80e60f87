"""An extremum that is taken out and put back is a constant; any other has its derivative."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

X = np.random.default_rng(0).normal(size=(3, 3))
V = np.array([0.3, 1.7, 0.9])


def of_all(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def of_rows(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum((m[:, 0] + np.log(np.sum(np.exp(x - m), axis=1)))**2)


def of_columns(x):
    m = x.max(axis=0)
    return np.sum(np.sin(np.log(np.exp(x - m).sum(0)) + m))


def kept(x):
    m = np.max(x, axis=-1, keepdims=True)
    return np.sum(np.cos(m + np.log(np.sum(np.exp(x - m), axis=-1, keepdims=True))))


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum((e / np.sum(e, axis=1, keepdims=True))**2)


def log_softmax(x):
    s = x - np.max(x, axis=-1, keepdims=True)
    return np.sum(np.sin(s - np.log(np.sum(np.exp(s), axis=-1, keepdims=True))))


def wrong_axis(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum((m[:, 0] + np.log(np.sum(np.exp(x - m), axis=0)))**2)


def misaligned(x):
    m = np.max(x, axis=1)
    return np.sum((m + np.log(np.sum(np.exp(x - m), axis=1)))**2)


def misaligned2(x):
    m = np.max(x, axis=1, keepdims=True)
    return np.sum((m + np.log(np.sum(np.exp(x - m), axis=1)))**2)


def twice(x):
    m = np.max(x)
    return 2 * m + np.log(np.sum(np.exp(x - m)))


def half(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(2.0 * (x - m)))) / 2.0


def scaled(x):
    m = np.max(x)
    return m + np.log(np.sum(x * np.exp(x - m)))


def used(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m))) + m**2


def normal(x):
    m = np.max(np.abs(x))
    return m * np.sqrt(np.sum((x / m)**2))


def add2(x):
    m = np.maximum(x[0], x[1])
    return m + np.log(np.exp(x[0] - m) + np.exp(x[1] - m))


def in_a_loop(x):
    total = 0.0
    for i in range(len(x)):
        m = np.max(x[i])
        total += m + np.log(np.sum(np.exp(x[i] - m)))
    return total


def kept_in_a_loop(x):
    m = 0.0
    for i in range(len(x)):
        m = np.max(x[i])
    return m + np.log(np.sum(np.exp(x - m))) + np.log(np.sum(np.exp(x[0] - m)))


CONSTANT = (
    (of_all, V), (of_rows, X), (of_columns, X), (kept, X), (softmax, X), (log_softmax, X),
    (half, V), (scaled, V), (add2, V), (in_a_loop, X),
)  # fmt: skip
ACTIVE = (
    (wrong_axis, X), (misaligned, X), (misaligned2, X), (twice, V), (used, V), (normal, V),
    (kept_in_a_loop, X),
)  # fmt: skip


@pytest.mark.parametrize(("f", "x"), CONSTANT + ACTIVE)
def test_derivatives_are_right(f, x):
    adxform.check_grads(f, (x,))


@pytest.mark.parametrize(("f", "x"), CONSTANT)
def test_ties_do_not_matter(f, x):
    adxform.check_grads(f, (np.ones_like(x),))


@pytest.mark.parametrize(("f", "x"), CONSTANT)
def test_an_extremum_without_influence_has_no_derivative(f, x):
    for mode in ("reverse", "forward"):
        text = adxform.source(f, mode, args=(x,))
        assert "==" not in text
        assert "np.where" not in text


@pytest.mark.parametrize(("f", "x"), ACTIVE)
def test_any_other_has_one(f, x):
    assert "==" in adxform.source(f, args=(x,))
