"""The workloads in JAX: compiled, in double precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from examples.gradbench.peers import shared

jax.config.update("jax_enable_x64", True)

TOOL = shared.Functions(jnp.sqrt, jnp.sin, jnp.cos)


def calls(primal, derivative, *args):
    """Both functions compiled, on arguments that are JAX's own."""
    given = jax.tree.map(jnp.asarray, args)
    return tuple(waiting(jax.jit(f), given) for f in (primal, derivative))


def waiting(f, args):
    return lambda: jax.block_until_ready(f(*args))


def hello(x):
    return calls(lambda x: x * x, jax.grad(lambda x: x * x), x)


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    constant = shared.constant_of_gmm(n, d, len(alpha), gamma, m)

    def posterior(alpha, mu, q, l, x):
        factors = jnp.tril(l, -1) + jax.vmap(jnp.diag)(jnp.exp(q))
        scaled = jnp.einsum("kij,nkj->nki", factors, x[:, None, :] - mu)
        terms = alpha + jnp.sum(q, axis=1) - 0.5 * jnp.sum(scaled**2, axis=2)
        whole = jnp.sum(jax.nn.logsumexp(terms, axis=1)) - n * jax.nn.logsumexp(alpha)
        squares = jnp.sum(jnp.exp(2.0 * q)) + jnp.sum(jnp.tril(l, -1) ** 2)
        return whole + constant + m * jnp.sum(q) - 0.5 * gamma**2 * squares

    return calls(posterior, jax.grad(posterior, argnums=(0, 1, 2, 3)), alpha, mu, q, l, x)


def _residual(camera, point, weight, feature):
    rotation, centre, focal, middle = camera[:3], camera[3:6], camera[6], camera[7:9]
    place = point - centre
    angle = jnp.sqrt(jnp.sum(rotation**2))
    axis = rotation / angle
    turned = (
        place * jnp.cos(angle)
        + jnp.cross(axis, place) * jnp.sin(angle)
        + axis * jnp.dot(axis, place) * (1.0 - jnp.cos(angle))
    )
    flat = turned[:2] / turned[2]
    square = jnp.sum(flat**2)
    stretch = 1.0 + camera[9] * square + camera[10] * square**2
    return weight * (flat * stretch * focal + middle - feature)


def ba(cameras, points, weights, seen, features):
    def residuals(cameras, points, weights, seen, features):
        chosen = cameras[seen[:, 0]], points[seen[:, 1]]
        return jax.vmap(_residual)(*chosen, weights, features), 1.0 - weights**2

    def blocks(cameras, points, weights, seen, features):
        chosen = cameras[seen[:, 0]], points[seen[:, 1]]
        parts = jax.vmap(jax.jacrev(_residual, argnums=(0, 1, 2)))(*chosen, weights, features)
        diagonal = jax.vmap(jax.grad(lambda w: 1.0 - w**2))(weights)
        return jnp.concatenate([*parts[:2], parts[2][:, :, None]], axis=2), diagonal

    return calls(residuals, blocks, cameras, points, weights, seen, features)


def _turned(theta, bones):
    fingers = theta[6:].reshape(5, 4)
    first = 2 + 4 * np.arange(5)
    x = jnp.zeros(bones).at[first].set(fingers[:, 0])
    x = x.at[first + 1].set(fingers[:, 2]).at[first + 2].set(fingers[:, 3])
    z = jnp.zeros(bones).at[first].set(fingers[:, 1])
    zero, one = jnp.zeros(bones), jnp.ones(bones)
    rows = shared.turned(x, z, zero, one, TOOL)
    return jnp.moveaxis(jnp.array(rows), 2, 0)


def _rotation(vector):
    angle = jnp.sqrt(jnp.sum(vector**2))
    x, y, z = vector / angle
    skew = jnp.array(shared.skew(x, y, z, 0.0))
    return jnp.eye(3) + jnp.sin(angle) * skew + (1.0 - jnp.cos(angle)) * skew @ skew


def ht(theta, us, parents, bases, inverses, positions, weights, triangles, matches, points):
    def vertices(theta):
        relatives = bases @ _turned(theta, len(parents))
        absolutes = []
        for bone, parent in enumerate(parents):
            here = relatives[bone]
            absolutes.append(here if parent < 0 else absolutes[parent] @ here)
        carried = jnp.stack(absolutes) @ inverses
        skin = jnp.einsum("vb,bij,vj->vi", weights, carried[:, :3], positions)
        return skin @ _rotation(theta[:3]).T + theta[3:6]

    def distances(theta, us):
        if us is None:
            return points - vertices(theta)[matches]
        first, second, third = jnp.moveaxis(vertices(theta)[triangles[matches]], 1, 0)
        u, v = us[:, :1], us[:, 1:]
        return points - (u * first + v * second + (1.0 - u - v) * third)

    def jacobian(theta, us):
        def along(direction):
            if us is None:
                return jax.jvp(lambda t: distances(t, None), (theta,), (direction,))[1]
            own = jnp.broadcast_to(direction[:2], us.shape)
            return jax.jvp(distances, (theta, us), (direction[2:], own))[1]

        columns = len(theta) + (0 if us is None else 2)
        return jax.vmap(along, out_axes=-1)(jnp.eye(columns)).reshape(-1, columns)

    return calls(distances, jacobian, theta, us)


def lstm(main, extra, state, sequence):
    layers, b = len(state) // 2, state.shape[1]

    def loss(main, extra, state, sequence):
        gates, start = main.reshape(layers, 2, 4, b), state.reshape(layers, 2, b)

        def step(carried, pair):
            hidden, cell = carried
            here, there = pair
            x = here * extra[0]
            new = shared.stepped(hidden, cell, x, gates, jax.nn.sigmoid, jnp.tanh)
            hidden, cell = map(jnp.stack, new)
            predicted = hidden[-1] * extra[1] + extra[2]
            normalised = predicted - jnp.log(2.0 + jnp.sum(jnp.exp(predicted)))
            return (hidden, cell), jnp.sum(there * normalised)

        _, gains = lax.scan(step, (start[:, 0], start[:, 1]), (sequence[:-1], sequence[1:]))
        return -jnp.sum(gains) / ((len(sequence) - 1) * b)

    return calls(loss, jax.grad(loss, argnums=(0, 1)), main, extra, state, sequence)


def kmeans(centroids, points):
    def cost(centroids, points):
        products = points @ centroids.T
        squares = jnp.sum(centroids**2, axis=1) - 2.0 * products
        return jnp.sum(points**2) + jnp.sum(jnp.min(squares, axis=1))

    def direction(centroids, points):
        gradient = jax.grad(lambda c: cost(c, points))
        slope, diagonal = jax.jvp(gradient, (centroids,), (jnp.ones_like(centroids),))
        return slope / diagonal

    return calls(cost, direction, centroids, points)


def llsq(x, n):
    def half_squares(x):
        t = jnp.linspace(-1.0, 1.0, n)
        return 0.5 * jnp.sum((jnp.sign(t) - jnp.vander(t, len(x), increasing=True) @ x) ** 2)

    return calls(half_squares, jax.grad(half_squares), x)


def lse(x):
    def log_sum(x):
        largest = jnp.max(x)
        return largest + jnp.log(jnp.sum(jnp.exp(x - largest)))

    return calls(log_sum, jax.grad(log_sum), x)


def ode(x, s):
    def last(x):
        def slope(y):
            return jnp.concatenate([x[:1], x[1:] * y[:-1]])

        def step(y, _):
            return shared.runge_kutta(slope, y, 2.0 / s), None

        return lax.scan(step, jnp.zeros_like(x), None, length=s)[0][-1]

    return calls(last, jax.grad(last), x)


def det(a, by):
    n = len(a)

    def by_sets(a):
        minors = jnp.ones(1)
        for row, sets, without in shared.layers(n):
            minors = jnp.sum(shared.alternating(n - row) * a[row, sets] * minors[without], axis=1)
        return minors[0]

    f = by_sets if by == "sets" else lambda a: shared.minor(a, 0, tuple(range(n)))
    return calls(f, jax.grad(f), a)


def particle(w):
    def potential(place, w):
        return shared.potential(place, w, jnp.sqrt)

    def flight(w):
        def step(now):
            place, speed = now
            force = -jax.grad(potential)(place, w)
            return place + 0.1 * speed, speed + 0.1 * force

        def flies(now):
            return shared.flies(*now)

        place, speed = lax.while_loop(flies, step, (jnp.array([0.0, 8.0]), jnp.array([0.75, 0.0])))
        return shared.miss(place, speed)

    return calls(flight, jax.jacfwd(flight), w)  # its loop of unknown length knows forward mode


def saddle(x, start):
    def height(x, y):
        return jnp.sum(x * x) - jnp.sum(y * y)

    def descended(value, start):
        gradient = jax.grad(value)

        def goes_on(now):
            return ~now[-1] & (jnp.linalg.norm(now[2]) > 1e-5)

        def step(now):
            x, best, slope, size, successes, _ = now
            grows = successes == 10
            size, successes = jnp.where(grows, 2.0 * size, size), jnp.where(grows, 0, successes)
            new = x - size * slope
            near = jnp.linalg.norm(new - x) <= 1e-5
            found = value(new)
            better = (found < best) & ~near
            return (
                jnp.where(better, new, x),
                jnp.where(better, found, best),
                lax.cond(better, gradient, lambda _: slope, new),
                jnp.where(better | near, size, size / 2.0),
                jnp.where(better, successes + 1, 0),
                near,
            )

        first = (
            start,
            value(start),
            gradient(start),
            jnp.array(1e-5),
            jnp.array(0),
            jnp.array(False),
        )
        return lax.while_loop(goes_on, step, first)[0]

    def highest(x, start):
        return height(x, descended(lambda y: -height(x, y), start))

    return calls(highest, jax.jacfwd(highest), x, start)
