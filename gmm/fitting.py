"""The loop of EM: from a start to where the log-likelihood no longer rises."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gmm.density import CovarianceType
from gmm.marginal import MarginalEStep
from gmm.parameters import spreads_from_covariances
from gmm.points import Points
from gmm.prior import WishartPrior, log_wishart
from gmm.statistics import EStep, Mixture, Statistics

Progress = Callable[[int, float, float], None]  # iteration, mean log-likelihood, its rise

ILL_DEFINED = (
    "a component has an ill-defined covariance, for instance because it holds a single point, "
    "copies of one, or points in a plane. Take fewer components, a larger reg_covar, or scale the "
    "data."
)


class Regularized(UserWarning):
    """A covariance is more that of ``reg_covar`` than that of the points."""


class Fit(NamedTuple):
    """A mixture, the mean log-likelihood before each iteration, and whether it came to rest."""

    mixture: Mixture
    lower_bounds: list[float]
    converged: bool

    @property
    def n_iter(self) -> int:
        return len(self.lower_bounds)


class Problem(NamedTuple):
    """What to fit to which points, and when to stop."""

    points: Points
    covariance_type: CovarianceType = "full"
    reg_covar: float = 1e-6
    tol: float = 1e-3
    max_iter: int = 100
    prior: WishartPrior | None = None

    def check(self, mixture: Mixture) -> None:
        """An error where a covariance is not one."""
        if not positive_definite(mixture, self.covariance_type):
            raise ValueError(f"Fitting the mixture model failed because {ILL_DEFINED}")

    def e_step(self, mixture: Mixture) -> EStep | MarginalEStep:
        """The E-step that suits the points; an error where a covariance is not one."""
        self.check(mixture)
        if self.points.missing:
            return MarginalEStep(mixture, self.covariance_type)
        return EStep(mixture, self.covariance_type, self.points.reach)

    def statistics(self, mixture: Mixture) -> tuple[EStep | MarginalEStep, Statistics]:
        """The E-step over all points, and itself."""
        step = self.e_step(mixture)
        return step, self.points.reduce(step, step.width)

    def step(self, mixture: Mixture) -> tuple[float, Mixture]:
        """Mean log-likelihood of a mixture, and the one that an EM step makes of it."""
        e_step, statistics = self.statistics(mixture)
        value = float(statistics.log_likelihood) / self.points.total
        if not np.isfinite(value):
            raise ValueError(f"The log-likelihood is {value}, perhaps because {ILL_DEFINED}")
        return value + self.log_prior(mixture), e_step.m_step(
            statistics, self.reg_covar, self.prior
        )

    def log_prior(self, mixture: Mixture) -> float:
        """What the prior adds to the mean log-likelihood."""
        if self.prior is None:
            return 0.0
        spreads = spreads_from_covariances(mixture.covariances, self.covariance_type)
        value = log_wishart(spreads, self.points.d, self.covariance_type, *self.prior)
        return float(value) / self.points.total


def placed_problem(
    points: Points,
    covariance_type: CovarianceType,
    reg_covar: float,
    prior: WishartPrior | None = None,
    tol: float = 1e-3,
    max_iter: int = 100,
) -> Problem:
    """A problem in the units of its points: in those of their scale."""
    scale = points.scale
    if prior is not None:
        prior = WishartPrior(prior.gamma / scale, prior.m)
    return Problem(points, covariance_type, reg_covar / scale / scale, tol, max_iter, prior)


def placed_mixture(mixture: Mixture, points: Points) -> Mixture:
    """A mixture less the shift of points, and divided by their scale."""
    return Mixture(
        mixture.weights,
        (mixture.means - points.shift) / points.scale,
        mixture.covariances / points.scale / points.scale,
    )


def regularized_components(
    mixture: Mixture, reg_covar: float, covariance_type: CovarianceType
) -> list[int]:
    """The components along one of whose axes most of the variance is what was added to it."""
    if covariance_type == "identity":
        return []
    least = mixture.covariances
    if covariance_type in ("full", "tied"):
        least = np.linalg.eigvalsh(least)
    if covariance_type != "spherical":
        least = np.min(least, axis=-1)
    narrow: list[int] = np.flatnonzero(
        np.broadcast_to(least < 2.0 * reg_covar, len(mixture.weights))
    ).tolist()
    return narrow


def positive_definite(mixture: Mixture, covariance_type: CovarianceType) -> bool:
    """Whether all covariances are finite, symmetric matrices with positive eigenvalues."""
    covariances = mixture.covariances
    if not np.all(np.isfinite(covariances)):
        return False
    if covariance_type not in ("full", "tied"):
        return bool(np.all(covariances > 0.0))
    try:
        np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return False
    return True


def run_em(
    problem: Problem, start: Mixture, progress: Progress | None = None, last: float = -np.inf
) -> Fit:
    """Take EM steps until the mean log-likelihood changes by less than the tolerance.

    As in scikit-learn, an iteration's log-likelihood is that of the mixture before its M-step.
    """
    mixture = start
    lower_bounds: list[float] = []
    while len(lower_bounds) < problem.max_iter:
        value, mixture = problem.step(mixture)
        lower_bounds.append(value)
        change, last = value - last, value
        if progress is not None:
            progress(len(lower_bounds), value, change)
        if abs(change) < problem.tol:
            return Fit(mixture, lower_bounds, True)
    return Fit(mixture, lower_bounds, False)
