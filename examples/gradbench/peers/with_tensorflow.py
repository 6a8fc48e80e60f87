"""The workloads in TensorFlow: graphs in double precision, on one thread."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from examples.gradbench.peers import shared

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

TOOL = shared.Functions(tf.sqrt, tf.sin, tf.cos)


def calls(primal, derivative, *args):
    """Both functions as graphs, on arguments that are tensors."""
    given = [tf.constant(a, tf.float64) for a in args]
    return tuple(called(tf.function(f), given) for f in (primal, derivative))


def called(f, args):
    return lambda: f(*args)


def gradient(f):
    """The gradients in all arguments."""

    def found(*args):
        with tf.GradientTape() as tape:
            tape.watch(args)
            value = f(*args)
        return tape.gradient(value, args)

    return found


def hello(x):
    def square(x):
        return x * x

    return calls(square, gradient(square), x)


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    constant = shared.constant_of_gmm(n, d, len(alpha), gamma, m)
    points = tf.constant(x)

    def posterior(alpha, mu, q, l):
        lower = tf.linalg.set_diag(tf.linalg.band_part(l, -1, 0), tf.zeros_like(q))
        factors = tf.linalg.set_diag(lower, tf.exp(q))
        scaled = tf.einsum("kij,nkj->nki", factors, points[:, None, :] - mu)
        terms = alpha + tf.reduce_sum(q, 1) - 0.5 * tf.reduce_sum(scaled**2, 2)
        whole = tf.reduce_sum(tf.reduce_logsumexp(terms, 1)) - n * tf.reduce_logsumexp(alpha)
        squares = tf.reduce_sum(tf.exp(2.0 * q)) + tf.reduce_sum(lower**2)
        return whole + constant + m * tf.reduce_sum(q) - 0.5 * gamma**2 * squares

    return calls(posterior, gradient(posterior), alpha, mu, q, l)


def ba(cameras, points, weights, seen, features):
    seen, features = tf.constant(seen), tf.constant(features)

    def gathered(cameras, points, weights):
        camera, point = tf.gather(cameras, seen[:, 0]), tf.gather(points, seen[:, 1])
        return tf.concat([camera, point, weights[:, None]], 1)

    def errors(own):
        columns = tf.unstack(own, axis=1)
        places = shared.projected(columns[:11], columns[11:14], TOOL)
        return columns[14][:, None] * (tf.stack(places, 1) - features)

    def weight_errors(weights):
        return 1.0 - weights**2

    def residuals(cameras, points, weights):
        return errors(gathered(cameras, points, weights)), weight_errors(weights)

    def blocks(cameras, points, weights):
        own = gathered(cameras, points, weights)
        with tf.GradientTape() as tape:
            tape.watch(own)
            found = errors(own)
        return tape.batch_jacobian(found, own), *gradient(weight_errors)(weights)

    return calls(residuals, blocks, cameras, points, weights)


def _rotation(vector):
    angle = tf.sqrt(tf.reduce_sum(vector**2))
    x, y, z = tf.unstack(vector / angle)
    skew = tf.stack(shared.skew(x, y, z, tf.zeros_like(x)))
    return tf.eye(3, dtype=tf.float64) + tf.sin(angle) * skew + (1.0 - tf.cos(angle)) * skew @ skew


def ht(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    shares = (weights[:, :, None] * positions[:, None, :]).reshape(len(positions), -1)
    about_x, about_z = shared.angles(len(parents))

    def vertices(theta):
        x, z = (tf.linalg.matvec(about, theta[6:]) for about in (about_x, about_z))
        rows = shared.turned(x, z, tf.zeros_like(x), tf.ones_like(x), TOOL)
        turned = tf.stack([tf.stack(row, -1) for row in rows], -2)
        absolutes = shared.posed(bases @ turned, parents, tf.gather, partial(tf.concat, axis=0))
        carried = (absolutes @ inverses)[:, :3]
        skin = shares @ tf.reshape(tf.transpose(carried, (0, 2, 1)), (-1, 3))
        return skin @ tf.transpose(_rotation(theta[:3])) + theta[3:6]

    def distances(theta, us=None):
        if us is None:
            return points - tf.gather(vertices(theta), matches)
        one, two, three = tf.unstack(tf.gather(vertices(theta), triangles[matches]), axis=1)
        u, v = us[:, :1], us[:, 1:]
        return points - (u * one + v * two + (1.0 - u - v) * three)

    def jacobian(*both):
        def along(direction):
            tangents = direction[-len(theta) :], *(direction[:2] + tf.zeros_like(u) for u in own)
            with tf.autodiff.ForwardAccumulator(both, tangents) as accumulator:
                found = distances(*both)
            return tf.reshape(accumulator.jvp(found), [-1])

        theta, *own = both
        directions = tf.eye(len(theta) + 2 * len(own), dtype=tf.float64)
        return tf.transpose(tf.vectorized_map(along, directions))

    return calls(distances, jacobian, theta, *([] if us is None else [us]))


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]
    start, sequence = tf.constant(state.reshape(layers, 2, b)), tf.constant(sequence)
    count = len(sequence) - 1

    def loss(main, extra):
        gates = [tf.unstack(gate) for gate in tf.unstack(tf.reshape(main, (layers, 2, 4, b)))]
        hidden, cell, total = start[:, 0], start[:, 1], tf.zeros((), tf.float64)
        for t in tf.range(count):
            x = sequence[t] * extra[0]
            new = shared.stepped(hidden, cell, x, gates, tf.sigmoid, tf.tanh)
            hidden, cell = tf.stack(new[0]), tf.stack(new[1])
            predicted = hidden[-1] * extra[1] + extra[2]
            normalised = predicted - tf.math.log(2.0 + tf.reduce_sum(tf.exp(predicted)))
            total += tf.reduce_sum(sequence[t + 1] * normalised)
        return -total / (count * b)

    return calls(loss, gradient(loss), main, extra)


def kmeans(centroids, points):
    points = tf.constant(points)

    def cost(centroids):
        products = tf.matmul(points, centroids, transpose_b=True)
        squares = tf.reduce_sum(centroids**2, 1) - 2.0 * products
        return tf.reduce_sum(points**2) + tf.reduce_sum(tf.reduce_min(squares, 1))

    def direction(centroids):
        with tf.autodiff.ForwardAccumulator(centroids, tf.ones_like(centroids)) as accumulator:
            (slope,) = gradient(cost)(centroids)
        return slope / accumulator.jvp(slope)

    return calls(cost, direction, centroids)


def llsq(x, n):
    def half_squares(x, t):
        powers = t[:, None] ** tf.range(len(x), dtype=tf.float64)
        return 0.5 * tf.reduce_sum((tf.sign(t) - tf.linalg.matvec(powers, x)) ** 2)

    def slope(x, t):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = half_squares(x, t)
        return tape.gradient(value, x)

    # Powers of what is known would be worked out once for all calls.
    return calls(half_squares, slope, x, np.linspace(-1.0, 1.0, n))


def lse(x):
    return calls(tf.reduce_logsumexp, gradient(tf.reduce_logsumexp), x)


def ode(x, s):
    def last(x):
        def slope(y):
            return tf.concat([x[:1], x[1:] * y[:-1]], 0)

        y = tf.zeros_like(x)
        for _ in tf.range(s):
            y = shared.runge_kutta(slope, y, 2.0 / s)
        return y[-1]

    return calls(last, gradient(last), x)


def det(a, by):
    n = len(a)

    def by_sets(a):
        minors = tf.ones(1, tf.float64)
        for row, sets, without in shared.layers(n):
            signed = shared.alternating(n - row) * tf.gather(a[row], sets)
            minors = tf.reduce_sum(signed * tf.gather(minors, without), 1)
        return minors[0]

    f = by_sets if by == "sets" else lambda a: shared.minor(a, 0, tuple(range(n)))
    return calls(f, gradient(f), a)


def particle(w):
    def flight(w):
        place = tf.constant([0.0, 8.0], tf.float64)
        speed = tf.constant([0.75, 0.0], tf.float64)
        while shared.flies(place, speed):
            (slope,) = gradient(lambda place: shared.potential(place, w, tf.sqrt))(place)
            place, speed = place + 0.1 * speed, speed - 0.1 * slope
        return shared.miss(place, speed)

    return calls(flight, gradient(flight), w)
