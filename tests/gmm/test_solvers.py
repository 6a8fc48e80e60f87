"""Fits by derivatives: their objective, where they end, and that none goes down."""

import warnings

import numpy as np
import pytest

import gmm
from gmm.fitting import Problem, Regularized, run_em
from gmm.objective import Objective
from gmm.points import Arrays
from gmm.solvers import SOLVERS
from gmm.statistics import Mixture

X = gmm.old_faithful()
TYPES = gmm.COVARIANCE_TYPES
RISING = ("accelerated", "newton", "lbfgs")


def problem_of(covariance_type, missing=False, prior=None, n=60, reg_covar=0.01, **options):
    data = X[:n].copy()
    if missing:
        data[::5, 0] = data[2::7, 1] = np.nan
    weight = np.linspace(0.5, 1.5, n)
    points = Arrays(data, weight, missing=missing, rescale=False)
    return Problem(points, covariance_type, reg_covar, prior=prior, **options)


def start_of(problem, faithful_mixture):
    weights, means, covariances = faithful_mixture(problem.covariance_type)
    return Mixture(weights, means - problem.points.shift, covariances)


@pytest.mark.parametrize(
    "covariance_type, missing, prior",
    [(kind, False, gmm.WishartPrior(0.7, 2.0)) for kind in TYPES] + [("full", True, None)],
)
def test_derivatives_of_the_objective(covariance_type, missing, prior, faithful_mixture):
    problem = problem_of(covariance_type, missing, prior)
    objective = Objective(problem, 2)
    free = objective.free(start_of(problem, faithful_mixture)) + 0.05
    direction = np.cos(np.arange(len(free)))
    _, slope = objective.value_and_slope(free)
    ends = [objective.value_and_slope(free + h * direction) for h in (1e-6, -1e-6)]
    assert slope @ direction == pytest.approx((ends[0][0] - ends[1][0]) / 2e-6, rel=1e-5, abs=1e-7)
    product = objective.hessian_times(free, direction)
    differences = (ends[0][1] - ends[1][1]) / 2e-6
    np.testing.assert_allclose(product, differences, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(objective.hessian(free) @ direction, product, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("prior", [None, gmm.WishartPrior(0.7, 2.0)])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_objective_is_stationary_where_em_stays(covariance_type, prior, faithful_mixture):
    problem = problem_of(covariance_type, prior=prior, reg_covar=0.0, tol=1e-14, max_iter=2000)
    fit = run_em(problem, start_of(problem, faithful_mixture))
    objective = Objective(problem, 2)
    free = objective.free(fit.mixture)
    value, slope = objective.value_and_slope(free)
    np.testing.assert_allclose(slope, 0.0, atol=2e-6)
    assert value == pytest.approx(fit.lower_bounds[-1], abs=1e-9)
    assert np.all(np.diff(fit.lower_bounds) > -1e-12)


@pytest.mark.parametrize("solver", RISING)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_every_solver_ends_where_em_does(covariance_type, solver):
    data = (X - X.mean(axis=0)) / X.std(axis=0) * 2.0
    options = {"covariance_type": covariance_type, "random_state": 0, "max_iter": 3000}
    em = gmm.GaussianMixture(2, tol=1e-12, **options).fit(data)
    other = gmm.GaussianMixture(2, tol=1e-9, solver=solver, **options).fit(data)
    assert other.score(data) == pytest.approx(em.score(data), abs=1e-8)
    assert other.lower_bound_ == pytest.approx(other.score(data), abs=1e-8)
    np.testing.assert_allclose(other.means_, em.means_, atol=1e-3)
    assert np.all(np.diff(other.lower_bounds_) > -1e-12)


@pytest.mark.parametrize("solver", RISING)
def test_missing_values_and_every_solver(solver, faithful_mixture):
    problem = problem_of("full", missing=True, n=272, tol=1e-10, max_iter=1000, reg_covar=0.0)
    start = start_of(problem, faithful_mixture)
    em, other = run_em(problem, start), SOLVERS[solver](problem, start, None, -np.inf)
    np.testing.assert_allclose(other.mixture.means, em.mixture.means, atol=1e-3)


@pytest.mark.parametrize("solver", RISING)
def test_overlapping_components_take_fewer_iterations(solver, rng):
    data = np.concatenate([rng.normal(-1.0, 1.0, 300), rng.normal(1.0, 1.0, 300)])[:, None]
    options = {"tol": 1e-9, "max_iter": 5000, "means_init": [[-0.1], [0.1]]}
    em = gmm.GaussianMixture(2, random_state=0, **options).fit(data)
    other = gmm.GaussianMixture(2, random_state=0, solver=solver, **options).fit(data)
    assert other.n_iter_ < 0.4 * em.n_iter_
    assert other.score(data) >= em.score(data) - 1e-9


def test_acceleration_polishes_until_the_slope_vanishes(faithful_mixture):
    problem = problem_of("full", n=272, reg_covar=0.0, tol=1e-5)
    fit = SOLVERS["accelerated"](problem, start_of(problem, faithful_mixture), None, -np.inf)
    objective = Objective(problem, 2)
    assert fit.converged
    np.testing.assert_allclose(
        objective.value_and_slope(objective.free(fit.mixture))[1], 0.0, atol=1e-10
    )


@pytest.mark.parametrize("solver", ["em", "accelerated", "newton", "lbfgs"])
@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_a_prior_keeps_components_from_collapsing(covariance_type, solver):
    data = np.concatenate([np.repeat([[3.0, 3.0]], 5, axis=0), X[:40] / [1.0, 10.0]])
    model = gmm.GaussianMixture(
        3, covariance_type=covariance_type, solver=solver, reg_covar=0.0, prior=(0.3, 2.0),
        random_state=0, tol=1e-8, max_iter=3000,
    )  # fmt: skip
    model.fit(data)
    whole = gmm.covariance_matrices(model.covariances_, 3, 2, covariance_type)
    assert np.linalg.eigvalsh(whole).min() > 0.3**2 / (len(data) + 2.0)


@pytest.mark.parametrize("prior", [(0.0, 1.0), (1.0, -1.0), 3.0, (1.0,)])
def test_a_bad_prior_is_an_error(prior):
    with pytest.raises(ValueError, match="prior"):
        gmm.GaussianMixture(prior=prior).fit(X)


@pytest.mark.parametrize("solver", ["em", *RISING])
def test_a_weight_of_zero_to_start_from(solver):
    model = gmm.GaussianMixture(2, solver=solver, weights_init=[1.0, 0.0], random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", Regularized)  # the other component is empty, and stays so
        assert model.fit(X).weights_[0] == pytest.approx(1.0)


@pytest.mark.parametrize("solver", RISING)
def test_regularized_components_have_the_log_likelihood_that_is_told(solver):
    data = np.repeat(np.eye(2), 20, axis=0)
    with pytest.warns(Regularized):
        model = gmm.GaussianMixture(3, solver=solver, random_state=0).fit(data)
    with pytest.warns(Regularized):
        em = gmm.GaussianMixture(3, random_state=0).fit(data)
    assert model.lower_bound_ == pytest.approx(model.score(data), abs=1e-6)
    assert model.score(data) == pytest.approx(em.score(data), abs=1e-4)
