"""Arrays without axes, ``np.zeros(())``, that are written to: they are numbers that change."""

from __future__ import annotations

import numpy as np
import pytest

from adxform import AdxformError, check_grads, grad, hessian


def filled(x):
    s = np.zeros(())
    s[()] = x[0] * x[1]
    s[...] += x[2] * s
    return s * x[2]


def summed_up(x):
    s = np.array(0.0)
    for v in x:
        s += v * s + v
    return s[()]


def written_on_two_paths(x):
    s = np.zeros(())
    for v in x:
        if v > 0:
            s[()] += v * v
        else:
            s[()] = s * v
    return float(s)


def read_before_it_changes(x):
    s = np.array(x[0] * 2)
    before = s[()]
    s *= x[1]
    return s * before


@pytest.mark.parametrize("f", (
    filled, summed_up, written_on_two_paths, read_before_it_changes,
), ids=lambda f: f.__name__)
def test_right(f):
    x = np.array([0.7, 1.3, -0.4, 2.1])
    check_grads(f, (x,), order=2)
    assert hessian(f)(x) == pytest.approx(hessian(f)(x).T)


def test_an_ellipsis_gives_a_view():
    def f(x):
        y = x.copy()
        s = y[0, ...]
        s *= x[1]
        return y.sum() * s

    with pytest.raises(AdxformError, match="may share its memory"):
        grad(f)(np.array([0.7, 1.3]))


def masked(x):
    """Packages make arrays of what they are given, and mend elements of them."""
    v = np.asarray(x * 1.5)
    v[v < 0] += 1.0
    v[np.asarray(v > 2)] = x * x
    v[np.isnan(v)] = 0.0
    v[True] *= x
    return v * x


@pytest.mark.parametrize("x", (-0.5, 0.7, 1.9))
def test_a_mask_may_name_nothing(x):
    """The cotangent was lost where the mask is False."""
    check_grads(masked, (x,), order=2)
    check_grads(masked, (np.array(x),), order=1)
