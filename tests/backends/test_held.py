"""What a loop adds to one element again and again is a number in it; free orders ascend."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import adxform
from adxform.backends.numba.unsigned import with_unsigned_places
from tests.backends.plainly import loop_nests_in_python
from tests.backends.test_numba_backend import same

pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

A, B = np.sin(np.arange(1.0, 6.0)), np.cos(np.arange(1.0, 8.0))
M = np.cos(np.arange(30.0)).reshape(5, 6)


def multiplied(a, b):
    c = np.zeros(len(a) + len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            c[i + j] += a[i] * b[j]
    return np.sum(c * c)


def products(a, b):
    c = np.ones((len(a), len(b)))
    for i in range(len(a)):
        for j in range(len(b)):
            for k in range(len(a)):
                c[i, j] += a[k] * c[i, j] * b[j - k]
    return np.sum(c * c)


def neighbours(a, b):
    total = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            total += np.sin(a[i] - a[j % len(a)]) * a[i] * b[j]
    return total


def read_besides(a, b):
    c = np.ones(len(a))
    for i in range(len(a)):
        for j in range(len(b)):
            c[i] += c[j % len(a)] * b[j] * a[i]
    return np.sum(c)


def in_a_branch(a, b):
    c = np.ones(len(a))
    for i in range(len(a)):
        for j in range(len(b)):
            if b[j] > 0:
                c[i] += b[j] * a[i] * c[i]
    return np.sum(c)


@pytest.mark.parametrize("f", [multiplied, products, neighbours, read_besides, in_a_branch])
def test_value_and_gradient_are_those_of_numpy(f) -> None:
    compiled = adxform.value_and_grad(f, argnums=(0, 1), backend="numba")
    for a, b in ((A, B), (A[:1], B[:1]), (A, B[:0]), (A[:0], B)):
        value, bars = compiled(a, b)
        expected, expected_bars = adxform.value_and_grad(f, argnums=(0, 1))(a, b)
        same(value, expected)
        for one, other in zip(bars, expected_bars, strict=True):
            same(one, other)


def test_an_element_is_read_before_and_written_after() -> None:
    with loop_nests_in_python():
        derivative = adxform.grad(multiplied, argnums=(0, 1), backend="numba")
        derivative(A, B)
        assert "        a_bar[i] += total\n" in derivative.source
        assert "for j in range(len_b):\n            # c[i + j]" in derivative.source  # not back
        derivative = adxform.value_and_grad(products, backend="numba")
        derivative(A, B)
        assert "c_ij = c[i, j]" in derivative.source


def decomposed(m):
    a = m[:, :5] + 3.0 * np.eye(5)
    for k in range(5):
        for i in range(k + 1, len(a)):
            a[i, k] /= a[k, k]
            for j in range(k + 1, 5):
                a[i, j] -= a[i, k] * a[k, j]
    return np.sum(np.sin(a))


def tables(m):
    n = len(m)
    t = np.zeros((n, n))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            t[i, j] = m[i, j]
            for k in range(i + 1, j):
                t[i, j] = max(t[i, j], t[i, k] + 1.1 * t[k + 1, j])
    return t[0, n - 1] + np.sum(t * t)


def solved(m):
    n = len(m)
    x = m[:, 5] * 1.0
    for i in range(n):
        for j in range(i):
            x[i] -= m[i, j] * x[j]
        x[i] = x[i] / (3.0 + m[i, i])
    return np.sum(x * x)


def read_while_others_are_summed(m):
    x = m[:, 5] * 0.7
    for i in range(len(x) - 1):
        for j in range(i):
            x[j] += 0.1 * x[i] * m[0, i]
    return np.sum(np.sin(x))


def back_to_the_front(m):
    x = m[:, 5] * 1.0
    for i in range(len(x)):
        for j in range(i):
            x[i] -= m[i, j] * x[j - i]
    return np.sum(x * x)


def met_once(m):
    x = m[:, 5] * 1.0
    for i in range(len(x)):
        for j in range(len(x)):
            x[i] += m[i, j] * x[j] * 0.1
    return np.sum(x * x)


def part_read(m):
    x = m[:, :2] * 1.0
    for i in range(1, len(x)):
        for j in range(i):
            row = x[j]
            x[i, 0] += m[i, j] * row[1] * x[j, 0]
            row[0] += 0.1 * x[i, 0]
    return np.sum(x * x)


@pytest.mark.parametrize(
    "f", [decomposed, tables, solved, read_while_others_are_summed, back_to_the_front, met_once,
          part_read])
def test_other_elements_are_read_and_written_besides(f) -> None:
    value, bar = adxform.value_and_grad(f, backend="numba")(M)
    expected, expected_bar = adxform.value_and_grad(f)(M)
    same(value, expected)
    same(bar, expected_bar)
    along = np.sin(np.arange(30.0)).reshape(5, 6)
    near = (f(M + 1e-6 * along) - f(M - 1e-6 * along)) / 2e-6
    assert np.sum(bar * along) == pytest.approx(near, rel=1e-6)
    value, tangent = adxform.jvp(f, (M,), (along,), backend="numba")
    assert tangent == pytest.approx(near, rel=1e-6)


@pytest.mark.parametrize(
    ("f", "text"),
    [(decomposed, "a_bar[i, k] += total"), (tables, "t_ij = max(t_ij, t[i, k]"),
     (solved, "x_i = x_i - m[i, j] * x[j]"),
     (solved, "x_bar_i = x_bar[i]\n        for j in range(i):\n            # x[i]")],
)
def test_an_element_is_a_number_where_others_are_other_places(f, text) -> None:
    with loop_nests_in_python():
        derivative = adxform.value_and_grad(f, backend="numba")
        derivative(M)
        assert text in derivative.source


@pytest.mark.parametrize("f", [back_to_the_front, met_once, part_read])
def test_an_element_is_no_number_where_another_place_may_be_its_own(f) -> None:
    with loop_nests_in_python():
        derivative = adxform.value_and_grad(f, backend="numba")
        derivative(M)
        assert "x_i = x_i " not in derivative.source


def test_no_place_is_written_for_which_there_was_no_iteration() -> None:
    def f(x, n):
        total = 0.0
        for i in range(n):
            for j in range(i - 4):
                total += x[i] * x[j]
        return total

    derivative = adxform.grad(f, backend="numba")
    same(derivative(A[:3], 3), adxform.grad(f)(A[:3], 3))
    with pytest.raises(IndexError, match="out of bounds"):
        derivative(A[:3], 6)


def test_indices_that_loops_compute_with_are_bounded_below() -> None:
    def compiled(read: str) -> str:
        text = f"""def f(x, y, n):
            for i in reversed(range(n)):
                for j in range(n):
                    y[j] += x[{read}]"""
        return ast.unparse(with_unsigned_places(ast.parse(text)))

    assert "i = max(i, 0)" in compiled("i + j")
    assert "max" not in compiled("i, j")


def test_loops_in_several_threads_stay_so() -> None:
    text = "def f(x, n, k):\n    k = len(x)\n    for i in prange(k, n):\n        x[i] = 0.0"
    assert "in prange(k, n)" in ast.unparse(with_unsigned_places(ast.parse(text)))


def test_an_index_that_is_read_after_its_loop_is_a_whole_number() -> None:
    def f(x):
        y = x.copy()
        k = 0
        half = len(x) // 2
        for k in range(half, len(x)):
            y[k] = x[k] * x[k]
        return np.sum(y) * x[k - 1] * (k - 20)

    value, bar = adxform.value_and_grad(f, backend="numba")(B)
    expected, expected_bar = adxform.value_and_grad(f)(B)
    same(value, expected)
    same(bar, expected_bar)
