# ruff: noqa: F821, UP037
"""The heat equation, its history filled in place, differentiated as it stands.

JAX has no assignment to an array's elements, so that this loop has to be rewritten there. Here the
gradient writes in place as well: what a step costs does not depend on how long the history is.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from adxform import value_and_grad

if TYPE_CHECKING:
    from jaxtyping import Float

POINTS = 50


def misfit(
    conductivity: Float[np.ndarray, "m"],
    start: Float[np.ndarray, "m"],
    target: Float[np.ndarray, "m"],
    steps: int,
) -> float:
    """How far a rod's temperature after some steps is from what was measured."""
    u = np.zeros((steps + 1, len(start)))
    u[0] = start
    for t in range(steps):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += conductivity[1:-1] * (u[t, 2:] - 2.0 * u[t, 1:-1] + u[t, :-2])
    return np.sum((u[steps] - target) ** 2)


def problem(points: int, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """A rod that is hot in the middle, and conducts heat better than was measured."""
    place = np.linspace(0.0, 1.0, points)
    start = np.exp(-50.0 * (place - 0.5) ** 2)
    return np.full(points, 0.25), start, 0.5 * start, steps


def seconds_per_step(steps: int, runs: int = 3) -> float:
    """The least processor time of a value and a gradient, for one step."""
    gradient = value_and_grad(misfit)
    arguments = problem(POINTS, steps)
    gradient(*arguments)
    found = []
    for _ in range(runs):
        before = time.process_time()
        gradient(*arguments)
        found.append(time.process_time() - before)
    return min(found) / steps


def main() -> None:
    """Print the derivative, and what a step of it costs in short and long histories."""
    gradient = value_and_grad(misfit)
    arguments = problem(POINTS, 20)
    value, bar = gradient(*arguments)
    direction = np.sin(np.arange(POINTS))
    up, down = (misfit(arguments[0] + h * direction, *arguments[1:]) for h in (1e-6, -1e-6))
    print(f"misfit {value:.6f}, its slope {bar @ direction:.6f}")
    print(f"by differences           {(up - down) / 2e-6:.6f}\n")
    print(" steps   microseconds a step")
    for steps in (250, 1000, 4000, 16000):
        print(f"{steps:6d}   {1e6 * seconds_per_step(steps):8.1f}")


if __name__ == "__main__":
    main()
