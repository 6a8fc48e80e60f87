# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Where a fit starts: a mixture from clusters, from random responsibilities, or as it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from gmm.density import CovarianceType
from gmm.kmeans import Random, kmeans, kmeans_plusplus
from gmm.marginal import reduced
from gmm.points import Points
from gmm.prior import WishartPrior
from gmm.statistics import (
    SMALLEST_COUNT,
    Mixture,
    Statistics,
    mixture_of_statistics,
    sums_of_products,
)

if TYPE_CHECKING:
    from jaxtyping import Float

InitParams = Literal["kmeans", "k-means++", "random", "random_from_data"]
ENOUGH = 10_000  # points to find a start with; many more hardly find a better one
ENOUGH_PER_COMPONENT = 200  # and eight for each dimension, if these are more


def starting_mixture(
    points: Points,
    k: int,
    init_params: InitParams,
    rng: Random,
    covariance_type: CovarianceType,
    reg_covar: float,
    prior: WishartPrior | None = None,
) -> Mixture:
    """Find a start by one of scikit-learn's methods, of very many points from a sample."""
    X, weight = points.some(max(ENOUGH, max(ENOUGH_PER_COMPONENT, 8 * points.d) * k), rng)
    resp = starting_responsibilities(X, weight, k, init_params, rng)
    return fit_responsibilities(resp * weight, X, covariance_type, reg_covar, prior)


def starting_responsibilities(
    X: Float[np.ndarray, "n d"],
    weight: Float[np.ndarray, "n"],
    k: int,
    init_params: InitParams,
    rng: Random,
) -> Float[np.ndarray, "k n"]:
    """Responsibilities to start from; all zero for points that do not count."""
    n = len(X)
    if init_params == "random":
        resp = rng.uniform(size=(n, k)).T
        return resp / np.sum(resp, axis=0)
    if init_params == "kmeans":
        labels = kmeans(X, k, rng, weight).labels
        return 1.0 * (labels == np.arange(k)[:, None])
    if init_params == "k-means++":
        rows = kmeans_plusplus(X, k, rng, weight)
    else:
        rows = rng.choice(n, size=k, replace=False, p=weight / np.sum(weight))
    resp = np.zeros((k, n))
    resp[np.arange(k), rows] = 1.0
    return resp


def fit_responsibilities(
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType,
    reg_covar: float,
    prior: WishartPrior | None = None,
) -> Mixture:
    """The M-step, one component at a time."""
    counts = np.sum(resp, axis=1)
    means = resp @ X / (counts[:, None] + SMALLEST_COUNT)
    squares = reduced(sums_of_products(means, resp, X), covariance_type)
    statistics = Statistics(0.0, counts, np.zeros_like(means), squares)
    return mixture_of_statistics(statistics, means, reg_covar, covariance_type, prior)
