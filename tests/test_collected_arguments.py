"""Functions with ``*args`` and keyword-only parameters, called by every face."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad, jvp, vjp


def product(x, *factors):
    for factor in factors:
        x = x * factor
    return x


def scaled(x, *, scale=2.0, shift=None):
    return x * scale if shift is None else x * scale + shift


def only_rest(*terms):
    return np.sin(terms[0])


class Shift:
    """Callable, and equal to others of its value: so it cannot be hashed."""

    def __init__(self, by):
        self.by = by

    def __eq__(self, other):
        return isinstance(other, Shift) and self.by == other.by

    def __call__(self, x, scale=2.0):
        return np.sin(x + self.by) * scale


@pytest.mark.parametrize(
    ("tangents", "expected"),
    [((1.0, 0.0, 0.0), 12.0), ((0.0, 1.0, 0.0), 8.0), ((None, None, 1.0), 6.0), ((1.0, 1.0, 1.0), 26.0)],
)
def test_directions_of_what_star_args_collects(tangents, expected) -> None:
    assert jvp(product, (2.0, 3.0, 4.0), tangents) == (24.0, expected)


def test_cotangents_of_what_star_args_collects_stand_beside_the_others() -> None:
    value, pullback = vjp(product, 2.0, 3.0, 4.0)
    assert (value, pullback(1.0)) == (24.0, (12.0, 8.0, 6.0))
    assert vjp(only_rest, 0.0)[1](1.0) == (1.0,)
    assert vjp(product, 2.0)[1](3.0) == (3.0,)
    assert vjp(product, 2.0, 3)[1](1.0) == (3.0, None)


def test_checks_call_the_function_as_its_signature_allows() -> None:
    assert check_grads(scaled, (0.7,)).rows
    assert check_grads(product, (0.7, 1.3, np.array([0.2, 0.4]))).passed
    assert check_grads(np.var, (np.array([0.2, 0.4, 1.5]),), order=1).passed


def test_callables_that_cannot_be_hashed() -> None:
    assert check_grads(Shift(0.3), (0.7,)).passed
    assert jvp(Shift(0.3), (0.7,), (1.0,))[1] == pytest.approx(2.0 * np.cos(1.0))
    assert grad(Shift(0.3))(0.7) == pytest.approx(2.0 * np.cos(1.0))
