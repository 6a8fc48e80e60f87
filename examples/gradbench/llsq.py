"""llsq: half the sum of squares of what a polynomial leaves of the sign function."""

from __future__ import annotations

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"n": 8, "m": 3}],
    "small": [{"n": 256, "m": 32}],
    "standard": [{"n": 4096, "m": 128}],
    "large": [{"n": 65536, "m": 128}],
}


def inputs(n, m):
    return np.random.default_rng(0).uniform(-1.0, 1.0, size=m), n


def primal(x, n):
    t = np.linspace(-1.0, 1.0, n)
    powers = np.ones((len(x), n))
    for j in range(1, len(x)):
        powers[j] = powers[j - 1] * t
    return 0.5 * np.sum((np.sign(t) - x @ powers) ** 2)


def derivative(backend):
    return grad(primal, backend=backend)
