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
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adxform import hessian, jacobian
from gmm.density import CovarianceType
from gmm.em import e_step, expected_complete_log_likelihood, m_step
from gmm.fitting import placed_mixture, placed_problem
from gmm.objective import Objective, point_log_likelihoods
from gmm.parameters import constrain, pack, spread_shape, unconstrain, unpack
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


def free_em_step(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n d"],
    weight: np.ndarray | float,
    k: int,
    covariance_type: CovarianceType,
    reg_covar: float,
) -> Float[np.ndarray, "p"]:
    """One step of EM, from free vector to free vector."""
    mixture = constrain(*unpack(free, k, X.shape[1], covariance_type), covariance_type)
    resp = weight * e_step(*mixture, X, covariance_type)
    mixture = m_step(resp, X, covariance_type, reg_covar)
    return pack(*unconstrain(*mixture, covariance_type), covariance_type)


def free_expected_log_likelihood(
    free: Float[np.ndarray, "p"],
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType,
) -> float:
    """What the M-step maximises, of the free vector."""
    parameters = unpack(free, resp.shape[0], X.shape[1], covariance_type)
    return expected_complete_log_likelihood(*parameters, resp, X, covariance_type)


_STATED_JACOBIAN = jacobian(stated)
_STEP_JACOBIAN = jacobian(free_em_step)
_EXPECTED_HESSIAN = hessian(free_expected_log_likelihood)
_POINT_SLOPES = jacobian(point_log_likelihoods)


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
        Points that are not in memory give standard errors, too, but not the derivatives of EM
        steps, nor the influence of each.
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
        if not np.all(np.linalg.eigvalsh(information) > 0.0):
            warnings.warn("the log-likelihood has no round maximum here", NotAMaximum, stacklevel=2)
            return information
        away = total * slope @ np.linalg.solve(information, total * slope)
        if away > FAR**2:
            warnings.warn(
                f"the maximum is {np.sqrt(away):.2g} standard errors away: fit with a smaller tol",
                NotAMaximum,
                stacklevel=2,
            )
        return information

    def covariance_of_free(self) -> Float[np.ndarray, "p p"]:
        """Asymptotic covariance of the free vector, from the observed information."""
        return np.linalg.inv(self.observed_information())

    def supplemented_em(self) -> Float[np.ndarray, "p p"]:
        """Asymptotic covariance of the free vector, from EM's own derivatives.

        The information that labels would give, less the part that is missing without them; that
        part is what the Jacobian of an EM step tells.
        """
        X, weight = self.in_memory()
        mixture = self.objective.mixture(self.free)
        resp = weight * e_step(*mixture, X, self.kind)
        complete = -_EXPECTED_HESSIAN(self.free, resp, X, self.kind)
        remaining = np.eye(len(self.free)) - self.em_jacobian()
        return np.linalg.solve(remaining, np.linalg.inv(complete))

    def em_jacobian(self) -> Float[np.ndarray, "p p"]:
        """Derivative of an EM step, which shrinks errors by its eigenvalues."""
        X, weight = self.in_memory()
        if self.problem.prior is not None:
            raise ValueError("the rate of EM with a prior is not known here")
        reg_covar = self.problem.reg_covar
        return _STEP_JACOBIAN(self.free, X, weight, self.k, self.kind, reg_covar)

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
        weight grows. The first axis is that of the points.
        """
        X, _ = self.in_memory()
        slopes = _POINT_SLOPES(self.free, X, self.k, self.kind, self.problem.reg_covar)
        moves = np.linalg.solve(self.observed_information(), slopes.T)
        return self.split((self.stated_slopes() @ moves).T)

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

    def in_memory(self) -> tuple[np.ndarray, Any]:
        """All points and their weights."""
        points = self.problem.points
        if points.missing:
            raise ValueError("derivatives of EM steps and of single points know no missing values")
        if not isinstance(points, Arrays):
            raise ValueError("derivatives of EM steps and of single points need points in memory")
        return points.place(points.X), 1.0 if points.sample_weight is None else points.sample_weight


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
