"""What is read in place of libraries' functions gives their values, and the right derivatives."""

from __future__ import annotations

import linecache
import statistics
from typing import Any

import numpy as np
import pytest

import adxform
from adxform.errors import UnsupportedError
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.rules.samples import Program
from tests.rules.deriving import HEADER, NAMESPACE, draw, leaves, seed_like

CALLS = [
    pytest.param(program, id=f"{name}: {text}")
    for name, found in EQUIVALENTS.items()
    for text, program in zip(found.sample.lists, found.sample.programs(found.primitive), strict=True)
]


def live(program: Program) -> Any:
    """The program as a function that the compiler can read."""
    lines = [*HEADER.splitlines(), f"def f({', '.join(program.arguments)}):"]
    text = "\n".join([*lines, f"    return {program.expression}", ""])
    file = f"<{abs(hash(text))}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    namespace = dict(NAMESPACE)
    exec(compile(text, file, "exec"), namespace)
    return namespace["f"]


@pytest.mark.parametrize("program", CALLS)
def test_derivatives_agree_with_differences(program: Program) -> None:
    f, args = live(program), tuple(draw(program).values())
    adxform.check_grads(f, args, order=2)


@pytest.mark.parametrize("program", CALLS)
def test_values_are_the_librarys(program: Program) -> None:
    for dtype in ("float64", "float32"):
        f, args = live(program), draw(program, dtype=dtype)
        active = tuple(list(args).index(name) for name in program.active)
        value, pullback = adxform.vjp(f, *args.values())
        exact = f(*args.values())
        for mine, plain in zip(leaves(value), leaves(exact), strict=True):
            assert np.shape(mine) == np.shape(plain)
            widened = np.asarray(plain).dtype != dtype
            assert widened or np.asarray(mine).dtype == np.asarray(plain).dtype
            rounding = 1e-12 if dtype == "float64" else 1e-5
            np.testing.assert_allclose(mine, plain, rtol=rounding, atol=rounding)
        bars = pullback(seed_like(value))
        for place in active:
            given = list(args.values())[place]
            assert np.shape(bars[place]) == np.shape(given)
            if isinstance(given, np.ndarray) and isinstance(exact, np.ndarray | np.generic):
                assert exact.dtype != given.dtype or bars[place].dtype == given.dtype


def test_what_carries_no_derivative_stays_as_it_is() -> None:
    def f(x, data):  # type: ignore[no-untyped-def]
        return x * np.sum(np.diff(data, prepend=0))

    text = adxform.source(f, args=(2.0, np.array([1, 2, 4])))
    assert "np.diff(data, prepend=0)" in text


def test_a_librarys_line_is_shown_below_the_users() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        return np.sum(scipy_integrate.romb(x))

    with pytest.raises(UnsupportedError) as caught:
        adxform.grad(f)(np.ones(5))
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert found.location.file == __file__
    assert "romb(x)" in found.location.text
    assert "integrate/_quadrature.py" in found.location.inside


scipy_integrate = pytest.importorskip("scipy.integrate")


@np.vectorize
def bent(v: float, slope: float) -> float:
    return v * v if v > 0 else slope * v


def test_a_function_of_each_element() -> None:
    def inside(x):  # type: ignore[no-untyped-def]
        square = np.vectorize(lambda v: v * v)
        return np.sum(square(x) * np.vectorize(np.sin)(x))

    x = np.array([[0.3, -0.5], [1.2, -0.1]])
    adxform.check_grads(inside, (x,))
    adxform.check_grads(lambda x, a: np.sum(bent(x, a) ** 2), (x, 0.3))


def test_brackets_that_join() -> None:
    def rows(x, y):  # type: ignore[no-untyped-def]
        return np.r_[x, 1.0, y[::-1], 2:5, 0:1:3j, y[0]]

    def columns(x, y):  # type: ignore[no-untyped-def]
        return np.c_[np.ones(len(x)), x, x * y, np.stack([y, x], axis=1)]

    x, y = np.array([0.3, -0.5, 2.0]), np.array([1.0, 0.2, -0.7])
    for f in (rows, columns):
        adxform.check_grads(f, (x, y))
        np.testing.assert_array_equal(adxform.vjp(f, x, y)[0], f(x, y))
    single = rows(np.float32(x), np.float32(y)), adxform.vjp(rows, np.float32(x), np.float32(y))[0]
    assert single[0].dtype == single[1].dtype


def test_factors_that_solve_equations() -> None:
    linalg = pytest.importorskip("scipy.linalg")

    def cholesky(a, b):  # type: ignore[no-untyped-def]
        factor = linalg.cho_factor(a @ a.T + np.eye(3), lower=True)
        return linalg.cho_solve(factor, b), 2.0 * np.sum(np.log(np.diag(factor[0])))

    def pivoted(a, b):  # type: ignore[no-untyped-def]
        lu, piv = linalg.lu_factor(a + 2.0 * np.eye(3)[::-1])
        x = linalg.lu_solve((lu, piv), b) + linalg.lu_solve((lu, piv), b, trans=1)
        return x, np.sum(np.log(np.abs(np.diag(lu))))

    rng = np.random.default_rng(4)
    a, b = rng.uniform(-1.0, 1.0, (3, 3)), rng.uniform(-1.0, 1.0, 3)
    for f in (cholesky, pivoted):
        adxform.check_grads(f, (a, b))
        for mine, plain in zip(adxform.vjp(f, a, b)[0], f(a, b), strict=True):
            np.testing.assert_allclose(mine, plain, rtol=1e-12)


def test_densities_of_several_variables() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(8)
    points, mean = rng.normal(size=(5, 3)), rng.normal(size=3)
    cov = 2.0 * np.eye(3) + np.full((3, 3), 0.3)

    def frozen(x, m, c):  # type: ignore[no-untyped-def]
        normal = stats.multivariate_normal(m, 0.5 * (c + c.T))
        return np.sum(normal.logpdf(x)) + stats.multivariate_normal(mean=m).pdf(x[0])

    def mixed(alpha, x):  # type: ignore[no-untyped-def]
        return stats.dirichlet.logpdf(x / np.sum(x), alpha)

    adxform.check_grads(frozen, (points, mean, cov))
    adxform.check_grads(mixed, (np.array([1.5, 2.0, 0.7]), np.array([0.2, 0.3, 0.9])))
    for f, args in ((frozen, (points, mean, cov)), (mixed, (np.arange(1.0, 4.0), mean**2))):
        np.testing.assert_allclose(adxform.vjp(f, *args)[0], f(*args), rtol=1e-12)


def test_pythons_statistics() -> None:
    """They go over what they are given more than once, and count with fractions."""

    def of_a_vector(x):  # type: ignore[no-untyped-def]
        spread = statistics.stdev(x) * statistics.pstdev(x) + statistics.variance(x, x[0])
        middle = statistics.mean(x) * statistics.fmean(x) + statistics.median(x)
        return spread * middle + statistics.geometric_mean(x) * statistics.harmonic_mean(x)

    def of_a_list(x):  # type: ignore[no-untyped-def]
        items = [x[0] * x[1], x[2], x[1]]
        return statistics.fmean(items, [1.0, 2.0, 3.0]) * statistics.pvariance(items, x[0])

    x = np.array([0.3, 0.7, 0.9, 0.2])
    for f in (of_a_vector, of_a_list):
        value, (bar,) = adxform.vjp(f, x)[0], adxform.vjp(f, x)[1](1.0)
        np.testing.assert_allclose(value, f(x), rtol=1e-12)
        for place, direction in enumerate(np.eye(4)):
            slope = (f(x + 1e-6 * direction) - f(x - 1e-6 * direction)) / 2e-6
            np.testing.assert_allclose(bar[place], slope, rtol=1e-7)
