"""Products of matrices of many rows are made some rows after the others, and right."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from adxform import value_and_grad

pytest.importorskip("numba")

RNG = np.random.default_rng(0)


def logistic(w, x, y):
    z = x @ w
    return np.sum(np.log(1 + np.exp(z)) - y * z) + 0.5 * np.sum(w**2)


def layers(w1, b1, w2, x, y):
    h = np.tanh(x @ w1 + b1)
    z = h @ w2
    return np.sum((z - y) ** 2)


def softmax(w, x, y):
    z = x @ w
    largest = np.max(z, axis=1, keepdims=True)
    total = np.log(np.sum(np.exp(z - largest), axis=1)) + largest[:, 0]
    return np.sum(total) - np.sum(z * y)


def nearest(c, x):
    squares = np.sum(c**2, axis=1) - 2.0 * (x @ c.T)
    return np.sum(x**2) + np.sum(np.min(squares, axis=1))


def components(mu, x):
    total = 0.0
    for j in range(len(mu)):
        scaled = (x - mu[j]) @ np.diag(mu[j])
        total = total + np.sum(np.exp(-0.5 * np.sum(scaled**2, axis=1)))
    return total


def of_elements(x, b, v, y):
    """The columns of what is multiplied are those of what it was computed from, element by element."""
    cosines = np.cos(y)
    product = cosines @ v
    shifted = y * cosines + b
    total = 0.0
    for i in range(len(x)):
        for j in range(4):
            total += shifted[i, j] * b[j]
    return total + np.sum(y * shifted) / len(x) + np.sum(product)


def squared(v, x, w, y):
    """How many columns the factor of a product has is not known where the tiles begin."""
    between = y @ v
    product = between @ w
    again = between @ w
    return np.sum(again * product) / len(x) + np.sum(x)


def over_columns(w, x):
    z = x @ w
    return np.sum(np.exp(z - np.max(z, axis=0)))


def neighbours(w, x):
    z = x @ w
    total = 0.0
    for i in range(1, len(z)):
        total += np.sum(z[i] * z[i - 1])
    return total


def all_of_them_at_once(w, x):
    z = x @ w
    return np.sum(np.sin(z) * np.sum(z))


def square(w, x):
    k = x @ x.T
    return np.sum(np.tanh(k @ k @ w) * w)


def twice(w, x):
    first = np.sin(x @ w)
    second = np.cos(x @ w[::-1])
    return np.sum(first * second)


def written_between(w, x):
    x = x.copy()
    z = x @ w
    x[0] = 0.0
    return np.sum(np.sin(z)) + np.sum(np.cos(x @ w))


def arguments(f, n):
    x, w = RNG.normal(size=(n, 3)), RNG.normal(size=(3, 4))
    match f.__name__:
        case "logistic":
            return RNG.normal(size=3), x, RNG.uniform(size=n)
        case "layers":
            return w, RNG.normal(size=4), RNG.normal(size=(4, 2)), x, RNG.normal(size=(n, 2))
        case "softmax":
            return w, x, RNG.uniform(size=(n, 4))
        case "nearest":
            return RNG.normal(size=(5, 3)), x
        case "components":
            return RNG.normal(size=(4, 3)), x
        case "of_elements":
            return x, RNG.normal(size=4), RNG.normal(size=(4, 3)), RNG.normal(size=(n, 4))
        case "squared":
            return RNG.normal(size=(4, 3)), x, w, RNG.normal(size=(n, 4))
        case "square":
            return RNG.normal(size=n), x / max(n, 1)
        case _:
            return w, x


TILED = [logistic, layers, softmax, nearest, components, twice, of_elements]
WHOLE = [squared, over_columns, neighbours, all_of_them_at_once, square, written_between]


def wrt(f):
    """What models are fitted in: all but the data, which come last."""
    data = {logistic: 2, layers: 2, softmax: 2, square: 0, of_elements: 2, squared: 3}
    return tuple(range(len(arguments(f, 1)) - data.get(f, 1)))


@cache
def derivative(f, backend):
    """Compiled once for all tests."""
    return value_and_grad(f, wrt(f), backend=backend)


@pytest.mark.parametrize("n", [1, 20000])
@pytest.mark.parametrize("f", [*TILED, *WHOLE])
def test_value_and_gradient_are_those_of_numpy(f, n):
    if f is square and n > 600:
        n = 300
    args = arguments(f, n)
    found, expected = (derivative(f, b)(*args) for b in ("numba", "numpy"))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-11)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(other).max()))


@pytest.mark.parametrize("f", [*TILED, *WHOLE])
def test_what_is_needed_as_a_whole_is_made_as_a_whole(f):
    compiled = derivative(f, "numba")
    compiled(*arguments(f, 6))
    tiles = compiled.source.count("for begin in range(0, ")
    assert tiles == (f in TILED or f is written_between)  # whose second product alone is


@pytest.mark.parametrize("f", [logistic, layers])
def test_without_rows_there_is_nothing_to_add_up(f):
    args = arguments(f, 0)
    found, expected = (derivative(f, b)(*args) for b in ("numba", "numpy"))
    assert found[0] == expected[0]
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("n", [0, 3])
def test_matrices_that_do_not_fit_are_refused_as_by_numpy(n):
    x, w, y = np.ones((n, 3)), np.ones(4), np.ones(n)
    with pytest.raises(ValueError, match="matmul"):
        logistic(w, x, y)
    with pytest.raises(ValueError, match="matmul"):
        value_and_grad(logistic, backend="numba")(w, x, y)


def test_rows_between_products_are_written_as_one_would():
    compiled = derivative(layers, "numba")
    compiled(*arguments(layers, 6))
    for line in ("product = x_2 @ w1", "z = h @ w2", "w2_bar += h.T @ ", "w1_bar += x_2.T @ "):
        assert f"        {line}" in compiled.source


def labelled(w, x, y):
    z = x @ w
    return np.mean(np.log(1.0 + np.exp(-y * z)))


def test_a_check_of_arguments_keeps_nothing_from_tiles():
    args = arguments(logistic, 700)
    both = value_and_grad(labelled, backend="numba")
    value, w_bar = both(*args)
    expected, other = value_and_grad(labelled)(*args)
    assert "for begin in range(0, " in both.source
    np.testing.assert_allclose(value, expected, rtol=1e-11)
    np.testing.assert_allclose(w_bar, other, rtol=1e-9)
    with pytest.raises(ValueError, match="broadcast"):
        both(*args[:2], args[2][:-1])
