"""Helpers for banded matrices, in the form of SciPy's; their text is copied into generated code."""

from __future__ import annotations

from typing import Any

import numpy as np


def banded_transpose(ab: Any, l_and_u: Any) -> Any:
    """The transpose of a banded matrix, which has its bands the other way round."""
    lower, upper = l_and_u
    _, size = np.shape(ab)
    made = np.zeros_like(ab)
    for k in range(-upper, lower + 1):
        made[lower - k, max(k, 0) : size + min(k, 0)] = (
            ab[upper + k, max(-k, 0) : size - max(k, 0)])
    return made


def banded_product(ab: Any, x: Any, l_and_u: Any) -> Any:
    """The product of a banded matrix with a vector, or with columns."""
    lower, upper = l_and_u
    _, size = np.shape(ab)
    made = np.zeros(np.shape(x), np.result_type(ab, x))
    for k in range(-upper, lower + 1):
        columns = slice(max(-k, 0), size - max(k, 0))
        band = ab[upper + k, columns]
        made[max(k, 0) : size + min(k, 0)] += (band * np.transpose(x[columns])).T
    return made


def banded_outer(w: Any, x: Any, l_and_u: Any) -> Any:
    """The bands of the products of the elements of w and x; of columns, their sums."""
    lower, upper = l_and_u
    size = len(x)
    made = np.zeros((lower + upper + 1, size), np.result_type(w, x))
    for k in range(-upper, lower + 1):
        columns = slice(max(-k, 0), size - max(k, 0))
        products = w[max(k, 0) : size + min(k, 0)] * x[columns]
        made[upper + k, columns] = products if np.ndim(x) == 1 else np.sum(products, axis=1)
    return made
