# ruff: noqa: F722, F821, UP037
"""The generative story of a mixture: choose a component, then draw from its Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmm.density import CovarianceType
from gmm.parameters import covariance_matrices

if TYPE_CHECKING:
    from jaxtyping import Float, Int


def sample(
    weights: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    covariances: np.ndarray,
    n: int,
    rng: np.random.Generator | np.random.RandomState,
    covariance_type: CovarianceType = "full",
) -> tuple[Float[np.ndarray, "n d"], Int[np.ndarray, "n"]]:
    """Draw points from a mixture.

    Parameters
    ----------
    weights, means, covariances : ndarray
        Of the shapes that the table of `gmm.density` gives for ``covariance_type``.
    n : int
        How many points.
    rng : numpy.random.Generator
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}

    Returns
    -------
    points : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
        The component that each point comes from.
    """
    k, d = means.shape
    labels = rng.choice(k, size=n, p=weights / np.sum(weights))
    roots = np.linalg.cholesky(covariance_matrices(covariances, k, d, covariance_type))
    points = np.empty((n, d))
    noise = rng.normal(size=(n, d))
    for component in range(k):
        mine = labels == component
        points[mine] = means[component] + noise[mine] @ roots[component].T
    return points, labels
