"""Sums that an EM step needs, as gradients: by both ways the plain functions' result, and additive."""

import numpy as np
import pytest

import gmm
from gmm.fitting import Problem, run_em
from gmm.marginal import MarginalEStep
from gmm.points import Arrays, power_of_two
from gmm.statistics import EStep, Mixture

TYPES = gmm.COVARIANCE_TYPES


def assert_same(actual, expected, rtol=1e-10):
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("reach", [10.0, 1e10], ids=["natural", "about_means"])
@pytest.mark.parametrize("k, d", [(1, 1), (3, 2), (4, 5)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_statistics_give_the_plain_em_step(covariance_type, k, d, reach, random_mixture, rng):
    mixture, X = Mixture(*random_mixture(covariance_type, k, d)), rng.normal(size=(50, d))
    step = EStep(mixture, covariance_type, reach)
    assert (step.natural is None) == (reach > 1e9)
    statistics = step(X, 1.0)
    parameters = gmm.unconstrain(*mixture, covariance_type)
    expected = gmm.log_likelihood(*parameters, X, covariance_type)
    assert statistics.log_likelihood == pytest.approx(expected, rel=1e-12)
    assert_same(step.m_step(statistics, 1e-3), gmm.em_step(*mixture, X, covariance_type, 1e-3))


@pytest.mark.parametrize("reach", [10.0, 1e10], ids=["natural", "about_means"])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_integer_weights_are_repetitions(covariance_type, reach, random_mixture, rng):
    mixture, X = Mixture(*random_mixture(covariance_type, 3, 2)), rng.normal(size=(40, 2))
    weight = rng.integers(0, 4, size=40)
    step = EStep(mixture, covariance_type, reach)
    assert_same(step(X, 1.0 * weight), step(np.repeat(X, weight, axis=0), 1.0))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_marginal_way_is_the_usual_one_where_nothing_is_missing(
    covariance_type, random_mixture, rng
):
    mixture, X = Mixture(*random_mixture(covariance_type, 3, 2)), rng.normal(size=(40, 2))
    weight = rng.uniform(size=40)
    usual, marginal = EStep(mixture, covariance_type, 1e10), MarginalEStep(mixture, covariance_type)
    assert_same(marginal(X, weight), usual(X, weight))


def conditional_moments(mixture, x):
    """Responsibilities, and the first two moments of a point given what is known of it: formulas."""
    there = ~np.isnan(x)
    joint, firsts, seconds = [], [], []
    for w, m, c in zip(*mixture, strict=True):
        known = c[np.ix_(there, there)]
        gain = c[:, there] @ np.linalg.inv(known)
        joint.append(w * np.exp(gmm.log_gaussian(x[None, there], m[there], known)[0]))
        mean = m + gain @ (x[there] - m[there])
        firsts.append(mean)
        seconds.append(c - gain @ c[there] + np.outer(mean, mean))
    return np.array(joint) / np.sum(joint), np.array(firsts), np.array(seconds)


def test_a_step_with_missing_values_is_that_of_conditional_moments(random_mixture, rng):
    mixture, X = Mixture(*random_mixture("full", 2, 3)), rng.normal(size=(30, 3))
    X[rng.uniform(size=X.shape) < 0.3] = np.nan
    X = X[~np.isnan(X).all(axis=1)]
    resp, firsts, seconds = map(np.array, zip(*[conditional_moments(mixture, x) for x in X]))
    counts = resp.sum(axis=0)
    means = np.einsum("nk,nkd->kd", resp, firsts) / counts[:, None]
    raw = np.einsum("nk,nkde->kde", resp, seconds) / counts[:, None, None]
    covariances = raw - means[:, :, None] * means[:, None, :]
    step = MarginalEStep(mixture, "full")
    assert_same(
        step.m_step(step(X, 1.0), 0.0), (counts / counts.sum(), means, covariances), rtol=1e-8
    )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_likelihood_never_falls_with_missing_values(covariance_type, random_mixture, rng):
    X = gmm.sample(*random_mixture(covariance_type, 3, 3), 60, rng, covariance_type)[0]
    X[rng.uniform(size=X.shape) < 0.2] = np.nan
    start = Mixture(*random_mixture(covariance_type, 3, 3, seed=5))
    problem = Problem(Arrays(X, missing=True), covariance_type, 0.0, 0.0, 8)
    values = run_em(problem, start).lower_bounds
    assert np.all(np.diff(values) > -1e-12)


def test_blocks_and_threads_change_nothing_but_rounding(random_mixture, monkeypatch, rng):
    X, weight = rng.normal(size=(40_000, 2)) + 5.0, rng.uniform(size=40_000)
    mixture = Mixture(*random_mixture("full", 3, 2))
    results = []
    for processors in (1, 3):
        monkeypatch.setattr("gmm.threads.processors", lambda count=processors: count)
        points = Arrays(X, weight)
        step = EStep(mixture, "full", points.reach)
        results.append(points.reduce(step, 20))
    whole = step(X - points.shift, weight)
    assert_same(results[0], whole)
    assert_same(results[1], whole)


def test_points_are_centred_and_extreme_ones_scaled(rng):
    X = rng.normal(size=(100, 2))
    assert Arrays(X).scale == 1.0
    for size in (1e-150, 1e150):
        points = Arrays(X * size)
        placed = points.place(X * size)
        assert 0.1 < np.abs(placed).max() < 10.0
        np.testing.assert_allclose(placed.mean(axis=0), 0.0, atol=1e-12)
    assert power_of_two(0.0) == 1.0


def test_far_from_the_origin_covariances_keep_their_digits(rng):
    X = rng.normal(size=(500, 2))
    near = gmm.GaussianMixture(2, random_state=0, reg_covar=0.0, tol=1e-9, max_iter=999).fit(X)
    far = gmm.GaussianMixture(2, random_state=0, reg_covar=0.0, tol=1e-9, max_iter=999).fit(
        X + 2.0**26
    )
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-5)


def test_small_clusters_far_apart_keep_their_digits(rng):
    X = np.concatenate([rng.normal(size=(300, 2)) - 1e6, rng.normal(size=(300, 2)) + 1e6])
    fit = gmm.GaussianMixture(2, random_state=0, reg_covar=0.0).fit(X)
    order = np.argsort(fit.means_[:, 0])
    for component, mine in zip(order, (X[:300], X[300:]), strict=True):
        np.testing.assert_allclose(
            fit.covariances_[component], np.cov(mine.T, bias=True), rtol=1e-7, atol=1e-9
        )


@pytest.mark.parametrize("covariance_type", TYPES)
def test_points_of_many_dimensions_take_the_fast_way(covariance_type):
    k, d = 16, 64
    covariances = {"full": np.array([np.eye(d)] * k), "tied": np.eye(d), "diag": np.ones((k, d))}
    mixture = Mixture(
        np.full(k, 1.0 / k),
        np.zeros((k, d)),
        covariances.get(covariance_type, np.ones(k if covariance_type == "spherical" else 0)),
    )
    assert EStep(mixture, covariance_type, reach=100.0).natural is not None
    assert EStep(mixture, covariance_type, reach=1e5).natural is None
