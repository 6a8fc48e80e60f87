# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Expectation-maximisation as plain functions: a step is responsibilities, then averages by them.

The responsibilities are not written down: they are the derivative of the log-likelihood in the
log-densities of the components, which adxform computes. The functions here can be differentiated in
their turn, `em_step` for example to find how fast EM converges.

References
----------
A. P. Dempster, N. M. Laird and D. B. Rubin (1977), "Maximum likelihood from incomplete data via the
EM algorithm", Journal of the Royal Statistical Society B 39, 1-38.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adxform import grad
from gmm.density import CovarianceType, log_density, log_density_identity, log_weights, mixture
from gmm.parameters import unconstrain

if TYPE_CHECKING:
    from jaxtyping import Float

# --- the E-step ---------------------------------------------------------------------------------


@grad(argnums="log_densities")
def responsibilities(
    logits: Float[np.ndarray, "k"], log_densities: Float[np.ndarray, "k n"]
) -> float:
    """Probability of each component given each point, (k, n): a derivative of the log-likelihood.

    With l = sum_j log sum_k w_k exp(a_kj), the derivative of l in a_kj is
    w_k exp(a_kj) / sum_i w_i exp(a_ij), which is Bayes' formula.
    """
    return mixture(logits, log_densities)


def e_step(
    weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: np.ndarray,
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
) -> Float[np.ndarray, "k n"]:
    """Find the responsibilities of the components of a mixture for points."""
    logits, means, spreads = unconstrain(weights, means, covariances, covariance_type)
    return responsibilities(logits, log_density(means, spreads, X, covariance_type))


def expected_complete_log_likelihood(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    spreads: np.ndarray,
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
) -> float:
    """What the M-step maximises: the log-likelihood of points with labels, in expectation."""
    log_joint = log_weights(logits)[:, None] + log_density(means, spreads, X, covariance_type)
    return np.sum(resp * log_joint)


# --- the M-step ---------------------------------------------------------------------------------


def moments(
    means: Float[np.ndarray, "k d"],
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
) -> np.ndarray:
    """Sums of squared differences from the means, in the shape of the type's covariances.

    They are weighted by responsibility, and for spherical covariances summed over the axes, too.
    """
    if covariance_type == "identity":
        return np.zeros(0)
    diff = X[None, :, :] - means[:, None, :]
    if covariance_type == "spherical":
        return np.sum(resp * np.sum(diff**2, axis=2), axis=1)
    if covariance_type == "diag":
        return (resp[:, None, :] @ diff**2)[:, 0, :]
    products = np.swapaxes(resp[:, :, None] * diff, 1, 2) @ diff
    return np.sum(products, axis=0) if covariance_type == "tied" else products


def average(
    squares: np.ndarray,
    counts: Float[np.ndarray, "k"],
    d: int,
    covariance_type: CovarianceType = "full",
) -> np.ndarray:
    """Covariances from what `moments` sums, for as many points as ``counts`` say."""
    if covariance_type == "full":
        return squares / counts[:, None, None]
    if covariance_type == "tied":
        return squares / np.sum(counts)
    if covariance_type == "diag":
        return squares / counts[:, None]
    if covariance_type == "spherical":
        return squares / (d * counts)
    return squares


def regularize(
    covariances: np.ndarray, reg_covar: float, covariance_type: CovarianceType = "full"
) -> np.ndarray:
    """Add a constant to the variances, so that no covariance becomes singular."""
    if covariance_type in ("full", "tied"):
        return covariances + reg_covar * np.eye(covariances.shape[-1])
    return covariances + reg_covar


def m_step(
    resp: Float[np.ndarray, "k n"],
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
    reg_covar: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the weights, means and covariances that fit points of known responsibilities best.

    Parameters
    ----------
    resp : ndarray, shape (k, n)
        Of each component for each point. Columns that do not sum to one weigh the points.
    X : ndarray, shape (n, d)
        The points, one a row.
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}
    reg_covar : float
        Added to the variances.

    Returns
    -------
    tuple of ndarray
        ``(weights, means, covariances)``.
    """
    counts = np.sum(resp, axis=1)
    means = resp @ X / counts[:, None]
    squares = moments(means, resp, X, covariance_type)
    covariances = average(squares, counts, X.shape[1], covariance_type)
    return counts / np.sum(counts), means, regularize(covariances, reg_covar, covariance_type)


# --- both ---------------------------------------------------------------------------------------


def em_step(
    weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: np.ndarray,
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
    reg_covar: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take one step of EM: from weights, means and covariances to better ones."""
    resp = e_step(weights, means, covariances, X, covariance_type)
    return m_step(resp, X, covariance_type, reg_covar)


def em_step_full(
    weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: Float[np.ndarray, "k d d"],
    X: Float[np.ndarray, "n d"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take one step of EM; a covariance for each component."""
    return em_step(weights, means, covariances, X, "full")


def em_step_of_means(
    means: Float[np.ndarray, "k d"], X: Float[np.ndarray, "n d"], variance: float = 1.0
) -> Float[np.ndarray, "k d"]:
    """Take one step of EM where only the means are unknown.

    All components are equally likely, and all have the same known variance along every axis.
    """
    unit = np.sqrt(variance)
    log_densities = log_density_identity(means / unit, X / unit)
    resp = responsibilities(np.zeros(means.shape[0]), log_densities)
    return resp @ X / np.sum(resp, axis=1)[:, None]


# --- hard assignment ----------------------------------------------------------------------------


def harden(resp: Float[np.ndarray, "k n"]) -> Float[np.ndarray, "k n"]:
    """All probability of a point to its most likely component; of equals, to the first."""
    best = np.argmax(resp, axis=0)
    return np.where(best == np.arange(resp.shape[0])[:, None], 1.0, 0.0)


def hard_em_step(
    weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: np.ndarray,
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType = "full",
    reg_covar: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take one step of EM in which every point belongs wholly to its most likely component.

    With equal weights and identity covariances the means move as in k-means.
    """
    resp = harden(e_step(weights, means, covariances, X, covariance_type))
    return m_step(resp, X, covariance_type, reg_covar)
