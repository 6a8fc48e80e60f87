"""Sparse matrices that are held constant: their products are differentiated, all else is refused."""

from __future__ import annotations

import numpy as np
import pytest

import adxform
from adxform.errors import UnsupportedError

sparse = pytest.importorskip("scipy.sparse")
linear_operators = pytest.importorskip("scipy.sparse.linalg")

RNG = np.random.default_rng(3)
WIDE = sparse.csr_matrix(RNG.normal(size=(2, 3)))
SQUARE = sparse.csc_array(RNG.normal(size=(3, 3)) + 3.0 * np.eye(3))
OPERATOR = linear_operators.aslinearoperator(SQUARE)
VECTOR, MATRIX = RNG.normal(size=3), RNG.normal(size=(3, 3))


def product(x):  # type: ignore[no-untyped-def]
    return WIDE @ (x * x)


def twice(x):  # type: ignore[no-untyped-def]
    return WIDE.T @ (WIDE @ (x * x))


def method(x):  # type: ignore[no-untyped-def]
    return SQUARE.dot(x * x)


def from_the_left(x):  # type: ignore[no-untyped-def]
    return (x * x) @ SQUARE


def operator(x):  # type: ignore[no-untyped-def]
    return OPERATOR @ (x * x)


def made_inside(x):  # type: ignore[no-untyped-def]
    second = sparse.diags([1.0, -2.0, 1.0], [-1, 0, 1], shape=(3, 3))
    return second @ x * x


def energy(x):  # type: ignore[no-untyped-def]
    return x @ (SQUARE @ x)


@pytest.mark.parametrize("f", [product, twice, method, from_the_left, operator, made_inside, energy])
@pytest.mark.parametrize("x", [VECTOR, MATRIX], ids=["vector", "matrix"])
def test_products(f, x) -> None:  # type: ignore[no-untyped-def]
    if f is energy and x is MATRIX:
        x = MATRIX[0]
    adxform.check_grads(f, (x,), order=2)


def test_an_argument_may_be_sparse() -> None:
    def f(a, x):  # type: ignore[no-untyped-def]
        return np.sum((a @ x) ** 2)

    gradient = adxform.grad(f, argnums=1)
    np.testing.assert_allclose(gradient(WIDE, VECTOR), 2.0 * WIDE.T @ (WIDE @ VECTOR))
    np.testing.assert_allclose(gradient(WIDE.toarray(), VECTOR), 2.0 * WIDE.T @ (WIDE @ VECTOR))


def test_the_transpose_is_written_as_one() -> None:
    assert "x_bar = WIDE.T @ out_bar" in adxform.source(lambda x: WIDE @ x, args=(VECTOR,))


def times(x):  # type: ignore[no-untyped-def]
    return WIDE * x


def transposed_times(x):  # type: ignore[no-untyped-def]
    return x * WIDE.T


def times_made_inside(x):  # type: ignore[no-untyped-def]
    made = sparse.csr_matrix(np.eye(3))
    return made * x


@pytest.mark.parametrize("f", [times, transposed_times, times_made_inside])
def test_a_star_may_be_a_product_of_matrices_and_is_refused(f) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnsupportedError, match="products by @ only"):
        adxform.vjp(f, MATRIX)
