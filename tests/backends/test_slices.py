"""Slices of what is computed are computed where they are used; zeros are only what stays zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

RNG = np.random.default_rng(3)
V, W = RNG.uniform(0.2, 1.0, size=(2, 7))
M, N = RNG.uniform(0.2, 1.0, size=(2, 5, 6))


def stage(x, w):
    z = np.zeros(len(x))
    z[0] = x[0]
    z[1:] = x[1:] * (x + 0.5 * w)[:-1]
    return np.sum(z * w)


def second_differences(x, w):
    d = (x * w)[1:] - x[:-1]
    return np.sum((d[1:] - d[:-1]) ** 2)


def single_elements(x, w):
    a = x * w + 1.0
    b = (a * 2.0)[1:]
    return a[-1] * b[0] + b[-2] * a[1]


def in_the_middle(x, w):
    z = np.zeros_like(x)
    z[1:-1] = x[2:] * w[:-2]
    return np.sum(z * x)


def all_of_them(x, w):
    z = np.zeros(x.shape)
    z[:] = x * w
    return np.sum(z * np.sin(z))


def columns(x, w):
    z = np.zeros_like(x)
    z[:, 1:] = (x * w)[:, :-1] * 2.0
    u = (x + w)[1:, 2:]
    return np.sum(z * x) + np.sum(u * u) + (x * w)[-1, 0]


def written_between(x, w):
    y = x * 2.0
    a = y * w
    b = a[1:]
    y[1:] = w[:-1]
    return np.sum(b * y[:-1])


FUNCTIONS = (stage, second_differences, single_elements, in_the_middle, all_of_them,
             written_between)  # fmt: skip
CASES = [(f, V, W) for f in FUNCTIONS]
CASES += [(f, V[:3], W[:3]) for f in FUNCTIONS]
CASES += [(columns, M, N), (columns, M[:2, :3], N[:2, :3])]
CASES += [(in_the_middle, V[:n], W[:n]) for n in (0, 1, 2)] + [(all_of_them, V[:0], W[:0])]


@pytest.mark.parametrize("f, x, w", CASES)
def test_values_and_gradients_are_those_of_numpy(f: Callable[..., Any], x: Any, w: Any) -> None:
    expected = adxform.value_and_grad(f, argnums=(0, 1))(x, w)
    with loop_nests_in_python():
        value, bars = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")(x, w)
    np.testing.assert_allclose(value, f(x, w), rtol=1e-13)
    for found, bar in zip(bars, expected[1], strict=True):
        np.testing.assert_allclose(found, bar, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_machine_code_gives_them_too(f: Callable[..., Any]) -> None:
    found = adxform.grad(f, argnums=(0, 1), backend="numba")(V, W)
    for one, other in zip(found, adxform.grad(f, argnums=(0, 1))(V, W), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_single_precision_stays_so() -> None:
    x, w = V.astype(np.float32), W.astype(np.float32)
    found = adxform.grad(single_elements, backend="numba")(x, w)
    expected = adxform.grad(single_elements)(x, w)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("x", [V[:2], V[:1]])
def test_an_element_that_is_not_there_is_an_error(x: Any) -> None:
    for backend in ("numpy", "numba"):
        with pytest.raises(IndexError):
            adxform.grad(single_elements, backend=backend)(x, x)


def test_sizes_that_do_not_fit_are_an_error() -> None:
    def f(x, w):
        z = np.zeros(len(w))
        z[1:] = (x * 2.0)[1:]
        return np.sum(z)

    for backend in ("numpy", "numba"):
        with pytest.raises(ValueError, match="broadcast"):
            adxform.grad(f, backend=backend)(V, W[:4])


def text(f: Callable[..., Any], *args: Any) -> str:
    with loop_nests_in_python():
        made = adxform.grad(f, argnums=tuple(range(len(args))), backend="numba")
        made(*args)
    return made.source


def test_what_slices_take_is_not_stored_first() -> None:
    def f(x):
        return np.sum(x[:-1] * np.sin((x * x + 1.0)[1:]))

    assert text(f, V).count("np.empty") == 2  # the cotangent of what is cut, and the gradient


def test_only_what_stays_zero_is_set_to_zero() -> None:
    def f(x):
        z = np.zeros_like(x)
        z[1:-1] = x[2:] * x[:-2]
        return np.sum(z * x)

    source = text(f, V)
    assert "[:1] = 0.0" in source
    assert "[-1:] = 0.0" in source
    assert "np.zeros" not in source
