"""particle: the charge's place that makes a particle fly through the origin.

Two charges push a particle, by the gradient of their potential; Euler's method follows it until it
falls through the x-axis. The square of where it does is minimised in where one charge is: a
gradient within a function that is differentiated.
"""

from __future__ import annotations

import numpy as np

from adxform import grad, jvp
from examples.gradbench.descent import argmin, slope_of
from examples.gradbench.workloads import evaluated

SIZES = {"quick": [{"w": 0.2}], "standard": [{"w": 0.0}]}


def inputs(w):
    return (w,)


def potential(x, y, w):
    """Of charges at (10, 10 - w) and (10, 0)."""
    near = np.sqrt((x - 10.0) ** 2 + (y - 10.0 + w) ** 2)
    far = np.sqrt((x - 10.0) ** 2 + y**2)
    return 1.0 / near + 1.0 / far


slopes = grad(potential, argnums=(0, 1))


def primal(w):
    """The square of x where the particle falls through the x-axis."""
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    while y + 0.1 * vy > 0.0:
        ax, ay = slopes(x, y, w)
        x, y = x + 0.1 * vx, y + 0.1 * vy
        vx, vy = vx - 0.1 * ax, vy - 0.1 * ay
    return (x - y / vy * vx) ** 2


def primal_forward(w):
    """The same, the slopes of the potential by forward mode."""
    x, y, vx, vy = 0.0, 8.0, 0.75, 0.0
    while y + 0.1 * vy > 0.0:
        ax = jvp(potential, (x, y, w), (1.0, 0.0, 0.0))[1]
        ay = jvp(potential, (x, y, w), (0.0, 1.0, 0.0))[1]
        x, y = x + 0.1 * vx, y + 0.1 * vy
        vx, vy = vx - 0.1 * ax, vy - 0.1 * ay
    return (x - y / vy * vx) ** 2


def derivative(backend):
    return grad(primal, backend=backend)


def solver(modes, backend):
    """What finds the first charge's place; "f" or "r" are the modes of outer and inner gradient."""
    flight = primal if modes[1] == "r" else primal_forward
    value, slope = evaluated(flight, backend), slope_of(flight, modes[0], backend)
    return lambda w: argmin(value, slope, w)
