"""EM as plain functions: what theory says of a step, shown by derivatives that adxform computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmm
from adxform import check_grads, grad, jacobian

TYPES = gmm.COVARIANCE_TYPES
STANDARD = (gmm.old_faithful() - gmm.old_faithful().mean(axis=0)) / gmm.old_faithful().std(axis=0)


def drawn(random_mixture, covariance_type, k=3, n=40, d=2, seed=0):
    """A random mixture and points that come from another one."""
    mixture = random_mixture(covariance_type, k, d, seed)
    points, _ = gmm.sample(
        *random_mixture(covariance_type, k, d, seed + 1),
        n,
        np.random.default_rng(seed),
        covariance_type,
    )
    return mixture, points


def log_likelihood(mixture, X, covariance_type):
    return gmm.log_likelihood(*gmm.unconstrain(*mixture, covariance_type), X, covariance_type)


def free_log_likelihood(free, X, k, d, covariance_type):
    return gmm.log_likelihood(*gmm.unpack(free, k, d, covariance_type), X, covariance_type)


def free_expected(free, resp, X, k, d, covariance_type):
    return gmm.expected_complete_log_likelihood(
        *gmm.unpack(free, k, d, covariance_type), resp, X, covariance_type
    )


def free_em_step(free, X, k, d, covariance_type):
    mixture = gmm.constrain(*gmm.unpack(free, k, d, covariance_type), covariance_type)
    mixture = gmm.em_step(*mixture, X, covariance_type)
    return gmm.pack(*gmm.unconstrain(*mixture, covariance_type), covariance_type)


def free_vector(mixture, covariance_type):
    return gmm.pack(*gmm.unconstrain(*mixture, covariance_type), covariance_type)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_responsibilities_are_bayes_formula(covariance_type, random_mixture):
    (weights, means, covariances), X = drawn(random_mixture, covariance_type)
    logits, means, spreads = gmm.unconstrain(weights, means, covariances, covariance_type)
    log_densities = gmm.log_density(means, spreads, X, covariance_type)
    joint = weights[:, None] * np.exp(log_densities)
    resp = gmm.responsibilities(logits, log_densities)
    np.testing.assert_allclose(resp, joint / joint.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(resp.sum(axis=0), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(gmm.e_step(weights, means, covariances, X, covariance_type), resp)


def test_responsibilities_survive_log_densities_of_any_size():
    log_densities = np.array([[-1e6, 3e5, -1e300], [-1e6 - 1.0, -3e5, -2e300]])
    resp = gmm.responsibilities(np.zeros(2), log_densities)
    first = 1.0 / (1.0 + np.exp(-1.0))
    np.testing.assert_allclose(resp, [[first, 1.0, 1.0], [1.0 - first, 0.0, 0.0]])


@pytest.mark.parametrize("covariance_type", TYPES)
@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_likelihood_never_falls(covariance_type, seed):
    from_rng = np.random.default_rng(seed)
    X = from_rng.normal(size=(30, 2)) * from_rng.choice([0.3, 3.0], size=(30, 1))
    mixture = gmm.m_step(from_rng.dirichlet(np.ones(3), size=30).T, X, covariance_type)
    values = [log_likelihood(mixture, X, covariance_type)]
    for _ in range(8):
        mixture = gmm.em_step(*mixture, X, covariance_type)
        values.append(log_likelihood(mixture, X, covariance_type))
    assert np.all(np.diff(values) >= -1e-9 * np.abs(values[:-1]))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_fishers_identity(covariance_type, random_mixture):
    mixture, X = drawn(random_mixture, covariance_type)
    resp = gmm.e_step(*mixture, X, covariance_type)
    free = free_vector(mixture, covariance_type)
    observed = grad(free_log_likelihood)(free, X, 3, 2, covariance_type)
    expected = grad(free_expected)(free, resp, X, 3, 2, covariance_type)
    np.testing.assert_allclose(observed, expected, rtol=1e-9, atol=1e-9)
    assert np.linalg.norm(observed) > 1.0


@pytest.mark.parametrize("covariance_type", TYPES)
def test_expected_log_likelihood_is_stationary_at_the_m_step(covariance_type, random_mixture):
    mixture, X = drawn(random_mixture, covariance_type)
    resp = gmm.e_step(*mixture, X, covariance_type)
    slope = grad(free_expected)
    before = slope(free_vector(mixture, covariance_type), resp, X, 3, 2, covariance_type)
    better = free_vector(gmm.m_step(resp, X, covariance_type), covariance_type)
    after = slope(better, resp, X, 3, 2, covariance_type)
    assert np.max(np.abs(after)) < 1e-10 * np.max(np.abs(before))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_gradient_vanishes_where_em_stays(covariance_type, faithful_mixture):
    mixture = faithful_mixture(covariance_type)
    X = gmm.old_faithful()
    for _ in range(300):
        mixture = gmm.em_step(*mixture, X, covariance_type)
    free = free_vector(mixture, covariance_type)
    np.testing.assert_allclose(
        grad(free_log_likelihood)(free, X, 2, 2, covariance_type), 0.0, atol=1e-6
    )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_em_step_has_derivatives(covariance_type, random_mixture):
    (weights, means, covariances), X = drawn(random_mixture, covariance_type, k=2, n=9)

    def moved(means, X):
        new = gmm.em_step(weights, means, covariances, X, covariance_type)
        return np.sum(new[1] ** 2) + np.sum(new[2]) + new[0][0]

    check_grads(moved, (means, X), order=1)


def test_em_of_old_faithful_reaches_the_published_maximum(faithful_mixture):
    X = gmm.old_faithful()
    mixture = faithful_mixture("full")
    for _ in range(100):
        mixture = gmm.em_step(*mixture, X)
    # R's mclust and mixtools: log-likelihood -1130.264, weights 0.356 and 0.644
    assert log_likelihood(mixture, X, "full") == pytest.approx(-1130.263960, abs=2e-6)
    np.testing.assert_allclose(mixture[0], [0.355873, 0.644127], atol=2e-6)


def test_em_in_one_dimension_learns_two_means():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-2.0, 1.0, 400), rng.normal(3.0, 1.0, 400)])[:, None]
    means = np.array([[-0.1], [0.1]])
    for _ in range(60):
        before, means = means, gmm.em_step_of_means(means, X)
    np.testing.assert_allclose(means[:, 0], [-2.0, 3.0], atol=0.15)
    np.testing.assert_allclose(means, before, atol=1e-9)
    slope = grad(gmm.log_likelihood, argnums=1)(np.zeros(2), means, np.zeros(0), X, "identity")
    np.testing.assert_allclose(slope, 0.0, atol=1e-6)


def test_em_of_means_by_the_lectures_formula():
    X, means, variance = STANDARD[:20], np.array([[-1.0, -0.5], [0.3, 0.8]]), 0.7
    distance = np.sum((X - means[:, None]) ** 2, axis=2)
    likely = np.exp(-distance / (2.0 * variance))
    likely /= likely.sum(axis=0)
    expected = likely @ X / likely.sum(axis=1)[:, None]
    np.testing.assert_allclose(gmm.em_step_of_means(means, X, variance), expected, rtol=1e-12)


def test_hard_assignment_with_equal_weights_is_k_means():
    X, means = STANDARD, np.array([[0.0, 0.2], [0.1, -0.1], [1.0, 1.0]])
    centers = means
    for _ in range(10):
        _, means, _ = gmm.hard_em_step(np.full(3, 1 / 3), means, np.zeros(0), X, "identity")
        centers = gmm.lloyd_step(centers, X)
        np.testing.assert_allclose(means, centers, rtol=1e-12)
    run = gmm.lloyd(X, np.array([[0.0, 0.2], [0.1, -0.1], [1.0, 1.0]]), max_iter=10, tol=0.0)
    np.testing.assert_allclose(run.centers, means, rtol=1e-12)


def test_soft_assignment_becomes_k_means_as_the_variance_vanishes():
    X, means = STANDARD, np.array([[0.0, 0.2], [0.1, -0.1], [1.0, 1.0]])
    np.testing.assert_allclose(
        gmm.em_step_of_means(means, X, variance=1e-7), gmm.lloyd_step(means, X), rtol=1e-10
    )


def test_a_tie_goes_to_the_first():
    np.testing.assert_array_equal(gmm.harden(np.full((3, 2), 1 / 3)), [[1, 1], [0, 0], [0, 0]])


@pytest.mark.parametrize("covariance_type", TYPES)
def test_em_contracts_at_its_fixed_point(covariance_type, faithful_mixture):
    X, mixture = gmm.old_faithful(), faithful_mixture(covariance_type)
    for _ in range(200):
        mixture = gmm.em_step(*mixture, X, covariance_type)
    free = free_vector(mixture, covariance_type)
    rates = np.linalg.eigvals(jacobian(free_em_step)(free, X, 2, 2, covariance_type))
    assert np.all(np.abs(rates) < 1.0)
    np.testing.assert_allclose(rates.imag, 0.0, atol=1e-6)
