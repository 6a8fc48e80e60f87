# ruff: noqa: F722, F821, UP037
"""Maximum likelihood where it is known which Gaussian a point comes from.

Each estimate is an average; variances are divided by the number of points, not by one less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmm.density import CovarianceType
from gmm.em import m_step

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def fit_univariate(x: Float[np.ndarray, "n"]) -> tuple[float, float]:
    """Mean and variance of the normal distribution that fits numbers best.

    >>> mean, variance = fit_univariate(np.array([1.0, 2.0, 3.0, 6.0]))
    >>> float(mean), float(variance)
    (3.0, 3.5)
    """
    mean = np.mean(x)
    return mean, np.mean((x - mean) ** 2)


def fit_gaussian(
    X: Float[np.ndarray, "n d"],
) -> tuple[Float[np.ndarray, "d"], Float[np.ndarray, "d d"]]:
    """Mean and covariance of the multivariate normal distribution that fits points best."""
    mean = np.mean(X, axis=0)
    diff = X - mean
    return mean, diff.T @ diff / X.shape[0]


def fit_classes(
    X: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, "n"],
    covariance_type: CovarianceType = "full",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and covariances of one Gaussian for each class.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        The points, one a row.
    labels : ndarray of int, shape (n,)
        From 0 to k - 1, each of them at least once.
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}

    Returns
    -------
    tuple of ndarray
        ``(weights, means, covariances)``.
    """
    counts = np.bincount(labels)
    if np.any(counts == 0):
        raise ValueError(f"there is no point of class {np.flatnonzero(counts == 0)[0]}")
    return m_step(1.0 * (labels == np.arange(len(counts))[:, None]), X, covariance_type)
