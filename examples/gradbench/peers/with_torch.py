"""The workloads in PyTorch, run eagerly on the processor in double precision."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch.func import grad, jacrev, jvp, vmap

from examples.gradbench.peers import shared

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

TOOL = shared.Functions(torch.sqrt, torch.sin, torch.cos)


def calls(primal, derivative, *args):
    """Both functions, on arguments that are tensors; results become NumPy's where they are read."""
    given = [torch.as_tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    return lambda: primal(*given), lambda: derivative(*given)


def gradient(f, count=1):
    """The gradient in the first arguments by recording what ``f`` does, as most users do."""

    def found(*args):
        active = [a.detach().requires_grad_() for a in args[:count]]
        return torch.autograd.grad(f(*active, *args[count:]), active)

    return found


def hello(x):
    return calls(lambda x: x * x, gradient(lambda x: x * x), np.array(x))


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    constant = shared.constant_of_gmm(n, d, len(alpha), gamma, m)

    def posterior(alpha, mu, q, l, x):
        factors = torch.tril(l, -1) + torch.diag_embed(torch.exp(q))
        scaled = torch.einsum("kij,nkj->nki", factors, x[:, None, :] - mu)
        terms = alpha + torch.sum(q, 1) - 0.5 * torch.sum(scaled**2, 2)
        whole = torch.sum(torch.logsumexp(terms, 1)) - n * torch.logsumexp(alpha, 0)
        squares = torch.sum(torch.exp(2.0 * q)) + torch.sum(torch.tril(l, -1) ** 2)
        return whole + constant + m * torch.sum(q) - 0.5 * gamma**2 * squares

    return calls(posterior, gradient(posterior, 4), alpha, mu, q, l, x)


def _residual(camera, point, weight, feature):
    rotation, centre, focal, middle = camera[:3], camera[3:6], camera[6], camera[7:9]
    place = point - centre
    angle = torch.sqrt(torch.sum(rotation**2))
    axis = rotation / angle
    turned = (
        place * torch.cos(angle)
        + torch.linalg.cross(axis, place) * torch.sin(angle)
        + axis * torch.dot(axis, place) * (1.0 - torch.cos(angle))
    )
    flat = turned[:2] / turned[2]
    square = torch.sum(flat**2)
    stretch = 1.0 + camera[9] * square + camera[10] * square**2
    return weight * (flat * stretch * focal + middle - feature)


def ba(cameras, points, weights, seen, features):
    def residuals(cameras, points, weights, seen, features):
        chosen = cameras[seen[:, 0]], points[seen[:, 1]]
        return vmap(_residual)(*chosen, weights, features), 1.0 - weights**2

    def blocks(cameras, points, weights, seen, features):
        chosen = cameras[seen[:, 0]], points[seen[:, 1]]
        parts = vmap(jacrev(_residual, argnums=(0, 1, 2)))(*chosen, weights, features)
        diagonal = vmap(grad(lambda w: 1.0 - w**2))(weights)
        return torch.cat([*parts[:2], parts[2][:, :, None]], dim=2), diagonal

    return calls(residuals, blocks, cameras, points, weights, seen, features)


def _turned(theta, bones):
    fingers = theta[6:].reshape(5, 4)
    first = 2 + 4 * torch.arange(5)
    zero, one = torch.zeros(bones), torch.ones(bones)
    x = zero.index_put((first,), fingers[:, 0])
    x = x.index_put((first + 1,), fingers[:, 2]).index_put((first + 2,), fingers[:, 3])
    z = zero.index_put((first,), fingers[:, 1])
    rows = shared.turned(x, z, zero, one, TOOL)
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _rotation(vector):
    angle = torch.sqrt(torch.sum(vector**2))
    x, y, z = vector / angle
    zero = torch.zeros_like(x)
    skew = torch.stack([torch.stack(row) for row in shared.skew(x, y, z, zero)])
    return torch.eye(3) + torch.sin(angle) * skew + (1.0 - torch.cos(angle)) * skew @ skew


def ht(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    bases, inverses, positions, weights, triangles, matches, points = map(
        torch.as_tensor, (bases, inverses, positions, weights, triangles, matches, points)
    )

    def vertices(theta):
        relatives = bases @ _turned(theta, len(parents))
        absolutes = []
        for bone, parent in enumerate(parents):
            here = relatives[bone]
            absolutes.append(here if parent < 0 else absolutes[parent] @ here)
        carried = torch.stack(absolutes) @ inverses
        skin = torch.einsum("vb,bij,vj->vi", weights, carried[:, :3], positions)
        return skin @ _rotation(theta[:3]).T + theta[3:6]

    def distances(theta, us):
        if us is None:
            return points - vertices(theta)[matches]
        first, second, third = torch.unbind(vertices(theta)[triangles[matches]], 1)
        u, v = us[:, :1], us[:, 1:]
        return points - (u * first + v * second + (1.0 - u - v) * third)

    def jacobian(theta, us):
        def along(direction):
            if us is None:
                return jvp(lambda t: distances(t, None), (theta,), (direction,))[1]
            own = direction[:2].expand(us.shape)
            return jvp(distances, (theta, us), (direction[2:], own))[1]

        columns = len(theta) + (0 if us is None else 2)
        return vmap(along, out_dims=-1)(torch.eye(columns)).reshape(-1, columns)

    return calls(distances, jacobian, theta, us)


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]

    def loss(main, extra, state, sequence):
        gates, start = main.reshape(layers, 2, 4, b), state.reshape(layers, 2, b)
        hidden, cell = list(start[:, 0]), list(start[:, 1])
        total = torch.zeros(())
        for here, there in pairwise(sequence):
            x = here * extra[0]
            hidden, cell = shared.stepped(hidden, cell, x, gates, torch.sigmoid, torch.tanh)
            predicted = hidden[-1] * extra[1] + extra[2]
            normalised = predicted - torch.log(2.0 + torch.sum(torch.exp(predicted)))
            total = total + torch.sum(there * normalised)
        return -total / ((len(sequence) - 1) * b)

    return calls(loss, gradient(loss, 2), main, extra, state, sequence)


def kmeans(centroids, points):
    def cost(centroids, points):
        products = points @ centroids.T
        squares = torch.sum(centroids**2, 1) - 2.0 * products
        return torch.sum(points**2) + torch.sum(torch.amin(squares, 1))

    def direction(centroids, points):
        slopes = grad(lambda c: cost(c, points))
        slope, diagonal = jvp(slopes, (centroids,), (torch.ones_like(centroids),))
        return slope / diagonal

    return calls(cost, direction, centroids, points)


def llsq(x, n):
    def half_squares(x):
        t = torch.linspace(-1.0, 1.0, n)
        powers = torch.vander(t, len(x), increasing=True)
        return 0.5 * torch.sum((torch.sign(t) - powers @ x) ** 2)

    return calls(half_squares, gradient(half_squares), x)


def lse(x):
    def log_sum(x):
        largest = torch.max(x)
        return largest + torch.log(torch.sum(torch.exp(x - largest)))

    return calls(log_sum, gradient(log_sum), x)


def ode(x, s):
    def last(x):
        def slope(y):
            return torch.cat([x[:1], x[1:] * y[:-1]])

        y = torch.zeros_like(x)
        for _ in range(s):
            y = shared.runge_kutta(slope, y, 2.0 / s)
        return y[-1]

    return calls(last, gradient(last), x)


def det(a, by):
    n = len(a)

    def by_sets(a):
        minors = torch.ones(1)
        for row, sets, without in shared.layers(n):
            signs = torch.as_tensor(shared.alternating(n - row))
            minors = torch.sum(signs * a[row, sets] * minors[without], 1)
        return minors[0]

    f = by_sets if by == "sets" else lambda a: shared.minor(a, 0, tuple(range(n)))
    return calls(f, gradient(f), a)


def particle(w):
    def potential(place, w):
        return shared.potential(place, w, torch.sqrt)

    def flight(w):
        place, speed = torch.tensor([0.0, 8.0]), torch.tensor([0.75, 0.0])
        while shared.flies(place, speed):
            active = place if place.requires_grad else place.detach().requires_grad_()
            (slope,) = torch.autograd.grad(potential(active, w), active, create_graph=True)
            place, speed = place + 0.1 * speed, speed - 0.1 * slope
        return shared.miss(place, speed)

    return calls(flight, gradient(flight), np.array(w))


def saddle(x, start):
    def height(x, y):
        return torch.sum(x * x) - torch.sum(y * y)

    def descended(value, start):
        def slope_at(y):
            active = y if y.requires_grad else y.detach().requires_grad_()
            return torch.autograd.grad(value(active), active, create_graph=True)[0]

        return shared.descended(value, slope_at, torch.linalg.norm, start)

    def highest(x, start):
        return height(x, descended(lambda y: -height(x, y), start))

    return calls(highest, gradient(highest), x, start)
