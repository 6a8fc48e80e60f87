"""gmm: the log-posterior of a Gaussian mixture with a Wishart prior on the precisions.

Component ``j`` has weight ``softmax(alpha)[j]``, mean ``mu[j]`` and the inverse of a Cholesky
factor: a triangle with ``exp(q[j])`` on the diagonal and, below it, what is below that of ``l[j]``.
"""

from __future__ import annotations

from math import lgamma, log, pi

import numpy as np

from adxform import grad

SIZES = {
    "quick": [{"d": 3, "k": 2, "n": 5}],
    "small": [{"d": 2, "k": 5, "n": 1000}],
    "standard": [{"d": 10, "k": 25, "n": 1000}, {"d": 64, "k": 100, "n": 1000}],
    "large": [{"d": 20, "k": 50, "n": 10000}],
}


def inputs(d, k, n, gamma=1.0, m=0):
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=k), rng.uniform(size=(k, d)), 0.3 * rng.normal(size=(k, d)),
        np.tril(rng.normal(size=(k, d, d)), -1), rng.normal(size=(n, d)), gamma, m,
    )  # fmt: skip


def log_sum_exp(x):
    """Logarithm of the sum of exponentials of each row."""
    largest = np.max(x, axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.sum(np.exp(x - largest), axis=1))


def log_gamma(a, d):
    """Logarithm of the gamma function of ``d`` dimensions."""
    return 0.25 * d * (d - 1) * log(pi) + sum(lgamma(a - 0.5 * j) for j in range(d))


def primal(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    k = len(alpha)
    terms = np.empty((n, k))
    for j in range(k):
        factor = np.tril(l[j], -1) + np.diag(np.exp(q[j]))
        scaled = (x - mu[j]) @ factor.T
        terms[:, j] = alpha[j] + np.sum(q[j]) - 0.5 * np.sum(scaled**2, axis=1)
    likelihood = np.sum(log_sum_exp(terms)) - n * log_sum_exp(alpha[None, :])[0]
    squares = np.sum(np.exp(2.0 * q)) + np.sum(np.tril(l, -1) ** 2)
    freedom = d + m + 1
    constant = freedom * d * (np.log(gamma) - 0.5 * log(2.0)) - log_gamma(0.5 * freedom, d)
    prior = k * constant + m * np.sum(q) - 0.5 * gamma**2 * squares
    return likelihood - 0.5 * n * d * log(2.0 * pi) + prior


def derivative(backend):
    return grad(primal, argnums=(0, 1, 2, 3), backend=backend)
