"""Interpolators of SciPy's that are made outside are differentiated in the places they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform.errors import AdxformError

interpolate = pytest.importorskip("scipy.interpolate")

RNG = np.random.default_rng(5)
PLACES = np.cumsum(RNG.uniform(0.3, 1.0, 8))
VALUES = RNG.normal(size=8)
SPLINES = {
    "not-a-knot": interpolate.CubicSpline(PLACES, VALUES),
    "natural": interpolate.CubicSpline(PLACES, VALUES, bc_type="natural"),
    "pchip": interpolate.PchipInterpolator(PLACES, VALUES),
    "akima": interpolate.Akima1DInterpolator(PLACES, VALUES, extrapolate=True),
    "line": interpolate.interp1d(PLACES, VALUES),
    "longer line": interpolate.interp1d(PLACES, VALUES, fill_value="extrapolate"),
    "filled line": interpolate.interp1d(PLACES, VALUES, bounds_error=False, fill_value=0.5),
}
INSIDE = np.array([0.1, 0.35, 0.6, 0.83]) * (PLACES[-1] - PLACES[0]) + PLACES[0]
BEYOND = np.array([PLACES[0] - 0.3, INSIDE[1], PLACES[-1] + 0.2])


@pytest.mark.parametrize("name", SPLINES)
def test_between_points(name: str) -> None:
    spline = SPLINES[name]

    def f(x):  # type: ignore[no-untyped-def]
        return spline(x) * x

    for x in (INSIDE, INSIDE[1], *([BEYOND] if "line" != name else [])):
        adxform.check_grads(f, (x,), order=2)
        np.testing.assert_allclose(adxform.vjp(f, x)[0], f(x), rtol=1e-12)


def test_slopes_of_splines() -> None:
    spline = SPLINES["natural"]
    adxform.check_grads(lambda x: spline(x, 1) * x, (INSIDE,))
    adxform.check_grads(lambda x: spline(x, nu=2) + x, (INSIDE,))


def test_between_the_points_of_a_grid() -> None:
    axes = np.array([0.0, 1.0, 2.5]), np.array([0.0, 0.5, 2.0, 3.0])
    table = interpolate.RegularGridInterpolator(axes, RNG.normal(size=(3, 4)))
    wide = interpolate.RegularGridInterpolator(
        axes, RNG.normal(size=(3, 4)), bounds_error=False, fill_value=None)
    points = np.array([[0.3, 1.7], [2.2, 0.1], [1.4, 2.9]])
    for f in (lambda p: table(p) * p[:, 0], lambda p: wide(p + 2.0)):
        adxform.check_grads(f, (points,), order=2)
        np.testing.assert_allclose(adxform.vjp(f, points)[0], f(points), rtol=1e-12)
    adxform.check_grads(lambda s, t: table((s, t)) * s, (0.3, 1.7))


def test_what_is_outside_is_an_error_as_in_scipy() -> None:
    line = SPLINES["line"]
    with pytest.raises(ValueError, match="outside the range"):
        adxform.grad(lambda x: np.sum(line(x)))(BEYOND)


def test_other_kinds_are_refused() -> None:
    quadratic = interpolate.interp1d(PLACES, VALUES, kind="quadratic")
    with pytest.raises(AdxformError):
        adxform.grad(lambda x: quadratic(x) * x)(INSIDE[0])


def test_made_inside_of_constants() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        spline = interpolate.CubicSpline(PLACES, VALUES, bc_type="natural")
        line = interpolate.interp1d(PLACES, VALUES, fill_value="extrapolate")
        return spline(x) * line(x) + interpolate.PchipInterpolator(PLACES, VALUES)(x)

    adxform.check_grads(f, (INSIDE,), order=2)
    np.testing.assert_allclose(adxform.vjp(f, INSIDE)[0], f(INSIDE), rtol=1e-12)


def test_splines_of_vectors_are_an_error() -> None:
    spline = interpolate.CubicSpline(PLACES, np.stack([VALUES, VALUES], axis=1))

    def f(x):  # type: ignore[no-untyped-def]
        return interpolate.CubicSpline(PLACES, np.stack([VALUES, VALUES], axis=1))(x)

    with pytest.raises(ValueError, match="of numbers only"):
        adxform.vjp(f, INSIDE)
    with pytest.raises(AdxformError):
        adxform.vjp(lambda x: spline(x), INSIDE)


def test_a_root_that_is_held_constant_is_refined_by_newtons_method() -> None:
    optimize = pytest.importorskip("scipy.optimize")

    def root(a, b):  # type: ignore[no-untyped-def]
        residual = lambda x: x**3 + b * x - a
        x = adxform.stop_gradient(optimize.brentq(residual, 0.0, 2.0))
        for _ in range(2):
            x = x - residual(x) / adxform.grad(residual)(x)
        return x * a

    adxform.check_grads(root, (0.7, 0.4), order=2)
