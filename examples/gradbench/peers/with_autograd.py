"""The workloads in autograd, which differentiates what NumPy does while it runs.

It knows no writes to arrays: what is filled elsewhere is built from lists here.
"""

from __future__ import annotations

import autograd.numpy as np
from autograd import elementwise_grad, grad, make_jvp

from examples.gradbench.peers import shared

TOOL = shared.Functions(np.sqrt, np.sin, np.cos)


def calls(primal, derivative, *args):
    return lambda: primal(*args), lambda: derivative(*args)


def gradients(f, count):
    """The gradients in the first arguments, by one run backwards."""

    def packed(active, *others):
        return f(*active, *others)

    return lambda *args: grad(packed)(args[:count], *args[count:])


def hello(x):
    return calls(lambda x: x * x, grad(lambda x: x * x), x)


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    k = len(alpha)
    constant = shared.constant_of_gmm(n, d, k, gamma, m)

    def log_sum_exp(x):
        largest = np.max(x, axis=1, keepdims=True)
        return largest[:, 0] + np.log(np.sum(np.exp(x - largest), axis=1))

    def posterior(alpha, mu, q, l):
        terms = []
        for j in range(k):
            factor = np.tril(l[j], -1) + np.diag(np.exp(q[j]))
            scaled = np.dot(x - mu[j], factor.T)
            terms.append(alpha[j] + np.sum(q[j]) - 0.5 * np.sum(scaled**2, axis=1))
        whole = np.sum(log_sum_exp(np.array(terms).T)) - n * log_sum_exp(alpha[None, :])[0]
        squares = np.sum(np.exp(2.0 * q)) + np.sum((np.tril(np.ones((d, d)), -1) * l) ** 2)
        return whole + constant + m * np.sum(q) - 0.5 * gamma**2 * squares

    return calls(posterior, gradients(posterior, 4), alpha, mu, q, l)


def ba(cameras, points, weights, seen, features):
    def residuals(camera, point, weights):
        u, v = shared.projected(camera.T, point.T, TOOL)
        return weights * (u - features[:, 0]), weights * (v - features[:, 1])

    def sums(row):
        def summed(camera, point, weights):
            return np.sum(residuals(camera, point, weights)[row])

        return gradients(summed, 3)

    def whole():
        found = residuals(cameras[seen[:, 0]], points[seen[:, 1]], weights)
        return np.stack(found, axis=1), 1.0 - weights**2

    def blocks():
        camera, point = cameras[seen[:, 0]], points[seen[:, 1]]
        rows = []
        for row in range(2):
            camera_bar, point_bar, weights_bar = sums(row)(camera, point, weights)
            rows.append(np.concatenate([camera_bar, point_bar, weights_bar[:, None]], axis=1))
        return np.stack(rows, axis=1), elementwise_grad(lambda w: 1.0 - w**2)(weights)

    return whole, blocks


def _turned(theta, bones):
    x, z = [0.0] * bones, [0.0] * bones
    for finger in range(5):
        first, own = 2 + 4 * finger, theta[6 + 4 * finger : 10 + 4 * finger]
        x[first], z[first], x[first + 1], x[first + 2] = own[0], own[1], own[2], own[3]
    x, z = np.array(x), np.array(z)
    zero, one = np.zeros(bones), np.ones(bones)
    rows = shared.turned(x, z, zero, one, TOOL)
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _rotation(vector):
    angle = np.sqrt(np.sum(vector**2))
    x, y, z = vector[0] / angle, vector[1] / angle, vector[2] / angle
    skew = np.array(shared.skew(x, y, z, 0.0))
    return np.eye(3) + np.sin(angle) * skew + (1.0 - np.cos(angle)) * np.dot(skew, skew)


def ht(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    shares = (weights[:, :, None] * positions[:, None, :]).reshape(len(positions), -1)

    def vertices(theta):
        relatives = np.matmul(bases, _turned(theta, len(parents)))
        absolutes = []
        for bone, parent in enumerate(parents):
            here = relatives[bone]
            absolutes.append(here if parent < 0 else np.dot(absolutes[parent], here))
        carried = np.matmul(np.stack(absolutes), inverses)[:, :3]
        skin = np.dot(shares, np.transpose(carried, (0, 2, 1)).reshape(-1, 3))
        return np.dot(skin, _rotation(theta[:3]).T) + theta[3:6]

    def distances(both):
        theta = both[:26]
        if us is None:
            return points - vertices(theta)[matches]
        own = both[26:].reshape(us.shape)
        corners = vertices(theta)[triangles[matches]]
        u, v = own[:, :1], own[:, 1:]
        inside = u * corners[:, 0] + v * corners[:, 1] + (1.0 - u - v) * corners[:, 2]
        return points - inside

    both = theta if us is None else np.concatenate([theta, us.ravel()])

    def jacobian():
        along = make_jvp(distances)(both)
        directions = list(np.eye(26, len(both)))
        if us is not None:
            own = [np.tile(np.eye(2)[j], len(us)) for j in range(2)]
            directions = [np.concatenate([np.zeros(26), o]) for o in own] + directions
        return np.stack([along(direction)[1].ravel() for direction in directions], axis=1)

    return lambda: distances(both), jacobian


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]

    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-x))

    def loss(main, extra):
        gates = main.reshape(layers, 2, 4, b)
        hidden, cell = list(state[::2]), list(state[1::2])
        total = 0.0
        for t in range(len(sequence) - 1):
            x = sequence[t] * extra[0]
            hidden, cell = shared.stepped(hidden, cell, x, gates, sigmoid, np.tanh)
            predicted = hidden[-1] * extra[1] + extra[2]
            normalised = predicted - np.log(2.0 + np.sum(np.exp(predicted)))
            total = total + np.sum(sequence[t + 1] * normalised)
        return -total / ((len(sequence) - 1) * b)

    return calls(loss, gradients(loss, 2), main, extra)


def kmeans(centroids, points):
    def cost(centroids):
        squares = np.sum(centroids**2, axis=1) - 2.0 * np.dot(points, centroids.T)
        return np.sum(points**2) + np.sum(np.min(squares, axis=1))

    def direction(centroids):
        slope, diagonal = make_jvp(grad(cost))(centroids)(np.ones(centroids.shape))
        return slope / diagonal

    return calls(cost, direction, centroids)


def llsq(x, n):
    def half_squares(x):
        t = np.linspace(-1.0, 1.0, n)
        powers = np.vander(t, len(x), increasing=True)
        return 0.5 * np.sum((np.sign(t) - np.dot(powers, x)) ** 2)

    return calls(half_squares, grad(half_squares), x)


def lse(x):
    def log_sum(x):
        largest = np.max(x)
        return largest + np.log(np.sum(np.exp(x - largest)))

    return calls(log_sum, grad(log_sum), x)


def ode(x, s):
    def last(x):
        def slope(y):
            return np.concatenate([x[:1], x[1:] * y[:-1]])

        y = np.zeros(len(x))
        for _ in range(s):
            y = shared.runge_kutta(slope, y, 2.0 / s)
        return y[-1]

    return calls(last, grad(last), x)


def det(a, by):
    n = len(a)

    def by_sets(a):
        minors = np.ones(1)
        for row, sets, without in shared.layers(n):
            minors = np.sum(shared.alternating(n - row) * a[row, sets] * minors[without], axis=1)
        return minors[0]

    f = by_sets if by == "sets" else lambda a: shared.minor(a, 0, tuple(range(n)))
    return calls(f, grad(f), a)


def particle(w):
    def potential(place, w):
        return shared.potential(place, w, np.sqrt)

    def flight(w):
        place, speed = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        while shared.flies(place, speed):
            slope = grad(potential)(place, w)
            place, speed = place + 0.1 * speed, speed - 0.1 * slope
        return shared.miss(place, speed)

    return calls(flight, grad(flight), w)


def saddle(x, start):
    def height(x, y):
        return np.sum(x * x) - np.sum(y * y)

    def norm(x):
        return np.sqrt(np.sum(x * x))

    def descended(value, start):
        return shared.descended(value, grad(value), norm, start)

    def highest(x, start):
        return height(x, descended(lambda y: -height(x, y), start))

    return calls(highest, grad(highest), x, start)
