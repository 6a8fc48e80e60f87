"""Standard errors, rates and influence: by derivatives, against what theory and refits say."""

import numpy as np
import pytest

import gmm
from adxform import jacobian
from gmm.fitting import Regularized, placed_mixture
from gmm.inference import NotAMaximum

X = gmm.old_faithful()
TYPES = gmm.COVARIANCE_TYPES


def fit_of(data, covariance_type, k=2, weight=None, **options):
    model = gmm.GaussianMixture(
        k, covariance_type=covariance_type, solver="accelerated", tol=1e-10, max_iter=3000,
        reg_covar=0.0, random_state=0, **options,
    )  # fmt: skip
    return model.fit(data, sample_weight=weight)


def data_of(covariance_type):
    return X / [1.0, 10.0] if covariance_type == "identity" else X


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_hessian_and_supplemented_em_agree(covariance_type):
    data = data_of(covariance_type)
    fitted = fit_of(data, covariance_type)._fitted_to(data, None)
    direct, by_em = fitted.covariance_of_free(), fitted.supplemented_em()
    np.testing.assert_allclose(by_em, direct, rtol=1e-7, atol=1e-10 * np.abs(direct).max())


OPTIONS = [
    {"prior": (0.5, 3.0)},
    {"missing_values": "marginalize"},
    {"missing_values": "marginalize", "prior": (0.5, 3.0)},
]


def with_holes(data):
    data = data.copy()
    data[::5, 0] = data[2::7, 1] = np.nan
    return data


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_they_agree_with_priors_and_missing_values(covariance_type, options):
    data = data_of(covariance_type)
    if "missing_values" in options:
        data = with_holes(data)
    weight = np.linspace(0.5, 1.5, len(data))
    model = fit_of(data, covariance_type, weight=weight, **options)
    fitted = model._fitted_to(data, weight)
    direct, by_em = fitted.covariance_of_free(), fitted.supplemented_em()
    np.testing.assert_allclose(by_em, direct, rtol=1e-6, atol=1e-9 * np.abs(direct).max())


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_jacobian_by_way_of_sums_is_that_of_em_step(covariance_type):
    data = data_of(covariance_type)
    fitted = fit_of(data, covariance_type)._fitted_to(data, None)

    def free_em_step(free, points, covariance_type):
        mixture = gmm.constrain(*gmm.unpack(free, 2, 2, covariance_type), covariance_type)
        mixture = gmm.em_step(*mixture, points, covariance_type)
        return gmm.pack(*gmm.unconstrain(*mixture, covariance_type), covariance_type)

    points = fitted.problem.points.place(data)
    expected = jacobian(free_em_step)(fitted.free, points, covariance_type)
    np.testing.assert_allclose(fitted.em_jacobian(), expected, rtol=1e-7, atol=1e-9)


def test_where_there_is_no_maximum_there_are_no_standard_errors():
    copies = np.repeat([[1.0, 2.0]], 20, axis=0)  # two components say no more than one
    with pytest.warns(Regularized):
        model = gmm.GaussianMixture(2, random_state=0).fit(copies)
    with pytest.warns(NotAMaximum, match="no round maximum"):
        errors = model._fitted_to(copies, None).standard_errors()
    assert all(np.all(np.isnan(part)) for part in errors)


def test_one_gaussian_has_the_standard_errors_of_textbooks():
    model = fit_of(X, "full", k=1, standard_errors=True)
    covariance, errors, n = np.cov(X.T, bias=True), model.standard_errors_, len(X)
    variances = np.diag(covariance)
    np.testing.assert_allclose(errors.means[0], np.sqrt(variances / n), rtol=1e-9)
    expected = np.sqrt((covariance**2 + np.outer(variances, variances)) / n)
    np.testing.assert_allclose(errors.covariances[0], expected, rtol=1e-8)
    np.testing.assert_allclose(errors.weights, 0.0, atol=1e-12)


def test_intervals_hold_the_truth_as_often_as_they_say(random_mixture):
    truth = np.array([0.4, 0.6]), np.array([[-2.0], [2.0]]), np.array([[[1.0]], [[2.0]]])
    inside = []
    for seed in range(30):
        data, _ = gmm.sample(*truth, 400, np.random.default_rng(seed))
        model = fit_of(data, "full", standard_errors=True, means_init=truth[1])
        low, high = model.confint(0.9)
        inside.append([np.ravel((a < t) & (t < b)) for a, t, b in zip(low, truth, high)])
    shares = np.concatenate([np.mean(part, axis=0) for part in zip(*inside)])
    assert np.all(shares > 0.6)
    assert 0.8 < np.mean(shares) < 0.98


def test_intervals_stay_where_weights_and_variances_can_be():
    model = fit_of(X[:40], "diag", standard_errors=True)
    low, high = model.confint(0.999999)
    assert np.all(low.weights > 0.0) and np.all(high.weights < 1.0)
    assert np.all(low.covariances > 0.0)
    for part, ends in zip(model._mixture(), zip(low, high)):
        assert np.all(ends[0] < part) and np.all(part < ends[1])


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_influence_is_what_a_refit_shows(covariance_type, holes):
    data, row, more = data_of(covariance_type), 5, 1e-3
    options = {"missing_values": "marginalize"} if holes else {}
    data = with_holes(data) if holes else data
    model = fit_of(data, covariance_type, **options)
    weight = np.ones(len(data))
    weight[row] += more
    again = gmm.GaussianMixture(
        2, covariance_type=covariance_type, solver="accelerated", tol=1e-10, max_iter=3000,
        reg_covar=0.0, weights_init=model.weights_, means_init=model.means_,
        precisions_init=None if covariance_type == "identity" else model.precisions_, **options,
    ).fit(data, sample_weight=weight)  # fmt: skip
    told = model.influence(data)
    assert told.means.shape == (272, 2, 2)
    np.testing.assert_allclose(
        (again.weights_ - model.weights_) / more, told.weights[row], rtol=0.02, atol=1e-6
    )
    np.testing.assert_allclose(
        (again.means_ - model.means_) / more, told.means[row], rtol=0.02, atol=1e-5
    )


def test_with_missing_values_and_a_prior_the_rate_is_what_steps_show():
    data, options = with_holes(X), {"missing_values": "marginalize", "prior": (0.5, 3.0)}
    model = fit_of(data, "full", **options)
    rate = model.convergence_rates(data)[0]
    problem = model._fitted_to(data, None).problem
    mixture = placed_mixture(model._mixture(), problem.points)
    top, errors = mixture.means, []
    mixture = mixture._replace(means=top + [[0.1, -1.0], [0.1, 1.0]])
    for _ in range(12):
        _, mixture = problem.step(mixture)
        errors.append(np.linalg.norm(mixture.means - top))
    assert errors[-1] / errors[-2] == pytest.approx(rate, rel=1e-2)


def test_the_rate_of_em_is_the_one_that_its_steps_show():
    model = fit_of(X, "full")
    rates = model.convergence_rates(X)
    assert len(rates) == gmm.count_parameters(2, 2)
    mixture = model._mixture()._replace(means=model.means_ + [[0.1, -1.0], [0.1, 1.0]])
    errors = []
    for _ in range(9):
        mixture = gmm.em_step(*mixture, X)
        errors.append(np.linalg.norm(mixture[1] - model.means_))
    assert errors[-1] / errors[-2] == pytest.approx(rates[0], rel=1e-2)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_standard_errors_have_the_units_of_the_points(size):
    usual, scaled = (fit_of(data, "full", standard_errors=True) for data in (X, X * size))
    a, b = usual.standard_errors_, scaled.standard_errors_
    np.testing.assert_allclose(b.weights, a.weights, rtol=1e-5)
    np.testing.assert_allclose(b.means / size, a.means, rtol=1e-5)
    np.testing.assert_allclose(b.covariances / size / size, a.covariances, rtol=1e-5)


def test_a_fit_that_stopped_early_is_told():
    model = gmm.GaussianMixture(3, random_state=0, tol=0.01, standard_errors=True)
    with pytest.warns(NotAMaximum):
        model.fit(X)


def test_standard_errors_with_missing_values_are_larger():
    holes = X.copy()
    holes[::3, 0] = np.nan
    options = {"standard_errors": True, "missing_values": "marginalize"}
    less, more = (fit_of(data, "full", **options).standard_errors_ for data in (X, holes))
    assert np.all(more.means[:, 0] > less.means[:, 0])


def test_a_new_fit_forgets_the_standard_errors_of_the_last():
    model = fit_of(X, "full", standard_errors=True)
    model.set_params(standard_errors=False).fit(X[:100])
    assert not hasattr(model, "standard_errors_")


def test_intervals_need_standard_errors():
    with pytest.raises(ValueError, match="standard_errors=True"):
        fit_of(X, "full").confint()
    with pytest.raises(ValueError, match="level"):
        fit_of(X, "full", standard_errors=True).confint(95)
