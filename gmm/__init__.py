"""gmm: Gaussian mixtures, written as plain NumPy functions that adxform differentiates."""

from gmm.datasets import old_faithful
from gmm.density import (
    COVARIANCE_TYPES,
    CovarianceType,
    constrain,
    log_density_diag,
    log_density_full,
    log_density_spherical,
    log_density_tied,
    log_gaussian,
    log_likelihood_diag,
    log_likelihood_full,
    log_likelihood_spherical,
    log_likelihood_tied,
    log_weights,
    mixture,
    unconstrain,
)

__all__ = [
    "COVARIANCE_TYPES",
    "CovarianceType",
    "constrain",
    "log_density_diag",
    "log_density_full",
    "log_density_spherical",
    "log_density_tied",
    "log_gaussian",
    "log_likelihood_diag",
    "log_likelihood_full",
    "log_likelihood_spherical",
    "log_likelihood_tied",
    "log_weights",
    "mixture",
    "old_faithful",
    "unconstrain",
]
