"""Functions of SciPy that iterate: held constant where they are said to be, refused with a hint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adxform import check_grads, grad, stop_gradient
from adxform.errors import MissingRuleError
from adxform.frontend.spellings import find_object
from adxform.rules.iterations import HINTS

scipy = pytest.importorskip("scipy")
optimize = pytest.importorskip("scipy.optimize")
integrate = pytest.importorskip("scipy.integrate")


@pytest.mark.parametrize("name", HINTS)
def test_hints_are_for_functions_that_there_are(name: str) -> None:
    assert callable(find_object(name))


def root_of_number(a: float) -> Any:
    return optimize.brentq(lambda x: x**3 - a, 0.0, 2.0)


def root_of_several(a: float) -> Any:
    return optimize.fsolve(lambda x: x**3 - a, np.ones(2))[0]


def root_of_a_result(a: float) -> Any:
    return optimize.root_scalar(lambda x: x**3 - a, bracket=(0.0, 2.0)).root


def minimum(a: float) -> Any:
    return optimize.minimize(lambda x: np.sum((x - a) ** 2), np.ones(2)).x[0]


def fit(a: float) -> Any:
    return optimize.least_squares(lambda x: x**2 - a, 1.0).x[0]


def integral(a: float) -> Any:
    return integrate.quad(lambda x: np.sin(a * x), 0.0, 1.0)[0]


def path(a: float) -> Any:
    return integrate.solve_ivp(lambda t, y: -a * y, (0.0, 1.0), [1.0]).y[0, -1]


@pytest.mark.parametrize("f, name, hint", [
    (root_of_number, "brentq", "x - residual(x) / grad(residual)(x)"),
    (root_of_several, "fsolve", "np.linalg.solve(J, residual(x))"),
    (root_of_a_result, "root_scalar", "stop_gradient(optimize.root_scalar(...).root)"),
    (minimum, "minimize", "np.linalg.solve(H, grad(loss)(x))"),
    (fit, "least_squares", "stop_gradient(optimize.least_squares(...).x)"),
    (integral, "quad", "leggauss"),
    (path, "solve_ivp", "as a loop"),
])
def test_what_they_find_is_refused_with_what_to_write(f: Any, name: str, hint: str) -> None:
    with pytest.raises(MissingRuleError) as caught:
        grad(f)(0.7)
    found = caught.value.diagnostics[0]
    assert found.reason.endswith(f".{name}")
    assert hint in found.hint
    assert found.location is not None
    assert found.location.file == __file__


def roots(a: float) -> Any:
    residual = lambda x: x**3 - a * np.array([1.0, 2.0])
    x = stop_gradient(optimize.root(residual, np.ones(2)).x)
    return x - np.linalg.solve(np.diag(3.0 * x**2), residual(x))


def least(a: float) -> Any:
    loss = lambda x: np.sum((x**2 - a * np.array([1.0, 2.0])) ** 2)
    x = stop_gradient(optimize.minimize(loss, np.ones(2), tol=1e-12).x)
    return x - np.linalg.solve(np.diag(8.0 * x**2), grad(loss)(x))


def area(b: float) -> Any:
    t, w = np.polynomial.legendre.leggauss(50)
    h = b / 2.0
    return h * np.sum(w * np.sin(b * h * (t + 1.0)))


@pytest.mark.parametrize("f", [roots, least, area])
def test_what_hints_say_has_the_derivative(f: Any) -> None:
    check_grads(f, (0.7,), order=1)


def test_what_carries_no_derivative_is_called_as_it_is() -> None:
    def f(x: float) -> Any:
        return x * integrate.quad(np.sin, 0.0, 1.0)[0] * optimize.brentq(lambda t: t - 0.5, 0, 1)

    np.testing.assert_allclose(grad(f)(0.7), f(1.0))
