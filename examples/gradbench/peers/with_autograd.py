"""The workloads in autograd, which differentiates what NumPy does while it runs.

It knows no writes to arrays: what is filled elsewhere is built from lists here.
"""

from __future__ import annotations

from math import lgamma, log, pi

import autograd.numpy as np
from autograd import elementwise_grad, grad, make_jvp


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
    freedom = d + m + 1
    logs = 0.25 * d * (d - 1) * log(pi) + sum(lgamma(0.5 * (freedom - j)) for j in range(d))
    constant = freedom * d * (log(gamma) - 0.5 * log(2.0)) - logs

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
        prior = k * constant + m * np.sum(q) - 0.5 * gamma**2 * squares
        return whole - 0.5 * n * d * log(2.0 * pi) + prior

    return calls(posterior, gradients(posterior, 4), alpha, mu, q, l)


def _projected(camera, point):
    r1, r2, r3, c1, c2, c3, focal, u0, v0, k1, k2 = (camera[:, i] for i in range(11))
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


def ba(cameras, points, weights, seen, features):
    def residuals(camera, point, weights):
        u, v = _projected(camera, point)
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
    sx, cx, sz, cz = np.sin(x), np.cos(x), np.sin(z), np.cos(z)
    zero, one = np.zeros(bones), np.ones(bones)
    rows = [
        [cz, -sz * cx, sz * sx, zero],
        [sz, cz * cx, -cz * sx, zero],
        [zero, sx, cx, zero],
        [zero, zero, zero, one],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _rotation(vector):
    angle = np.sqrt(np.sum(vector**2))
    x, y, z = vector[0] / angle, vector[1] / angle, vector[2] / angle
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
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
            for i in range(layers):
                weight, bias = gates[i, 0], gates[i, 1]
                forget = sigmoid(x * weight[0] + bias[0])
                ingate = sigmoid(hidden[i] * weight[1] + bias[1])
                outgate = sigmoid(x * weight[2] + bias[2])
                change = np.tanh(hidden[i] * weight[3] + bias[3])
                cell[i] = cell[i] * forget + ingate * change
                x = hidden[i] = outgate * np.tanh(cell[i])
            predicted = x * extra[1] + extra[2]
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
    def slope(x, y):
        return np.concatenate([x[:1], x[1:] * y[:-1]])

    def last(x):
        h = 2.0 / s
        y = np.zeros(len(x))
        for _ in range(s):
            k1 = slope(x, y)
            k2 = slope(x, y + h / 2.0 * k1)
            k3 = slope(x, y + h / 2.0 * k2)
            k4 = slope(x, y + h * k3)
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return y[-1]

    return calls(last, grad(last), x)


def det(a, by):
    n = len(a)

    def minor(a, row, columns):
        if row == n:
            return 1.0
        return sum(
            (-1.0) ** place * a[row, j] * minor(a, row + 1, columns[:place] + columns[place + 1 :])
            for place, j in enumerate(columns)
        )

    def by_sets(a):
        minors = [1.0]
        for columns in range(1, 1 << n):
            chosen = [j for j in range(n) if (columns >> j) & 1]
            rest = np.array([minors[columns - (1 << j)] for j in chosen])
            signs = (-1.0) ** np.arange(len(chosen))
            minors.append(np.sum(signs * a[n - len(chosen), chosen] * rest))
        return minors[-1]

    f = by_sets if by == "sets" else lambda a: minor(a, 0, tuple(range(n)))
    return calls(f, grad(f), a)


def particle(w):
    def potential(place, w):
        near = np.sqrt((place[0] - 10.0) ** 2 + (place[1] - 10.0 + w) ** 2)
        far = np.sqrt((place[0] - 10.0) ** 2 + place[1] ** 2)
        return 1.0 / near + 1.0 / far

    def flight(w):
        place, speed = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        while place[1] + 0.1 * speed[1] > 0.0:
            slope = grad(potential)(place, w)
            place, speed = place + 0.1 * speed, speed - 0.1 * slope
        return (place[0] - place[1] / speed[1] * speed[0]) ** 2

    return calls(flight, grad(flight), w)


def saddle(x, start):
    def height(x, y):
        return np.sum(x * x) - np.sum(y * y)

    def norm(x):
        return np.sqrt(np.sum(x * x))

    def descended(value, start):
        gradient = grad(value)
        x, best, slope = start, value(start), gradient(start)
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

    def highest(x, start):
        return height(x, descended(lambda y: -height(x, y), start))

    return calls(highest, grad(highest), x, start)
