"""The mixture log-density: against scipy, direct formulas, and what should leave it unchanged."""

import numpy as np
import pytest
from scipy import stats

import gmm

TYPES = gmm.COVARIANCE_TYPES


def full_covariances(covariances, covariance_type, k, d):
    """The covariances as (k, d, d), whatever the type."""
    if covariance_type == "tied":
        return np.broadcast_to(covariances, (k, d, d))
    if covariance_type == "diag":
        return np.stack([np.diag(row) for row in covariances])
    if covariance_type == "spherical":
        return np.stack([v * np.eye(d) for v in covariances])
    if covariance_type == "identity":
        return np.stack([np.eye(d)] * k)
    return covariances


def scipy_log_densities(means, covariances, X):
    return np.stack(
        [stats.multivariate_normal(m, c).logpdf(X) for m, c in zip(means, covariances, strict=True)]
    )


def direct_log_likelihood(weights, log_densities):
    return np.sum(np.log(weights @ np.exp(log_densities)))


def test_old_faithful_is_the_published_data():
    X = gmm.old_faithful()
    assert X.shape == (272, 2)
    assert X.dtype == np.float64
    np.testing.assert_allclose(X.mean(axis=0), [3.487783, 70.897059], rtol=1e-6)
    np.testing.assert_allclose(X.std(axis=0, ddof=1), [1.141371, 13.594974], rtol=1e-6)
    np.testing.assert_array_equal(X[[0, -1]], [[3.6, 79.0], [4.467, 74.0]])


@pytest.mark.parametrize("d", [1, 2, 5])
def test_log_gaussian_is_scipys(d, random_mixture):
    _, means, covariances = random_mixture("full", 1, d, seed=d)
    X = np.random.default_rng(1).normal(size=(7, d))
    np.testing.assert_allclose(
        gmm.log_gaussian(X, means[0], covariances[0]),
        scipy_log_densities(means, covariances, X)[0],
        rtol=1e-10,
    )


@pytest.mark.parametrize("shape", [(1, 6, 1), (1, 6, 3), (3, 6, 1), (3, 1, 2), (4, 9, 4)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_log_densities_are_scipys(covariance_type, shape, random_mixture):
    k, n, d = shape
    weights, means, covariances = random_mixture(covariance_type, k, d)
    X = np.random.default_rng(1).normal(size=(n, d))
    _, means, spreads = gmm.unconstrain(weights, means, covariances, covariance_type)
    expected = scipy_log_densities(
        means, full_covariances(covariances, covariance_type, k, d), X
    ).reshape(k, n)
    actual = gmm.log_density(means, spreads, X, covariance_type)
    assert actual.shape == (k, n)
    np.testing.assert_allclose(actual, expected, rtol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_log_likelihood_of_old_faithful_is_the_direct_formula(covariance_type, faithful_mixture):
    X = gmm.old_faithful()
    weights, means, covariances = faithful_mixture(covariance_type)
    parameters = gmm.unconstrain(weights, means, covariances, covariance_type)
    actual = gmm.log_likelihood(*parameters, X, covariance_type)
    log_densities = scipy_log_densities(
        means, full_covariances(covariances, covariance_type, 2, 2), X
    )
    assert np.ndim(actual) == 0
    np.testing.assert_allclose(actual, direct_log_likelihood(weights, log_densities), rtol=1e-12)


def test_log_likelihood_of_old_faithful_is_the_published_maximum(faithful_mixture):
    # the maximum over two components with full covariances, as in R's mclust: -1130.264
    X = gmm.old_faithful()
    parameters = gmm.unconstrain(*faithful_mixture("full"))
    assert gmm.log_likelihood(*parameters, X) == pytest.approx(-1130.264, abs=0.1)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_one_component_is_one_gaussian(covariance_type, random_mixture):
    X = gmm.old_faithful()
    _, means, covariances = random_mixture(covariance_type, 1, 2)
    parameters = gmm.unconstrain(np.ones(1), means, covariances, covariance_type)
    covariance = full_covariances(covariances, covariance_type, 1, 2)[0]
    np.testing.assert_allclose(
        gmm.log_likelihood(*parameters, X, covariance_type),
        np.sum(gmm.log_gaussian(X, means[0], covariance)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_any_real_parameters_are_valid(covariance_type):
    rng = np.random.default_rng(3)
    k, n, d = 3, 20, 2
    spread_shape = {
        "full": (k, d, d),
        "tied": (d, d),
        "diag": (k, d),
        "spherical": (k,),
        "identity": (0,),
    }
    logits, means = 5.0 * rng.normal(size=k), 5.0 * rng.normal(size=(k, d))
    spreads = 2.0 * rng.normal(size=spread_shape[covariance_type])
    X = rng.normal(size=(n, d))
    weights, _, covariances = gmm.constrain(logits, means, spreads, covariance_type)
    log_densities = [
        gmm.log_gaussian(X, mean, covariance)
        for mean, covariance in zip(
            means, full_covariances(covariances, covariance_type, k, d), strict=True
        )
    ]
    actual = gmm.log_likelihood(logits, means, spreads, X, covariance_type)
    expected = np.sum(np.logaddexp.reduce(np.log(weights)[:, None] + log_densities, axis=0))
    np.testing.assert_allclose(actual, expected, rtol=1e-8)


def test_above_the_diagonal_of_a_factor_nothing_matters(faithful_mixture):
    X = gmm.old_faithful()
    logits, means, factors = gmm.unconstrain(*faithful_mixture("full"))
    other = factors + np.triu(np.full((2, 2), 1e3), 1)
    assert not np.array_equal(other, factors)
    assert gmm.log_likelihood(logits, means, other, X) == gmm.log_likelihood(
        logits, means, factors, X
    )


def test_log_weights_are_the_softmax():
    logits = np.array([-1.0, 0.5, 2.0])
    expected = np.exp(logits) / np.sum(np.exp(logits))
    np.testing.assert_allclose(np.exp(gmm.log_weights(logits)), expected, rtol=1e-14)


@pytest.mark.parametrize("shift", [-1e6, -800.0, 800.0, 1e6])
def test_a_shift_of_the_logits_changes_nothing(shift):
    logits = np.array([-1.0, 0.5, 2.0])
    np.testing.assert_allclose(
        gmm.log_weights(logits + shift), gmm.log_weights(logits), rtol=1e-9, atol=1e-9
    )


def test_a_component_of_vanishing_weight_does_not_matter(faithful_mixture):
    X = gmm.old_faithful()
    _, means, factors = gmm.unconstrain(*faithful_mixture("full"))
    alone = gmm.log_likelihood(np.zeros(1), means[:1], factors[:1], X)
    assert gmm.log_likelihood(np.array([0.0, -1e5]), means, factors, X) == alone


@pytest.mark.parametrize("distance", [1e3, 1e6, 1e100])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_points_far_away_underflow_nowhere(covariance_type, distance, random_mixture):
    weights, means, covariances = random_mixture(covariance_type, 3, 2)
    parameters = gmm.unconstrain(weights, means, covariances, covariance_type)
    X = np.array([[distance, -distance]])
    log_densities = gmm.log_density(*parameters[1:], X, covariance_type)
    actual = gmm.log_likelihood(*parameters, X, covariance_type)
    expected = np.logaddexp.reduce(np.log(weights) + log_densities[:, 0])
    assert np.isfinite(actual)
    np.testing.assert_allclose(actual, expected, rtol=1e-14)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_moving_points_and_means_together_changes_nothing(covariance_type, faithful_mixture):
    X = gmm.old_faithful()
    logits, means, spreads = gmm.unconstrain(*faithful_mixture(covariance_type), covariance_type)
    np.testing.assert_allclose(
        gmm.log_likelihood(logits, means + 1e6, spreads, X + 1e6, covariance_type),
        gmm.log_likelihood(logits, means, spreads, X, covariance_type),
        rtol=1e-8,
    )


def test_the_types_agree_where_the_covariance_is_spherical_and_shared():
    X = gmm.old_faithful()
    weights, means = np.array([0.3, 0.7]), np.array([[2.0, 54.0], [4.3, 80.0]])
    shared = 9.0 * np.eye(2)
    covariances = {
        "full": np.stack([shared, shared]),
        "tied": shared,
        "diag": np.full((2, 2), 9.0),
        "spherical": np.full(2, 9.0),
    }
    values = [
        gmm.log_likelihood(*gmm.unconstrain(weights, means, covariances[t], t), X, t)
        for t in covariances
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-13)


@pytest.mark.parametrize("k, d", [(1, 1), (1, 3), (2, 1), (3, 4)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_unconstrain_then_constrain_is_the_identity(covariance_type, k, d, random_mixture):
    mixture = random_mixture(covariance_type, k, d)
    parameters = gmm.unconstrain(*mixture, covariance_type)
    for actual, expected in zip(gmm.constrain(*parameters, covariance_type), mixture, strict=True):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_unconstrained_factors_are_lower_triangular_roots_of_the_precision(
    covariance_type, random_mixture
):
    mixture = random_mixture(covariance_type, 3, 4)
    _, _, factors = gmm.unconstrain(*mixture, covariance_type)
    np.testing.assert_array_equal(np.triu(factors, 1), 0.0)
    lower = np.tril(factors, -1) + np.exp(factors) * np.eye(4)
    precisions = lower @ np.swapaxes(lower, -1, -2)
    np.testing.assert_allclose(precisions, np.linalg.inv(mixture[2]), rtol=1e-8, atol=1e-10)
