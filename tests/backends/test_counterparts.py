"""Functions of arrays that Numba lacks compile all the same, and give NumPy's numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from adxform import BackendWarning
from adxform.structures import leaves_of

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.usefixtures("all_is_compiled")

RNG = np.random.default_rng(1)


def array(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def agree(f: Callable[..., Any], *args: Any, argnums: int | tuple[int, ...] = 0) -> None:
    """Numba compiles the derivative, and it is that of NumPy in numbers, shapes and dtypes."""
    found = adxform.value_and_grad(f, argnums=argnums, backend="numba")(*args)
    expected = adxform.value_and_grad(f, argnums=argnums)(*args)
    for mine, plain in zip(leaves_of(found), leaves_of(expected), strict=True):
        assert np.shape(mine) == np.shape(plain)
        assert np.asarray(mine).dtype == np.asarray(plain).dtype
        np.testing.assert_allclose(mine, plain, rtol=1e-11, atol=1e-13)


# Products of stacks of matrices

STACKS = [
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)),
    ((2, 12, 9), (2, 9, 11)),  # large enough for BLAS
    ((2, 1, 3, 4), (3, 4, 2)),
    ((2, 3, 4), (4,)),
    ((4,), (2, 4, 3)),
]


def product(a, b):
    return np.sum(np.sin(a @ b))


def nearest(c, p):
    return np.sum(np.min(np.sum(c * c, axis=1) - 2.0 * (p @ c.T), axis=1))


def weighed(c, p):
    return np.sum(np.exp(0.1 * (p @ c.T)) * (p[:, :1] + 1.0))


@pytest.mark.parametrize("rows", [1, 512, 700])
@pytest.mark.parametrize("centres, columns", [(40, 5), (300, 5)])
def test_products_of_many_rows(rows: int, centres: int, columns: int) -> None:
    for f in (nearest, weighed):
        agree(f, array(centres, columns), array(rows, columns), argnums=(0, 1))


@pytest.mark.parametrize("others", [599, 601, 700])
@pytest.mark.parametrize("columns", [40, 300])
def test_matrices_of_other_numbers_of_rows_are_refused(others: int, columns: int) -> None:
    def product(a, b):
        return np.sum(a.T @ b)

    derivative = adxform.grad(product, backend="numba")
    agree(product, array(600, columns), array(600, 3), argnums=(0, 1))
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"matmul|shape"):
        warnings.simplefilter("ignore", BackendWarning)
        derivative(array(600, columns), array(others, 3))


def named_product(a, b):
    return np.sum(np.matmul(a, b) ** 2)


@pytest.mark.slow
@pytest.mark.parametrize("shapes", STACKS)
def test_products_of_stacks(shapes: tuple[tuple[int, ...], ...]) -> None:
    agree(product, *(array(*s) for s in shapes), argnums=(0, 1))


def test_a_product_of_stacks() -> None:
    agree(named_product, array(2, 3, 4), array(2, 4, 5), argnums=(0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 5, 3), (3, 4, 3)])
def test_stacks_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"matmul|broadcast"):
        adxform.grad(named_product, backend="numba")(array(2, 3, 4), array(*shape))


# Contractions


def of_matrices(a, b):
    return (
        np.sum(np.einsum("ij,jk->ik", a, b) ** 2)
        + np.sum(np.einsum("ij,kl,jk->li", a, b.T, b) ** 2)
        + np.sum(np.einsum("ij,jk", a, b, optimize=True) ** 3)
    )


def of_stacks(a, b, c):
    return (
        np.sum(np.einsum("bij,bkj->bki", a, b) ** 2)
        + np.einsum("bij,bij->", a, a)
        + np.sum(np.einsum("bij,b,i->j", a, c, c) ** 2)
    )


def of_vectors(a, b):
    return np.sum(np.einsum("i,j->ij", a, b) ** 3) + np.einsum("i,i", a, a) ** 2


def of_diagonals(a):
    return np.sum(np.einsum("ii->i", a @ a) ** 2) + np.sum(np.einsum("iij->j", a[:, :, None]) ** 2)


def of_tensors(a, b):
    return (
        np.sum(np.tensordot(a, b, axes=2) ** 2)
        + np.sum(np.tensordot(a, b, axes=([0, 1], [2, 1])) ** 2)
        + np.sum(np.tensordot(a, b, (-1, 1)) ** 2)
    )


@pytest.mark.slow
def test_einsum() -> None:
    agree(of_matrices, array(3, 4), array(4, 4), argnums=(0, 1))
    agree(of_stacks, array(2, 2, 4), array(2, 5, 4), array(2), argnums=(0, 1, 2))
    agree(of_vectors, array(3), array(4), argnums=(0, 1))


@pytest.mark.slow
def test_tensordot() -> None:
    agree(of_tensors, array(2, 3, 3), array(3, 3, 2), argnums=(0, 1))


# Shapes


def turned_and_reshaped(a, n):
    return np.sum(np.reshape(a.T, (n, 2))[:, 0] ** 2) + np.sum(a[:, 1:].reshape(-1) ** 3)


@pytest.mark.slow
def test_what_is_not_contiguous_is_reshaped() -> None:
    agree(turned_and_reshaped, array(4, 3), 6)


def with_parts(x, b, n):
    for i in range(n):
        x = np.tanh(x[:b] * 2.0) + x[:b] + x[:1]
    return np.sum(x)


def with_parts_of_matrices(x, y, b):
    return np.sum(x[:b] * y[:, :b]) + np.sum(np.sum(x[:b] * x, axis=0) ** 2)


@pytest.mark.slow
def test_sizes_that_only_running_tells() -> None:
    agree(with_parts, array(4), 3, 3)
    agree(with_parts, array(4), 1, 3)
    for n in (1, 3):
        agree(with_parts_of_matrices, array(3, 3), array(3, 3), n, argnums=(0, 1))


# Several arrays as one


def joined(a, b):
    sides = np.concatenate([a, b * 2.0], axis=1)
    layers = np.stack([a, b], axis=-1)
    return np.sum(sides**2) * np.sum(np.vstack([a, b]) ** 3) + np.sum(layers[:, :, 0] ** 2)


@pytest.mark.slow
def test_lists_of_arrays_are_joined() -> None:
    agree(joined, array(3, 4), array(3, 4), argnums=(0, 1))


# Places that arrays name


def taken(a, places):
    return (
        np.sum(np.take(a, places, axis=0) ** 2)
        + np.sum(np.take(a, places, axis=-1) ** 3)
        + np.sum(a[places] ** 2)
    )


def taken_of_all(a, places):
    return np.sum(np.take(a, places) ** 2)


def written(a, places, n):
    made = np.zeros(n)
    made[places] = a * a[0]
    return np.sum(made**2)


def written_to_a_matrix(a, rows, columns):
    made = np.zeros((3, 3))
    made[rows, columns] = a
    return np.sum(made[rows, columns] ** 2) + np.sum(made**3)


@pytest.mark.slow
def test_places_are_taken() -> None:
    for places in (np.array([1, 0, -1, 1]), np.array([[1, 0], [2, -2]])):
        agree(taken, array(3, 4), places)
        agree(taken_of_all, array(3, 4), places)


@pytest.mark.slow
def test_places_are_written_to() -> None:
    agree(written, array(4), np.array([1, 4, 1, -2]), 5)
    agree(written_to_a_matrix, array(3), np.array([0, 1, 0]), np.array([2, -1, 2]))


@pytest.mark.slow
@pytest.mark.parametrize("f", [taken, taken_of_all])
def test_places_out_of_bounds_are_refused(f: Callable[..., Any]) -> None:
    slope = adxform.grad(f, backend="numba")
    for places in (np.array([0, 12]), np.array([0, -13])):
        with pytest.raises(IndexError):
            slope(array(3, 4), places)


@pytest.mark.slow
def test_written_places_out_of_bounds_are_refused() -> None:
    with pytest.raises(IndexError):
        adxform.grad(written, backend="numba")(array(2), np.array([0, 5]), 5)
