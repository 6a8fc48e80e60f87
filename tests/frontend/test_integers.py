"""Arrays of integers stay that in place, and are other arrays where they become real."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import UnsupportedError, grad, jvp
from tests.test_regressions import agrees


def real_from_the_first_iteration_on(v):
    n = np.arange(3)
    for i in range(2):
        n = n * 1.0
        n[0] = n[0] * 2 + v[i]
    return np.sum(n * v)


def real_by_a_division(v):
    n = np.arange(3)
    for i in range(2):
        n = n / 1
        n[i] = 0.7
    return np.sum(n * v)


def real_in_a_while(v):
    n, k = np.arange(3), 0
    while k < 2:
        n = n * 1.5
        n[0] += 0.5
        n *= v
        k += 1
    return np.sum(n * v)


def whole_then_real(v):
    n = np.arange(3)
    for _ in range(2):
        n += 1
        n = n * 1.0
        n += 0.5
    return np.sum(n * v)


def filled_like(v):
    return np.sum(np.full_like(np.arange(3), v[0] * 10.0) * v)


@pytest.mark.parametrize("f", [
    real_from_the_first_iteration_on, real_by_a_division, real_in_a_while, whole_then_real,
    filled_like,
])
def test_integers_that_become_real(f):
    agrees(f, np.array([0.73, 1.31, 2.14]))


def added(v):
    n = np.arange(3)
    n += 0.5
    return np.sum(n * v)


def multiplied_by_what_is_active(v):
    n = np.arange(3)
    n *= v
    return np.sum(n * v)


def multiplied_through_a_view(v):
    n = np.zeros((2, 3), dtype=int)
    row = n[0]
    row *= v
    return np.sum(n * v)


def given_as_out(v):
    n = np.zeros(3, dtype=int)
    np.exp(v, out=n)
    return np.sum(n * v)


def copied_to(v):
    n = np.zeros(3, dtype=int)
    np.copyto(n, v)
    return np.sum(n * v)


@pytest.mark.parametrize("f", [
    added, multiplied_by_what_is_active, multiplied_through_a_view, given_as_out, copied_to,
])
def test_no_real_numbers_are_put_into_integers_where_numpy_refuses(f):
    v = np.array([0.73, 1.31, 2.14])
    with pytest.raises(TypeError):
        f(v)
    with pytest.raises(UnsupportedError, match="cannot be put in place into an array of int64"):
        grad(f)(v)
    with pytest.raises(UnsupportedError, match="cannot be put in place into an array of int64"):
        jvp(f, (v,), (v,))
