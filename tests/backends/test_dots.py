"""Products of vectors are sums in machine code, beside which others are computed."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, value_and_grad
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

R = np.random.default_rng(0)


def distances(x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            total += 1.0 / np.sqrt(d @ d + 0.01)
    return total


def projected(x, y):
    total = 0.0
    for _ in range(2):
        total += np.dot(x, y) * np.sin(x).dot(y * y) + np.inner(x[1:], y[:-1]) + np.vdot(x, x)
    return total


def stretched(x, y):
    return (x * 2.0) @ y


CASES = [(distances, (R.normal(size=(4, 3)),)), (projected, (R.normal(size=5), R.normal(size=5)))]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_they_are_loops(f, args):
    wrt = tuple(range(len(args)))
    with loop_nests_in_python():
        derivative = value_and_grad(f, wrt, backend="numba")
        value, bars = derivative(*args)
    lines = [line.strip() for line in derivative.source.splitlines()]
    code = "\n".join(line for line in lines if not line.startswith("#"))
    assert "@" not in code and "dot(" not in code
    expected, others = value_and_grad(f, wrt)(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for one, other in zip(bars, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)
    check_grads(f, args)


@pytest.mark.parametrize("sizes", [(3, 4), (1, 4), (4, 1), (0, 1)])
def test_vectors_of_other_lengths_are_an_error(sizes):
    derivative = value_and_grad(stretched, (0, 1), backend="numba")
    derivative(R.normal(size=4), R.normal(size=4))
    with pytest.raises(ValueError, match="mismatch"):
        derivative(*(R.normal(size=n) for n in sizes))


def test_empty_vectors_give_zero():
    value, (x_bar, _) = value_and_grad(stretched, (0, 1), backend="numba")(np.ones(0), np.ones(0))
    assert value == 0.0 and x_bar.shape == (0,)
