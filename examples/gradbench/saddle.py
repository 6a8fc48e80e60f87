"""saddle: min over x of max over y of (x1^2 + x2^2) - (y1^2 + y2^2), both by gradient descent.

The outer descent differentiates through the whole inner one, and that runs on a gradient.
"""

from __future__ import annotations

import numpy as np

from adxform import grad
from examples.gradbench.descent import argmin

SIZES = {"quick": [{"x": 0.5}], "issue": [{"x": 1.0}]}


def inputs(x):
    return np.array([x, x]), np.array([1.0, 1.0])


def height(x, y):
    return np.sum(x * x) - np.sum(y * y)


def depth(y, x):
    return -height(x, y)


deepest = grad(depth)


def highest(x, start):
    """The maximum over y, sought from ``start``."""
    y = argmin(lambda y: depth(y, x), lambda y: deepest(y, x), start)
    return height(x, y)


primal = highest


def derivative(backend):
    return grad(highest, backend=backend)
