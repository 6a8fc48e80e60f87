"""Complex numbers: differentiated right or refused, never taken for real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adxform import grad, jvp, vjp
from adxform.errors import AdxformError, UnsupportedError

X = np.array([0.7, -1.3])
C = np.array([1.0 + 2.0j, -0.5 + 0.3j])


def sign(x):
    return np.sum(np.abs(np.sign(x * C)))


def largest(x):
    return np.abs(np.max(x * C))


def sorted_values(x):
    return np.sum(np.abs(np.sort(x * C)))


def written_to_reals(x):
    y = np.zeros(2)
    y[:] = x * C
    return np.sum(y)


def remainder(x):
    return np.sum(np.real(np.interp(x, np.array([-2.0, 2.0]), C)))


def eigenvalues(x):
    values, _ = np.linalg.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    return np.sum(np.abs(x * values))


def roots(x):
    return np.sum(np.abs(x * np.emath.sqrt(-np.ones(2))))


def of_text(x):
    return np.sum(np.abs(x * np.array([complex(word) for word in ("1j", "2")])))


@pytest.mark.parametrize(
    "f", [sign, largest, sorted_values, written_to_reals, remainder, eigenvalues, roots, of_text],
    ids=lambda f: f.__name__,
)
def test_what_has_no_rule_for_complex_numbers_is_refused(f: Any) -> None:
    for ask in (lambda: grad(f)(X), lambda: jvp(f, (X,), (X,)), lambda: vjp(f, X)[1](1.0)):
        with pytest.raises((AdxformError, TypeError)):
            ask()


def test_the_refusal_shows_the_line() -> None:
    with pytest.raises(UnsupportedError, match=r"np\.max\(x \* C\)[^§]*real and imaginary parts"):
        grad(largest)(X)
    with pytest.raises(UnsupportedError, match=r"array of real numbers[^§]*y\[:\] = x \* C"):
        grad(written_to_reals)(X)


def test_a_power_of_a_negative_number_of_python() -> None:
    def root(x):
        return (x**0.5).real

    with pytest.raises(UnsupportedError, match="came out complex"):
        grad(root)(-2.0)


def test_a_complex_result_is_no_number_to_take_the_gradient_of() -> None:
    def unknown(x):
        return x * complex("1j")

    def known(x):
        return x * 1j

    for f in (unknown, known):
        with pytest.raises(AdxformError):
            grad(f)(2.0)
