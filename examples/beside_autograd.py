"""Gradients of the programs that autograd is shown with, each written once, beside autograd's own.

Every function here is given its array module: ``autograd.numpy`` for autograd, NumPy for adxform. A
row's gradients are compared before they are timed; the last column is adxform's time to autograd's.
Without autograd (pip install 'adxform[bench]') there is nothing to compare with, and no table.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy

import adxform

Function = Callable[..., Any]


def logistic_regression(np: Any) -> Function:
    def loss(weights, inputs, targets):
        predictions = 0.5 * (np.tanh(np.dot(inputs, weights)) + 1)
        likely = predictions * targets + (1 - predictions) * (1 - targets)
        return -np.sum(np.log(likely))

    return loss


def neural_net(np: Any) -> Function:
    def loss(params, inputs, targets):
        for W, b in params:
            outputs = np.dot(inputs, W) + b
            inputs = np.tanh(outputs)
        top = np.max(outputs, axis=1, keepdims=True)
        normal = outputs - top - np.log(np.sum(np.exp(outputs - top), axis=1, keepdims=True))
        return -np.sum(normal * targets)

    return loss


def gaussian_process(np: Any) -> Function:
    def negative_log_likelihood(params, x, y):
        noise, amplitude, scales = np.exp(params[0]), np.exp(params[1]), np.exp(params[2:])
        differences = (x[:, None, :] - x[None, :, :]) / scales
        cov = amplitude * np.exp(-0.5 * np.sum(differences**2, axis=2)) + noise * np.eye(len(y))
        _, log_determinant = np.linalg.slogdet(cov)
        return 0.5 * (np.dot(y, np.linalg.solve(cov, y)) + log_determinant)

    return negative_log_likelihood


def recurrent_net(np: Any) -> Function:
    def loss(change, out, start, inputs, targets):
        hidden = np.outer(np.ones(inputs.shape[1]), start)
        total = 0.0
        for t in range(len(inputs)):
            joined = np.concatenate((inputs[t], hidden, np.ones((len(hidden), 1))), axis=1)
            hidden = np.tanh(np.dot(joined, change))
            guesses = np.dot(hidden, out)
            rest = np.log(np.sum(np.exp(guesses), axis=1, keepdims=True))
            total = total - np.sum((guesses - rest) * targets[t])
        return total

    return loss


def lstm(np: Any) -> Function:
    def sigmoid(x):
        return 0.5 * (np.tanh(x) + 1.0)

    def loss(change, forget, ingate, outgate, predict, inputs, targets):
        hidden = np.zeros((inputs.shape[1], forget.shape[1]))
        cell = np.zeros((inputs.shape[1], forget.shape[1]))
        total = 0.0
        for t in range(len(inputs)):
            joined = np.concatenate((inputs[t], hidden, np.ones((len(hidden), 1))), axis=1)
            cell = cell * sigmoid(np.dot(joined, forget)) + (
                sigmoid(np.dot(joined, ingate)) * np.tanh(np.dot(joined, change)))
            hidden = sigmoid(np.dot(joined, outgate)) * np.tanh(cell)
            guesses = np.dot(hidden, predict)
            rest = np.log(np.sum(np.exp(guesses), axis=1, keepdims=True))
            total = total - np.sum((guesses - rest) * targets[t])
        return total

    return loss


def fluid(np: Any) -> Function:
    def project(vx, vy):
        p = np.zeros(vx.shape)
        h = 1.0 / vx.shape[0]
        div = -0.5 * h * (np.roll(vx, -1, axis=0) - np.roll(vx, 1, axis=0)
                          + np.roll(vy, -1, axis=1) - np.roll(vy, 1, axis=1))
        for _ in range(10):
            p = (div + np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0)
                 + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1)) / 4.0
        vx = vx - 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)) / h
        vy = vy - 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1)) / h
        return vx, vy

    def moved(f, vx, vy, dt):
        across = vx * (np.roll(f, -1, axis=0) - np.roll(f, 1, axis=0))
        return f - dt * (across + vy * (np.roll(f, -1, axis=1) - np.roll(f, 1, axis=1)))

    def distance(vx, vy, smoke, target, steps):
        for _ in range(steps):
            vx, vy = moved(vx, vx, vy, 0.05), moved(vy, vx, vy, 0.05)
            vx, vy = project(vx, vy)
            smoke = moved(smoke, vx, vy, 0.05)
        return np.mean((target - smoke) ** 2)

    return distance


def differential_equation(np: Any) -> Function:
    def slope(y, W):
        return np.dot(np.tanh(np.dot(y**3, W)), W.T)

    def distance(W, start, target, steps):
        y, dt = start, 1.0 / steps
        for _ in range(steps):
            k1 = slope(y, W)
            k2 = slope(y + 0.5 * dt * k1, W)
            k3 = slope(y + 0.5 * dt * k2, W)
            k4 = slope(y + dt * k3, W)
            y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return np.mean(np.abs(y - target))

    return distance


def rosenbrock(np: Any) -> Function:
    def valley(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return valley


def tanh(np: Any) -> Function:
    def curve(x):
        return (1.0 - np.exp(-2.0 * x)) / (1.0 + np.exp(-2.0 * x))

    return curve


def convolutional_net(np: Any) -> Function:
    def convolved(images, kernels):
        rows, cols = images.shape[2] - 2, images.shape[3] - 2
        total = 0.0
        for i in range(3):
            for j in range(3):
                patch = images[:, :, i : i + rows, j : j + cols]
                total = total + np.einsum("nchw,kc->nkhw", patch, kernels[:, :, i, j])
        return total

    def pooled(images):
        n, c, h, w = images.shape
        return np.max(np.reshape(images, (n, c, h // 2, 2, w // 2, 2)), axis=(3, 5))

    def loss(kernels, biases, W, b, images, targets):
        features = np.tanh(pooled(convolved(images, kernels) + biases[:, None, None]))
        outputs = np.dot(np.reshape(features, (len(images), -1)), W) + b
        rest = np.log(np.sum(np.exp(outputs), axis=1, keepdims=True))
        return -np.mean(np.sum((outputs - rest) * targets, axis=1))

    return loss


def hidden_markov_model(np: Any) -> Function:
    def logsumexp(a, axis):
        top = np.max(a, axis=axis, keepdims=True)
        return np.squeeze(top, axis=axis) + np.log(np.sum(np.exp(a - top), axis=axis))

    def log_likelihood(start, transition, emission, observed):
        start = start - logsumexp(start, 0)
        transition = transition - logsumexp(transition, 1)[:, None]
        emission = emission - logsumexp(emission, 1)[:, None]
        alpha = start + emission[:, observed[0]]
        for t in range(1, len(observed)):
            alpha = logsumexp(alpha[:, None] + transition, 0) + emission[:, observed[t]]
        return logsumexp(alpha, 0)

    return log_likelihood


def variational_inference(np: Any) -> Function:
    def log_density(z):
        mu, log_sigma = z[:, 0], z[:, 1]
        narrow = -0.5 * (log_sigma / 1.35) ** 2
        return narrow - 0.5 * (mu / np.exp(log_sigma)) ** 2 - log_sigma

    def objective(params, noise):
        half = params.shape[0] // 2
        mean, log_std = params[:half], params[half:]
        samples = noise * np.exp(log_std) + mean
        entropy = 0.5 * half * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
        return -(entropy + np.mean(log_density(samples)))

    return objective


def gaussian_mixture(np: Any) -> Function:
    def negative_log_likelihood(log_weights, means, factors, data):
        log_weights = log_weights - np.log(np.sum(np.exp(log_weights)))
        parts = []
        for k in range(len(means)):
            whitened = np.dot(data - means[k], factors[k])
            _, log_determinant = np.linalg.slogdet(factors[k])
            parts.append(log_weights[k] + log_determinant - 0.5 * np.sum(whitened**2, axis=1))
        scores = np.stack(parts)
        top = np.max(scores, axis=0)
        return -np.sum(top + np.log(np.sum(np.exp(scores - top), axis=0)))

    return negative_log_likelihood


class Row(NamedTuple):
    """A program, its arguments, and which of them to differentiate in, ``order`` times."""

    make: Callable[[Any], Function]
    args: tuple[Any, ...]
    argnums: int | tuple[int, ...] = 0
    order: int = 1


def rows(size: int = 4) -> Iterator[Row]:
    """The programs with arguments that grow with ``size``."""
    rng = numpy.random.default_rng(0)
    normal = rng.standard_normal
    n, d = 32 * size, 4 * size
    yield Row(logistic_regression, (0.1 * normal(d), normal((n, d)), rng.integers(0, 2, n) * 1.0))
    classes = numpy.eye(10)[rng.integers(0, 10, n)]
    layers = [(0.1 * normal((a, b)), 0.1 * normal(b)) for a, b in ((8 * d, d), (d, d), (d, 10))]
    yield Row(neural_net, (layers, normal((n, 8 * d)), classes))
    points = normal((5 * size, 2))
    yield Row(gaussian_process, (numpy.zeros(4), points, numpy.sin(points[:, 0])))
    letters = numpy.eye(8)[rng.integers(0, 8, (5 * size, 4))]
    gates = [0.1 * normal((8 + d + 1, d)) for _ in range(4)]
    texts = letters[:-1], letters[1:]
    yield Row(
        recurrent_net, (gates[0], 0.1 * normal((d, 8)), 0.1 * normal(d), *texts), (0, 1, 2))
    yield Row(lstm, (*gates, 0.1 * normal((d, 8)), *texts), (0, 1, 2, 3, 4))
    grid = [normal((5 * size, 5 * size)) * scale for scale in (0.01, 0.01, 1.0, 1.0)]
    yield Row(fluid, (*grid, 3 * size), (0, 1))
    yield Row(
        differential_equation, (0.3 * normal((2, 8)), normal((n, 2)), normal((n, 2)), 5 * size))
    yield Row(rosenbrock, (normal(25 * size),))
    yield Row(tanh, (0.7,), order=4)
    images, kernels = normal((size, 1, 14, 14)), 0.3 * normal((6, 1, 3, 3))
    yield Row(
        convolutional_net,
        (kernels, normal(6), 0.1 * normal((216, 10)), normal(10), images, classes[:size]),
        (0, 1, 2, 3))
    heard = rng.integers(0, 6, 10 * size)
    yield Row(hidden_markov_model, (normal(4), normal((4, 4)), normal((4, 6)), heard), (0, 1, 2))
    yield Row(variational_inference, (0.1 * normal(4), normal((25 * size, 2))))
    factors = numpy.stack([numpy.eye(3) + 0.1 * normal((3, 3)) for _ in range(4)])
    yield Row(gaussian_mixture, (normal(4), normal((4, 3)), factors, normal((n, 3))), (0, 1, 2))


def gradients(row: Row, autograd: Any) -> tuple[Function, Function]:
    """The same derivative by adxform and by autograd."""
    ours, theirs = row.make(numpy), row.make(autograd.numpy)
    for _ in range(row.order):
        ours, theirs = adxform.grad(ours, row.argnums), autograd.grad(theirs, row.argnums)
    return ours, theirs


def leaves(value: Any) -> Iterator[Any]:
    """The arrays in nested lists and tuples."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def require_same(ours: Any, theirs: Any) -> None:
    """Refuse derivatives that differ by more than rounding."""
    for one, other in zip(leaves(ours), leaves(theirs), strict=True):
        size = 1.0 + float(numpy.max(numpy.abs(other)))
        numpy.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11 * size)


def seconds(calls: list[Function], args: tuple[Any, ...], rounds: int) -> list[float]:
    """The least time of a call of each, taken in turns."""
    once = [min(timeit.repeat(lambda c=c: c(*args), number=1, repeat=2)) for c in calls]
    numbers = [max(1, int(0.01 / t)) for t in once]
    for _ in range(rounds):
        for i, (call, number) in enumerate(zip(calls, numbers, strict=True)):
            taken = timeit.timeit(lambda c=call: c(*args), number=number) / number
            once[i] = min(once[i], taken)
    return once


def main(size: int = 4, rounds: int = 7) -> None:
    """Print the table."""
    try:
        import autograd
        import autograd.numpy
    except ImportError:
        print("This compares with autograd: pip install 'adxform[bench]'")
        return
    print(f"{'gradient, us':24s}{'function':>10s}{'autograd':>10s}{'adxform':>10s}{'ratio':>8s}")
    for row in rows(size):
        ours, theirs = gradients(row, autograd)
        require_same(ours(*row.args), theirs(*row.args))
        calls = [row.make(numpy), theirs, ours]
        plain, slow, fast = (1e6 * t for t in seconds(calls, row.args, rounds))
        name = row.make.__name__ + (f", order {row.order}" if row.order > 1 else "")
        print(f"{name:24s}{plain:10.1f}{slow:10.1f}{fast:10.1f}{fast / slow:8.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
