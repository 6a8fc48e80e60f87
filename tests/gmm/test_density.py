"""The mixture log-density: against scipy, direct formulas, and what should leave it unchanged."""

import numpy as np
import pytest
from scipy import stats

import gmm

TYPES = tuple(gmm.COVARIANCE_TYPES)


def random_mixture(covariance_type, k, d, seed=0):
    """Weights, means and covariances of a random mixture in the units of no data in particular."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(k, 5.0))
    means = rng.normal(size=(k, d))
    if covariance_type == "diag":
        return weights, means, rng.uniform(0.2, 3.0, size=(k, d))
    if covariance_type == "spherical":
        return weights, means, rng.uniform(0.2, 3.0, size=k)
    roots = rng.normal(size=(d, d) if covariance_type == "tied" else (k, d, d))
    return weights, means, roots @ np.swapaxes(roots, -1, -2) + 0.1 * np.eye(d)


def faithful_mixture(covariance_type):
    """Weights, means and covariances near those of Old Faithful's two clusters."""
    weights = np.array([0.36, 0.64])
    means = np.array([[2.04, 54.5], [4.29, 80.0]])
    covariances = np.array([[[0.07, 0.44], [0.44, 33.7]], [[0.17, 0.94], [0.94, 36.0]]])
    reduced = {
        "full": covariances,
        "tied": covariances.mean(axis=0),
        "diag": np.diagonal(covariances, axis1=1, axis2=2),
        "spherical": np.array([17.0, 18.0]),
    }
    return weights, means, reduced[covariance_type]


def full_covariances(covariances, covariance_type, k, d):
    """The covariances as (k, d, d), whatever the type."""
    if covariance_type == "tied":
        return np.broadcast_to(covariances, (k, d, d))
    if covariance_type == "diag":
        return np.stack([np.diag(row) for row in covariances])
    if covariance_type == "spherical":
        return np.stack([v * np.eye(d) for v in covariances])
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
def test_log_gaussian_is_scipys(d):
    _, means, covariances = random_mixture("full", 1, d, seed=d)
    X = np.random.default_rng(1).normal(size=(7, d))
    np.testing.assert_allclose(
        gmm.log_gaussian(X, means[0], covariances[0]),
        scipy_log_densities(means, covariances, X)[0],
        rtol=1e-10,
    )


@pytest.mark.parametrize("shape", [(1, 6, 1), (1, 6, 3), (3, 6, 1), (3, 1, 2), (4, 9, 4)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_log_densities_are_scipys(covariance_type, shape):
    k, n, d = shape
    weights, means, covariances = random_mixture(covariance_type, k, d)
    X = np.random.default_rng(1).normal(size=(n, d))
    _, means, spreads = gmm.unconstrain(weights, means, covariances, covariance_type)
    expected = scipy_log_densities(
        means, full_covariances(covariances, covariance_type, k, d), X
    ).reshape(k, n)
    actual = gmm.COVARIANCE_TYPES[covariance_type].log_density(means, spreads, X)
    assert actual.shape == (k, n)
    np.testing.assert_allclose(actual, expected, rtol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_log_likelihood_of_old_faithful_is_the_direct_formula(covariance_type):
    X = gmm.old_faithful()
    weights, means, covariances = faithful_mixture(covariance_type)
    parameters = gmm.unconstrain(weights, means, covariances, covariance_type)
    actual = gmm.COVARIANCE_TYPES[covariance_type].log_likelihood(*parameters, X)
    log_densities = scipy_log_densities(
        means, full_covariances(covariances, covariance_type, 2, 2), X
    )
    assert np.ndim(actual) == 0
    np.testing.assert_allclose(actual, direct_log_likelihood(weights, log_densities), rtol=1e-12)


def test_log_likelihood_of_old_faithful_is_the_published_maximum():
    # the maximum over two components with full covariances, as in R's mclust: -1130.264
    X = gmm.old_faithful()
    parameters = gmm.unconstrain(*faithful_mixture("full"))
    assert gmm.log_likelihood_full(*parameters, X) == pytest.approx(-1130.264, abs=0.1)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_one_component_is_one_gaussian(covariance_type):
    X = gmm.old_faithful()
    _, means, covariances = random_mixture(covariance_type, 1, 2)
    parameters = gmm.unconstrain(np.ones(1), means, covariances, covariance_type)
    covariance = full_covariances(covariances, covariance_type, 1, 2)[0]
    np.testing.assert_allclose(
        gmm.COVARIANCE_TYPES[covariance_type].log_likelihood(*parameters, X),
        np.sum(gmm.log_gaussian(X, means[0], covariance)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_any_real_parameters_are_valid(covariance_type):
    rng = np.random.default_rng(3)
    k, n, d = 3, 20, 2
    spread_shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}
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
    actual = gmm.COVARIANCE_TYPES[covariance_type].log_likelihood(logits, means, spreads, X)
    expected = np.sum(np.logaddexp.reduce(np.log(weights)[:, None] + log_densities, axis=0))
    np.testing.assert_allclose(actual, expected, rtol=1e-8)


def test_above_the_diagonal_of_a_factor_nothing_matters():
    X = gmm.old_faithful()
    logits, means, factors = gmm.unconstrain(*faithful_mixture("full"))
    other = factors + np.triu(np.full((2, 2), 1e3), 1)
    assert not np.array_equal(other, factors)
    assert gmm.log_likelihood_full(logits, means, other, X) == gmm.log_likelihood_full(
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


def test_a_component_of_vanishing_weight_does_not_matter():
    X = gmm.old_faithful()
    _, means, factors = gmm.unconstrain(*faithful_mixture("full"))
    alone = gmm.log_likelihood_full(np.zeros(1), means[:1], factors[:1], X)
    assert gmm.log_likelihood_full(np.array([0.0, -1e5]), means, factors, X) == alone


@pytest.mark.parametrize("distance", [1e3, 1e6, 1e100])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_points_far_away_underflow_nowhere(covariance_type, distance):
    weights, means, covariances = random_mixture(covariance_type, 3, 2)
    parameters = gmm.unconstrain(weights, means, covariances, covariance_type)
    X = np.array([[distance, -distance]])
    log_densities = gmm.COVARIANCE_TYPES[covariance_type].log_density(*parameters[1:], X)
    actual = gmm.COVARIANCE_TYPES[covariance_type].log_likelihood(*parameters, X)
    expected = np.logaddexp.reduce(np.log(weights) + log_densities[:, 0])
    assert np.isfinite(actual)
    np.testing.assert_allclose(actual, expected, rtol=1e-14)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_moving_points_and_means_together_changes_nothing(covariance_type):
    X = gmm.old_faithful()
    logits, means, spreads = gmm.unconstrain(*faithful_mixture(covariance_type), covariance_type)
    log_likelihood = gmm.COVARIANCE_TYPES[covariance_type].log_likelihood
    np.testing.assert_allclose(
        log_likelihood(logits, means + 1e6, spreads, X + 1e6),
        log_likelihood(logits, means, spreads, X),
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
        gmm.COVARIANCE_TYPES[t].log_likelihood(
            *gmm.unconstrain(weights, means, covariances[t], t), X
        )
        for t in TYPES
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-13)


@pytest.mark.parametrize("k, d", [(1, 1), (1, 3), (2, 1), (3, 4)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_unconstrain_then_constrain_is_the_identity(covariance_type, k, d):
    mixture = random_mixture(covariance_type, k, d)
    parameters = gmm.unconstrain(*mixture, covariance_type)
    for actual, expected in zip(gmm.constrain(*parameters, covariance_type), mixture, strict=True):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_unconstrained_factors_are_lower_triangular_roots_of_the_precision(covariance_type):
    mixture = random_mixture(covariance_type, 3, 4)
    _, _, factors = gmm.unconstrain(*mixture, covariance_type)
    np.testing.assert_array_equal(np.triu(factors, 1), 0.0)
    lower = np.tril(factors, -1) + np.exp(factors) * np.eye(4)
    precisions = lower @ np.swapaxes(lower, -1, -2)
    np.testing.assert_allclose(precisions, np.linalg.inv(mixture[2]), rtol=1e-8, atol=1e-10)
