"""What classes containers and functions made inside have is told right at compile time."""

from __future__ import annotations

import functools
import types
from typing import NamedTuple

import numpy as np

import adxform

X = np.array([0.3, -0.5, 2.0])


def joined(a):  # type: ignore[no-untyped-def]
    if isinstance(a, list):
        return np.hstack(a)
    if isinstance(a, tuple):
        return 2.0 * np.hstack(a)
    if isinstance(a, dict):
        return 3.0 * a["x"]
    return np.array(a)


def test_a_list_is_a_list_and_a_tuple_a_tuple() -> None:
    def of_list(x):  # type: ignore[no-untyped-def]
        return joined([x, x * x])

    def of_tuple(x):  # type: ignore[no-untyped-def]
        pair = x, x * x
        return joined(pair)

    def of_dictionary(x):  # type: ignore[no-untyped-def]
        return joined({"x": x * x})

    for f in (of_list, of_tuple, of_dictionary):
        value, tangent = adxform.jvp(f, (X,), (np.ones(3),))
        np.testing.assert_array_equal(value, f(X))
        np.testing.assert_allclose(tangent, (f(X + 1e-6) - f(X - 1e-6)) / 2e-6, rtol=1e-6)


def test_an_argument_that_is_a_list_is_one() -> None:
    value, tangent = adxform.jvp(joined, ([X, X],), ([X, X],))
    np.testing.assert_array_equal(value, joined([X, X]))
    np.testing.assert_array_equal(tangent, joined([X, X]))


class Pair(NamedTuple):
    first: object
    second: object


def test_a_named_tuple_is_of_its_class() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        pair = Pair(x, x * x)
        if isinstance(pair, Pair) and isinstance(pair, tuple) and not isinstance(pair, list):
            return pair.second
        return pair.first

    np.testing.assert_allclose(adxform.jvp(f, (X,), (np.ones(3),))[1], 2 * X)


def applied(f, x):  # type: ignore[no-untyped-def]
    return f(x) if callable(f) else x


def test_functions_made_inside_are_callable() -> None:
    def of_lambda(x):  # type: ignore[no-untyped-def]
        return applied(lambda v: v * v, x)

    def of_partial(x):  # type: ignore[no-untyped-def]
        return applied(functools.partial(np.multiply, x), x)

    def of_inner(x):  # type: ignore[no-untyped-def]
        def square(v):  # type: ignore[no-untyped-def]
            return v * v if isinstance(square, types.FunctionType) else v

        return applied(square, x)

    for f in (of_lambda, of_partial, of_inner):
        np.testing.assert_allclose(adxform.jvp(f, (X,), (np.ones(3),))[1], 2 * X)
