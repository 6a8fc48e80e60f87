"""Points and parameters that are bad or extreme: what scikit-learn refuses we refuse, in clear words,
and where it answers we give the same answer, with a warning where that is hardly one of the points.
"""

import warnings

import numpy as np
import pytest
from sklearn import cluster, mixture

import gmm
from gmm.fitting import Regularized

X = gmm.old_faithful()
RNG = np.random.default_rng(0)
THREE = np.repeat(X[:3], 30, axis=0)
PLANE = np.column_stack([X, X.sum(axis=1)])
CONSTANT = np.column_stack([X[:, 0], np.ones(272)])
OUTLIER = np.concatenate([X, [[1e3, 1e3]]])
ONE = np.ones((20, 2))

REFUSED = {
    "missing": (np.where(X > 90, np.nan, X), {}, "NaN"),
    "infinite": (np.where(X > 90, np.inf, X), {}, "infinity"),
    "minus infinite": (np.where(X > 90, -np.inf, X), {}, "infinity"),
    "no points": (X[:0], {}, "0 sample"),
    "one point": (X[:1], {}, "minimum of 2"),
    "no columns": (X[:, :0], {}, "0 feature"),
    "a number": (3.0, {}, "Expected 2D"),
    "a vector": (X[:, 0], {}, "Expected 2D"),
    "a cube": (X[None], {}, "dim 3"),
    "words": (np.array([["a", "b"], ["c", "d"]]), {}, "must hold numbers"),
    "numbers as words": (X.astype(str), {}, "must hold numbers"),
    "dates": (X.astype("datetime64[s]"), {}, "must hold numbers"),
    "objects": (np.array([["a", 1], ["b", 2]], dtype=object), {}, "could not convert"),
    "complex": (X * 1j, {}, "Complex data"),
    "ragged": ([[1, 2], [3]], {}, "sequence"),
    "more components than points": (X[:3], {"n_components": 4}, "n_samples >= n_components"),
    "singular: constant": (CONSTANT, {"reg_covar": 0.0}, "ill-defined"),
    "singular: in a plane": (PLANE, {"reg_covar": 0.0}, "ill-defined"),
    "singular: duplicates": (THREE, {"reg_covar": 0.0, "n_components": 3}, "ill-defined"),
    "singular: few points": (RNG.normal(size=(5, 20)), {"reg_covar": 0.0}, "ill-defined"),
    "too small": (X * 1e-300, {"reg_covar": 0.0}, "ill-defined"),
    "too large": (X * 1e155, {}, "overflows"),
    "much too large": (X * 1e300, {}, "overflows"),
    "n_components": (X, {"n_components": 0}, "n_components must be"),
    "n_components, real": (X, {"n_components": 2.0}, "n_components must be"),
    "n_init": (X, {"n_init": 0}, "n_init must be"),
    "max_iter": (X, {"max_iter": 1.5}, "max_iter must be"),
    "tol": (X, {"tol": np.nan}, "tol must be"),
    "reg_covar": (X, {"reg_covar": "x"}, "reg_covar must be"),
    "random_state": (X, {"random_state": -1}, "random_state must be a seed"),
    "verbose": (X, {"verbose": "x"}, "verbose must be"),
    "warm_start": (X, {"warm_start": "x"}, "warm_start must be"),
    "means": (X, {"means_init": [[np.nan, 1.0], [2.0, 3.0]]}, "means_init must be finite"),
    "means, shape": (X, {"means_init": [[1.0], [2.0]]}, "means_init must have the shape"),
    "weights": (X, {"weights_init": [-0.5, 1.5]}, "weights_init must not be negative"),
    "precisions": (X, {"precisions_init": np.zeros((2, 2, 2))}, "precisions_init must be"),
}

# what most of a covariance is of reg_covar is told; else the answers are those of scikit-learn
ANSWERED = {
    "as many components as points": (X[:3], {"n_components": 3}, True),
    "a constant column": (CONSTANT, {}, True),
    "all points in one place": (ONE, {}, True),
    "all zero": (0.0 * ONE, {}, True),
    "duplicates": (THREE, {"n_components": 3}, True),
    "more components than places": (THREE, {"n_components": 5}, True),
    "in a plane": (PLANE, {}, True),
    "one far point": (OUTLIER, {"n_components": 3}, True),
    "more dimensions than points": (RNG.normal(size=(5, 20)), {}, True),
    "far from the origin": (X + 1e8, {}, False),
    "of unlike sizes": (X * [1e-8, 1e8], {"reg_covar": 0.0}, False),
    "objects": (X.astype(object), {}, False),
    "lists": (X.tolist(), {}, False),
    "half precision": (X.astype(np.float16), {}, False),
    "long doubles": (X.astype(np.longdouble), {}, False),
    "other byte order": (X.astype(">f8"), {}, False),
    "by columns": (np.asfortranarray(X), {}, False),
    "with strides": (np.repeat(X, 2, axis=0)[::2], {}, False),
    "no iterations": (X, {"max_iter": 0}, False),
    **{f"times {s:g}": (X * s, {}, True) for s in (1e-150, 1e-100, 1e-20, 1e-8)},
    **{f"times {s:g}": (X * s, {}, False) for s in (1e8, 1e20, 1e100, 1e150)},
    **{
        f"times {s:g}, as they are": (X * s, {"reg_covar": 0.0}, False)
        for s in (1e-150, 1e-100, 1e-20, 1e-8, 1e8, 1e20, 1e100, 1e150)
    },
}


def fit_of(estimator, data, options):
    return estimator(**{"n_components": 2, "random_state": 0, **options}).fit(data)


@pytest.mark.parametrize("name", REFUSED)
def test_what_scikit_learn_refuses_is_refused_in_clear_words(name):
    data, options, message = REFUSED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            fit_of(gmm.GaussianMixture, data, options)
        warnings.simplefilter("ignore")
        with pytest.raises((ValueError, TypeError)):
            fit_of(mixture.GaussianMixture, data, options).score(data)


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_are_those_of_scikit_learn_and_doubtful_ones_are_told(name):
    data, options, doubtful = ANSWERED[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ours = fit_of(gmm.GaussianMixture, data, options)
    assert [w.category for w in caught] == [Regularized] * doubtful
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = fit_of(mixture.GaussianMixture, data, options)
    assert ours.score(data) == pytest.approx(theirs.score(data), rel=1e-4, abs=1e-3)
    assert np.all(np.isfinite(ours.means_)) and np.all(np.isfinite(ours.precisions_))
    assert np.sum(ours.weights_) == pytest.approx(1.0)


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_a_component_that_collapses_on_a_point(covariance_type):
    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "weights_init": np.full(3, 1.0 / 3.0),
        "means_init": [[2.0, 55.0], [4.3, 80.0], [1e3, 1e3]],
        "precisions_init": {
            "full": np.array([np.eye(2) * 0.1] * 3),
            "diag": np.full((3, 2), 0.1),
            "spherical": np.full(3, 0.1),
        }[covariance_type],
    }
    with pytest.raises(ValueError, match="ill-defined"):
        fit_of(gmm.GaussianMixture, OUTLIER, {**options, "reg_covar": 0.0})
    with pytest.warns(Regularized, match="component 2 is reg_covar"):
        model = fit_of(gmm.GaussianMixture, OUTLIER, options)
    assert np.sum(model.predict(OUTLIER) == 2) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a prior keeps it from collapsing
        model = fit_of(gmm.GaussianMixture, OUTLIER, {**options, "reg_covar": 0.0, "prior": (1, 3)})
    assert model.converged_


KMEANS = {
    "missing": (np.where(X > 90, np.nan, X), "NaN"),
    "infinite": (np.where(X > 90, np.inf, X), "infinity"),
    "a vector": (X[:, 0], "Expected 2D"),
    "more clusters than points": (X[:2], "n_samples=2 should be >= n_clusters=3"),
    "words": (X.astype(str), "must hold numbers"),
}


@pytest.mark.parametrize("name", KMEANS)
def test_kmeans_refuses_in_clear_words(name):
    data, message = KMEANS[name]
    with pytest.raises(ValueError, match=message):
        gmm.KMeans(3).fit(data)


@pytest.mark.parametrize("size", [1e-150, 1e-20, 1e20, 1e150])
def test_clusters_of_any_size(size):
    usual, scaled = (gmm.KMeans(3, random_state=0).fit(data) for data in (X, X * size))
    np.testing.assert_array_equal(scaled.labels_, usual.labels_)
    np.testing.assert_allclose(scaled.cluster_centers_ / size, usual.cluster_centers_, rtol=1e-9)


def test_clusters_of_duplicates():
    ours = gmm.KMeans(5, random_state=0).fit(THREE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cluster.KMeans(5, random_state=0).fit(THREE)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, abs=1e-12)


@pytest.mark.parametrize(
    "chunk, message",
    [
        (X * 1j, "Complex data"),
        (X.astype(str), "must hold numbers"),
        (X[:, 0], "Expected 2D"),
        (X[:, :0], "without columns"),
        (X[:, :1], "Parts of X have 1 and 2 columns"),
    ],
)
def test_chunks_of_other_things_are_refused(chunk, message):
    with pytest.raises(ValueError, match=message):
        gmm.GaussianMixture(2).fit(gmm.Chunks(lambda: [X, chunk]))
