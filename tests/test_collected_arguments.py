"""Functions with ``*args`` and keyword-only parameters, called by every face."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad, jvp, value_and_grad, vjp
from adxform.errors import ArgumentError


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


def of_places(*xs):
    return xs[0] ** 2 * xs[1]


def of_names(**values):
    return values["a"] ** 2 * values["b"]


def of_all(x, *ys, **options):
    return x * ys[0] * options["s"]


def test_argnums_of_what_star_args_collects() -> None:
    assert grad(of_places, (0, 1))(2.0, 3.0) == (12.0, 4.0)
    assert grad(of_places, 1)(2.0, 3.0) == 4.0
    assert value_and_grad(of_places, (1, 0))(2.0, 3.0) == (12.0, (4.0, 12.0))
    assert grad(product, (0, 3))(2.0, 3.0, 4.0, 5.0) == (60.0, 24.0)
    assert grad(of_places, "xs")(2.0, 3.0) == grad(of_places)(2.0, 3.0) == (12.0, 4.0)


def test_argnums_of_what_keywords_collect() -> None:
    assert grad(of_names, "a")(a=2.0, b=3.0) == 12.0
    assert grad(of_names, ("b", "a"))(a=2.0, b=3.0) == (4.0, 12.0)
    assert grad(of_names, "values")(a=2.0, b=3.0) == {"a": 12.0, "b": 4.0}
    assert grad(of_all, ("s", "x"))(1.0, 2.0, s=3.0) == (2.0, 6.0)
    array = np.array([1.0, 2.0])
    assert grad(lambda **kw: np.sum(kw["v"] ** 2) * kw["n"], "v")(v=array, n=2).tolist() == [4.0, 8.0]


def test_collected_arguments_that_are_not_given_or_have_no_derivative() -> None:
    with pytest.raises(ArgumentError, match=r"xs\[2\], which is not given"):
        grad(of_places, 2)(2.0, 3.0)
    with pytest.raises(ArgumentError, match=r"values\['c'\], which is not given"):
        grad(of_names, "c")(a=2.0, b=3.0)
    with pytest.raises(ArgumentError, match=r"xs\[1\].*integers have no derivative"):
        grad(of_places, 1)(2.0, 3)
    with pytest.raises(ArgumentError, match="twice"):
        grad(of_places, (1, 1))
    with pytest.raises(ArgumentError, match="not differentiated again"):
        grad(grad(of_places, 1))(2.0, 3.0)
