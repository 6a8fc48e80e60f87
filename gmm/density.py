# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""The log-density of a Gaussian mixture, over parameters that may take any real value.

Shapes are written with k components, n points and d dimensions. A mixture has

- ``logits`` (k,), whose softmax is the weights;
- ``means`` (k, d);
- what says how wide its components are, by covariance type:

  =========  =======================  ================  =========================================
  type       parameter                covariances       meaning
  =========  =======================  ================  =========================================
  full       ``factors`` (k, d, d)    (k, d, d)         one precision factor for each component
  tied       ``factors`` (d, d)       (d, d)            one precision factor for all of them
  diag       ``log_scales`` (k, d)    (k, d) variances  log standard deviations along the axes
  spherical  ``log_scales`` (k,)      (k,) variances    one log standard deviation per component
  =========  =======================  ================  =========================================

A precision factor L is lower triangular with a positive diagonal, and L L' is the inverse of the
covariance. It is given by its strict lower triangle as is and the logarithms of its diagonal; what
stands above the diagonal is ignored.

References
----------
C. M. Bishop (2006), Pattern Recognition and Machine Learning (PRML): eq. 2.43 is the multivariate
normal density, eq. 9.28 the log-likelihood of a mixture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

# --- one normal distribution -------------------------------------------------------------------


def log_gaussian(
    X: Float[np.ndarray, "n d"],
    mean: Float[np.ndarray, "d"],
    covariance: Float[np.ndarray, "d d"],
) -> Float[np.ndarray, "n"]:
    """Log-density of each point under one multivariate normal (PRML eq. 2.43).

    Parameters
    ----------
    X : ndarray, shape (n, d)
        The points, one a row.
    mean : ndarray, shape (d,)
    covariance : ndarray, shape (d, d)
        Symmetric and positive definite.

    Returns
    -------
    ndarray, shape (n,)
    """
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, (X - mean).T)
    log_norm = np.sum(np.log(np.diag(root))) + 0.5 * X.shape[1] * np.log(2 * np.pi)
    return -0.5 * np.sum(white**2, axis=0) - log_norm


def standard_normal(white: Float[np.ndarray, "k n d"]) -> Float[np.ndarray, "k n"]:
    """Log-density of the standard normal in d dimensions, at each of (k, n, d) points: (k, n)."""
    return -0.5 * np.sum(white**2, axis=2) - 0.5 * white.shape[2] * np.log(2 * np.pi)


# --- a mixture, from its components ------------------------------------------------------------


def log_weights(logits: Float[np.ndarray, "k"]) -> Float[np.ndarray, "k"]:
    """Logarithms of the weights, log-softmax of the logits: (k,) from (k,)."""
    shifted = logits - np.max(logits)
    return shifted - np.log(np.sum(np.exp(shifted)))


def mixture(
    logits: Float[np.ndarray, "k"],
    log_densities: Float[np.ndarray, "k n"],
) -> float:
    """Log-likelihood of a mixture (PRML eq. 9.28), from the log-densities of its components.

    Parameters
    ----------
    logits : ndarray, shape (k,)
        The weights are their softmax.
    log_densities : ndarray, shape (k, n)
        Of each point under each component.

    Returns
    -------
    float
        The sum over points of the logarithm of the weighted sum over components.
    """
    log_joint = log_weights(logits)[:, None] + log_densities
    peak = np.max(log_joint, axis=0)
    return np.sum(peak + np.log(np.sum(np.exp(log_joint - peak), axis=0)))


# --- the components, by covariance type --------------------------------------------------------


def precision_factor(factors: Float[np.ndarray, "... d d"]) -> Float[np.ndarray, "... d d"]:
    """Lower-triangular matrices, (d, d) or (k, d, d), whose diagonals are exp of those given."""
    eye = np.eye(factors.shape[-1])
    return np.tril(factors, -1) + eye * np.exp(eye * factors)


def log_density_full(
    means: Float[np.ndarray, "k d"],
    factors: Float[np.ndarray, "k d d"],
    X: Float[np.ndarray, "n d"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point under each component; a covariance for each.

    Parameters
    ----------
    means : ndarray, shape (k, d)
    factors : ndarray, shape (k, d, d)
        Precision factors, their diagonals as logarithms.
    X : ndarray, shape (n, d)
        The points, one a row.

    Returns
    -------
    ndarray, shape (k, n)
    """
    diff = X[None, :, :] - means[:, None, :]
    white = diff @ precision_factor(factors)
    log_det = np.sum(np.diagonal(factors, axis1=1, axis2=2), axis=1)
    return standard_normal(white) + log_det[:, None]


def log_density_tied(
    means: Float[np.ndarray, "k d"],
    factors: Float[np.ndarray, "d d"],
    X: Float[np.ndarray, "n d"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point under each component; one covariance for all.

    Parameters
    ----------
    means : ndarray, shape (k, d)
    factors : ndarray, shape (d, d)
        The precision factor, its diagonal as logarithms.
    X : ndarray, shape (n, d)
        The points, one a row.

    Returns
    -------
    ndarray, shape (k, n)
    """
    diff = X[None, :, :] - means[:, None, :]
    white = diff @ precision_factor(factors)
    log_det = np.sum(np.diag(factors))
    return standard_normal(white) + log_det


def log_density_diag(
    means: Float[np.ndarray, "k d"],
    log_scales: Float[np.ndarray, "k d"],
    X: Float[np.ndarray, "n d"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point under each component; a standard deviation for each axis of each.

    Parameters
    ----------
    means : ndarray, shape (k, d)
    log_scales : ndarray, shape (k, d)
        Logarithms of the standard deviations.
    X : ndarray, shape (n, d)
        The points, one a row.

    Returns
    -------
    ndarray, shape (k, n)
    """
    diff = X[None, :, :] - means[:, None, :]
    white = diff * np.exp(-log_scales)[:, None, :]
    log_det = -np.sum(log_scales, axis=1)
    return standard_normal(white) + log_det[:, None]


def log_density_spherical(
    means: Float[np.ndarray, "k d"],
    log_scales: Float[np.ndarray, "k"],
    X: Float[np.ndarray, "n d"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point under each component; one standard deviation for each.

    Parameters
    ----------
    means : ndarray, shape (k, d)
    log_scales : ndarray, shape (k,)
        Logarithms of the standard deviations.
    X : ndarray, shape (n, d)
        The points, one a row.

    Returns
    -------
    ndarray, shape (k, n)
    """
    diff = X[None, :, :] - means[:, None, :]
    white = diff * np.exp(-log_scales)[:, None, None]
    log_det = -X.shape[1] * log_scales
    return standard_normal(white) + log_det[:, None]


# --- the log-likelihood, by covariance type ----------------------------------------------------


def log_likelihood_full(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    factors: Float[np.ndarray, "k d d"],
    X: Float[np.ndarray, "n d"],
) -> float:
    """Log-likelihood of the points; a covariance for each component (see the module's table)."""
    return mixture(logits, log_density_full(means, factors, X))


def log_likelihood_tied(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    factors: Float[np.ndarray, "d d"],
    X: Float[np.ndarray, "n d"],
) -> float:
    """Log-likelihood of the points; one covariance for all components (see the module's table)."""
    return mixture(logits, log_density_tied(means, factors, X))


def log_likelihood_diag(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    log_scales: Float[np.ndarray, "k d"],
    X: Float[np.ndarray, "n d"],
) -> float:
    """Log-likelihood of the points; diagonal covariances (see the module's table)."""
    return mixture(logits, log_density_diag(means, log_scales, X))


def log_likelihood_spherical(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    log_scales: Float[np.ndarray, "k"],
    X: Float[np.ndarray, "n d"],
) -> float:
    """Log-likelihood of the points; spherical covariances (see the module's table)."""
    return mixture(logits, log_density_spherical(means, log_scales, X))


# --- weights, means and covariances, and back --------------------------------------------------


def factors_from_covariances(
    covariances: Float[np.ndarray, "... d d"],
) -> Float[np.ndarray, "... d d"]:
    """Precision factors, their diagonals as logarithms, of covariances (d, d) or (k, d, d).

    With the axes reversed, Cholesky's lower root becomes an upper one, U U' = covariance; then
    inv(U)' is lower triangular and the factor of the precision, which itself is never formed.
    """
    upper = np.linalg.cholesky(covariances[..., ::-1, ::-1])[..., ::-1, ::-1]
    lower = np.swapaxes(np.linalg.inv(upper), -1, -2)
    eye = np.eye(covariances.shape[-1])
    return np.tril(lower, -1) + eye * np.log(np.where(eye > 0, lower, 1.0))


def covariances_from_factors(
    factors: Float[np.ndarray, "... d d"],
) -> Float[np.ndarray, "... d d"]:
    """Covariances of precision factors whose diagonals are logarithms: (d, d) or (k, d, d)."""
    inverse = np.linalg.inv(precision_factor(factors))
    return np.swapaxes(inverse, -1, -2) @ inverse


def log_scales_from_variances(variances: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Logarithms of the standard deviations, of variances of any shape."""
    return 0.5 * np.log(variances)


def variances_from_log_scales(log_scales: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Variances, of logarithms of standard deviations of any shape."""
    return np.exp(2.0 * log_scales)


class CovarianceType(NamedTuple):
    """What a covariance type means: its densities, and its parameter from and to covariances."""

    log_density: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    log_likelihood: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]
    unconstrain: Callable[[np.ndarray], np.ndarray]
    constrain: Callable[[np.ndarray], np.ndarray]


_FACTORS = (factors_from_covariances, covariances_from_factors)
_LOG_SCALES = (log_scales_from_variances, variances_from_log_scales)

COVARIANCE_TYPES = {
    "full": CovarianceType(log_density_full, log_likelihood_full, *_FACTORS),
    "tied": CovarianceType(log_density_tied, log_likelihood_tied, *_FACTORS),
    "diag": CovarianceType(log_density_diag, log_likelihood_diag, *_LOG_SCALES),
    "spherical": CovarianceType(log_density_spherical, log_likelihood_spherical, *_LOG_SCALES),
}


def unconstrain(
    weights: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    covariance_type: str = "full",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the free parameters of a mixture, from its weights, means and covariances.

    Parameters
    ----------
    weights : ndarray, shape (k,)
        Positive; they need not sum to one.
    means : ndarray, shape (k, d)
    covariances : ndarray
        Of the shape that the module's table gives for ``covariance_type``.
    covariance_type : {"full", "tied", "diag", "spherical"}

    Returns
    -------
    tuple of ndarray
        ``(logits, means, factors)`` or ``(logits, means, log_scales)``, the first three arguments
        of the log-likelihood of that type.
    """
    spreads = COVARIANCE_TYPES[covariance_type].unconstrain(covariances)
    return np.log(weights), means, spreads


def constrain(
    logits: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    covariance_type: str = "full",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the weights, means and covariances of a mixture, from its free parameters.

    Parameters
    ----------
    logits : ndarray, shape (k,)
    means : ndarray, shape (k, d)
    spreads : ndarray
        The factors or log scales, of the shape in the module's table for ``covariance_type``.
    covariance_type : {"full", "tied", "diag", "spherical"}

    Returns
    -------
    tuple of ndarray
        ``(weights, means, covariances)``.
    """
    covariances = COVARIANCE_TYPES[covariance_type].constrain(spreads)
    return np.exp(log_weights(logits)), means, covariances
