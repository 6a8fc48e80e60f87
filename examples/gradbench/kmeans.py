"""kmeans: the Newton direction of the sum of squared distances to the nearest centroids.

The Hessian is diagonal, so that its product with a vector of ones is its diagonal.
"""

from __future__ import annotations

import numpy as np

from adxform import grad, jvp

SIZES = {
    "quick": [{"k": 2, "n": 9, "d": 3}],
    "small": [{"k": 10, "n": 1000, "d": 8}],
    "standard": [{"k": 100, "n": 10000, "d": 16}, {"k": 1000, "n": 10000, "d": 16}],
    "large": [{"k": 1000, "n": 100000, "d": 16}],
}


def inputs(k, n, d):
    points = np.random.default_rng(0).uniform(size=(n, d))
    return points[-k:].copy(), points


def primal(centroids, points):
    """With |p - c|^2 as |p|^2 - 2 p c + |c|^2, the distances are one matrix product."""
    products = points @ centroids.T
    squares = np.sum(centroids**2, axis=1) - 2.0 * products
    return np.sum(points**2) + np.sum(np.min(squares, axis=1))


def derivative(backend):
    gradient = grad(primal, backend=backend)

    def direction(centroids, points):
        tangents = np.ones(centroids.shape), None
        slope, diagonal = jvp(gradient, (centroids, points), tangents, backend=backend)
        return slope / diagonal

    return direction
