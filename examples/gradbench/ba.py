"""ba: bundle adjustment, the sparse Jacobian of reprojection errors.

A camera is a rotation vector, a centre, a focal length, a principal point and two coefficients of
radial distortion. An observation ties one camera to one point, with a weight of its own; its two
residuals depend on these 11 + 3 + 1 numbers alone. So rows 2 i and 2 i + 1 of the Jacobian, for all
observations at once, are the gradients of two sums. The weights' own errors, 1 - w^2, add a
diagonal.
"""

from __future__ import annotations

import numpy as np

from adxform import grad
from examples.gradbench.workloads import evaluated

SIZES = {
    "quick": [{"n": 2, "m": 3, "p": 5}],
    "small": [{"n": 21, "m": 1000, "p": 3000}],
    "standard": [{"n": 49, "m": 7776, "p": 31843}],
    "large": [{"n": 161, "m": 48126, "p": 182072}],
}


def inputs(n, m, p):
    rng = np.random.default_rng(0)
    cameras = np.concatenate(
        [0.1 * rng.normal(size=(n, 3)), rng.normal(size=(n, 3)) - [0.0, 0.0, 10.0],
         1.0 + rng.uniform(size=(n, 1)), rng.normal(size=(n, 2)), 0.1 * rng.normal(size=(n, 2))],
        axis=1,
    )  # fmt: skip
    points = rng.normal(size=(m, 3))
    seen = np.stack([np.arange(p) % n, np.arange(p) % m], axis=1)
    return cameras, points, rng.uniform(0.5, 1.5, size=p), seen, rng.normal(size=(p, 2))


def projected(camera, point):
    """Where cameras, one a row, see points: two arrays."""
    r1, r2, r3, c1, c2, c3, focal, u0, v0, k1, k2 = camera.T
    x, y, z = point[:, 0] - c1, point[:, 1] - c2, point[:, 2] - c3
    angle = np.sqrt(r1 * r1 + r2 * r2 + r3 * r3)
    cosine, sine = np.cos(angle), np.sin(angle)
    a1, a2, a3 = r1 / angle, r2 / angle, r3 / angle
    along = (a1 * x + a2 * y + a3 * z) * (1.0 - cosine)
    depth = z * cosine + (a1 * y - a2 * x) * sine + a3 * along
    u = (x * cosine + (a2 * z - a3 * y) * sine + a1 * along) / depth
    v = (y * cosine + (a3 * x - a1 * z) * sine + a2 * along) / depth
    square = u * u + v * v
    stretch = focal * (1.0 + k1 * square + k2 * square * square)
    return u0 + u * stretch, v0 + v * stretch


def primal(cameras, points, weights, seen, features):
    """The residuals, two for each observation, and the errors of the weights."""
    u, v = projected(cameras[seen[:, 0]], points[seen[:, 1]])
    errors = np.empty(features.shape)
    errors[:, 0] = weights * (u - features[:, 0])
    errors[:, 1] = weights * (v - features[:, 1])
    return errors, 1.0 - weights * weights


def sum_across(camera, point, weights, features):
    """The sum of all horizontal residuals, of a camera and a point for each observation."""
    return np.sum(weights * (projected(camera, point)[0] - features[:, 0]))


def sum_down(camera, point, weights, features):
    """The sum of all vertical residuals."""
    return np.sum(weights * (projected(camera, point)[1] - features[:, 1]))


def sum_of_weight_errors(weights):
    return np.sum(1.0 - weights * weights)


def derivative(backend):
    """What gives the blocks, 2 by 15 for each observation, and the diagonal of the weights' errors.

    `sparse` says where they stand in the Jacobian.
    """
    across = grad(sum_across, argnums=(0, 1, 2))
    down = grad(sum_down, argnums=(0, 1, 2))
    diagonal = grad(sum_of_weight_errors)

    def blocks(cameras, points, weights, seen, features):
        camera, point = cameras[seen[:, 0]], points[seen[:, 1]]
        made = np.empty((len(seen), 2, 15))
        horizontal = across(camera, point, weights, features)
        made[:, 0, :11], made[:, 0, 11:14], made[:, 0, 14] = horizontal
        vertical = down(camera, point, weights, features)
        made[:, 1, :11], made[:, 1, 11:14], made[:, 1, 14] = vertical
        return made, diagonal(weights)

    return evaluated(blocks, backend)


def sparse(blocks, diagonal, seen, n, m):
    """The Jacobian's rows, columns and values in compressed sparse rows."""
    p = len(seen)
    columns = np.concatenate(
        [11 * seen[:, :1] + np.arange(11), 11 * n + 3 * seen[:, 1:] + np.arange(3),
         11 * n + 3 * m + np.arange(p)[:, None]],
        axis=1,
    )  # fmt: skip
    rows = np.concatenate([15 * np.arange(2 * p), 30 * p + np.arange(p + 1)])
    return (
        rows,
        np.concatenate([np.repeat(columns, 2, axis=0).ravel(), columns[:, -1]]),
        np.concatenate([blocks.ravel(), diagonal]),
    )
