"""Gradient descent that tries its step size out: what particle and saddle minimise by."""

from __future__ import annotations

import numpy as np

from adxform import grad, jvp


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


def slope_of(f, mode, backend):
    """What gives the gradient of ``f`` in its first argument by forward ("f") or reverse mode."""
    if mode == "r":
        return grad(f, backend=backend)

    def along(x, *others):
        nowhere = (None,) * len(others)
        if np.ndim(x) == 0:
            return jvp(f, (x, *others), (1.0, *nowhere), backend=backend)[1]
        directions = np.eye(len(x))
        return np.array(
            [jvp(f, (x, *others), (d, *nowhere), backend=backend)[1] for d in directions]
        )

    return along
