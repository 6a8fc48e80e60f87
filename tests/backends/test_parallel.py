"""``parallel=True``: loops whose iterations are independent run in several threads, no others."""

from __future__ import annotations

import ast
import warnings
from typing import Any
from unittest import mock

import numpy as np
import pytest

from adxform import grad, value_and_grad
from adxform.backends.numba.compiling import jitted
from adxform.backends.numba.unsigned import with_unsigned_places
from adxform.errors import BackendWarning
from tests.backends.plainly import loop_nests_in_python

pytest.importorskip("numba")

R = np.random.default_rng(0)


def weighted(x, w):
    return np.sum(np.exp(np.sin(x)) * w)


def nearest(centres, points):
    squares = np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    return np.sum(np.min(squares, axis=1))


def by_rows(a):
    total = 0.0
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += np.cos(a[i, j]) * a[i, 0]
        total += s * s
    return total


def filled(x):
    y = np.empty(len(x))
    for i in range(len(x)):
        y[len(x) - 1 - i] = np.sin(x[i])
    return np.sum(y * x)


def running(x):
    y = np.empty(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * 0.5 + np.sin(x[i])
    return np.sum(y**2)


def scattered(x, places):
    y = np.zeros(3)
    for i in range(len(places)):
        y[places[i]] += np.sin(x[i])
    return np.sum(y**2)


def products(x):
    p = 1.0
    for i in range(len(x)):
        p *= np.cos(x[i])
    return p


def own_name(prange):
    return np.sum(np.sin(prange) ** 2)


def rows_weighted(x, w):
    total = 0.0
    for i in range(len(x)):
        total += np.log(1.0 + np.exp(np.sum(x[i] * w)))
    return total


def some_added(x, a, b):
    total = 0.0
    for i in range(1, len(x)):
        if x[i] > 0.1:
            total += np.sin(x[i] * a) * b
        else:
            total -= x[i] * a
    return total


def inner_pairs(x, w):
    total = 0.0
    for i in range(len(x) - 1, -1, -1):
        for j in range(len(w)):
            total += np.exp(x[i] * w[j])
    return total


def outer_products(x, w):
    total = 0.0
    for i in range(len(x)):
        y = np.outer(x[i], w) * np.sin(x[i][0])
        total += np.sum(y * y)
    return total


def pairs(x, w):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += np.exp(-np.abs(x[i] - x[j]) * w[0])
    return total


CASES = [
    (weighted, (R.normal(size=7), R.normal(size=7))),
    (nearest, (R.normal(size=(3, 2)), R.normal(size=(5, 2)))),
    (by_rows, (R.normal(size=(4, 3)),)),
    (filled, (R.normal(size=5),)),
    (running, (R.normal(size=5),)),
    (scattered, (R.normal(size=4), np.array([0, 2, 0, 1]))),
    (products, (R.normal(size=4),)),
    (own_name, (R.normal(size=4),)),
    (rows_weighted, (R.normal(size=(6, 3)), R.normal(size=3))),
    (some_added, (R.normal(size=9), np.array(0.3)[()], np.array(0.7)[()])),
    (inner_pairs, (R.normal(size=7), R.normal(size=3))),
    (outer_products, (R.normal(size=(5, 2)), R.normal(size=3))),
    (pairs, (R.normal(size=7), R.normal(size=2))),
    (rows_weighted, (R.normal(size=(1, 3)), R.normal(size=3))),
    (rows_weighted, (R.normal(size=(0, 3)), R.normal(size=3))),
]
each_case = pytest.mark.parametrize(("f", "args"), CASES, ids=lambda v: getattr(v, "__name__", ""))


def wrt(args):
    return tuple(i for i, arg in enumerate(args) if arg.dtype == float)


def same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


@each_case
def test_in_one_thread_it_is_the_same(f, args):
    expected = value_and_grad(f, wrt(args))(*args)
    with loop_nests_in_python():
        same(value_and_grad(f, wrt(args), backend="numba", parallel=True)(*args), expected)
        gradient = grad(f, wrt(args), backend="numba", parallel=True)(*args)
        same((expected[0], gradient), expected)


@each_case
def test_in_several_threads(f, args):
    expected = value_and_grad(f, wrt(args))(*args)
    many = value_and_grad(f, wrt(args), backend="numba", parallel=True)
    gradient = grad(f, wrt(args), backend="numba", parallel=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        for _ in range(3):
            same(many(*args), expected)
            same((expected[0], gradient(*args)), expected)


@each_case
def test_iterations_in_any_order(f, args):
    expected = value_and_grad(f, wrt(args))(*args)

    def shuffled(*bounds):
        return [int(i) for i in R.permutation(range(*bounds))]

    with (
        loop_nests_in_python(),
        mock.patch("numba.prange", shuffled),
        mock.patch("numba.get_num_threads", lambda: 3),
    ):
        gradient = grad(f, wrt(args), backend="numba", parallel=True)
        for _ in range(3):
            same((expected[0], gradient(*args)), expected)


def loops(f, args, transform=value_and_grad):
    with loop_nests_in_python():
        derivative = transform(f, backend="numba", parallel=True)
        derivative(*args)
    lines = derivative.source.splitlines()
    return [line.strip() for line in lines if line.startswith("    for ")], derivative.source


def test_independent_loops_are_parallel():
    found, text = loops(*CASES[0])
    assert "for i in prange(size):" in found and "import get_num_threads, prange" in text


def test_sums_are_added_up_in_parts():
    found, text = loops(*CASES[0])
    assert "for part in prange(parts):" in found and "for part in range(parts):" in found
    assert "for i in range(part * size // parts, (part + 1) * size // parts):" in text


def in_parts(f, args):
    def both(f, **options):
        return grad(f, wrt(args), **options)

    found, text = loops(f, args, both)
    return "for part in prange(parts):" in found, text


def test_arrays_that_all_iterations_add_to_are_one_for_each_part():
    parts, text = in_parts(*CASES[8])
    assert parts and "w_bars[part, i_2] += " in text and "    w_bar += w_bars[part]" in text


@pytest.mark.parametrize("case", CASES[9:13], ids=lambda c: c[0].__name__)
def test_loops_with_branches_and_loops_in_them_are_parallel(case):
    assert in_parts(*case)[0]


def test_places_that_depend_on_the_iteration_are_not_added_to_in_parts():
    def neighbours(x):
        total = 0.0
        for i in range(1, len(x)):
            total += np.sin(x[i]) * x[i - 1]
        return total

    parts, text = in_parts(neighbours, (R.normal(size=6),))
    assert not parts and "prange" not in text


def test_a_user_s_own_sum_keeps_its_order():
    found, text = loops(*CASES[9])
    assert "prange" not in text and found


def test_the_outermost_loop_is_the_parallel_one():
    found, text = loops(*CASES[1])
    assert "for part in prange(parts):" in found and "            for j in range(rows_2):" in text
    assert text.count("prange(") == len([line for line in found if "prange(" in line])


@pytest.mark.parametrize("case", [CASES[4], CASES[5], CASES[6]], ids=lambda c: c[0].__name__)
def test_iterations_that_wait_for_each_other_stay_in_order(case):
    found, _ = loops(*case)
    forward = [line for line in found if "reversed" in line or "range(1, " in line]
    assert not any("prange(1" in line for line in found)
    assert forward or case[0] is not running


def test_nothing_is_parallel_unasked():
    with loop_nests_in_python():
        derivative = value_and_grad(weighted, backend="numba")
        derivative(*CASES[0][1])
    assert "prange" not in derivative.source


def test_a_user_s_variable_keeps_its_name():
    _, text = loops(*CASES[7])
    assert "prange(" not in text


def test_one_thread_where_numba_does_not_make_several():
    asked = []

    def failing(*args: Any, **options: Any) -> Any:
        asked.append(options["parallel"])
        if options["parallel"]:
            raise RuntimeError("no threads here")
        return jitted(*args, **options)

    f, args = CASES[0]
    with mock.patch("adxform.kernels.jitted", failing), warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        same(value_and_grad(f, backend="numba", parallel=True)(*args), value_and_grad(f)(*args))
    assert asked == [True, True, False]


def through_views(x):
    y = np.zeros((3, 3))
    for i in range(3):
        z = y.T
        z[0] += np.sin(x[i])
    return np.sum(y * np.arange(9.0).reshape(3, 3))


def test_views_of_one_array_are_no_memory_of_an_iteration():
    args = (R.normal(size=3),)
    many = value_and_grad(through_views, backend="numba", parallel=True)
    for _ in range(5):
        same(many(*args), value_and_grad(through_views)(*args))


def neighbours_added(x):
    z = x * x
    z[1:] += z[:-1]
    z[:-1] -= z[1:]
    return np.sum(z * z)


def shortened(x):
    y = x * 2.0
    total = np.sum(x * x)
    for _ in range(3):
        for j in range(len(y)):
            total += y[j] * y[j]
        y = y[1:] * y[:-1]
    return total


def test_numba_fuses_no_loops_in_one_function_after_the_other():
    args = (R.normal(size=600),)
    for _ in range(2):
        f = value_and_grad(neighbours_added, backend="numba", parallel=True)
        for _ in range(5):
            same(f(*args), value_and_grad(neighbours_added)(*args))


@pytest.mark.parametrize("f", [neighbours_added, shortened])
def test_arrays_of_shared_memory_and_of_changing_size(f):
    args = (R.normal(size=600),)
    with warnings.catch_warnings():
        warnings.simplefilter("error", BackendWarning)
        many = value_and_grad(f, backend="numba", parallel=True)
        for _ in range(5):
            same(many(*args), value_and_grad(f)(*args))


def counted(x, first, count):
    total = 0.0
    for i in range(first, count):
        total += np.sin(x[i]) * x[i]
    return total


@pytest.mark.parametrize("bounds", [(0, 5), (0, 0), (0, -3), (2, 9), (4, 2), (-3, 2), (3, -4)])
def test_parts_of_any_range(bounds):
    x = R.normal(size=9)
    many = grad(counted, backend="numba", parallel=True)
    np.testing.assert_allclose(many(x, *bounds), grad(counted)(x, *bounds), rtol=1e-12)


def weighed(x):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(x[i]) * (i - 2)
    return total


def test_indices_that_are_numbers_too():
    x = R.normal(size=9)
    many = grad(weighed, backend="numba", parallel=True)
    np.testing.assert_allclose(many(x), grad(weighed)(x), rtol=1e-12)


def test_indices_that_are_only_places_have_no_sign():
    def compiled(line):
        text = "def f(x, y, n):\n    for k in prange(2):\n"
        text += f"        for i in range(k * n // 2, (k + 1) * n // 2):\n            {line}"
        return ast.unparse(with_unsigned_places(ast.parse(text)))

    assert "for _i in _places_between(k * n // 2, " in compiled("y[i] += x[i, 0]")
    numbers = compiled("y[i] += x[i] * i")
    assert "i = _signed(_i)" in numbers and "y[_i] += x[_i] * i" in numbers
    assert "y[_i] += x[i - 1]" in compiled("y[i] += x[i - 1]")
