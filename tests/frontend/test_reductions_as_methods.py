"""Reductions that are called as methods, with what only NumPy's functions are known to take."""

import numpy as np
import pytest

from adxform import check_grads


@pytest.mark.parametrize("function", [
    lambda x: x.max(initial=0.0),
    lambda x: x.min(initial=5.0, where=x > 0.6),
    lambda x: x.mean(where=x > 0.6),
    lambda x: x.sum(initial=2.0) * x.prod(initial=2.0),
    lambda x: x.std(where=x > 0.6) + x.var(ddof=1, where=x < 1.0),
    lambda x: np.sum(np.outer(x, x).max(axis=0, initial=0.1)),
])  # fmt: skip
def test_reductions_of_some_elements_or_from_a_value(function):
    check_grads(function, (np.array([0.5, 1.2, 0.9, 0.7]),))
