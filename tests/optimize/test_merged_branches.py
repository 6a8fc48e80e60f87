"""Branches of both sweeps on the same condition are one, where what they ask is still the same."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad

X = np.random.default_rng(0).normal(size=9)


def element(x, a):
    total = 0.0
    for i in range(len(x)):
        if x[i] < a:
            total += np.exp(x[i] * a)
    return total


def pairs(x, a):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            if x[i] < x[j]:
                total += np.exp(x[i] * x[j] * a)
    return total


def computed(x, a):
    total = 0.0
    for i in range(len(x)):
        if np.abs(x[i] - a) < 1.0:
            total += np.exp(x[i] * a)
    return total


def several(x, a):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0 and abs(x[i]) < a:
            total += np.exp(x[i] * a)
        elif x[i] < -1.0 or np.isnan(x[i]):
            total += np.sin(x[i]) ** 3
    return total


@pytest.mark.parametrize("f", [element, pairs, computed, several])
def test_what_a_branch_computes_is_not_recorded_for_the_same_branch(f):
    gradient = grad(f, (0, 1))
    gradient(X, 0.7)
    assert "tape" not in gradient.source and gradient.source.count(" if ") <= 2
    check_grads(f, (X, 0.7))


def written(x, a):
    z = x * 1.0
    total = 0.0
    for i in range(len(x)):
        if z[i] < a:
            z[i] = np.exp(z[i] * a)
            total += z[i] ** 2
    return total


def written_elsewhere(x, a):
    z = x * 1.0
    y = z[:]
    total = 0.0
    for i in range(len(x) - 1):
        if z[i] < a:
            y[i] = a + y[i + 1] ** 2
            total += np.exp(y[i] * a)
    return total


def counted(x, a):
    count = 0
    total = 0.0
    for i in range(len(x)):
        if count < 3 and x[i] > 0.1:
            count += 1
            total += np.exp(x[i] * a) * count
    return total


def listed(x, a):
    found = []
    total = 0.0
    for i in range(len(x)):
        if len(found) < 3 and x[i] > 0.1:
            found.append(i)
            total += np.exp(x[i] * a) * len(found)
    return total


@pytest.mark.parametrize("f", [written, written_elsewhere, counted, listed])
def test_a_condition_that_the_branch_changes_is_asked_before_it(f):
    check_grads(f, (X, 0.7))


def test_a_call_with_effects_is_no_condition_to_ask_twice():
    asked = []

    def below(v, a):
        asked.append(float(v))
        return bool(v < a)

    def f(x, a):
        total = 0.0
        for i in range(len(x)):
            if x[i] > 0 and below(x[i], a):
                total += np.exp(x[i] * a)
        return total

    f(X, 0.7)
    before, found = len(asked), grad(f)(X, 0.7)
    assert len(asked) == 2 * before
    expected = np.where((X > 0) & (X < 0.7), 0.7 * np.exp(0.7 * X), 0.0)
    np.testing.assert_allclose(found, expected)
