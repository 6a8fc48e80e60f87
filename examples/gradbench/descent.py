"""Gradient descent that tries its step size out: what particle and saddle minimise by."""

from __future__ import annotations

import numpy as np


def norm(x):
    return np.sqrt(np.sum(x * x))


def argmin(value, gradient, start):
    """Where ``value`` is least: steps that succeed grow, a step that fails is halved."""
    x = start
    best, slope = value(x), gradient(x)
    size, successes = 1e-5, 0
    while norm(slope) > 1e-5:
        if successes == 10:
            size, successes = 2.0 * size, 0
        step = x - size * slope
        if norm(step - x) <= 1e-5:
            break
        found = value(step)
        if found < best:
            x, best, successes = step, found, successes + 1
            slope = gradient(x)
        else:
            size, successes = size / 2.0, 0
    return x
