"""ode: y_0' = x_0, y_i' = x_i y_(i-1) from y = 0, by Runge-Kutta's method of order four, to t = 2.

Each step carries what x_0 does at most four places on: the last place has a derivative other than
zero only where n <= 4 s. The inputs are such that it is about one where n is small beside s.
"""

from __future__ import annotations

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"n": 6, "s": 8}],
    "small": [{"n": 40, "s": 40}],
    "standard": [{"n": 100, "s": 100}, {"n": 1000, "s": 100}, {"n": 100000, "s": 10}],
    "large": [{"n": 100000, "s": 100}],
}


def comparable(n, s):
    """A size at which the derivative is not next to zero."""
    return {"n": min(n, s), "s": s}


def inputs(n, s):
    drawn = np.random.default_rng(0).uniform(0.9, 1.1, size=n)
    return drawn * np.maximum(np.arange(n), 1.0) / 2.0, s


def slope(x, y):
    z = np.empty(len(x))
    z[0] = x[0]
    z[1:] = x[1:] * y[:-1]
    return z


def solution(x, s):
    h = 2.0 / s
    y = np.zeros(len(x))
    for _ in range(s):
        k1 = slope(x, y)
        k2 = slope(x, y + h / 2.0 * k1)
        k3 = slope(x, y + h / 2.0 * k2)
        k4 = slope(x, y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return y


def primal(x, s):
    return solution(x, s)[-1]


def derivative(backend):
    return grad(primal, backend=backend)
