"""Tapes that are lists of lists, of numbers or of arrays, are compiled."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from tests.backends.test_numba_backend import same

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

M = np.random.default_rng(0).uniform(0.1, 2.0, size=(3, 4))


def until_small(x, a):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            step = x[i, j] + 0.1 * total
            while step > 0.1:
                large = step > 0.4
                step = step * 0.8 * np.sin(a + step) if large else step * 0.5
            total = total * np.cos(step) + step
    return total


def vectors_until_small(x, a):
    total = 0.0
    for i in range(x.shape[0]):
        step = x[i] * (1.0 + 0.1 * total)
        while np.sum(step) > 0.3:
            step = step * 0.8 * np.sin(a + step)
        total = total * 0.5 + np.sum(step * step)
    return total


def soft_paths(x, a):
    score = x[0]
    for t in range(1, len(x)):
        after = np.empty(x.shape[1])
        for k in range(x.shape[1]):
            after[k] = np.log(np.sum(np.exp(score - x[:, k].sum()))) * a + x[t, k]
        score = after
    return np.sum(score**2)


def parts_of_growing_length(x, a):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i + 2):
            v = np.sin(x[i, :j] * a + total)
            total = np.sum(v * v) * np.cos(total) + x[i, j]
    return total


def roots(x, a):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            z, square = 4.0 + a, x[i, j]
            while abs(z * z - square) > 1e-9:
                if z > 2.0:
                    z = np.sqrt(z)
                z = 0.5 * (z + square / z)
            total += z * a
    return total


def own_lists(x, a):
    total = 0.0
    for i in range(x.shape[0]):
        seen = []
        for j in range(i + 2):
            seen.append(np.sin(x[i, j] * a))
        last = seen.pop()
        seen[0] = seen[-1] * last
        for k in range(len(seen)):
            total += seen[k] * k + seen[0]
    return total


@pytest.mark.parametrize(
    "f", [until_small, vectors_until_small, soft_paths, parts_of_growing_length, roots,
          own_lists]
)
def test_gradients_are_those_of_numpy(f) -> None:
    plain = adxform.value_and_grad(f, argnums=(0, 1))
    compiled = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")
    value, bars = compiled(M, 0.3)
    expected, expected_bars = plain(M, 0.3)
    same(value, expected)
    for one, other in zip(bars, expected_bars, strict=True):
        same(one, other)


def beyond(x, n):
    total = 0.0
    for i in range(len(x)):
        seen = []
        for j in range(len(x) - i):
            seen.append(x[j] * x[i])
        total += seen[n - i]
    return total


def test_what_an_earlier_iteration_appended_is_no_item() -> None:
    compiled = adxform.grad(beyond, backend="numba")
    same(compiled(M[0], 3), adxform.grad(beyond)(M[0], 3))
    with pytest.raises(IndexError):
        compiled(M[0, :3], 3)


def drawn_empty(x, n):
    total = 0.0
    for i in range(len(x)):
        seen = []
        for j in range(n - i):
            seen.append(x[j] * x[i])
        last = seen.pop()
        total += last
    return total


def test_nothing_is_drawn_from_an_empty_list() -> None:
    compiled = adxform.grad(drawn_empty, backend="numba")
    same(compiled(M[0], 4), adxform.grad(drawn_empty)(M[0], 4))
    with pytest.raises(IndexError):
        compiled(M[0], 3)
