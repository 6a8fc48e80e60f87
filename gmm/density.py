# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""The log-density of a Gaussian mixture, over parameters that may take any real value.

Shapes are written with k components, n points and d dimensions. A mixture has

- ``logits`` (k,), whose softmax is the weights;
- ``means`` (k, d);
- what says how wide its components are, by covariance type:

  =========  =======================  ================  ==========================================
  type       parameter                covariances       meaning
  =========  =======================  ================  ==========================================
  full       ``factors`` (k, d, d)    (k, d, d)         one precision factor for each component
  tied       ``factors`` (d, d)       (d, d)            one precision factor for all of them
  diag       ``log_scales`` (k, d)    (k, d) variances  log standard deviations along the axes
  spherical  ``log_scales`` (k,)      (k,) variances    one log standard deviation per component
  identity   nothing, (0,)            nothing, (0,)     every covariance is the identity: means only
  =========  =======================  ================  ==========================================

A precision factor L is lower triangular with a positive diagonal, and L L' is the inverse of the
covariance. It is given by its strict lower triangle as is and the logarithms of its diagonal; what
stands above the diagonal is ignored.

References
----------
C. M. Bishop (2006), Pattern Recognition and Machine Learning (PRML): eq. 2.43 is the multivariate
normal density, eq. 9.28 the log-likelihood of a mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from adxform import stop_gradient

if TYPE_CHECKING:
    from jaxtyping import Float

CovarianceType = Literal["full", "tied", "diag", "spherical", "identity"]
COVARIANCE_TYPES: tuple[CovarianceType, ...] = get_args(CovarianceType)

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


def log_sum_exp(log_joint: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "n"]:
    """Logarithm of the sum, over components, of what the arguments are logarithms of."""
    peak = stop_gradient(np.max(log_joint, axis=0))  # it only scales: the sum does not depend on it
    return peak + np.log(np.sum(np.exp(log_joint - peak), axis=0))


def log_mixture(
    logits: Float[np.ndarray, "k"],
    log_densities: Float[np.ndarray, "k n"],
) -> Float[np.ndarray, "n"]:
    """Log-density of each point under a mixture, from its log-densities under the components.

    Parameters
    ----------
    logits : ndarray, shape (k,)
        The weights are their softmax.
    log_densities : ndarray, shape (k, n)
        Of each point under each component.

    Returns
    -------
    ndarray, shape (n,)
        The logarithm of the weighted sum over components.
    """
    log_joint = log_weights(logits)[:, None] + log_densities
    return log_sum_exp(log_joint)


def mixture(
    logits: Float[np.ndarray, "k"],
    log_densities: Float[np.ndarray, "k n"],
) -> float:
    """Log-likelihood of a mixture (PRML eq. 9.28): the sum of `log_mixture` over points."""
    return np.sum(log_mixture(logits, log_densities))


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


def log_density_identity(
    means: Float[np.ndarray, "k d"],
    X: Float[np.ndarray, "n d"],
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point under each component; the identity for every covariance.

    Parameters
    ----------
    means : ndarray, shape (k, d)
    X : ndarray, shape (n, d)
        The points, one a row.

    Returns
    -------
    ndarray, shape (k, n)
    """
    return standard_normal(X[None, :, :] - means[:, None, :])


def log_density(
    means: np.ndarray,
    spreads: np.ndarray,
    X: np.ndarray,
    covariance_type: CovarianceType = "full",
) -> np.ndarray:
    """Log-density of each point under each component, (k, n); ``spreads`` as the table says."""
    if covariance_type == "full":
        return log_density_full(means, spreads, X)
    if covariance_type == "tied":
        return log_density_tied(means, spreads, X)
    if covariance_type == "diag":
        return log_density_diag(means, spreads, X)
    if covariance_type == "spherical":
        return log_density_spherical(means, spreads, X)
    if covariance_type == "identity":
        return log_density_identity(means, X)
    raise ValueError("covariance_type is full, tied, diag, spherical or identity")


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


def log_likelihood_identity(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    X: Float[np.ndarray, "n d"],
) -> float:
    """Log-likelihood of the points; the identity for every covariance (see the module's table)."""
    return mixture(logits, log_density_identity(means, X))


def log_likelihood(
    logits: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    X: np.ndarray,
    covariance_type: CovarianceType = "full",
) -> float:
    """Log-likelihood of the points; ``spreads`` as the module's table says for the type."""
    return mixture(logits, log_density(means, spreads, X, covariance_type))
