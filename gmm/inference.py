# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""How sure a fit is: standard errors, intervals, EM's rate of convergence, each point's influence.

All of it is derivatives at the maximum: the exact Hessian of the log-likelihood, the Jacobian of
the EM step, and the slopes of the log-likelihoods of single points.

References
----------
X.-L. Meng and D. B. Rubin (1991), "Using EM to obtain asymptotic variance-covariance matrices: the
SEM algorithm", Journal of the American Statistical Association 86, 899-909.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adxform import hessian, jacobian
from gmm.density import CovarianceType
from gmm.em_derivatives import (
    SumsTask,
    SumsWithSlopes,
    expected_log_likelihood,
    step_of_sums,
)
from gmm.fitting import placed_mixture, placed_problem
from gmm.gradient import FLATTEST, natural_scales
from gmm.marginal import patterns
from gmm.objective import Objective, observed_log_likelihoods, point_log_likelihoods
from gmm.parameters import constrain, spread_shape, unpack
from gmm.points import Arrays, Points
from gmm.prior import WishartPrior
from gmm.statistics import Mixture

if TYPE_CHECKING:
    from jaxtyping import Float

FAR = 0.1  # standard errors between a fit and the maximum that are worth a warning


class NotAMaximum(UserWarning):
    """Derivatives are taken where the log-likelihood has no maximum."""


# --- functions that are differentiated ----------------------------------------------------------


def stated(
    free: Float[np.ndarray, "p"], k: int, d: int, covariance_type: CovarianceType
) -> Float[np.ndarray, "q"]:
    """Weights, means and covariances in one vector, from the free one."""
    weights, means, covariances = constrain(*unpack(free, k, d, covariance_type), covariance_type)
    return np.concatenate([weights, means.ravel(), covariances.ravel()])


_STATED_JACOBIAN = jacobian(stated)
_STEP_JACOBIAN = jacobian(step_of_sums)
_EXPECTED_HESSIAN = hessian(expected_log_likelihood)
_POINT_SLOPES = {f: jacobian(f) for f in (point_log_likelihoods, observed_log_likelihoods)}


@dataclass(frozen=True)
class InfluenceTask:
    """How stated numbers move with the weight of each point; it can be sent to where these are."""

    free: Float[np.ndarray, "p"]
    moves: Float[np.ndarray, "p q"]  # of stated numbers, with the slope of the log-likelihood
    k: int
    covariance_type: CovarianceType
    reg_covar: float

    def __call__(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n q"]:
        """What one block's points move."""
        shared = self.k, self.covariance_type, self.reg_covar
        if not np.isnan(X).any():
            return _POINT_SLOPES[point_log_likelihoods](self.free, X, *shared) @ self.moves
        moved = np.zeros((len(X), self.moves.shape[1]))
        for rows, observed in patterns(X):
            args = (self.free, X[np.ix_(rows, observed)], *shared, X.shape[1], observed)
            moved[rows] = _POINT_SLOPES[observed_log_likelihoods](*args) @ self.moves
        return moved


# --- at a fit -----------------------------------------------------------------------------------


class Stated(NamedTuple):
    """Numbers for the weights, the means and the covariances, such as their standard errors."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


class Fitted:
    """A fitted mixture with the points that it was fitted to.

    Parameters
    ----------
    mixture : Mixture
        Where the log-likelihood has its maximum.
    X : ndarray, shape (n, d), or Points
        In memory or not: one block of them is looked at after the other.
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}
    reg_covar : float
        With which the mixture was fitted.
    sample_weight : ndarray, shape (n,), optional
    prior : WishartPrior, optional
    """

    def __init__(
        self,
        mixture: tuple[np.ndarray, np.ndarray, np.ndarray],
        X: Float[np.ndarray, "n d"] | Points,
        covariance_type: CovarianceType = "full",
        reg_covar: float = 0.0,
        sample_weight: Float[np.ndarray, "n"] | None = None,
        prior: WishartPrior | None = None,
    ) -> None:
        points: Points
        if isinstance(X, np.ndarray):
            points = Arrays(X, sample_weight, missing=True, rescale=covariance_type != "identity")
        else:
            points = X
        self.problem = placed_problem(points, covariance_type, reg_covar, prior)
        self.k, self.d = np.shape(mixture[1])
        self.kind = covariance_type
        self.objective = Objective(self.problem, self.k)
        self.free = self.objective.free(placed_mixture(Mixture(*mixture), points))

    def observed_information(self) -> Float[np.ndarray, "p p"]:
        """Minus the second derivatives of the log-likelihood, in the free vector."""
        total = self.problem.points.total
        information = -total * self.objective.hessian(self.free)
        _, slope = self.objective.value_and_slope(self.free)
        if not self.is_round(information):
            warnings.warn(
                "the log-likelihood has no round maximum here, and nothing a standard error",
                NotAMaximum,
                stacklevel=2,
            )
            return information
        away = total * slope @ np.linalg.solve(information, total * slope)
        if away > FAR**2:
            warnings.warn(
                f"the maximum is {np.sqrt(away):.2g} standard errors away: fit with a smaller tol",
                NotAMaximum,
                stacklevel=2,
            )
        return information

    def is_round(self, information: Float[np.ndarray, "p p"]) -> bool:
        """Whether the log-likelihood curves down every way, by more than rounding."""
        scales = natural_scales(self.objective.mixture(self.free), self.problem)
        scaled = information * scales * scales[:, None]
        if not np.all(np.isfinite(scaled)):
            return False
        curvatures = np.linalg.eigvalsh(scaled)
        return bool(curvatures[0] > FLATTEST * curvatures[-1])

    def covariance_of_free(self) -> Float[np.ndarray, "p p"]:
        """Asymptotic covariance of the free vector, from the observed information; NaN if none."""
        information = self.observed_information()
        if not self.is_round(information):  # which has been warned of
            return np.full_like(information, np.nan)
        return np.linalg.inv(information)

    def supplemented_em(self) -> Float[np.ndarray, "p p"]:
        """Asymptotic covariance of the free vector, from EM's own derivatives.

        The information that labels would give, less the part that is missing without them; that
        part is what the Jacobian of an EM step tells.
        """
        found = self.sums()
        shared = self.centers, self.kind, self.problem.reg_covar
        complete = -_EXPECTED_HESSIAN(self.free, found.sums, *shared)
        if self.problem.prior is not None:
            complete = complete - self.objective.prior_hessian(self.free)
        remaining = np.eye(len(self.free)) - self.em_jacobian(found)
        return np.linalg.solve(remaining, np.linalg.inv(complete))

    def em_jacobian(self, found: SumsWithSlopes | None = None) -> Float[np.ndarray, "p p"]:
        """Derivative of an EM step, which shrinks errors by its eigenvalues."""
        sums, slopes = self.sums() if found is None else found
        shared = self.centers, self.kind, self.problem.reg_covar
        return _STEP_JACOBIAN(sums, *shared, self.problem.prior) @ slopes

    def convergence_rates(self) -> Float[np.ndarray, "p"]:
        """The eigenvalues of that derivative, largest first; the first is EM's rate in the end."""
        return np.sort(np.linalg.eigvals(self.em_jacobian()).real)[::-1]

    def standard_errors(self, covariance: Float[np.ndarray, "p p"] | None = None) -> Stated:
        """Standard errors of weights, means and covariances, by the delta method."""
        if covariance is None:
            covariance = self.covariance_of_free()
        slopes = self.stated_slopes()
        variances = np.einsum("qp,pr,qr->q", slopes, covariance, slopes)
        with np.errstate(invalid="ignore"):
            return self.split(np.sqrt(variances))

    def influence(self) -> Stated:
        """How weights, means and covariances change with the weight of each point.

        By the implicit function theorem: the slope of the log-likelihood stays zero while a point's
        weight grows. The first axis is that of the points, all of which it holds in memory.
        """
        moves = np.linalg.solve(self.observed_information(), self.stated_slopes().T)
        task = InfluenceTask(self.free, moves, self.k, self.kind, self.problem.reg_covar)
        return self.split(self.problem.points.each(task, self.objective.width_of_slopes))

    # --- within ---------------------------------------------------------------------------

    def stated_slopes(self) -> Float[np.ndarray, "q p"]:
        """Derivatives of weights, means and covariances in the free vector."""
        return _STATED_JACOBIAN(self.free, self.k, self.d, self.kind)

    def split(self, numbers: np.ndarray) -> Stated:
        """Numbers for weights, means and covariances in the shapes and units of these."""
        lead, kd = numbers.shape[:-1], self.k * self.d
        weights, means, covariances = np.split(numbers, [self.k, self.k + kd], axis=-1)
        shape, scale = spread_shape(self.k, self.d, self.kind), self.problem.points.scale
        return Stated(
            weights,
            means.reshape(*lead, self.k, self.d) * scale,
            covariances.reshape(lead + shape) * scale * scale,
        )

    @property
    def centers(self) -> Float[np.ndarray, "k d"]:
        """What the sums of an EM step are taken about: the means of the fit."""
        return self.objective.mixture(self.free).means

    def sums(self) -> SumsWithSlopes:
        """The sums of an E-step over all points, and their derivatives."""
        points = self.problem.points
        task = SumsTask(self.free, self.centers, self.kind, points.missing)
        return points.reduce(task, self.objective.width_of_slopes)


def intervals(
    estimate: Stated, errors: Stated, covariance_type: CovarianceType, level: float = 0.95
) -> tuple[Stated, Stated]:
    """Lower and upper ends of confidence intervals.

    They are symmetric in the logits of weights and in the logarithms of variances, so that none
    ends where a weight or a variance cannot be.
    """
    z = NormalDist().inv_cdf(0.5 + 0.5 * level)
    ends = []
    for sign in (-z, z):
        w, v = estimate.weights, estimate.covariances
        with np.errstate(divide="ignore", invalid="ignore"):
            logits = np.log(w) - np.log1p(-w) + sign * errors.weights / (w * (1.0 - w))
            positive = v * np.exp(sign * errors.covariances / v)
        weights = np.where(w < 1.0, 1.0 / (1.0 + np.exp(-logits)), w)
        spread = v + sign * errors.covariances
        if covariance_type in ("full", "tied"):
            positive = np.where(np.eye(v.shape[-1]) > 0, positive, spread)
        ends.append(Stated(weights, estimate.means + sign * errors.means, positive))
    return ends[0], ends[1]
