"""Gradients under NumPy and as machine code: what each costs, as a multiple of the function.

Loops over elements gain most from ``backend="numba"``; what a matrix product dominates gains
nothing. Each row's gradients are compared before they are timed. Without Numba the table has no
such column (pip install 'adxform[numba]').
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from adxform import value_and_grad

ROUNDS = 7


def nearest(centres, points):
    """Sum of squared distances to the nearest centre, as in k-means."""
    squares = np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    return np.sum(np.min(squares, axis=1))


def determinant(a):
    """Determinant by elimination, in place and without pivots."""
    a = a.copy()
    product = 1.0
    for i in range(len(a)):
        product *= a[i, i]
        for j in range(i + 1, len(a)):
            factor = a[j, i] / a[i, i]
            for k in range(i, len(a)):
                a[j, k] -= factor * a[i, k]
    return product


def heat(start, conductivity, steps):
    """Squared temperature of a rod after some steps, its history filled in place."""
    u = np.zeros((steps + 1, len(start)))
    u[0] = start
    for t in range(steps):
        u[t + 1] = u[t]
        u[t + 1, 1:-1] += conductivity * (u[t, 2:] - 2.0 * u[t, 1:-1] + u[t, :-2])
    return np.sum(u[-1] ** 2)


def horner(coefficients, x):
    """A polynomial, one coefficient after the other."""
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return total


def logistic(weights, features, labels):
    """Mean loss of a logistic regression."""
    z = features @ weights
    return np.mean(np.logaddexp(0.0, z) - labels * z)


def problems() -> list[tuple[Callable[..., Any], tuple[Any, ...]]]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2000, 30))
    return [
        (nearest, (rng.normal(size=(20, 8)), rng.normal(size=(2000, 8)))),
        (determinant, (rng.normal(size=(20, 20)),)),
        (heat, (rng.normal(size=200), 0.2, 200)),
        (horner, (rng.normal(size=1000), 0.99)),
        (logistic, (rng.normal(size=30), features, np.sign(features[:, 0]))),
    ]


def seconds(call: Callable[..., Any], args: tuple[Any, ...]) -> float:
    """The median time of a warm call."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call(*args)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    backends = ["numpy", *(["numba"] if find_spec("numba") else [])]
    heads = "".join(f"{'gradient, ' + b:>18}" for b in backends)
    print(f"{'function':12}{'function, us':>14}{heads}   (as multiples of the function)")
    for f, args in problems():
        primal = seconds(f, args)
        found, ratios = [], []
        for backend in backends:
            gradient = value_and_grad(f, backend=backend)
            found.append(gradient(*args)[1])
            ratios.append(seconds(gradient, args) / primal)
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], rtol=1e-8, atol=1e-10)
        print(f"{f.__name__:12}{primal * 1e6:14.1f}" + "".join(f"{r:18.3f}" for r in ratios))


if __name__ == "__main__":
    main()
