# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""A mixture's parameters: weights, means and covariances, and as numbers that may be any.

Three forms, and the ways between them:

- constrained: ``(weights, means, covariances)``, as people state a mixture;
- unconstrained: ``(logits, means, spreads)``, as in the table of `gmm.density`;
- free: one vector without redundancy, as optimisers and information matrices need it. It holds the
  logits less the first, the means, and the entries of the spreads that matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmm.density import CovarianceType, log_weights, precision_factor

if TYPE_CHECKING:
    from jaxtyping import Float

# --- covariances and spreads ------------------------------------------------------------------


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


def spreads_from_covariances(
    covariances: np.ndarray, covariance_type: CovarianceType = "full"
) -> np.ndarray:
    """Factors, log scales or nothing, from covariances; shapes as in the table of `gmm.density`."""
    if covariance_type in ("full", "tied"):
        return factors_from_covariances(covariances)
    if covariance_type == "identity":
        return covariances
    return 0.5 * np.log(covariances)


def covariances_from_spreads(
    spreads: np.ndarray, covariance_type: CovarianceType = "full"
) -> np.ndarray:
    """Covariances, variances or nothing, from spreads; shapes as in the table of `gmm.density`."""
    if covariance_type in ("full", "tied"):
        return covariances_from_factors(spreads)
    if covariance_type == "identity":
        return spreads
    return np.exp(2.0 * spreads)


def covariance_matrices(
    covariances: np.ndarray, k: int, d: int, covariance_type: CovarianceType = "full"
) -> Float[np.ndarray, "k d d"]:
    """Whole covariance matrices of all components, whatever the type."""
    if covariance_type == "full":
        return covariances
    if covariance_type == "tied":
        return np.ones((k, 1, 1)) * covariances
    if covariance_type == "diag":
        return covariances[:, :, None] * np.eye(d)
    if covariance_type == "spherical":
        return covariances[:, None, None] * np.eye(d)
    return np.ones((k, 1, 1)) * np.eye(d)


# --- constrained and unconstrained ------------------------------------------------------------


def unconstrain(
    weights: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    covariance_type: CovarianceType = "full",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the unconstrained parameters of a mixture, from its weights, means and covariances.

    Parameters
    ----------
    weights : ndarray, shape (k,)
        Positive; they need not sum to one.
    means : ndarray, shape (k, d)
    covariances : ndarray
        Of the shape that the table of `gmm.density` gives for ``covariance_type``.
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}

    Returns
    -------
    tuple of ndarray
        ``(logits, means, spreads)``, the first three arguments of `gmm.log_likelihood`.
    """
    return np.log(weights), means, spreads_from_covariances(covariances, covariance_type)


def constrain(
    logits: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    covariance_type: CovarianceType = "full",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the weights, means and covariances of a mixture, from its unconstrained parameters.

    Parameters
    ----------
    logits : ndarray, shape (k,)
    means : ndarray, shape (k, d)
    spreads : ndarray
        Of the shape in the table of `gmm.density` for ``covariance_type``.
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}

    Returns
    -------
    tuple of ndarray
        ``(weights, means, covariances)``.
    """
    covariances = covariances_from_spreads(spreads, covariance_type)
    return np.exp(log_weights(logits)), means, covariances


# --- unconstrained and free -------------------------------------------------------------------


def spread_shape(k: int, d: int, covariance_type: CovarianceType = "full") -> tuple[int, ...]:
    """Shape of the spreads, and of the covariances, of k components in d dimensions."""
    shapes = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}
    return shapes.get(covariance_type, (0,))


def spread_entries(k: int, d: int, covariance_type: CovarianceType = "full") -> np.ndarray:
    """Places, in the flattened spreads, of the entries that matter: all but upper triangles."""
    entries = np.ones(spread_shape(k, d, covariance_type), dtype=bool)
    if covariance_type in ("full", "tied"):
        entries = np.tril(entries)
    return np.flatnonzero(entries)


def pack(
    logits: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    covariance_type: CovarianceType = "full",
) -> Float[np.ndarray, "p"]:
    """Put unconstrained parameters into one free vector."""
    k, d = means.shape
    entries = spread_entries(k, d, covariance_type)
    return np.concatenate([logits[1:] - logits[0], means.ravel(), spreads.ravel()[entries]])


def unpack(
    free: Float[np.ndarray, "p"], k: int, d: int, covariance_type: CovarianceType = "full"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take ``(logits, means, spreads)`` of k components in d dimensions out of a free vector."""
    logits = np.concatenate([np.zeros(1), free[: k - 1]])
    means = free[k - 1 : k - 1 + k * d].reshape(k, d)
    shape = spread_shape(k, d, covariance_type)
    spreads = np.zeros(int(np.prod(shape)))
    spreads[spread_entries(k, d, covariance_type)] = free[k - 1 + k * d :]
    return logits, means, spreads.reshape(shape)


def count_parameters(k: int, d: int, covariance_type: CovarianceType = "full") -> int:
    """Find the number of free parameters: the length of the free vector."""
    return k - 1 + k * d + len(spread_entries(k, d, covariance_type))
