"""Comprehensions over what is known part by part."""

from __future__ import annotations

import numpy as np

from adxform import check_grads


def products_of_parts(x):
    largest = max([np.sum(part) ** 2 for part in np.split(x, [2])])
    return sum(np.prod(part) for part in np.array_split(x, 2)) + largest


def test_parts_of_an_array_are_gone_over_one_by_one():
    # A crash: parts of several lengths make no array.
    check_grads(products_of_parts, (np.array([0.3, 1.1, -0.4, 2.0, 0.7]),), order=1)
