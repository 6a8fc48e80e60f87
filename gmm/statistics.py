# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""What an EM step needs from data: sums over points, which add up over blocks of points.

They are derivatives of the log-likelihood. Where it is written in the natural parameters of the
components, its gradient in them is the vector of sums: expected counts, sums of points, sums of
products of their coordinates (see `gmm.natural`). That costs two matrix products for all components
at once, but squares the distance of a point from the origin. Where this would lose digits,
differences from the means are taken instead, weighted by the derivative in the log-densities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adxform import value_and_grad
from gmm import natural
from gmm.density import CovarianceType, log_density, log_mixture, log_weights
from gmm.em import average, moments, regularize
from gmm.parameters import unconstrain
from gmm.prior import WishartPrior

if TYPE_CHECKING:
    from jaxtyping import Float

DIFFERENCES = 1 << 16  # of points from means, taken at a time: they fit a cache
FEW = 1 << 12  # coordinates, for which all components are summed at once
SMALLEST_COUNT = 10 * float(np.finfo(float).eps)  # so that an empty component has a mean, too


class Mixture(NamedTuple):
    """Weights, means and covariances; the covariances in the shape of their type."""

    weights: Float[np.ndarray, "k"]
    means: Float[np.ndarray, "k d"]
    covariances: np.ndarray


class Statistics(NamedTuple):
    """Sums over points, each weighted by a component's responsibility for the point.

    ``sums`` and ``squares`` are of the points less that component's centre, the latter as
    `gmm.em.moments` has them.
    """

    log_likelihood: float
    counts: Float[np.ndarray, "k"]
    sums: Float[np.ndarray, "k d"]
    squares: np.ndarray


@value_and_grad(argnums="log_densities")
def weighted_log_likelihood(
    logits: Float[np.ndarray, "k"],
    log_densities: Float[np.ndarray, "k n"],
    weight: Float[np.ndarray, "n"],
) -> float:
    """Log-likelihood of weighted points, with the responsibilities times weights as gradient."""
    return np.sum(weight * log_mixture(logits, log_densities))


class EStep:
    """The E-step of a mixture, made once and used for every block of points.

    Parameters
    ----------
    mixture : Mixture
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}
    reach : float
        The largest distance of any point from the origin, of all blocks.
    """

    def __init__(self, mixture: Mixture, covariance_type: CovarianceType, reach: float) -> None:
        self.mixture = mixture
        self.covariance_type = covariance_type
        self.parameters = unconstrain(*mixture, covariance_type)
        self.natural = None
        k, d = mixture.means.shape
        if natural.is_fast(k, d, covariance_type):
            form = natural.form(*self.parameters, covariance_type)
            self.natural = form if natural.is_accurate(form, reach) else None

    @property
    def centers(self) -> Float[np.ndarray, "k d"]:
        """What the sums are about: the origin in natural parameters, the means otherwise."""
        means = self.mixture.means
        return np.zeros_like(means) if self.natural is not None else means

    def __call__(self, X: Float[np.ndarray, "n d"], weight: np.ndarray | float) -> Statistics:
        """Statistics of one block of points."""
        if self.natural is not None:
            return Statistics(*natural.sums(self.natural, X, weight, self.covariance_type))
        logits, means, _ = self.parameters
        value, resp = weighted_log_likelihood(logits, self.log_densities(X), weight)
        counts = np.sum(resp, axis=1)
        sums = resp @ X - counts[:, None] * means
        squares = sums_of_squares(means, resp, X, self.covariance_type)
        return Statistics(value, counts, sums, squares)

    def log_joint(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "k n"]:
        """Log-density of each point and component together."""
        if self.natural is not None:
            return natural.log_joint(self.natural, X, self.covariance_type)
        return log_weights(self.parameters[0])[:, None] + self.log_densities(X)

    def log_densities(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "k n"]:
        """Log-density of each point under each component, some components after the other."""
        _, means, spreads = self.parameters
        size, kind = max(1, DIFFERENCES // max(1, X.size)), self.covariance_type
        if size >= len(means):
            return log_density(means, spreads, X, kind)
        shared = kind in ("tied", "identity")
        groups = [slice(first, first + size) for first in range(0, len(means), size)]
        return np.concatenate(
            [log_density(means[g], spreads if shared else spreads[g], X, kind) for g in groups]
        )

    @property
    def width(self) -> int:
        """How many numbers it computes for each point."""
        k, d = self.mixture.means.shape
        products = self.natural is not None and self.covariance_type == "full"
        return 4 * k + (d * (d + 3) // 2 if products else 2 * d)

    def m_step(
        self, statistics: Statistics, reg_covar: float, prior: WishartPrior | None = None
    ) -> Mixture:
        """Find the mixture that fits best the points that the statistics are of."""
        return mixture_of_statistics(
            statistics, self.centers, reg_covar, self.covariance_type, prior
        )


def sums_of_squares(
    means: Float[np.ndarray, "k d"],
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType,
) -> np.ndarray:
    """`gmm.em.moments`, in the way that is faster for so many points."""
    if X.size < FEW or covariance_type not in ("full", "tied"):
        return moments(means, resp, X, covariance_type)
    squares = sums_of_products(means, resp, X)
    return squares if covariance_type == "full" else np.sum(squares, axis=0)


def sums_of_products(
    means: Float[np.ndarray, "k d"], resp: Float[np.ndarray, "k n"], X: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, "k d d"]:
    """`gmm.em.moments` of full covariances, from the points that belong to a component at all."""
    squares = np.empty((len(means), X.shape[1], X.shape[1]))
    for k, mine in enumerate(resp):
        rows = np.flatnonzero(mine)
        diff = X[rows] - means[k]
        diff *= np.sqrt(mine[rows])[:, None]
        squares[k] = diff.T @ diff
    return squares


def mixture_of_statistics(
    statistics: Statistics,
    centers: Float[np.ndarray, "k d"],
    reg_covar: float,
    covariance_type: CovarianceType,
    prior: WishartPrior | None = None,
) -> Mixture:
    """The M-step: averages, from sums that are taken about centres."""
    counts = statistics.counts + SMALLEST_COUNT
    shifts = statistics.sums / counts[:, None]
    squares = statistics.squares - moved(shifts, counts, covariance_type)
    d = shifts.shape[1]
    if prior is None:
        covariances = average(squares, counts, d, covariance_type)
    else:
        covariances = average_with_prior(squares, counts, d, covariance_type, prior)
    return Mixture(
        counts / np.sum(counts),
        centers + shifts,
        regularize(covariances, reg_covar, covariance_type),
    )


def average_with_prior(
    squares: np.ndarray,
    counts: Float[np.ndarray, "k"],
    d: int,
    covariance_type: CovarianceType,
    prior: WishartPrior,
) -> np.ndarray:
    """Covariances of the points and of those that the prior stands for."""
    more = prior.gamma**2 * (d if covariance_type == "spherical" else 1.0)
    squares = regularize(squares, more, covariance_type)
    # one shared precision has one prior, whose points are shared out
    extra = prior.m / len(counts) if covariance_type == "tied" else prior.m
    return average(squares, counts + extra, d, covariance_type)


def moved(
    shifts: Float[np.ndarray, "k d"],
    counts: Float[np.ndarray, "k"],
    covariance_type: CovarianceType,
) -> np.ndarray:
    """How much larger sums of squares are about centres that are off the means by shifts."""
    products = np.sqrt(counts)[:, None] * shifts
    if covariance_type == "full":
        return products[:, :, None] * products[:, None, :]
    if covariance_type == "tied":
        return products.T @ products
    if covariance_type == "identity":
        return np.zeros(0)
    return products**2 if covariance_type == "diag" else np.sum(products**2, axis=1)
