"""Sizes that meet are taken to be equal where types do not say so; where they are not, all is right."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RNG = np.random.default_rng(8)
X, W = RNG.uniform(0.2, 1.0, size=(2, 9))
M = RNG.uniform(0.2, 1.0, size=(8, 9))


def diffusion(x, w, n):
    lap = 2.0 * x[1:n + 3] - (x[0:n + 2] + x[2:n + 4])
    flux = lap[1:] - lap[:-1]
    flux = np.where(flux * (x[2:n + 3] - x[1:n + 2]) > 0, 0, flux)
    return np.sum((x[2:n + 2] - w[0:n] * (flux[1:n + 1] - flux[:n])[:n]) ** 2)


def rows_of_a_triangle(x, w, n):
    c = np.outer(x, w)
    for i in range(n):
        c[i, : i + 1] *= 1.2
        for k in range(n):
            c[i, : i + 1] += x[k] * w[: i + 1] * c[k, 0]
    return np.sum(c * c)


def in_either_branch(x, w, n):
    a, b = x[1 : n + 1], w[0:n]
    if n > 3:
        s = np.sum(a * b)
    else:
        s = np.sum(np.sin(a)) + np.sum(b)
    return s


def written_in_two_sweeps(x, w, n):
    y = np.zeros_like(x)
    for t in range(3):
        y[1 : n + 1] = 0.5 * (y[0:n] + x[2 : n + 2]) * w[1 : n + 1]
        y[1 : n + 1] += x[1 : n + 1]
    return np.sum(y * y)


FUNCTIONS = (diffusion, rows_of_a_triangle, in_either_branch, written_in_two_sweeps)


def same(f: Callable[..., Any], made: Callable[..., Any], *args: Any) -> None:
    value, bars = made(*args)
    expected, others = adxform.value_and_grad(f, argnums=(0, 1))(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    for bar, other in zip(bars, others, strict=True):
        np.testing.assert_allclose(bar, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_values_and_gradients_are_those_of_numpy(f: Callable[..., Any]) -> None:
    with loop_nests_in_python():
        made = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")
        for n in (5, 1, 2, 4, 0):
            same(f, made, X, W, n)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_machine_code_gives_them_too(f: Callable[..., Any]) -> None:
    same(f, adxform.value_and_grad(f, argnums=(0, 1), backend="numba"), X, W, 5)


def stretched(x, w, n):
    return np.sum(x[0:n] * w[1:6])


def stretched_where_it_is_written(x, w, n):
    y = x * 2.0
    y[1:6] += w[0:n]
    return np.sum(y * y)


@pytest.mark.parametrize("f", [stretched, stretched_where_it_is_written])
def test_what_is_of_one_element_is_stretched_all_the_same(f: Callable[..., Any]) -> None:
    for first, *others in ((1, 5, 1), (5, 1, 5)):
        with loop_nests_in_python():
            made = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")
            for n in (first, *others):
                same(f, made, X, W, n)
    same(f, adxform.value_and_grad(f, argnums=(0, 1), backend="numba"), X, W, 1)


def test_a_branch_that_is_not_taken_asks_for_nothing() -> None:
    made = adxform.value_and_grad(in_either_branch, argnums=(0, 1), backend="numba")
    same(in_either_branch, made, X, W[:2], 3)
    same(in_either_branch, made, X, W, 5)


@pytest.mark.parametrize("f", [stretched, stretched_where_it_is_written])
def test_sizes_that_do_not_fit_are_an_error(f: Callable[..., Any]) -> None:
    made = adxform.grad(f, backend="numba")
    with pytest.raises(ValueError, match="broadcast"):
        made(X, W, 3)
    same(f, adxform.value_and_grad(f, argnums=(0, 1), backend="numba"), X, W, 5)


def test_what_writes_to_its_arguments_is_run_once() -> None:
    def f(x, y, n):
        y[0:2] += x[0:2]
        return np.sum(x[0:n] * y[1:6])

    for n in (5, 1):
        given = [W.copy(), W.copy()]
        found = [
            adxform.grad(f, backend=backend)(X, y, n)
            for backend, y in zip(("numba", "numpy"), given, strict=True)
        ]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-13)
        np.testing.assert_array_equal(given[0], given[1])


def test_loop_nests_are_written_for_slices_whose_ends_are_computed() -> None:
    with loop_nests_in_python(), warnings.catch_warnings():
        warnings.simplefilter("error")
        made = adxform.grad(diffusion, argnums=(0, 1), backend="numba")
        made(X, W, 5)
    assert "_unbroadcast(" not in made.source
    assert "np.copy(" not in made.source


@pytest.mark.parametrize("n", [3, 12])
def test_what_is_not_stretched_to_a_shape_is_an_error(n: int) -> None:
    def f(x, w, n):
        return np.sum(np.broadcast_to(x, (2, n)) ** 2) * w[0]

    made = adxform.grad(f, argnums=1, backend="numba")
    np.testing.assert_allclose(made(X, W, 9), adxform.grad(f, argnums=1)(X, W, 9))
    with pytest.raises(ValueError, match="broadcast"):
        made(X, W, n)
