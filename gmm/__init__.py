"""gmm: Gaussian mixtures, written as plain NumPy functions that adxform differentiates."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gmm.datasets import old_faithful
from gmm.density import (
    COVARIANCE_TYPES,
    CovarianceType,
    log_density,
    log_gaussian,
    log_likelihood,
    log_mixture,
    log_weights,
    mixture,
)
from gmm.em import (
    e_step,
    em_step,
    em_step_of_means,
    expected_complete_log_likelihood,
    hard_em_step,
    harden,
    m_step,
    responsibilities,
)
from gmm.generative import sample
from gmm.kmeans import kmeans, kmeans_plusplus, lloyd, lloyd_step
from gmm.parameters import (
    constrain,
    count_parameters,
    covariance_matrices,
    pack,
    unconstrain,
    unpack,
)
from gmm.supervised import fit_classes, fit_gaussian, fit_univariate

if TYPE_CHECKING:
    from gmm.chunks import Chunks
    from gmm.estimator import GaussianMixture
    from gmm.inference import Fitted
    from gmm.kmeans_estimator import KMeans
    from gmm.prior import WishartPrior

__all__ = [
    "COVARIANCE_TYPES",
    "Chunks",
    "CovarianceType",
    "Fitted",
    "GaussianMixture",
    "KMeans",
    "WishartPrior",
    "constrain",
    "count_parameters",
    "covariance_matrices",
    "e_step",
    "em_step",
    "em_step_of_means",
    "expected_complete_log_likelihood",
    "fit_classes",
    "fit_gaussian",
    "fit_univariate",
    "hard_em_step",
    "harden",
    "kmeans",
    "kmeans_plusplus",
    "lloyd",
    "lloyd_step",
    "log_density",
    "log_gaussian",
    "log_likelihood",
    "log_mixture",
    "log_weights",
    "m_step",
    "mixture",
    "old_faithful",
    "pack",
    "responsibilities",
    "sample",
    "unconstrain",
    "unpack",
]


LATE = {
    "Chunks": "gmm.chunks",
    "Fitted": "gmm.inference",
    "GaussianMixture": "gmm.estimator",
    "KMeans": "gmm.kmeans_estimator",
    "WishartPrior": "gmm.prior",
}


def __getattr__(name: str) -> Any:
    """Import when asked for what takes long to import: estimators bring scikit-learn along."""
    if name in LATE:
        return getattr(import_module(LATE[name]), name)
    raise AttributeError(f"module 'gmm' has no attribute {name!r}")
