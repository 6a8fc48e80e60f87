"""saddle: min over x of max over y of (x1^2 + x2^2) - (y1^2 + y2^2), both by gradient descent.

The outer descent differentiates through the whole inner one, and that runs on a gradient.
"""

from __future__ import annotations

import numpy as np

from adxform import grad, jvp
from examples.gradbench.descent import argmin, slope_of
from examples.gradbench.workloads import evaluated

SIZES = {"quick": [{"x": 0.5}], "standard": [{"x": 1.0}]}


def inputs(x):
    return np.array([x, x]), np.array([1.0, 1.0])


def height(x, y):
    return np.sum(x * x) - np.sum(y * y)


def depth(y, x):
    return -height(x, y)


deepest = grad(depth)


def deepest_forward(y, x):
    """The gradient of `depth` in y by forward mode."""
    along = [jvp(depth, (y, x), (d, np.zeros(2)))[1] for d in (np.eye(2)[0], np.eye(2)[1])]
    return np.array(along)


def primal(x, start):
    """The maximum over y, sought from ``start``."""
    y = argmin(lambda y: depth(y, x), lambda y: deepest(y, x), start)
    return height(x, y)


def primal_forward(x, start):
    """The same, by forward mode."""
    y = argmin(lambda y: depth(y, x), lambda y: deepest_forward(y, x), start)
    return height(x, y)


def derivative(backend):
    return grad(primal, backend=backend)


def solver(modes, backend):
    """What finds the points x and y; "f" or "r" are the modes of outer and inner gradient."""
    highest = primal if modes[1] == "r" else primal_forward
    value, slope = evaluated(highest, backend), slope_of(highest, modes[0], backend)
    deep, deeper = evaluated(depth, backend), slope_of(depth, modes[0], backend)

    def solution(start):
        x = argmin(lambda x: value(x, start), lambda x: slope(x, start), start)
        y = argmin(lambda y: deep(y, x), lambda y: deeper(y, x), start)
        return np.concatenate([x, y])

    return solution
