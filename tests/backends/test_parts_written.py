"""Parts of arrays that are written are loops, with the numbers and the errors of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from tests.backends.plainly import loop_nests_in_python
from tests.backends.test_numba_backend import same

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RNG = np.random.default_rng(0)
V = RNG.normal(size=5)
M = RNG.normal(size=(4, 3))


def shifted(x):
    y = np.zeros(len(x))
    for _ in range(3):
        z = np.empty(len(x))
        z[0] = x[0]
        z[1:] = x[1:] * y[:-1]
        y = y + np.sin(z)
    return np.sum(y * y)


def middles(x):
    z = np.ones(len(x))
    z[1:-1] *= np.cos(x[2:])
    z[1:4] += x[:3] * x[2:]
    return np.sum(z**3)


def columns(x):
    z = np.zeros((4, 3))
    z[:, 1] = np.exp(x[:, 0])
    z[1:, 2] += x[1:, 1] * x[:-1, 2]
    z[2] = x[0]
    z[1:3, 1:] = x[2:, :2] ** 2
    return np.sum(np.sin(z))


def in_single_precision(x):
    z = np.zeros(x.shape, x.dtype)
    z[1:] = x[1:] * x[:-1]
    return np.sum(z * z)


def overlapping(x):
    z = x * 2.0
    z[1:] = z[:-1]
    z[1:] = z[:-1] * x[1:]
    z[:-1] += z[1:]
    return np.sum(z * x)


def other_slices(x):
    z = np.zeros(len(x))
    z[-3:] = x[:3] ** 2
    z[::2] += x[::2]
    z[::-1] *= x
    return np.sum(z * x)


def of_two(x, w):
    z = np.zeros(len(x))
    z[1:] = x[1:] * w
    return np.sum(z)


EACH = pytest.mark.parametrize("f, x", [
    (shifted, V), (middles, V), (columns, M), (in_single_precision, V.astype(np.float32)),
    (overlapping, V), (other_slices, V), (shifted, V[:1]), (shifted, V[:2]),
])  # fmt: skip


@EACH
def test_loops_give_the_numbers_of_numpy(f: Callable[..., Any], x: np.ndarray) -> None:
    with loop_nests_in_python():
        found = adxform.value_and_grad(f, backend="numba")(x)
    value, bar = adxform.value_and_grad(f)(x)
    assert found[1].dtype == bar.dtype
    if x.dtype == np.float64:
        same(found, (value, bar))
        return
    np.testing.assert_allclose(found[1], bar, rtol=1e-5)


@pytest.mark.parametrize("f, x", [(shifted, V), (columns, M), (overlapping, V)])
def test_machine_code_gives_them_too(f: Callable[..., Any], x: np.ndarray) -> None:
    same(adxform.grad(f, backend="numba")(x), adxform.grad(f)(x))


def test_a_part_is_written_element_by_element() -> None:
    with loop_nests_in_python():
        derivative = adxform.grad(shifted, backend="numba")
        derivative(V)
    assert "        z[1:] =" not in derivative.source
    assert "z[i_2 + 1] = item[i_2] * item_2[i_2]" in derivative.source


def test_parts_of_other_sizes_are_refused() -> None:
    derivative = adxform.grad(of_two, argnums=(0, 1), backend="numba")
    same(derivative(V, V[1:]), adxform.grad(of_two, argnums=(0, 1))(V, V[1:]))
    with pytest.raises(ValueError, match="broadcast"):
        derivative(V, V)


# Indices that nothing says to be in bounds are asked about where they are used


def at(x, i):
    return np.sin(x[i]) * x[0]


def over_places(x, places):
    total = 0.0
    for p in places:
        total += x[p] ** 2
    return total


def gathered(x, places):
    return np.sum(x[places] ** 3)


@pytest.mark.parametrize("f, fine, wrong", [
    (at, [2, -1, -5, 4], [5, -6]),
    (over_places, [np.array([0, -1, 4]), np.array([], int)], [np.array([1, 5]), np.array([-6])]),
    (gathered, [np.array([0, -1, 4]), np.array([], int)], [np.array([1, 5]), np.array([-6])]),
])  # fmt: skip
def test_indices_are_asked_about_at_their_use(f, fine, wrong) -> None:
    derivative = adxform.grad(f, backend="numba")
    for good in fine:
        same(derivative(V, good), adxform.grad(f)(V, good))
    for bad in wrong:
        with pytest.raises(IndexError, match="out of bounds"):
            derivative(V, bad)


def scaled(x, n):
    total = 0.0
    for i in range(n):
        total += x[i] * weight(x, i)
    return total


def weight(x, i):
    y = np.empty(len(x))
    for j in range(len(x)):
        y[j] = np.exp(-x[j] * i)
    y[1:] = x[1:] * y[:-1]
    return np.sum(y)


def test_what_is_evaluated_alone_is_loops_in_inner_functions_too() -> None:
    value, _ = adxform.jvp(scaled, (V, 3), (None, None), backend="numba")
    assert np.isclose(value, scaled(V, 3), rtol=1e-14)


def descended(x):
    y, size = np.ones(len(x)), 0.4
    while np.sum((y - x) * (y - x)) > 1e-3:
        step = y - size * (y - x)
        moved = step - y
        if np.sum(moved * moved) < 1e-9:
            break
        y = step
    return np.sum(y * x)


def test_arrays_in_loops_that_end_early_are_not_stored_where_they_are_summed() -> None:
    with loop_nests_in_python():
        derivative = adxform.grad(descended, backend="numba")
        same(derivative(V), adxform.grad(descended)(V))
    assert "moved[" not in derivative.source
    value, _ = adxform.jvp(descended, (V,), (None,), backend="numba")
    assert np.isclose(value, descended(V), rtol=1e-13)


def scaled_sums(a, b):
    total = 0.0
    for i in range(len(a)):
        total += np.sum(a[i] * b[i])
    return total


def of_gathered_rows(x, y, places):
    return scaled_sums(x[places[:, 0]], y[places[:, 1]])


def test_rows_that_are_gathered_for_a_function_are_filled_in_place():
    x, y = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    derivative = adxform.grad(of_gathered_rows, backend="numba")
    derivative(x, y, np.array([[0, 1], [2, 2]]))
    assert ".copy()" not in derivative.source


def diffused(u, c):
    u = u.copy()
    for _ in range(3):
        u[1:-1, 1:-1] += c * (u[2:, 1:-1] + u[1:-1, 2:] - 2.0 * u[1:-1, 1:-1])
    return np.sum(u**2)


def test_an_array_that_nested_loops_fill_for_a_list_is_filled_in_place():
    u = np.sin(np.arange(30.0)).reshape(5, 6)
    with loop_nests_in_python():
        derivative = adxform.grad(diffused, argnums=(0, 1), backend="numba")
        for one, other in zip(derivative(u, 0.1), adxform.grad(diffused, (0, 1))(u, 0.1)):
            same(one, other)
    filled = derivative.source.partition("difference_tape")[2].partition("# return")[0]
    assert ".copy()\n    for i" in filled and filled.count(".copy()") == 1  # the list's own
