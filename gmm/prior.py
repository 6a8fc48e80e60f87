# ruff: noqa: F821, UP037
# mypy: disable-error-code="no-any-return"
"""A Wishart prior on the precisions, which keeps every covariance from collapsing.

With precision P = L L' in d dimensions, its log-density is, but for a constant,

    m log |L| - gamma^2 / 2 * tr(P),

as in the benchmark ADBench, whose sign is the opposite. It acts like m more points, whose squared
distance from the mean is gamma^2 along every axis: the M-step stays in closed form.

References
----------
F. Srajer, Z. Kukelova and A. Fitzgibbon (2018), "A benchmark of selected algorithmic
differentiation tools on some problems in computer vision and machine learning", Optimization
Methods and Software 33, 889-906.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gmm.density import CovarianceType, precision_factor
from gmm.parameters import unpack

if TYPE_CHECKING:
    from jaxtyping import Float


class WishartPrior(NamedTuple):
    """The prior's parameters: the scale of deviations, and how many points it counts for."""

    gamma: float
    m: float


def log_wishart(
    spreads: np.ndarray, d: int, covariance_type: CovarianceType, gamma: float, m: float
) -> float:
    """Logarithm of the prior's density of all precisions that there are, but for a constant."""
    if covariance_type in ("full", "tied"):
        factors = precision_factor(spreads)
        log_det = np.sum(np.diagonal(spreads, axis1=-2, axis2=-1))
        return m * log_det - 0.5 * gamma * gamma * np.sum(factors * factors)
    if covariance_type == "identity":
        return 0.0 * np.sum(spreads)
    axes = d if covariance_type == "spherical" else 1
    return axes * np.sum(-m * spreads - 0.5 * gamma * gamma * np.exp(-2.0 * spreads))


def log_prior(
    free: Float[np.ndarray, "p"],
    k: int,
    d: int,
    covariance_type: CovarianceType,
    gamma: float,
    m: float,
) -> float:
    """Logarithm of the prior's density as a function of the free vector."""
    _, _, spreads = unpack(free, k, d, covariance_type)
    return log_wishart(spreads, d, covariance_type, gamma, m)
