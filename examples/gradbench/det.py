"""det: the determinant of a matrix by minors.

Worked out anew wherever they occur, by a function that calls itself, minors are a measure of
arithmetic, ``e`` times ``ell`` factorial of it; by a loop over the sets of columns each is worked
out once.
"""

from __future__ import annotations

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"ell": 4, "by": "calls"}, {"ell": 4, "by": "sets"}],
    "small": [{"ell": 6, "by": "calls"}, {"ell": 6, "by": "sets"}],
    "standard": [{"ell": 10, "by": "calls"}, {"ell": 10, "by": "sets"}],
    "large": [{"ell": 16, "by": "sets"}],
}


def inputs(ell, by):
    return np.random.default_rng(0).uniform(-1.0, 1.0, size=(ell, ell)), by


def minor(a, row, columns):
    """The determinant of the rows from ``row`` on, in the columns that are bits of ``columns``."""
    n = a.shape[0]
    if row == n:
        return 1.0
    total = 0.0
    sign = 1.0
    for j in range(n):
        if (columns >> j) & 1:
            total += sign * a[row, j] * minor(a, row + 1, columns - (1 << j))
            sign = -sign
    return total


def by_calls(a):
    return minor(a, 0, (1 << a.shape[0]) - 1)


def by_sets(a):
    """A set of columns, by the bits of a number, belongs to as many of the last rows."""
    n = a.shape[0]
    minors = np.zeros(1 << n)
    minors[0] = 1.0
    sizes = np.zeros(1 << n, dtype=np.int64)
    for columns in range(1, 1 << n):
        sizes[columns] = sizes[columns >> 1] + (columns & 1)
        row = n - sizes[columns]
        sign = 1.0
        total = 0.0
        for j in range(n):
            if (columns >> j) & 1:
                total += sign * a[row, j] * minors[columns - (1 << j)]
                sign = -sign
        minors[columns] = total
    return minors[-1]


def primal(a, by):
    return by_calls(a) if by == "calls" else by_sets(a)


def derivative(backend):
    return grad(primal, backend=backend)


def comparable(ell, by):
    return {"ell": min(ell, 6), "by": by}


def unfit(tool, ell, by):
    """Where they are not compiled, millions of calls take minutes and memory."""
    slow = by == "calls" and ell > 8 and tool not in ("primal", "adxform numba")
    return "too many calls" if slow else None
