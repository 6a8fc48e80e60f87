"""The workloads in PyTensor: graphs, rewritten and compiled as it does by default.

That takes minutes for the graph of ht, which is left out.
"""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt

from examples.gradbench.peers import shared

TOOL = shared.Functions(pt.sqrt, pt.sin, pt.cos)


def calls(primal, derivative, *args):
    """Both functions compiled, for arguments of the types of these."""
    given = [np.asarray(a) for a in args]
    inputs = [pt.tensor(dtype=a.dtype, shape=a.shape) for a in given]
    return tuple(called(pytensor.function(inputs, f(*inputs)), given) for f in (primal, derivative))


def called(compiled, args):
    compiled.trust_input = True
    return lambda: compiled(*args)


def gradient(f):
    """The gradients in all arguments."""
    return lambda *args: pt.grad(f(*args), list(args))


def hello(x):
    return calls(lambda x: x * x, gradient(lambda x: x * x), x)


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    constant = shared.constant_of_gmm(n, d, len(alpha), gamma, m)

    def posterior(alpha, mu, q, l):
        lower = pt.tril(l, -1)
        factors = lower + pt.exp(q)[:, :, None] * np.eye(d)
        scaled = (x - mu[:, None, :]) @ factors.mT
        terms = alpha[:, None] + pt.sum(q, axis=1)[:, None] - 0.5 * pt.sum(scaled**2, axis=2)
        whole = pt.sum(pt.logsumexp(terms, axis=0)) - n * pt.logsumexp(alpha)
        squares = pt.sum(pt.exp(2.0 * q)) + pt.sum(lower**2)
        return whole + constant + m * pt.sum(q) - 0.5 * gamma**2 * squares

    return calls(posterior, gradient(posterior), alpha, mu, q, l)


def ba(cameras, points, weights, seen, features):
    def errors(camera, point, weights):
        own = [camera[:, i] for i in range(11)], [point[:, i] for i in range(3)]
        u, v = shared.projected(*own, TOOL)
        return weights * (u - features[:, 0]), weights * (v - features[:, 1])

    def residuals(cameras, points, weights):
        found = errors(cameras[seen[:, 0]], points[seen[:, 1]], weights)
        return pt.stack(found, axis=1), 1.0 - weights**2

    def blocks(cameras, points, weights):
        camera, point = cameras[seen[:, 0]], points[seen[:, 1]]
        rows = []
        for error in errors(camera, point, weights):
            found = pt.grad(pt.sum(error), [camera, point, weights])
            rows.append(pt.concatenate([*found[:2], found[2][:, None]], axis=1))
        return pt.stack(rows, axis=1), pt.grad(pt.sum(1.0 - weights**2), weights)

    return calls(residuals, blocks, cameras, points, weights)


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]
    start = state.reshape(layers, 2, b)

    def loss(main, extra):
        gates = main.reshape((layers, 2, 4, b))

        def step(here, there, hidden, cell, gates, extra):
            of_layers = [(gates[i, 0], gates[i, 1]) for i in range(layers)]
            x = here * extra[0]
            hidden, cell = shared.stepped(hidden, cell, x, of_layers, pt.sigmoid, pt.tanh)
            predicted = hidden[-1] * extra[1] + extra[2]
            normalised = predicted - pt.log(2.0 + pt.sum(pt.exp(predicted)))
            return pt.stack(hidden), pt.stack(cell), pt.sum(there * normalised)

        _, _, gains = pytensor.scan(
            step,
            sequences=[pt.constant(sequence[:-1]), pt.constant(sequence[1:])],
            outputs_info=[pt.constant(start[:, 0]), pt.constant(start[:, 1]), None],
            non_sequences=[gates, extra],
            return_updates=False,
        )
        return -pt.sum(gains) / ((len(sequence) - 1) * b)

    return calls(loss, gradient(loss), main, extra)


def kmeans(centroids, points):
    def cost(centroids):
        squares = pt.sum(centroids**2, axis=1) - 2.0 * points @ centroids.T
        return pt.sum(points**2) + pt.sum(pt.min(squares, axis=1))

    def direction(centroids):
        slope = pt.grad(cost(centroids), centroids)
        return slope / pt.grad(pt.sum(slope), centroids)

    return calls(cost, direction, centroids)


def llsq(x, n):
    def half_squares(x, t):
        powers = t[:, None] ** pt.arange(x.shape[0])
        return 0.5 * pt.sum((pt.sign(t) - powers @ x) ** 2)

    def slope(x, t):
        return pt.grad(half_squares(x, t), x)

    # Powers of what is known would be worked out at compile time.
    return calls(half_squares, slope, x, np.linspace(-1.0, 1.0, n))


def lse(x):
    return calls(pt.logsumexp, gradient(pt.logsumexp), x)


def ode(x, s):
    def last(x):
        def step(y, x):
            def slope(y):
                return pt.concatenate([x[:1], x[1:] * y[:-1]])

            return shared.runge_kutta(slope, y, 2.0 / s)

        ys = pytensor.scan(
            step,
            outputs_info=pt.zeros_like(x),
            non_sequences=x,
            n_steps=s,
            return_updates=False,
        )
        return ys[-1][-1]

    return calls(last, gradient(last), x)


def det(a, by):
    if by == "calls":  # a node for each call is more than is compiled in reasonable time
        return None
    n = len(a)

    def by_sets(a):
        minors = pt.ones(1)
        for row, sets, without in shared.layers(n):
            minors = pt.sum(shared.alternating(n - row) * a[row, sets] * minors[without], axis=1)
        return minors[0]

    return calls(by_sets, gradient(by_sets), a)
