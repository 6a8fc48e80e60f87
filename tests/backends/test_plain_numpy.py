"""Plain NumPy code that Numba has for some ranks, or not at all, is compiled all the same."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special
from scipy.special import expit, logsumexp

import adxform
from adxform.structures import leaves_of

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RNG = np.random.default_rng(3)
X, Y, A = RNG.normal(size=6), RNG.normal(size=6), RNG.normal(size=(4, 3))


def agree(f: Callable[..., Any], *args: Any) -> None:
    """Numba compiles the gradient in the first argument, and it is that of NumPy."""
    found = adxform.value_and_grad(f, backend="numba")(*args)
    expected = adxform.value_and_grad(f)(*args)
    for mine, plain in zip(leaves_of(found), leaves_of(expected), strict=True):
        assert np.shape(mine) == np.shape(plain)
        assert np.asarray(mine).dtype == np.asarray(plain).dtype
        double = np.asarray(plain).dtype == np.float64
        np.testing.assert_allclose(mine, plain, rtol=1e-11 if double else 1e-6, atol=1e-13)


def moved(a):
    turned = np.roll(a, 1, axis=0) * a + np.roll(a, -5, axis=-1)
    return np.sum(turned**2) + np.sum(np.diff(a, axis=0) ** 2) + np.sum(np.diff(a, n=2) ** 3)


def repeated(a):
    return np.sum(np.repeat(a, 2, axis=0) ** 2) + np.sum(np.tile(a, (2, 3)) ** 3)


def tiled(x):
    return np.sum(np.tile(x, 2) * np.arange(12.0))


def padded(a):
    total = np.sum(np.pad(a, ((1, 0), (0, 2)), constant_values=0.5) ** 3)
    for mode in ("edge", "wrap", "reflect", "symmetric"):
        total += np.sum(np.pad(a, (2, 1), mode=mode) ** 3)
    return total


def spread(a):
    centred = (a - a.mean(axis=0)) / (a.std(axis=0) + 0.1)
    return np.sum(centred**3) + np.sum(np.var(a, axis=1, ddof=1, keepdims=True) * a)


def lengths(a):
    return np.sum(a / np.linalg.norm(a, axis=1, keepdims=True)) + np.linalg.norm(a, "fro")


def on_diagonals(a):
    return np.sum(np.diag(a) ** 3) + np.sum(np.diagonal(a, 1) ** 2) + np.sum(np.diag(a, -1))


def middling(x):
    return np.median(x) ** 2 + np.quantile(x, 0.3) + np.percentile(x[:5], 80) ** 3


def multiplied(x):
    return np.prod(x) + np.sum(np.cumprod(x)) + x.prod() ** 2


def polynomial(x):
    return np.sum(np.polyval([1.0, -2.0, 3.0], x) ** 2) + np.polyval(np.arange(3.0), x[0])


def chosen(a):
    first, second = a[:, 0], a[:, 1]
    whole = np.select([first < -0.5, second < 0.5], [first, second**2], a[:, 2])
    return np.sum(whole) + np.sum(np.where(first > 0, 1, 0) * second)


def listed(x):
    ends = np.concatenate(([0.0], x, [1.0]))
    ends[[0, 3]] = x[:2] ** 2
    return np.sum(ends[1:] * ends[:-1]) + np.sum(x[[0, 2, 2]] ** 2) + np.sum(np.take(x, [1, 3]))


def rows_of_lists(a):
    rows, powers = [], []
    for row in a:
        rows.append(np.tanh(row))
        powers.append(row**2)
    return np.sum(np.array(rows) ** 2) * np.sum(np.stack(powers, axis=1) ** 2)


def columns(x):
    return np.sum(np.column_stack([x, x**2]) ** 2) + np.inner(x, x) * np.inner(x, x[::-1])


def on_a_grid(x):
    u, v = np.meshgrid(x, x[:4])
    s, t = np.meshgrid(x, x[1:], indexing="ij")
    return np.sum(u * v**2) + np.sum(s**2 * t)


def cast(x):
    positive = (x > 0).astype(int)
    return np.sum(np.asarray(x, dtype=float) * positive) + math.fmod(x[0], 0.4)


def squeezed(a):
    return np.sum(np.squeeze(a[:, None, :]) ** 2) + np.sum(np.sum(a, axis=0, keepdims=True) ** 2)


def over_axes(a):
    b = np.stack([a, a * 2.0])
    return np.sum(np.sum(b, axis=(0, 2)) ** 2) + np.sum(np.var(b, axis=(0, 2)))


def singular(a):
    return np.sum(np.linalg.svd(a, compute_uv=False) ** 3)


def backward(x):
    total = 0.0
    for i in range(len(x))[::-1]:
        total = 0.5 * total + x[i]
    return total


@pytest.mark.parametrize(
    "f", [moved, repeated, padded, spread, lengths, on_diagonals, chosen, rows_of_lists, squeezed,
          over_axes, singular]
)  # fmt: skip
def test_matrices(f: Callable[..., Any]) -> None:
    agree(f, A)


def turned(x):
    z = x * 1.0
    z += z[::-1]
    return np.sum(z * x[:1])


@pytest.mark.parametrize(
    "f", [turned, tiled, middling, multiplied, polynomial, listed, columns, on_a_grid, cast, backward]
)
def test_vectors(f: Callable[..., Any]) -> None:
    agree(f, X)


def test_arrays_without_elements() -> None:
    agree(moved, np.zeros((4, 0)))
    agree(repeated, np.zeros((0, 3)))
    agree(multiplied, np.zeros(0))
    agree(lambda x: np.sum(np.diff(x, 2) ** 2), np.ones(1))


def weighed(x, k):
    return np.sum((x @ k) ** 2) + np.sum(np.dot(x, k))


@pytest.mark.parametrize(
    "k", [np.arange(12).reshape(3, 4), np.arange(3), np.array([True, False, True]),
          RNG.normal(size=3).astype(np.float32)], ids=["matrix", "vector", "booleans", "float32"]
)  # fmt: skip
def test_products_with_other_numbers(k: np.ndarray) -> None:
    agree(weighed, A, k)


def test_single_numbers_come_back_as_such() -> None:
    x = X.astype(np.float32)
    agree(lambda x: np.sum(x**2) * 2.0, x)
    agree(lambda x: np.mean(x) + 1 - x[0] * 0.1, x)
    agree(lambda x: np.sin(x) * 0.1, np.float32(0.3))


def masked(x, y):
    z = x.copy()
    z[y > 0] = 0.0
    return np.sum(z**2) + np.sum(x[y > 0] ** 3)


def masked_rows(a, mask):
    centre = np.mean(a[mask], axis=0) - a[~mask].mean(axis=0)
    return np.sum(a[mask] ** 2) * np.sum(a[mask, 1]) + min(a.shape) * a[0, 0] + np.sum(centre**2)


@pytest.mark.parametrize("size", [1, 5, 7])
def test_masks_of_another_size_are_refused(size: int) -> None:
    agree(masked, X, Y)
    with pytest.raises(IndexError, match="boolean index did not match"):
        adxform.grad(masked, backend="numba")(X, np.ones(size))


def test_masks_of_rows() -> None:
    agree(masked_rows, A, A[:, 0] > 0)
    with pytest.raises(IndexError, match="boolean index did not match"):
        adxform.grad(masked_rows, backend="numba")(A, A[0] > 0)


def counted(x, n):
    total = 0.0
    for i in range(n, -1, -1):
        total += x[i]
    return total


def test_ranges_are_of_integers() -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        adxform.grad(counted, backend="numba")(X, 3.0)


def lists_of_other_lengths(a):
    rows = []
    for i in range(len(a)):
        rows.append(a[i, : i + 1] * 2.0)
    return np.sum(np.array(rows))


def test_rows_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="inhomogeneous"):
        adxform.grad(lists_of_other_lengths, backend="numba")(A)


def classified(a, labels):
    logits = a - logsumexp(a, axis=1, keepdims=True)
    return np.sum(logits[np.arange(len(labels)), labels]) + special.logsumexp(a) * logsumexp(a[0])


def of_distributions(x):
    total = np.sum(np.log(expit(x)) + special.log_expit(-x) + special.ndtr(x) * special.erf(x))
    return total + np.sum(special.gammaln(x**2 + 0.1) * special.erfc(x)) + math.lgamma(x[0] ** 2)


def test_special_functions() -> None:
    agree(classified, A, np.array([0, 2, 1, 1]))
    agree(of_distributions, 3.0 * X)


def test_digamma_keeps_its_digits() -> None:
    from adxform.backends.numba.special import digamma

    for x in (1e-8, 0.3, 1.4616321449683623, 7.7, 12.0, 1e5, -0.4, -7.3):
        assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-13, abs=1e-14)


def test_extrema_of_single_precision_are_compiled():
    def f(x):
        return np.max(x) + np.min(x * x) + np.sum(np.max(x.reshape(2, 2), axis=1))

    x = np.array([1.0, 3.0, 3.0, -0.5], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", adxform.BackendWarning)
        made = adxform.grad(f, backend="numba")(x)
    np.testing.assert_allclose(made, adxform.grad(f)(x), rtol=1e-6)
    assert made.dtype == np.float32


def turned(q, v):
    for i in range(len(q)):
        c, s = np.cos(q[i]), np.sin(q[i])
        v = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ v
    return v[1] * v[2]


def of_several_kinds(x, n):
    a = np.array([[x[0], n, True], [0, 1.5, x[1]], [x[2], 2, n * 2]])
    return np.sum(a @ a) + np.linalg.det(a)


def test_rows_of_integers_and_floating_numbers_are_compiled():
    agree(turned, np.array([0.1, 0.7]), np.array([0.2, 0.5, 0.9]))
    agree(of_several_kinds, np.array([0.3, 0.4, 0.5]), 3)
