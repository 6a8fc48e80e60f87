"""Mixtures that the tests of gmm share."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small matrices are multiplied in one thread: more would wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def random_mixture():
    return draw_mixture


@pytest.fixture
def faithful_mixture():
    return near_old_faithful


def draw_mixture(covariance_type, k, d, seed=0):
    """Weights, means and covariances of a random mixture in the units of no data in particular."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(k, 5.0))
    means = rng.normal(size=(k, d))
    if covariance_type == "diag":
        return weights, means, rng.uniform(0.2, 3.0, size=(k, d))
    if covariance_type == "spherical":
        return weights, means, rng.uniform(0.2, 3.0, size=k)
    if covariance_type == "identity":
        return weights, means, np.zeros(0)
    roots = rng.normal(size=(d, d) if covariance_type == "tied" else (k, d, d))
    return weights, means, roots @ np.swapaxes(roots, -1, -2) + 0.1 * np.eye(d)


def near_old_faithful(covariance_type):
    """Weights, means and covariances near those of Old Faithful's two clusters."""
    weights = np.array([0.36, 0.64])
    means = np.array([[2.04, 54.5], [4.29, 80.0]])
    covariances = np.array([[[0.07, 0.44], [0.44, 33.7]], [[0.17, 0.94], [0.94, 36.0]]])
    reduced = {
        "full": covariances,
        "tied": covariances.mean(axis=0),
        "diag": np.diagonal(covariances, axis1=1, axis2=2),
        "spherical": np.array([17.0, 18.0]),
        "identity": np.zeros(0),
    }
    return weights, means, reduced[covariance_type]
