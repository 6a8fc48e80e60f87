"""Functions inside that remember results are functions inside."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import pytest

from adxform import UnsupportedError, check_grads, grad


def legendre(x):
    @lru_cache(maxsize=None)
    def polynomial(n):
        if n < 2:
            return x if n else 1.0
        return ((2 * n - 1) * x * polynomial(n - 1) - (n - 1) * polynomial(n - 2)) / n

    return polynomial(5)


def aligned(x, y):
    @cache
    def cost(i, j):
        if i == 0 or j == 0:
            return 0.0
        return min(cost(i - 1, j), cost(i, j - 1), cost(i - 1, j - 1)) + (x[i - 1] - y[j - 1]) ** 2

    return cost(len(x), len(y))


def test_what_is_remembered_is_computed():
    check_grads(legendre, (0.4,), order=1)
    check_grads(aligned, (np.array([0.3, 1.1, -0.4]), np.array([0.2, 0.9])), order=1)


def test_one_that_counts_its_calls_is_refused():
    def counting(x):
        calls = [0]

        @cache
        def power(n):
            calls[0] += 1
            return x**n

        return power(2) + power(2) * calls[0]

    with pytest.raises(UnsupportedError):
        grad(counting)(0.5)
