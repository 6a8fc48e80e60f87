"""The estimators: what scikit-learn's do, in agreement with them, and what is more."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn import cluster, datasets, mixture
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import gmm
from gmm.fitting import Regularized

TYPES = ("full", "tied", "diag", "spherical")
X = gmm.old_faithful()
SETS = {
    "old_faithful": lambda: (X, 2),
    "iris": lambda: (datasets.load_iris().data, 3),
    "wine": lambda: (datasets.load_wine().data, 3),
    "digits": lambda: (PCA(6, random_state=0).fit_transform(datasets.load_digits().data[:600]), 4),
    "blobs": lambda: (datasets.make_blobs(400, 3, centers=4, random_state=1)[0], 4),
}


def test_checks_of_scikit_learn():
    check_estimator(gmm.GaussianMixture(), on_skip=None)


def test_checks_of_scikit_learn_for_kmeans():
    rounds = "a run depends on the order of the points, as scikit-learn's does"
    failing = {"check_sample_weight_equivalence_on_dense_data": rounds}
    check_estimator(gmm.KMeans(), on_skip=None, expected_failed_checks=failing)


def both(data, k, covariance_type, seed, **options):
    """Our fit and scikit-learn's from the same start."""
    rng = np.random.default_rng(seed)
    options = {
        "covariance_type": covariance_type,
        "means_init": data[rng.choice(len(data), k, replace=False)],
        "weights_init": np.full(k, 1.0 / k),
        "precisions_init": precisions(data, k, covariance_type),
        "tol": 1e-9,
        "max_iter": 400,
        **options,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            estimator(k, **options).fit(data)
            for estimator in (gmm.GaussianMixture, mixture.GaussianMixture)
        ]


def precisions(data, k, covariance_type):
    variances = data.var(axis=0) + 1e-3
    return {
        "full": np.array([np.diag(1.0 / variances)] * k),
        "tied": np.diag(1.0 / variances),
        "diag": np.array([1.0 / variances] * k),
        "spherical": np.full(k, 1.0 / variances.mean()),
    }[covariance_type]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("covariance_type", TYPES)
def test_same_optimum_as_scikit_learn_from_the_same_start(covariance_type, name, seed):
    data, k = SETS[name]()
    ours, theirs = both(data, k, covariance_type, seed)
    assert ours.score(data) == pytest.approx(theirs.score(data), abs=1e-6)
    assert ours.lower_bounds_[:20] == pytest.approx(theirs.lower_bounds_[:20], abs=1e-6)
    assert ours.converged_ == theirs.converged_


@pytest.mark.parametrize("covariance_type", TYPES)
def test_attributes_and_methods_are_those_of_scikit_learn(covariance_type):
    ours, theirs = both(X, 2, covariance_type, 0)
    assert ours.n_iter_ == theirs.n_iter_
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert mine.dtype == other.dtype
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-9, err_msg=name)
    for name in ("score_samples", "predict_proba", "predict"):
        actual, expected = getattr(ours, name)(X), getattr(theirs, name)(X)
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-9, err_msg=name)
    assert (ours.aic(X), ours.bic(X)) == pytest.approx((theirs.aic(X), theirs.bic(X)))
    points, labels = ours.sample(50)
    assert points.shape == (50, 2)
    np.testing.assert_array_equal(labels, np.sort(labels))


def test_parameters_are_those_of_scikit_learn_and_more():
    ours, theirs = gmm.GaussianMixture().get_params(), mixture.GaussianMixture().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    copy = clone(gmm.GaussianMixture(3, covariance_type="diag", solver="kmeans"))
    assert copy.get_params()["covariance_type"] == "diag"
    with pytest.raises(ValueError, match="nonsense"):
        copy.set_params(nonsense=1)


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_every_start_leads_to_a_fit(init_params):
    fit = gmm.GaussianMixture(2, init_params=init_params, random_state=0, n_init=3, max_iter=500)
    assert fit.fit(X).score(X) > (-4.2 if init_params != "random" else -4.8)


def test_pipelines_and_grid_search():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), gmm.GaussianMixture(random_state=0)),
        {"gaussianmixture__n_components": [1, 2], "gaussianmixture__covariance_type": ["full"]},
    )
    search.fit(X)
    assert search.best_params_["gaussianmixture__n_components"] == 2


def test_warm_start_goes_on_where_it_stopped():
    fit = gmm.GaussianMixture(2, random_state=0, tol=1e-10, max_iter=2, warm_start=True)
    with pytest.warns(UserWarning, match="did not converge"):
        fit.fit(X)
    first = fit.lower_bound_
    fit.set_params(max_iter=200).fit(X)
    whole = gmm.GaussianMixture(2, random_state=0, tol=1e-10, max_iter=200).fit(X)
    assert fit.lower_bound_ > first
    np.testing.assert_allclose(fit.means_, whole.means_, rtol=1e-7)


def test_integer_weights_are_repetitions(rng):
    weight = rng.integers(0, 3, size=len(X))
    start = {"means_init": [[2.0, 55.0], [4.3, 80.0]], "random_state": 0, "tol": 1e-10}
    weighted = gmm.GaussianMixture(2, max_iter=500, **start).fit(X, sample_weight=weight)
    repeated = gmm.GaussianMixture(2, max_iter=500, **start).fit(np.repeat(X, weight, axis=0))
    np.testing.assert_allclose(weighted.covariances_, repeated.covariances_, rtol=1e-4)
    assert weighted.lower_bound_ == pytest.approx(repeated.lower_bound_, abs=1e-8)


def test_float32_stays_float32():
    fit = gmm.GaussianMixture(2, random_state=0).fit(X.astype(np.float32))
    whole = gmm.GaussianMixture(2, random_state=0).fit(X)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(fit, name).dtype == np.float32
        np.testing.assert_allclose(getattr(fit, name), getattr(whole, name), rtol=2e-3, atol=1e-4)
    assert fit.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_missing_values_count_by_marginal_densities(rng):
    data = X.copy()
    data[rng.uniform(size=data.shape) < 0.15] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        gmm.GaussianMixture(2).fit(data)
    fit = gmm.GaussianMixture(
        2, missing_values="marginalize", random_state=0, tol=1e-7, max_iter=500
    ).fit(data)
    whole = gmm.GaussianMixture(2, random_state=0).fit(X)
    order = np.argsort(fit.weights_)
    np.testing.assert_allclose(fit.means_[order][:, 1], [54.5, 80.0], atol=1.5)
    assert fit.score(X) > whole.score(X) - 0.03
    np.testing.assert_allclose(fit.predict_proba(data).sum(axis=1), 1.0)
    # a point of which nothing is known is distributed as the weights are
    np.testing.assert_allclose(fit.predict_proba([[np.nan, np.nan]])[0], fit.weights_)
    assert fit.score_samples([[np.nan, np.nan]])[0] == pytest.approx(0.0, abs=1e-12)


def test_identity_covariances_are_not_fitted():
    data = (X - X.mean(axis=0)) / X.std(axis=0) * 3.0
    fit = gmm.GaussianMixture(2, covariance_type="identity", random_state=0).fit(data)
    np.testing.assert_array_equal(fit.covariances_, np.eye(2))
    np.testing.assert_array_equal(fit.precisions_, np.eye(2))
    assert fit.bic(data) == pytest.approx(-2 * fit.score(data) * 272 + 5 * np.log(272))


def test_hard_assignment_finds_the_clusters_of_k_means():
    fit = gmm.GaussianMixture(2, solver="kmeans", random_state=0, tol=1e-12).fit(X)
    theirs = cluster.KMeans(2, random_state=0, tol=0.0, n_init=1).fit(X)
    order = np.argsort(fit.means_[:, 0]), np.argsort(theirs.cluster_centers_[:, 0])
    np.testing.assert_allclose(fit.means_[order[0]], theirs.cluster_centers_[order[1]], rtol=1e-9)
    for component in range(2):
        mine = X[theirs.labels_ == order[1][component]]
        np.testing.assert_allclose(
            fit.covariances_[order[0][component]], np.cov(mine.T, bias=True) + 1e-6 * np.eye(2)
        )


def test_kmeans_estimator():
    start = X[[0, 1, 5]]
    ours = gmm.KMeans(3, init=start, tol=0.0).fit(X)
    theirs = cluster.KMeans(3, init=start, n_init=1, tol=0.0).fit(X)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-6, atol=1e-6)
    assert ours.score(X) == pytest.approx(theirs.score(X))


@pytest.mark.parametrize("size", [1e-150, 1e-20, 1e20, 1e150])
@pytest.mark.parametrize("covariance_type", TYPES)
def test_any_scale_gives_the_same_clusters(covariance_type, size):
    usual = gmm.GaussianMixture(2, covariance_type=covariance_type, random_state=0, reg_covar=0.0)
    scaled = clone(usual).fit(X * size)
    usual.fit(X)
    np.testing.assert_allclose(scaled.means_ / size, usual.means_, rtol=1e-6)
    np.testing.assert_array_equal(scaled.predict(X * size), usual.predict(X))


BAD = [
    (dict(n_components=0), X, "n_components must be an integer of at least 1, got 0"),
    (dict(tol=-1.0), X, "tol must be"),
    (dict(reg_covar=-1.0), X, "reg_covar must be"),
    (dict(covariance_type="round"), X, "covariance_type must be one of"),
    (dict(init_params="guess"), X, "init_params must be one of"),
    (dict(solver="magic"), X, "solver must be one of"),
    (dict(random_state="dice"), X, "random_state must be"),
    (
        dict(missing_values="marginalize"),
        np.column_stack([X, np.full(272, np.nan)]),
        "column 2 of X holds no number",
    ),
    (dict(n_components=2, weights_init=[0.7, 0.7]), X, "weights_init"),
    (dict(n_components=2, means_init=[[0.0, 1.0]]), X, r"means_init must have the shape \(2, 2\)"),
    (dict(n_components=2, precisions_init=-np.ones((2, 2, 2))), X, "precisions_init"),
    (dict(n_components=5), X[:4], "n_samples >= n_components"),
    (dict(), X[:1], "minimum of 2"),
    (dict(), X[:, 0], "Expected 2D array"),
    (dict(), np.full((5, 2), np.nan), "NaN\\. With missing_values='marginalize'"),
    (dict(), np.full((5, 2), np.inf), "infinity"),
    (dict(reg_covar=0.0), np.repeat([[0.0, 1.0]], 5, axis=0), "ill-defined"),
    (dict(reg_covar=0.0), np.column_stack([X[:, 0], np.ones(272)]), "ill-defined"),
    (dict(reg_covar=0.0, n_components=3), np.repeat(np.eye(3), 4, axis=0), "ill-defined"),
]


@pytest.mark.parametrize("options, data, message", BAD)
def test_bad_input_is_a_clear_error(options, data, message):
    with pytest.raises(ValueError, match=message):
        gmm.GaussianMixture(**options).fit(data)


@pytest.mark.parametrize("weight", [np.ones(3), -np.ones(272), np.zeros(272), np.full(272, np.nan)])
def test_bad_weights_are_an_error(weight):
    with pytest.raises(ValueError, match="sample_weight"):
        gmm.GaussianMixture().fit(X, sample_weight=weight)


SOLVERS = ("em", "accelerated", "newton", "lbfgs", "kmeans")


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "data",
    [
        np.column_stack([X[:, 0], np.ones(272)]),
        np.repeat([[0.0, 1.0]], 5, axis=0),
        np.column_stack([X, X.sum(axis=1)]) * 1e-8,
    ],
)
def test_every_solver_says_what_is_singular(solver, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="ill-defined"):
            gmm.GaussianMixture(2, solver=solver, reg_covar=0.0, random_state=0).fit(data)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("size", [1e-150, 1e-300])
def test_what_is_too_small_for_the_regularization_is_told(solver, size):
    model = gmm.GaussianMixture(2, solver=solver, random_state=0)
    with pytest.warns(Regularized, match="components 0, 1 is reg_covar"):
        model.fit(X * size)
    expected = np.array([np.eye(2) * 1e-6] * 2)
    np.testing.assert_allclose(model.covariances_, expected, rtol=1e-6, atol=1e-200)


@pytest.mark.parametrize("solver", SOLVERS)
def test_covariances_that_are_no_numbers_are_told(solver):
    with pytest.raises(ValueError, match=r"overflows\. Scale the data"):
        gmm.GaussianMixture(2, solver=solver, random_state=0).fit(X * 1e200)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_only_what_is_regularized_is_told(covariance_type):
    with warnings.catch_warnings():
        warnings.simplefilter("error", Regularized)
        gmm.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    with pytest.warns(Regularized):
        model = gmm.GaussianMixture(3, covariance_type=covariance_type, random_state=0)
        model.fit(np.repeat(X[:1], 9, axis=0))
    np.testing.assert_allclose(np.sort(model.weights_), [0.0, 0.0, 1.0], atol=1e-12)


def test_duplicates_and_constant_columns_are_regularized():
    data = np.column_stack([np.repeat([0.0, 5.0], 10), np.ones(20)])
    with pytest.warns(Regularized):
        fit = gmm.GaussianMixture(2, random_state=0).fit(data)
    np.testing.assert_allclose(np.sort(fit.means_[:, 0]), [0.0, 5.0], atol=1e-12)
    np.testing.assert_allclose(fit.covariances_, np.array([np.eye(2) * 1e-6] * 2), rtol=1e-6)


def test_verbose_tells_what_happens(capsys):
    gmm.GaussianMixture(2, random_state=0, verbose=2, verbose_interval=1).fit(X)
    told = capsys.readouterr().out
    assert "Initialization 0" in told and "ll change" in told and "Initialization converged" in told


def test_without_scikit_learn():
    program = """
import sys
for name in ("sklearn", "threadpoolctl", "scipy", "pandas", "dask"): sys.modules[name] = None
import numpy as np, gmm
X = gmm.old_faithful()
fit = gmm.GaussianMixture(2, random_state=0).fit(X)
print(fit, round(fit.score(X) * 272, 1), fit.fit_predict(X).shape)
print(gmm.KMeans(2, random_state=0).fit_predict(X).shape)
for bad in (X[0], X * np.nan, X[:1], X[:, :0]):
    try: gmm.GaussianMixture().fit(bad)
    except ValueError as error: print("ValueError", str(error)[:30])
try: gmm.GaussianMixture().predict(X)
except AttributeError as error: print(error)
print(gmm.GaussianMixture(2, solver="accelerated", random_state=0).fit(X).converged_)
try: gmm.GaussianMixture(2, solver="newton").fit(X)
except ImportError as error: print(error)
try: fit.set_params(colour=1)
except ValueError as error: print(str(error)[:30])
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "GaussianMixture(n_components=2, random_state=0) -1130.3 (272,)",
        "(272,)",
        "ValueError Expected 2D array, got 1D arra",
        "ValueError Input X contains NaN. With mis",
        "ValueError Found array with 1 sample(s) (",
        "ValueError Found array with 0 feature(s) ",
        "This GaussianMixture instance is not fitted yet. Call 'fit' first.",
        "True",
        "this solver needs SciPy: pip install 'adxform[scipy]'",
        "Invalid parameter 'colour' for",
    ], run.stderr


def test_a_progress_bar_changes_nothing():
    quiet = gmm.GaussianMixture(2, random_state=0).fit(X)
    shown = gmm.GaussianMixture(2, random_state=0, progress=True).fit(X)
    np.testing.assert_array_equal(shown.means_, quiet.means_)
