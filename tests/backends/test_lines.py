"""What runs along one axis, or over all places of an array, is compiled as NumPy computes it."""

from __future__ import annotations

import numpy as np
import pytest

import adxform

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(4, 5))
T = RANDOM.normal(size=(3, 4, 5))
A, B = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(3, 2))


def products(x):
    return np.sum(np.prod(x, axis=1) ** 2) + np.sum(x / np.prod(x, axis=0, keepdims=True))


def running_products(x):
    return np.sum(np.cumprod(x, axis=0) ** 2) + np.sum(x.cumprod(axis=-1)[..., -1])


def medians(x):
    return np.sum(np.median(x, axis=1) ** 2) + np.sum(np.median(x, axis=0, keepdims=True) * x)


def quantiles(x):
    return np.sum(np.percentile(x, 40.0, axis=0) ** 2) + np.sum(np.quantile(x, 0.3, axis=-1) ** 2)


def sorted_lines(x):
    return np.sum(np.sort(x, axis=0)[::-1][:2] ** 2) + np.sum(np.sort(x)[..., 0] ** 3)


def taken(x):
    return np.sum(np.take_along_axis(x, np.argsort(x, axis=1)[:, :2], axis=1) ** 2)


def slopes(x):
    return np.sum(np.gradient(x, axis=0) ** 2) + np.sum(np.gradient(x, 0.5, axis=1, edge_order=2) ** 2)


def both_slopes(x):
    first, second = np.gradient(x)
    return np.sum(first**2 * second)


def spaced(x, h):
    return np.sum(np.gradient(x, h, axis=1) ** 2)


def slope_of_a_line(x):
    return np.sum(np.gradient(x[0]) ** 2)


def turned(x):
    return np.sum(np.flip(x, axis=1) * x)


def kronecker(a, b):
    return np.sum(np.kron(a, b) ** 3)


def places_of_the_largest(x):
    i, j = np.unravel_index(np.argmax(x), x.shape)
    return x[i, j] ** 2


def over_all_places(x):
    s = 0.0
    for (i, j), v in np.ndenumerate(x):
        s += v**2 * (i + 2 * j)
    return s


def rows_written_out(x):
    p = x[:, :2].copy()
    for i in range(len(p)):
        u, v = p[i]
        p[i] = [u * 0.9 - v * v, v + 0.1 * u]
    return np.sum(p**3)


def pairs_of_points(x):
    s = 0.0
    points = [(row[0], row[1]) for row in x]
    for (x0, y0), (x1, y1) in zip(points, points[2:], strict=False):
        s += (x1 - x0) * (y1 + y0) ** 2
    return s


CASES = [(products, (X,)), (running_products, (T,)), (medians, (X,)), (quantiles, (X,)),
         (sorted_lines, (X,)), (taken, (X,)), (slopes, (T,)), (both_slopes, (X,)),
         (spaced, (X, 0.3)), (slope_of_a_line, (X,)), (turned, (T,)), (kronecker, (A, B)),
         (places_of_the_largest, (X,)), (over_all_places, (X,)), (rows_written_out, (X,)),
         (pairs_of_points, (X,))]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_derivatives_are_those_of_plain_numpy(f, args):
    places = tuple(range(len(args)))
    value, bars = adxform.value_and_grad(f, places, backend="numba")(*args)
    plain, expected = adxform.value_and_grad(f, places)(*args)
    assert value == pytest.approx(plain, rel=1e-12) and value == pytest.approx(f(*args), rel=1e-12)
    for made, known in zip(bars, expected, strict=True):
        assert np.allclose(made, known, rtol=1e-10, atol=1e-12)
    along = tuple(np.cos(np.arange(np.size(a))).reshape(np.shape(a)) for a in args)
    _, tangent = adxform.jvp(f, args, along, backend="numba")
    assert tangent == pytest.approx(sum(np.sum(b * d) for b, d in zip(bars, along, strict=True)))
    step = [(a + 1e-6 * d, a - 1e-6 * d) for a, d in zip(args, along, strict=True)]
    near = (f(*(up for up, _ in step)) - f(*(down for _, down in step))) / 2e-6
    assert tangent == pytest.approx(near, rel=1e-5)


def scaled(x):
    away = (x - np.mean(x, axis=0)) / np.std(x, axis=0, keepdims=True)
    return np.sum(away**3) + np.std(x, ddof=1) + np.sum(np.linalg.norm(x, axis=1) ** 3)


@pytest.mark.parametrize("f", [products, slopes, scaled])
def test_float32_stays(f):
    x = X.astype(np.float32)
    value, bar = adxform.value_and_grad(f, backend="numba")(x)
    assert bar.dtype == np.float32
    assert np.allclose(bar, adxform.grad(f)(x), rtol=2e-4, atol=1e-4)
    assert value == pytest.approx(f(x), rel=1e-4)


def test_zeros_among_factors():
    x = X.copy()
    x[0, 1] = x[2, 3] = x[2, 4] = 0.0

    def product(x):
        return np.sum(np.prod(x, axis=1) + np.cumprod(x, axis=1)[:, 3])

    assert np.allclose(adxform.grad(product, backend="numba")(x), adxform.grad(product)(x))
