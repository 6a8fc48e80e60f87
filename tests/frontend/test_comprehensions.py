"""Comprehensions over what is known part by part."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import check_grads, grad


def products_of_parts(x):
    largest = max([np.sum(part) ** 2 for part in np.split(x, [2])])
    return sum(np.prod(part) for part in np.array_split(x, 2)) + largest


def test_parts_of_an_array_are_gone_over_one_by_one():
    # A crash: parts of several lengths make no array.
    check_grads(products_of_parts, (np.array([0.3, 1.1, -0.4, 2.0, 0.7]),), order=1)


def frames(x, hop):
    return np.stack([x[i : i + 4] ** 2 for i in range(0, len(x) - 3, hop)]).mean(axis=0) @ W


def backwards(x, hop):
    return sum(x[i] * x[i - 1] for i in range(len(x) - 1, 0, -hop))


W = np.array([1.0, -2.0, 0.5, 3.0])


@pytest.mark.parametrize("f", [frames, backwards])
@pytest.mark.parametrize("hop", [1, 2, 3, 20])
def test_ranges_with_a_step(f, hop) -> None:
    x = np.sin(np.arange(11.0))
    expected = [(f(x + e, hop) - f(x - e, hop)) / 2e-6 for e in np.eye(11) * 1e-6]
    np.testing.assert_allclose(grad(f)(x, hop), expected, rtol=1e-6, atol=1e-9)
