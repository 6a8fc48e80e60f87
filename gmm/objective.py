# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""The log-likelihood as a function of one free vector, with derivatives, summed over blocks.

``reg_covar`` and a prior make it bounded. As the M-step adds ``reg_covar`` to the variances, so
here half of it times the trace of its precision is taken from a component's log-density: the
expected log-density of a point that is blurred by noise of that variance. With it, the covariance
where the slope vanishes is the M-step's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from adxform import grad, hessian, hvp, value_and_grad
from gmm.density import CovarianceType, log_density, log_mixture, precision_factor
from gmm.fitting import Problem
from gmm.marginal import marginal_log_densities, patterns
from gmm.parameters import (
    constrain,
    count_parameters,
    covariance_matrices,
    covariances_from_spreads,
    pack,
    unconstrain,
    unpack,
)
from gmm.prior import log_prior
from gmm.statistics import Mixture

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def precision_traces(
    spreads: np.ndarray, k: int, d: int, covariance_type: CovarianceType
) -> Float[np.ndarray, "k"]:
    """Traces of the precisions of all components."""
    if covariance_type in ("full", "tied"):
        factors = precision_factor(spreads)
        return np.sum(factors * factors, axis=(-2, -1)) + np.zeros(k)
    if covariance_type == "diag":
        return np.sum(np.exp(-2.0 * spreads), axis=1)
    if covariance_type == "spherical":
        return d * np.exp(-2.0 * spreads)
    return np.zeros(k)


def point_log_likelihoods(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n d"],
    k: int,
    covariance_type: CovarianceType,
    reg_covar: float,
) -> Float[np.ndarray, "n"]:
    """Log-likelihood of each point, less what ``reg_covar`` takes."""
    d = X.shape[1]
    logits, means, spreads = unpack(free, k, d, covariance_type)
    blur = 0.5 * reg_covar * precision_traces(spreads, k, d, covariance_type)
    log_densities = log_density(means, spreads, X, covariance_type)
    return log_mixture(logits, log_densities - blur[:, None])


def log_likelihood(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n d"],
    weight: np.ndarray | float,
    k: int,
    covariance_type: CovarianceType,
    reg_covar: float,
) -> float:
    """Log-likelihood of weighted points, less what ``reg_covar`` takes."""
    return np.sum(weight * point_log_likelihoods(free, X, k, covariance_type, reg_covar))


def observed_log_likelihoods(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n o"],
    k: int,
    covariance_type: CovarianceType,
    reg_covar: float,
    d: int,
    observed: Int[np.ndarray, "o"],
) -> Float[np.ndarray, "n"]:
    """`point_log_likelihoods` where only the columns ``observed`` of d are known."""
    logits, means, spreads = unpack(free, k, d, covariance_type)
    covariances = covariances_from_spreads(spreads, covariance_type)
    matrices = covariance_matrices(covariances, k, d, covariance_type)
    blur = 0.5 * reg_covar * precision_traces(spreads, k, d, covariance_type)
    log_densities = marginal_log_densities(means, matrices, X, observed)
    return log_mixture(logits, log_densities - blur[:, None])


def observed_log_likelihood(
    free: Float[np.ndarray, "p"],
    X: Float[np.ndarray, "n o"],
    weight: np.ndarray | float,
    k: int,
    covariance_type: CovarianceType,
    reg_covar: float,
    d: int,
    observed: Int[np.ndarray, "o"],
) -> float:
    """`log_likelihood` of points of which only the columns ``observed`` of d are known."""
    each = observed_log_likelihoods(free, X, k, covariance_type, reg_covar, d, observed)
    return np.sum(weight * each)


_WITH_SLOPE = {f: value_and_grad(f) for f in (log_likelihood, observed_log_likelihood)}
_HESSIAN = {f: hessian(f) for f in (log_likelihood, observed_log_likelihood)}
_PRIOR_SLOPE, _PRIOR_HESSIAN = grad(log_prior), hessian(log_prior)


class Sums(NamedTuple):
    """A log-likelihood and its slope, or other things that add up over blocks."""

    value: float
    slope: np.ndarray


@dataclass(frozen=True)
class BlockTask:
    """What to sum over blocks; no closure, so that it can be sent to where the blocks are."""

    what: Literal["slope", "hessian", "product"]
    free: Float[np.ndarray, "p"]
    direction: Float[np.ndarray, "p"]
    k: int
    d: int
    covariance_type: CovarianceType
    reg_covar: float
    missing: bool

    def __call__(self, X: np.ndarray, weight: np.ndarray | float) -> Sums:
        """Sum over one block; in it over points that miss the same coordinates."""
        shared = self.k, self.covariance_type, self.reg_covar
        if not self.missing:
            return self.of(log_likelihood, X, weight, *shared)
        size = len(self.free)
        total = Sums(0.0, np.zeros((size, size) if self.what == "hessian" else size))
        for rows, observed in patterns(X):
            w = weight[rows] if isinstance(weight, np.ndarray) else weight
            known = X[np.ix_(rows, observed)]
            part = self.of(observed_log_likelihood, known, w, *shared, self.d, observed)
            total = Sums(total.value + part.value, total.slope + part.slope)
        return total

    def of(self, f: Any, *args: Any) -> Sums:
        """The value and the derivatives of one function."""
        if self.what == "slope":
            return Sums(*_WITH_SLOPE[f](self.free, *args))
        if self.what == "hessian":
            return Sums(0.0, _HESSIAN[f](self.free, *args))
        constant = [None] * len(args)
        return Sums(0.0, hvp(f, (self.free, *args), (self.direction, *constant)))


class Objective:
    """What a fit maximises: the mean over points, of a free vector, with its derivatives.

    Parameters
    ----------
    problem : Problem
    k : int
    """

    def __init__(self, problem: Problem, k: int) -> None:
        self.problem, self.k = problem, k
        self.d = problem.points.d

    def free(self, mixture: Mixture) -> Float[np.ndarray, "p"]:
        """The free vector of a mixture."""
        kind = self.problem.covariance_type
        return pack(*unconstrain(*mixture, kind), kind)

    def mixture(self, free: Float[np.ndarray, "p"]) -> Mixture:
        """The mixture of a free vector."""
        kind = self.problem.covariance_type
        return Mixture(*constrain(*unpack(free, self.k, self.d, kind), kind))

    def value_and_slope(self, free: Float[np.ndarray, "p"]) -> tuple[float, np.ndarray]:
        """The objective and its gradient."""
        value, slope = self.sum("slope", free)
        if self.problem.prior is not None:
            value = value + log_prior(free, *self.prior_arguments)
            slope = slope + _PRIOR_SLOPE(free, *self.prior_arguments)
        return float(value) / self.problem.points.total, slope / self.problem.points.total

    def hessian(self, free: Float[np.ndarray, "p"]) -> Float[np.ndarray, "p p"]:
        """The exact matrix of second derivatives."""
        _, matrix = self.sum("hessian", free)
        if self.problem.prior is not None:
            matrix = matrix + self.prior_hessian(free)
        return matrix / self.problem.points.total

    def hessian_times(self, free: np.ndarray, direction: np.ndarray) -> Float[np.ndarray, "p"]:
        """The matrix of second derivatives times a vector, without the matrix."""
        _, product = self.sum("product", free, direction)
        if self.problem.prior is not None:
            constant = [None] * len(self.prior_arguments)
            product = product + hvp(
                log_prior, (free, *self.prior_arguments), (direction, *constant)
            )
        return product / self.problem.points.total

    def prior_hessian(self, free: Float[np.ndarray, "p"]) -> Float[np.ndarray, "p p"]:
        """Second derivatives of the prior's log-density."""
        return _PRIOR_HESSIAN(free, *self.prior_arguments)

    @property
    def width_of_slopes(self) -> int:
        """How many numbers to reckon a point with whose parameters all have slopes.

        There are more: blocks larger than a cache pay, for each has much to begin with.
        """
        return self.k * self.d * count_parameters(self.k, self.d, self.problem.covariance_type) // 2

    @property
    def prior_arguments(self) -> tuple[Any, ...]:
        """What `log_prior` needs besides the free vector."""
        assert self.problem.prior is not None, "asked for only where there is one"
        return (self.k, self.d, self.problem.covariance_type, *self.problem.prior)

    def sum(
        self,
        what: Literal["slope", "hessian", "product"],
        free: np.ndarray,
        direction: np.ndarray | None = None,
    ) -> Sums:
        """Sum over all points."""
        task = BlockTask(
            what,
            free,
            free if direction is None else direction,
            self.k,
            self.d,
            self.problem.covariance_type,
            self.problem.reg_covar,
            self.problem.points.missing,
        )
        width = self.width_of_slopes if what == "hessian" else 6 * self.k * self.d
        return self.problem.points.reduce(task, width)
