"""ht: hand tracking, the Jacobian of the distances between a posed hand and observed points.

A hand is a mesh that hangs on 22 bones; 26 numbers pose it: a rotation, a translation and four
angles for each finger. Where ``us`` is given, each point is compared with a place within a
triangle, in two coordinates of its own; then the Jacobian's first two columns hold what only that
point's residuals depend on.
"""

from __future__ import annotations

import numpy as np

from adxform import jvp

SIZES = {
    "quick": [{"vertices": 12, "points": 5, "kind": kind} for kind in ("simple", "complicated")],
    "small": [{"vertices": 544, "points": 192, "kind": "complicated"}],
    "standard": [
        {"vertices": 544, "points": 1600, "kind": kind} for kind in ("simple", "complicated")
    ],
    "large": [{"vertices": 10000, "points": 100000, "kind": "complicated"}],
}
BONES = 22
PARENTS = (-1, *(0 if bone % 4 == 1 else bone - 1 for bone in range(1, 21)), 0)


def inputs(vertices, points, kind):
    rng = np.random.default_rng(0)
    bases = np.tile(np.eye(4), (BONES, 1, 1))
    bases[:, :3] += 0.1 * rng.normal(size=(BONES, 3, 4))
    inverses = np.tile(np.eye(4), (BONES, 1, 1))
    inverses[:, :3] += 0.1 * rng.normal(size=(BONES, 3, 4))
    positions = np.concatenate([rng.normal(size=(vertices, 3)), np.ones((vertices, 1))], axis=1)
    weights = rng.dirichlet(np.full(BONES, 0.2), size=vertices)
    us = rng.uniform(0.1, 0.4, size=(points, 2)) if kind == "complicated" else None
    triangles = rng.integers(vertices, size=(2 * vertices, 3))
    matches = rng.integers(vertices, size=points)
    return (
        rng.uniform(0.1, 0.5, size=26), us, np.array(PARENTS), bases, inverses, positions, weights,
        triangles, matches, rng.normal(size=(points, 3)),
    )  # fmt: skip


def turned(theta):
    """Each bone's own rotation, about x and then z, as a matrix of homogeneous coordinates."""
    about_x, about_z = np.zeros(BONES), np.zeros(BONES)
    fingers = theta[6:].reshape(5, 4)
    about_x[2:21:4], about_z[2:21:4] = fingers[:, 0], fingers[:, 1]
    about_x[3:21:4], about_x[4:21:4] = fingers[:, 2], fingers[:, 3]
    made = np.zeros((BONES, 4, 4))
    made[:, 0, 0] = np.cos(about_z)
    made[:, 0, 1] = -np.sin(about_z) * np.cos(about_x)
    made[:, 0, 2] = np.sin(about_z) * np.sin(about_x)
    made[:, 1, 0] = np.sin(about_z)
    made[:, 1, 1] = np.cos(about_z) * np.cos(about_x)
    made[:, 1, 2] = -np.cos(about_z) * np.sin(about_x)
    made[:, 2, 1] = np.sin(about_x)
    made[:, 2, 2] = np.cos(about_x)
    made[:, 3, 3] = 1.0
    return made


def rotation(vector):
    """The matrix that turns about a vector, by its length."""
    angle = np.sqrt(np.sum(vector**2))
    if angle < 1e-4:
        return np.eye(3)
    x, y, z = vector[0] / angle, vector[1] / angle, vector[2] / angle
    c, s = np.cos(angle), np.sin(angle)
    return np.array(
        [
            [x * x + (1.0 - x * x) * c, x * y * (1.0 - c) - z * s, x * z * (1.0 - c) + y * s],
            [x * y * (1.0 - c) + z * s, y * y + (1.0 - y * y) * c, y * z * (1.0 - c) - x * s],
            [x * z * (1.0 - c) - y * s, z * y * (1.0 - c) + x * s, z * z + (1.0 - z * z) * c],
        ]
    )


def posed(theta, parents, bases, inverses, positions, weights):
    """The vertices of the mesh: each is carried by all bones, in proportion to its weights."""
    relatives = bases @ turned(theta)
    absolutes = np.zeros((BONES, 4, 4))
    for bone in range(BONES):
        if parents[bone] < 0:
            absolutes[bone] = relatives[bone]
        else:
            absolutes[bone] = absolutes[parents[bone]] @ relatives[bone]
    carried = (absolutes @ inverses)[:, :3]
    shares = (weights[:, :, None] * positions[:, None, :]).reshape(len(positions), 4 * BONES)
    skin = shares @ np.transpose(carried, (0, 2, 1)).reshape(4 * BONES, 3)
    return skin @ rotation(theta[:3]).T + theta[3:6]


def simple(theta, parents, bases, inverses, positions, weights, matches, points):
    vertices = posed(theta, parents, bases, inverses, positions, weights)
    return points - vertices[matches]


def complicated(
    theta, us, parents, bases, inverses, positions, weights, triangles, matches, points
):
    vertices = posed(theta, parents, bases, inverses, positions, weights)
    corners = triangles[matches]
    u, v = us[:, 0, None], us[:, 1, None]
    first, second, third = vertices[corners[:, 0]], vertices[corners[:, 1]], vertices[corners[:, 2]]
    return points - (u * first + v * second + (1.0 - u - v) * third)


def primal(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    if us is None:
        return simple(theta, parents, bases, inverses, positions, weights, matches, points)
    return complicated(
        theta, us, parents, bases, inverses, positions, weights, triangles, matches, points
    )


def derivative(backend):
    """What gives the Jacobian: two columns in ``us``, if there are any, then those in ``theta``."""

    def columns(theta, us, *others):
        own = 0 if us is None else 2
        count = own + len(theta)
        moves = np.eye(len(theta), count, own), None if us is None else np.zeros((*us.shape, count))
        if us is not None:
            moves[1][:, :, :2] = np.eye(2)
        args = theta, us, *others
        tangents = *moves, *(None for _ in others)
        found = jvp(primal, args, tangents, directions=count, backend=backend)[1]
        return found.reshape(-1, count)

    return columns
