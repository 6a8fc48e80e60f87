"""lse: the logarithm of a sum of exponentials, with the largest taken out."""

from __future__ import annotations

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"n": 5}],
    "small": [{"n": 1000}],
    "standard": [{"n": 40000}],
    "large": [{"n": 1000000}],
}


def inputs(n):
    return (np.random.default_rng(0).normal(size=n),)


def primal(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def derivative(backend):
    return grad(primal, backend=backend)
