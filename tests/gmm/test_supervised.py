"""Known labels, the generative story, and the ways between forms of parameters."""

import numpy as np
import pytest

import gmm
from adxform import grad


def test_univariate_estimates_make_the_likelihood_stationary():
    x = gmm.old_faithful()[:, 0]

    def log_likelihood(mean, variance):
        return np.sum(-0.5 * (x - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance))

    mean, variance = gmm.fit_univariate(x)
    assert (mean, variance) == pytest.approx((np.mean(x), np.var(x)))
    assert grad(log_likelihood, argnums=(0, 1))(mean, variance) == pytest.approx((0, 0), abs=1e-10)


def test_multivariate_estimates_make_the_likelihood_stationary():
    X = gmm.old_faithful()

    def log_likelihood(mean, covariance):
        return np.sum(gmm.log_gaussian(X, mean, covariance))

    mean, covariance = gmm.fit_gaussian(X)
    np.testing.assert_allclose(covariance, np.cov(X.T, bias=True), rtol=1e-12)
    slopes = grad(log_likelihood, argnums=(0, 1))(mean, covariance)
    np.testing.assert_allclose(slopes[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(slopes[1], 0.0, atol=1e-9)


def test_each_class_has_its_own_gaussian():
    X = gmm.old_faithful()
    labels = (X[:, 0] > 3.0).astype(int)
    weights, means, covariances = gmm.fit_classes(X, labels)
    np.testing.assert_allclose(weights, np.bincount(labels) / len(X), rtol=1e-14)
    for k in range(2):
        mean, covariance = gmm.fit_gaussian(X[labels == k])
        np.testing.assert_allclose(means[k], mean, rtol=1e-12)
        np.testing.assert_allclose(covariances[k], covariance, rtol=1e-12)


def test_a_class_without_points_is_an_error():
    with pytest.raises(ValueError, match="no point of class 1"):
        gmm.fit_classes(np.ones((2, 1)), np.array([0, 2]))


@pytest.mark.parametrize("covariance_type", gmm.COVARIANCE_TYPES)
def test_samples_have_the_moments_of_the_mixture(covariance_type, random_mixture):
    mixture = random_mixture(covariance_type, 3, 2)
    X, labels = gmm.sample(*mixture, 60_000, np.random.default_rng(0), covariance_type)
    assert X.shape == (60_000, 2)
    weights, means, covariances = gmm.fit_classes(X, labels, covariance_type)
    np.testing.assert_allclose(weights, mixture[0], atol=0.01)
    np.testing.assert_allclose(means, mixture[1], atol=0.06)
    np.testing.assert_allclose(covariances, mixture[2], rtol=0.06, atol=0.06)


@pytest.mark.parametrize("k, d", [(1, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("covariance_type", gmm.COVARIANCE_TYPES)
def test_pack_then_unpack_is_the_same_mixture(covariance_type, k, d, random_mixture):
    mixture = random_mixture(covariance_type, k, d)
    free = gmm.pack(*gmm.unconstrain(*mixture, covariance_type), covariance_type)
    assert len(free) == gmm.count_parameters(k, d, covariance_type)
    again = gmm.constrain(*gmm.unpack(free, k, d, covariance_type), covariance_type)
    for actual, expected in zip(again, mixture, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("covariance_type", gmm.COVARIANCE_TYPES)
def test_whole_matrices_give_the_same_density(covariance_type, random_mixture):
    weights, means, covariances = random_mixture(covariance_type, 3, 2)
    X = gmm.old_faithful()[:5] / 10.0
    whole = gmm.covariance_matrices(covariances, 3, 2, covariance_type)
    spreads = gmm.unconstrain(weights, means, covariances, covariance_type)[2]
    actual = gmm.log_density(means, spreads, X, covariance_type)
    expected = [gmm.log_gaussian(X, m, c) for m, c in zip(means, whole, strict=True)]
    np.testing.assert_allclose(actual, expected, rtol=1e-10)
