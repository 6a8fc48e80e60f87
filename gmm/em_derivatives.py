# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Derivatives of an EM step, by way of the sums over points that lie between its E and its M.

The sums add up over blocks, and so do their derivatives: points may be in chunks or in partitions.
They are counts, sums of points and of their products, about centres that stay where they are, each
weighted by responsibility, in one vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adxform import jacobian
from gmm.density import CovarianceType, log_density, log_weights, precision_factor
from gmm.em import moments, responsibilities
from gmm.marginal import marginal_log_likelihood, patterns, reduced
from gmm.objective import precision_traces
from gmm.parameters import (
    covariance_matrices,
    covariances_from_spreads,
    pack,
    spread_shape,
    unconstrain,
    unpack,
)
from gmm.prior import WishartPrior
from gmm.statistics import Statistics, mixture_of_statistics

if TYPE_CHECKING:
    from jaxtyping import Float, Int

# --- functions that are differentiated ----------------------------------------------------------


def sums_of_points(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n d"],
    weight: np.ndarray | float,
    centers: Float[np.ndarray, "k d"],
    covariance_type: CovarianceType,
) -> Float[np.ndarray, "s"]:
    """What an E-step sums over weighted points."""
    k, d = centers.shape
    logits, means, spreads = unpack(free, k, d, covariance_type)
    resp = weight * responsibilities(logits, log_density(means, spreads, X, covariance_type))
    counts = np.sum(resp, axis=1)
    firsts = resp @ X - counts[:, None] * centers
    squares = moments(centers, resp, X, covariance_type)
    return np.concatenate([counts, firsts.ravel(), squares.ravel()])


def sums_of_observed(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n o"],
    weight: np.ndarray | float,
    centers: Float[np.ndarray, "k d"],
    covariance_type: CovarianceType,
    observed: Int[np.ndarray, "o"],
) -> Float[np.ndarray, "s"]:
    """`sums_of_points` in expectation, where only the columns ``observed`` are known.

    From the gradient of the log-likelihood, as `gmm.marginal` says; then moved to the centres.
    """
    k, d = centers.shape
    logits, means, spreads = unpack(free, k, d, covariance_type)
    covariances = covariances_from_spreads(spreads, covariance_type)
    matrices = covariance_matrices(covariances, k, d, covariance_type)
    _, (counts, in_means, in_matrices) = marginal_log_likelihood(
        log_weights(logits), means, matrices, X, observed, weight
    )
    near = (matrices @ in_means[:, :, None])[:, :, 0]
    symmetric = in_matrices + np.swapaxes(in_matrices, 1, 2)
    squares = counts[:, None, None] * matrices + matrices @ symmetric @ matrices
    moves = means - centers
    cross = near[:, :, None] * moves[:, None, :]
    about = counts[:, None, None] * moves[:, :, None] * moves[:, None, :]
    squares = squares + cross + np.swapaxes(cross, 1, 2) + about
    firsts = near + counts[:, None] * moves
    return np.concatenate([counts, firsts.ravel(), reduced(squares, covariance_type).ravel()])


def step_of_sums(
    sums: Float[np.ndarray, "s"],
    centers: Float[np.ndarray, "k d"],
    covariance_type: CovarianceType,
    reg_covar: float,
    prior: WishartPrior | None,
) -> Float[np.ndarray, "p"]:
    """The M-step, from sums to the free vector."""
    k, d = centers.shape
    statistics = Statistics(0.0, *split(sums, k, d, covariance_type))
    mixture = mixture_of_statistics(statistics, centers, reg_covar, covariance_type, prior)
    return pack(*unconstrain(*mixture, covariance_type), covariance_type)


def expected_log_likelihood(
    free: Float[np.ndarray, "p"],
    sums: Float[np.ndarray, "s"],
    centers: Float[np.ndarray, "k d"],
    covariance_type: CovarianceType,
    reg_covar: float,
) -> float:
    """What the M-step maximises but for a constant and a prior, of the free vector."""
    k, d = centers.shape
    logits, means, spreads = unpack(free, k, d, covariance_type)
    counts, firsts, squares = split(sums, k, d, covariance_type)
    moves = means - centers
    blur = 0.5 * reg_covar * precision_traces(spreads, k, d, covariance_type)
    of_labels = np.sum(counts * (log_weights(logits) - blur))
    if covariance_type in ("full", "tied"):
        cross = firsts[:, :, None] * moves[:, None, :]
        change = counts[:, None, None] * moves[:, :, None] * moves[:, None, :]
        change = change - cross - np.swapaxes(cross, 1, 2)
        about = squares + (np.sum(change, axis=0) if covariance_type == "tied" else change)
        factors = precision_factor(spreads)
        precisions = factors @ np.swapaxes(factors, -1, -2)
        log_dets = np.sum(np.diagonal(spreads, axis1=-2, axis2=-1), axis=-1)
        return of_labels + np.sum(counts * log_dets) - 0.5 * np.sum(precisions * about)
    changes = counts[:, None] * moves**2 - 2.0 * firsts * moves
    if covariance_type == "diag":
        about, log_dets = squares + changes, -np.sum(spreads, axis=1)
    elif covariance_type == "spherical":
        about, log_dets = squares + np.sum(changes, axis=1), -d * spreads
    else:
        return of_labels - 0.5 * np.sum(changes)
    return of_labels + np.sum(counts * log_dets) - 0.5 * np.sum(np.exp(-2.0 * spreads) * about)


def split(
    sums: Float[np.ndarray, "s"], k: int, d: int, covariance_type: CovarianceType
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts (k,), sums of points (k, d), and of products in the shape of the covariances."""
    squares = sums[k + k * d :].reshape(spread_shape(k, d, covariance_type))
    return sums[:k], sums[k : k + k * d].reshape(k, d), squares


_JACOBIAN = {f: jacobian(f) for f in (sums_of_points, sums_of_observed)}


# --- over blocks of points ------------------------------------------------------------------------


class SumsWithSlopes(NamedTuple):
    """The sums of an E-step, and their derivatives in the free vector."""

    sums: Float[np.ndarray, "s"]
    slopes: Float[np.ndarray, "s p"]


@dataclass(frozen=True)
class SumsTask:
    """What an E-step sums over blocks; no closure, so that it can be sent to where these are."""

    free: Float[np.ndarray, "p"]
    centers: Float[np.ndarray, "k d"]
    covariance_type: CovarianceType
    missing: bool

    def __call__(self, X: np.ndarray, weight: np.ndarray | float) -> SumsWithSlopes:
        """Sum over one block; in it over points that miss the same coordinates."""
        if not self.missing:
            return self.of(sums_of_points, X, weight)
        k, d = self.centers.shape
        size = k + k * d + int(np.prod(spread_shape(k, d, self.covariance_type)))
        total = SumsWithSlopes(np.zeros(size), np.zeros((size, len(self.free))))
        for rows, observed in patterns(X):
            w = weight[rows] if isinstance(weight, np.ndarray) else weight
            part = self.of(sums_of_observed, X[np.ix_(rows, observed)], w, observed)
            total = SumsWithSlopes(total.sums + part.sums, total.slopes + part.slopes)
        return total

    def of(self, f: Any, X: np.ndarray, weight: np.ndarray | float, *rest: Any) -> SumsWithSlopes:
        """One function's sums, and their derivatives."""
        args = (self.free, X, weight, self.centers, self.covariance_type, *rest)
        return SumsWithSlopes(f(*args), _JACOBIAN[f](*args))
