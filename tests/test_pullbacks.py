"""A pullback is that of the arguments as they were: nothing the caller does later changes it."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

X = np.array([0.4, -0.3, 1.1])


def exponentials(x, n):
    for _ in range(n):
        x = np.exp(-x)
    return x


def squares(x, n):
    return x * x * n


def parts(x, n):
    return np.sum(x[1:] * x[:-1]) * n


def rows_of(x, n):
    y = np.outer(x, x)
    s = 0.0
    for i in range(n):
        row = y[i]
        s = s + np.sum(np.sin(row) * row)
    return y, s


def held(p, n):
    return p["a"] * p["b"][0] * n


def seeds_for(value):
    if isinstance(value, tuple):
        return tuple(map(seeds_for, value))
    return np.cos(np.arange(np.size(value), dtype=float)).reshape(np.shape(value))[()]


def spoil(value):
    """Change what is in arrays."""
    if isinstance(value, np.ndarray):
        value[...] = 7.0
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            spoil(item)



@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("f", [exponentials, squares, parts, rows_of])
@pytest.mark.parametrize("spoiled", ["value", "argument", "cotangent"])
def test_what_is_written_later_changes_nothing(f, backend, spoiled):
    if backend == "numba":
        pytest.importorskip("numba")
    x = X.copy()
    value, pullback = adxform.vjp(f, x, 3, backend=backend)
    seeds = seeds_for(value)
    expected = pullback(seeds)[0].copy()
    spoil({"value": value, "argument": x, "cotangent": pullback(seeds)[0]}[spoiled])
    np.testing.assert_array_equal(pullback(seeds)[0], expected)


@pytest.mark.parametrize("spoiled", ["value", "argument"])
def test_what_containers_hold_is_written_later(spoiled):
    p = {"a": X.copy(), "b": [X * 2.0]}
    value, pullback = adxform.vjp(held, p, 2)
    expected = pullback(X)[0]
    spoil(value if spoiled == "value" else p)
    found = pullback(X)[0]
    np.testing.assert_array_equal(found["a"], expected["a"])
    np.testing.assert_array_equal(found["b"][0], expected["b"][0])


def test_an_array_that_nobody_can_write_to_is_not_copied():
    x = X.copy()
    x.flags.writeable = False
    _, pullback = adxform.vjp(parts, x, 2)
    assert any(item is x for item in pullback.needed)
    _, pullback = adxform.vjp(parts, X, 2)
    assert not any(np.may_share_memory(item, X) for item in pullback.needed)
