"""What scikit-learn does with estimators: copies, files, pipelines, searches, names, weights."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn import cluster, mixture
from sklearn.base import clone, is_clusterer
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

import gmm

X = gmm.old_faithful()
FRAME = pd.DataFrame(X, columns=["eruptions", "waiting"])
ESTIMATORS = [
    gmm.GaussianMixture(2, random_state=0, solver="accelerated", standard_errors=True),
    gmm.GaussianMixture(2, covariance_type="diag", missing_values="marginalize", random_state=0),
    gmm.GaussianMixture(2, covariance_type="identity", prior=(1.0, 2.0), random_state=0),
    gmm.KMeans(3, random_state=0),
]
names = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)


def through_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


@names
@pytest.mark.parametrize("way", [through_pickle, through_joblib])
def test_a_stored_estimator_says_the_same(estimator, way, tmp_path):
    model = clone(estimator).fit(FRAME)
    again = way(model, tmp_path)
    assert str(again) == str(model)
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))
    assert again.score(FRAME) == model.score(FRAME)
    assert list(again.feature_names_in_) == ["eruptions", "waiting"]
    assert set(vars(again)) == set(vars(model))


@names
def test_a_clone_has_the_parameters_and_is_not_fitted(estimator):
    model = clone(estimator).fit(X)
    copy = clone(model)
    assert str(copy) == str(estimator)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        copy.predict(X)


@names
def test_names_of_columns_are_kept_and_compared(estimator):
    model = clone(estimator).fit(FRAME)
    assert list(model.feature_names_in_) == ["eruptions", "waiting"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(FRAME[["waiting", "eruptions"]])
    with pytest.raises(ValueError, match="expecting 2 features"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.predict(X[:, :1])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)
    assert not hasattr(model.fit(X), "feature_names_in_")


def test_output_is_a_frame_where_it_is_asked_for():
    model = gmm.KMeans(3, random_state=0).set_output(transform="pandas").fit(FRAME)
    theirs = cluster.KMeans(3, random_state=0).set_output(transform="pandas").fit(FRAME)
    distances = model.transform(FRAME)
    assert list(distances.columns) == ["kmeans0", "kmeans1", "kmeans2"]
    assert list(distances.columns) == list(theirs.transform(FRAME).columns)
    assert list(distances.index) == list(FRAME.index)
    plain = clone(model).set_output(transform="default").fit(X).transform(X)
    np.testing.assert_allclose(distances, plain, rtol=1e-9)
    assert list(model.get_feature_names_out()) == list(distances.columns)


def test_distances_as_features_in_a_pipeline():
    pipeline = make_pipeline(
        ColumnTransformer([("scale", StandardScaler(), ["eruptions", "waiting"])]),
        gmm.KMeans(3, random_state=0),
        gmm.GaussianMixture(2, random_state=0),
    ).set_output(transform="pandas")
    pipeline.fit(FRAME)
    assert pipeline[-1].n_features_in_ == 3
    assert pipeline.predict(FRAME).shape == (272,)
    assert pipeline[-1].feature_names_in_[0] == "kmeans0"


def test_a_search_over_solvers_and_components_in_two_processes():
    search = GridSearchCV(
        gmm.GaussianMixture(random_state=0, max_iter=500),
        {"n_components": [1, 2], "solver": ["em", "accelerated"], "covariance_type": ["tied"]},
        cv=3,
        n_jobs=2,
    )
    search.fit(X)
    theirs = GridSearchCV(
        mixture.GaussianMixture(covariance_type="tied", random_state=0, max_iter=500),
        {"n_components": [1, 2]},
        cv=3,
    ).fit(X)
    assert search.best_params_["n_components"] == theirs.best_params_["n_components"] == 2
    assert search.best_score_ == pytest.approx(theirs.best_score_, abs=1e-3)
    scores = cross_val_score(gmm.KMeans(2, random_state=0), X, cv=3)
    same = cross_val_score(cluster.KMeans(2, random_state=0, n_init=5), X, cv=3)
    np.testing.assert_allclose(scores, same, rtol=1e-3)


def test_weights_are_routed_through_pipelines():
    weight = np.random.default_rng(0).uniform(0.0, 2.0, size=len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        model = gmm.GaussianMixture(2, random_state=0).set_fit_request(sample_weight=True)
        assert get_routing_for_object(model).fit.requests == {"sample_weight": True}
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X, sample_weight=weight)
    scaled = StandardScaler().fit_transform(X)
    alone = gmm.GaussianMixture(2, random_state=0).fit(scaled, sample_weight=weight)
    np.testing.assert_array_equal(pipeline[-1].means_, alone.means_)


def test_kinds_are_those_of_scikit_learn():
    assert is_clusterer(gmm.KMeans())
    ours, theirs = gmm.GaussianMixture().__sklearn_tags__(), mixture.GaussianMixture()
    assert ours.estimator_type == theirs.__sklearn_tags__().estimator_type


def test_fits_in_parts_by_warm_starts_end_where_one_fit_does():
    options = {"random_state": 0, "tol": 1e-10, "max_iter": 3, "warm_start": True}
    ours = gmm.GaussianMixture(2, means_init=X[[0, 1]], **options)
    theirs = mixture.GaussianMixture(2, means_init=X[[0, 1]], **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(30):
            ours.fit(X), theirs.fit(X)
            assert ours.n_iter_ <= 3
    whole = gmm.GaussianMixture(2, means_init=X[[0, 1]], random_state=0, tol=1e-10, max_iter=500)
    np.testing.assert_allclose(ours.means_, whole.fit(X).means_, rtol=1e-6)
    assert ours.score(X) == pytest.approx(theirs.score(X), abs=1e-8)


def test_a_frame_of_integers_and_lists_are_points():
    tenths = np.round(10.0 * X)
    whole = gmm.GaussianMixture(2, random_state=0).fit(tenths)
    for data in (pd.DataFrame(tenths.astype(int)), tenths.tolist()):
        np.testing.assert_array_equal(
            gmm.GaussianMixture(2, random_state=0).fit(data).means_, whole.means_
        )
