# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Mixtures of points of which some coordinates are missing: each counts by its marginal density.

Nothing is imputed. The sums of an EM step follow from the gradient of the log-likelihood of what is
observed: with l its value, N_k = dl/dlog w_k, and about the mean of component k

    sum of E[z]    =  S_k dl/dm_k
    sum of E[zz']  =  N_k S_k + 2 S_k (dl/dS_k) S_k

where S_k is the covariance, z a point less the mean, and E is taken given what is observed of it.

References
----------
L. Xu and M. I. Jordan (1996), "On convergence properties of the EM algorithm for Gaussian
mixtures", Neural Computation 8, 129-151, for complete data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from adxform import value_and_grad
from gmm.density import CovarianceType, log_sum_exp
from gmm.parameters import covariance_matrices
from gmm.prior import WishartPrior
from gmm.statistics import Mixture, Statistics, mixture_of_statistics

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def marginal_log_densities(
    means: Float[np.ndarray, "k d"],
    covariances: Float[np.ndarray, "k d d"],
    X: Float[np.ndarray, "n o"],
    observed: Int[np.ndarray, "o"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of points of which only the columns ``observed`` are known."""
    roots = np.linalg.cholesky(covariances[:, observed][:, :, observed])
    diff = X[None, :, :] - means[:, observed][:, None, :]
    white = np.linalg.solve(roots, np.swapaxes(diff, 1, 2))
    log_det = np.sum(np.log(np.diagonal(roots, axis1=1, axis2=2)), axis=1)
    constant = 0.5 * X.shape[1] * np.log(2 * np.pi)
    return -0.5 * np.sum(white**2, axis=1) - log_det[:, None] - constant


@value_and_grad(argnums=("log_weights", "means", "covariances"))
def marginal_log_likelihood(
    log_weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: Float[np.ndarray, "k d d"],
    X: Float[np.ndarray, "n o"],
    observed: Int[np.ndarray, "o"],
    weight: np.ndarray | float,
) -> float:
    """Log-likelihood of weighted points of which only the columns ``observed`` are known."""
    log_densities = marginal_log_densities(means, covariances, X, observed)
    return np.sum(weight * log_sum_exp(log_weights[:, None] + log_densities))


def patterns(X: Float[np.ndarray, "n d"]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows that miss the same coordinates, and the columns that they have; not rows without any."""
    kinds, kind_of_row = np.unique(~np.isnan(X), axis=0, return_inverse=True)
    for kind, there in enumerate(kinds):
        if there.any():
            yield np.flatnonzero(kind_of_row.ravel() == kind), np.flatnonzero(there)


class MarginalEStep:
    """The E-step of a mixture for points with missing coordinates.

    Parameters
    ----------
    mixture : Mixture
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}
    """

    def __init__(self, mixture: Mixture, covariance_type: CovarianceType) -> None:
        self.mixture = mixture
        self.covariance_type = covariance_type
        k, d = mixture.means.shape
        self.matrices = covariance_matrices(mixture.covariances, k, d, covariance_type)

    def __call__(self, X: Float[np.ndarray, "n d"], weight: np.ndarray | float) -> Statistics:
        """Statistics of one block of points."""
        log_weights, means = np.log(self.mixture.weights), self.mixture.means
        value = 0.0
        slopes = np.zeros_like(log_weights), np.zeros_like(means), np.zeros_like(self.matrices)
        for rows, observed in patterns(X):
            w = weight[rows] if isinstance(weight, np.ndarray) else weight
            part, more = marginal_log_likelihood(
                log_weights, means, self.matrices, X[np.ix_(rows, observed)], observed, w
            )
            value += part
            for slope, added in zip(slopes, more, strict=True):
                slope += added
        return self.statistics(value, *slopes)

    @property
    def width(self) -> int:
        """How many numbers it computes for each point."""
        k, d = self.mixture.means.shape
        return 4 * k * d

    def log_joint(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "k n"]:
        """Log-density of what is observed of each point, and component, together."""
        log_joint = np.log(self.mixture.weights)[:, None] + np.zeros(len(X))
        for rows, observed in patterns(X):
            log_joint[:, rows] += marginal_log_densities(
                self.mixture.means, self.matrices, X[np.ix_(rows, observed)], observed
            )
        return log_joint

    def statistics(
        self, value: float, counts: np.ndarray, in_means: np.ndarray, in_covariances: np.ndarray
    ) -> Statistics:
        """Sums about the means, from the log-likelihood's slopes."""
        sums = (self.matrices @ in_means[:, :, None])[:, :, 0]
        symmetric = in_covariances + np.swapaxes(in_covariances, 1, 2)
        squares = counts[:, None, None] * self.matrices + self.matrices @ symmetric @ self.matrices
        return Statistics(value, counts, sums, reduced(squares, self.covariance_type))

    def m_step(
        self, statistics: Statistics, reg_covar: float, prior: WishartPrior | None = None
    ) -> Mixture:
        """Find the mixture that fits best the points that the statistics are of."""
        return mixture_of_statistics(
            statistics, self.mixture.means, reg_covar, self.covariance_type, prior
        )


def reduced(squares: Float[np.ndarray, "k d d"], covariance_type: CovarianceType) -> np.ndarray:
    """Whole sums of products in the shape that a covariance type keeps of them."""
    if covariance_type == "full":
        return squares
    if covariance_type == "tied":
        return np.sum(squares, axis=0)
    if covariance_type == "identity":
        return np.zeros(0)
    diagonals = np.diagonal(squares, axis1=1, axis2=2)
    return diagonals.copy() if covariance_type == "diag" else np.sum(diagonals, axis=1)
