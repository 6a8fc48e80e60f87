"""The workloads in CasADi: expressions that its virtual machine evaluates, loops as its maps.

Its matrices go by columns: a row of NumPy's is a column here.
"""

from __future__ import annotations

from functools import reduce

import casadi as ca
import numpy as np

from examples.gradbench.peers import shared

TOOL = shared.Functions(ca.sqrt, ca.sin, ca.cos)


def calls(primal, derivative, *args, symbol=ca.MX.sym):
    """Both functions of symbols of the transposed arguments' shapes, on these arguments."""
    given = [np.array(a, dtype=float, ndmin=1) for a in args]
    symbols = [symbol(f"x{i}", *a.shape[::-1]) for i, a in enumerate(given)]
    return tuple(called(symbols, f(*symbols), given) for f in (primal, derivative))


def called(symbols, found, args):
    """A function that reads arguments, and writes results, in the memory of arrays."""
    found = [ca.densify(x) for x in (found if isinstance(found, list | tuple) else [found])]
    buffer, evaluate = ca.Function("f", symbols, found).buffer()
    results = [np.zeros(x.shape[::-1]) for x in found]
    for place, array in enumerate(args):
        buffer.set_arg(place, memoryview(array))
    for place, array in enumerate(results):
        buffer.set_res(place, memoryview(array))

    def call():
        evaluate()
        return results

    call.held = buffer, args  # whose addresses the buffer has
    return call


def gradient(f):
    """The gradients in all arguments."""

    def found(*args):
        value = f(*args)
        return [ca.gradient(value, arg) for arg in args]

    return found


def hello(x):
    symbol = ca.SX.sym("x")
    square = symbol * symbol
    results = square, ca.gradient(square, symbol)
    value, slope = (ca.Function("f", [symbol], [result]) for result in results)
    return (lambda: value(x)), (lambda: slope(x))  # a number is handed over, not kept in memory


def _log_sum_exp(columns):
    """Of each row."""
    largest = reduce(ca.fmax, columns)
    return largest + ca.log(sum(ca.exp(column - largest) for column in columns))


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    k = len(alpha)
    constant = shared.constant_of_gmm(n, d, k, gamma, m)

    def posterior(alpha, mu, q, l):
        terms, squares = [], 0.0
        split = ca.vertsplit(alpha), *map(ca.horzsplit, (mu, q)), ca.horzsplit(l, d)
        for weight, mean, logs, own in zip(*split, strict=True):
            lower = ca.tril(own.T, False)
            scaled = (lower + ca.diag(ca.exp(logs))) @ (x.T - mean)
            terms.append((weight + ca.sum1(logs) - 0.5 * ca.sum1(scaled**2)).T)
            squares += ca.sumsqr(lower)
        whole = ca.sum1(_log_sum_exp(terms)) - n * ca.logsumexp(alpha)
        squares += ca.sumsqr(ca.exp(q))
        return whole + constant + m * ca.sum1(ca.sum2(q)) - 0.5 * gamma**2 * squares

    return calls(posterior, gradient(posterior), alpha, mu, q, l.reshape(k * d, d))


def ba(cameras, points, weights, seen, features):
    own = ca.SX.sym("own", 15)
    feature = ca.SX.sym("feature", 2)
    place = shared.projected(ca.vertsplit(own[:11]), ca.vertsplit(own[11:14]), TOOL)
    error = own[14] * (ca.vertcat(*place) - feature)
    by_rows = ca.vec(ca.jacobian(error, own).T)
    one, block = (ca.Function("f", [own, feature], [x]) for x in (error, by_rows))
    count = len(seen)

    def gathered(cameras, points, weights):
        return ca.vertcat(cameras[:, seen[:, 0]], points[:, seen[:, 1]], weights.T)

    def residuals(*args):
        return one.map(count)(gathered(*args), features.T), 1.0 - args[2] ** 2

    def blocks(*args):
        diagonal = ca.gradient(ca.sum1(1.0 - args[2] ** 2), args[2])
        return block.map(count)(gathered(*args), features.T), diagonal

    return calls(residuals, blocks, cameras, points, weights)


def _rotation(vector):
    angle = ca.norm_2(vector)
    skew = ca.blockcat(shared.skew(*ca.vertsplit(vector / angle), 0.0))
    return ca.DM.eye(3) + ca.sin(angle) * skew + (1.0 - ca.cos(angle)) * skew @ skew


def ht(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    shares = (weights[:, :, None] * positions[:, None, :]).reshape(len(positions), -1)
    pose = ca.SX.sym("pose", 26)
    x, z = (ca.vertsplit(about @ pose[6:]) for about in shared.angles(len(parents)))
    absolutes = []
    for base, parent, *angles in zip(bases, parents, x, z, strict=True):
        here = base @ ca.blockcat(shared.turned(*angles, 0.0, 1.0, TOOL))
        absolutes.append(here if parent < 0 else absolutes[parent] @ here)
    carried = ca.vertcat(*((a @ b)[:3, :].T for a, b in zip(absolutes, inverses, strict=True)))
    to_carried = ca.Function("carried", [pose], [carried])

    def vertices(theta):
        """A column each."""
        return _rotation(theta[:3]) @ (shares @ to_carried(theta)).T + theta[3:6]

    def distances(theta, us=None):
        if us is None:
            return points.T - vertices(theta)[:, matches]
        placed = vertices(theta)
        one, two, three = (placed[:, corners] for corners in triangles[matches].T)
        u, v = (ca.repmat(us[i, :], 3, 1) for i in range(2))
        return points.T - (u * one + v * two + (1.0 - u - v) * three)

    def jacobian(theta, us=None):
        found = ca.vec(distances(theta, us))
        columns = [ca.jacobian(found, theta)]
        if us is not None:
            along = [ca.repmat(ca.DM.eye(2)[:, i], 1, us.shape[1]) for i in range(2)]
            columns[:0] = [ca.jtimes(found, us, direction) for direction in along]
        return ca.horzcat(*columns).T

    return calls(distances, jacobian, theta, *([] if us is None else [us]))


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]
    start = state.reshape(layers, 2, b)
    gates, weights = ca.SX.sym("main", 4 * b, 2 * layers), ca.SX.sym("extra", b, 3)
    hidden, cell = (ca.SX.sym(name, b, layers) for name in ("hidden", "cell"))
    here, there = ca.SX.sym("here", b), ca.SX.sym("there", b)
    parts = [ca.vertsplit(column, b) for column in ca.horzsplit(gates)]
    own = ca.horzsplit(hidden), ca.horzsplit(cell)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    new = shared.stepped(*own, here * weights[:, 0], pairs, _sigmoid, ca.tanh)
    predicted = new[0][-1] * weights[:, 1] + weights[:, 2]
    gain = ca.dot(there, predicted - ca.log(2.0 + ca.sum1(ca.exp(predicted))))
    given = [hidden, cell, here, there, gates, weights]
    step = ca.Function("step", given, [*(ca.horzcat(*x) for x in new), gain])
    count = len(sequence) - 1
    steps = step.mapaccum("steps", count, 2)

    def loss(main, extra):
        first = [start[:, i].T for i in range(2)]
        texts = sequence[:-1].T, sequence[1:].T
        held = ca.repmat(main, 1, count), ca.repmat(extra, 1, count)
        return -ca.sum2(steps(*first, *texts, *held)[2]) / (count * b)

    return calls(loss, gradient(loss), main, extra)


def _sigmoid(x):
    return 1.0 / (1.0 + ca.exp(-x))


def kmeans(centroids, points):
    def cost(centroids):
        products, squares = points @ centroids, ca.sum1(centroids**2)
        pairs = zip(ca.horzsplit(squares), ca.horzsplit(products), strict=True)
        columns = [square - 2.0 * product for square, product in pairs]
        return ca.sumsqr(ca.DM(points)) + ca.sum1(reduce(ca.fmin, columns))

    def direction(centroids):
        slope = ca.gradient(cost(centroids), centroids)
        return slope / ca.jtimes(slope, centroids, ca.DM.ones(*centroids.shape))

    return calls(cost, direction, centroids)


def llsq(x, n):
    t = np.linspace(-1.0, 1.0, n)

    def half_squares(x, t):
        powers = [ca.DM.ones(n)]
        for _ in range(1, x.shape[0]):
            powers.append(powers[-1] * t)
        return 0.5 * ca.sumsqr(ca.sign(t) - ca.horzcat(*powers) @ x)

    return calls(half_squares, lambda x, t: ca.gradient(half_squares(x, t), x), x, t)


def lse(x):
    return calls(ca.logsumexp, gradient(ca.logsumexp), x)


def ode(x, s):
    rates, now = (ca.MX.sym(name, len(x)) for name in ("rates", "now"))

    def slope(y):
        return ca.vertcat(rates[0], rates[1:] * y[:-1])

    step = ca.Function("step", [now, rates], [shared.runge_kutta(slope, now, 2.0 / s)])
    steps = step.fold(s)

    def last(x):
        return steps(ca.DM.zeros(*x.shape), ca.repmat(x, 1, s))[-1]

    return calls(last, gradient(last), x)


def det(a, by):
    n = len(a)

    def by_sets(a):
        minors = [1.0]
        for row, sets, without in shared.layers(n):
            signs = shared.alternating(n - row)
            pairs = zip(sets, without, strict=True)
            minors = [
                sum(s * a[int(j), row] * minors[i] for s, j, i in zip(signs, *pair, strict=True))
                for pair in pairs
            ]
        return minors[0]

    f = by_sets if by == "sets" else lambda a: shared.minor(a.T, 0, tuple(range(n)))
    return calls(f, gradient(f), a, symbol=ca.SX.sym)
