"""What the workloads are in several tools alike: numbers, and formulas in operators alone."""

from __future__ import annotations

from itertools import combinations
from math import lgamma, log, pi
from typing import NamedTuple

import numpy as np


def constant_of_gmm(n, d, k, gamma, m):
    """What of the log-posterior depends on no parameter."""
    freedom = d + m + 1
    logs = 0.25 * d * (d - 1) * log(pi) + sum(lgamma(0.5 * (freedom - j)) for j in range(d))
    constant = freedom * d * (log(gamma) - 0.5 * log(2.0)) - logs
    return k * constant - 0.5 * n * d * log(2.0 * pi)


class Functions(NamedTuple):
    """The functions of a tool that a formula needs."""

    sqrt: object
    sin: object
    cos: object


def projected(camera, point, tool):
    """Where a camera sees a point, by their numbers."""
    r1, r2, r3, c1, c2, c3, focal, u0, v0, k1, k2 = camera
    x, y, z = point[0] - c1, point[1] - c2, point[2] - c3
    angle = tool.sqrt(r1 * r1 + r2 * r2 + r3 * r3)
    cosine, sine = tool.cos(angle), tool.sin(angle)
    a1, a2, a3 = r1 / angle, r2 / angle, r3 / angle
    along = (a1 * x + a2 * y + a3 * z) * (1.0 - cosine)
    depth = z * cosine + (a1 * y - a2 * x) * sine + a3 * along
    u = (x * cosine + (a2 * z - a3 * y) * sine + a1 * along) / depth
    v = (y * cosine + (a3 * x - a1 * z) * sine + a2 * along) / depth
    square = u * u + v * v
    stretch = focal * (1.0 + k1 * square + k2 * square * square)
    return u0 + u * stretch, v0 + v * stretch


def turned(x, z, zero, one, tool):
    """The rows of homogeneous matrices that turn about x and then z."""
    sx, cx, sz, cz = tool.sin(x), tool.cos(x), tool.sin(z), tool.cos(z)
    return [
        [cz, -sz * cx, sz * sx, zero],
        [sz, cz * cx, -cz * sx, zero],
        [zero, sx, cx, zero],
        [zero, zero, zero, one],
    ]


def skew(x, y, z, zero):
    """The rows of the matrix of a cross product."""
    return [[zero, -z, y], [z, zero, -x], [-y, x, zero]]


def angles(bones):
    """What picks each bone's angle about x, and about z, out of four for each of five fingers."""
    about_x, about_z = np.zeros((2, bones, 20))
    for finger in range(5):
        first, own = 2 + 4 * finger, 4 * finger
        for step, place in enumerate((0, 2, 3)):
            about_x[first + step, own + place] = 1.0
        about_z[first, own + 1] = 1.0
    return about_x, about_z


def levels(parents):
    """The bones by their distance from the root: those of each level, and where their parents are
    among all bones of the levels before.
    """
    known = [bone for bone, parent in enumerate(parents) if parent < 0]
    found = [(known, [])]
    while len(known) < len(parents):
        here = [b for b, parent in enumerate(parents) if parent in known and b not in known]
        found.append((here, [known.index(parents[bone]) for bone in here]))
        known = known + here
    return found


def posed(relatives, parents, taken, joined):
    """Each bone's place in the world, after its parent's: a product of matrices for each level."""
    (roots, _), *others = levels(parents)
    found, order = taken(relatives, roots), roots
    for bones, above in others:
        here = taken(found, above) @ taken(relatives, bones)
        found, order = joined([found, here]), order + bones
    return taken(found, np.argsort(order))


def stepped(hidden, cell, x, gates, sigmoid, tanh):
    """The hidden values and the cells of all layers after a step of lstm."""
    hiddens, cells = [], []
    for i, (weight, bias) in enumerate(gates):
        forget = sigmoid(x * weight[0] + bias[0])
        ingate = sigmoid(hidden[i] * weight[1] + bias[1])
        outgate = sigmoid(x * weight[2] + bias[2])
        change = tanh(hidden[i] * weight[3] + bias[3])
        cells.append(cell[i] * forget + ingate * change)
        x = outgate * tanh(cells[i])
        hiddens.append(x)
    return hiddens, cells


def runge_kutta(slope, y, h):
    """A step of the method of order four."""
    k1 = slope(y)
    k2 = slope(y + h / 2.0 * k1)
    k3 = slope(y + h / 2.0 * k2)
    k4 = slope(y + h * k3)
    return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def minor(a, row, columns):
    """The determinant of the rows from ``row`` on in some columns, by its definition."""
    if row == a.shape[0]:
        return 1.0
    return sum(
        (-1.0) ** place * a[row, j] * minor(a, row + 1, columns[:place] + columns[place + 1 :])
        for place, j in enumerate(columns)
    )


def layers(n):
    """For each row from the last one on: its number, the sets of as many columns as there are rows
    so far, and where the minor without each column is among those of the row below.
    """
    below = {(): 0}
    for count in range(1, n + 1):
        sets = list(combinations(range(n), count))
        without = [[below[s[:i] + s[i + 1 :]] for i in range(count)] for s in sets]
        yield n - count, np.array(sets), np.array(without)
        below = {s: i for i, s in enumerate(sets)}


def alternating(count):
    return (-1.0) ** np.arange(count)


def potential(place, w, sqrt):
    """Of charges at (10, 10 - w) and (10, 0)."""
    near = sqrt((place[0] - 10.0) ** 2 + (place[1] - 10.0 + w) ** 2)
    far = sqrt((place[0] - 10.0) ** 2 + place[1] ** 2)
    return 1.0 / near + 1.0 / far


def flies(place, speed):
    """Whether a particle is above the x-axis after its next step."""
    return place[1] + 0.1 * speed[1] > 0.0


def miss(place, speed):
    """The square of where a particle falls through the x-axis."""
    return (place[0] - place[1] / speed[1] * speed[0]) ** 2


def descended(value, slope_at, norm, start):
    """Where ``value`` is least, by gradient descent that tries its step size out."""
    x, best, slope = start, value(start), slope_at(start)
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
            slope = slope_at(x)
        else:
            size, successes = size / 2.0, 0
    return x
