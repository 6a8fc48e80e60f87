"""k-means as functions: what it minimises, its weights, and clusters that lose their points."""

import sys

import numpy as np
import pytest
from sklearn.cluster import KMeans

import gmm


@pytest.fixture
def blobs(rng):
    centers = 6.0 * rng.normal(size=(5, 3))
    return centers[rng.integers(5, size=400)] + rng.normal(size=(400, 3))


def direct_inertia(X, centers):
    return np.min(np.sum((X - centers[:, None]) ** 2, axis=2), axis=0).sum()


def test_inertia_is_that_of_scikit_learn_from_the_same_start(blobs, rng):
    start = blobs[rng.choice(400, 5, replace=False)]
    ours = gmm.lloyd(blobs, start, tol=0.0)
    theirs = KMeans(5, init=start, n_init=1, tol=0.0).fit(blobs)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-12)
    assert ours.inertia == pytest.approx(direct_inertia(blobs, ours.centers), rel=1e-12)
    np.testing.assert_allclose(ours.centers, theirs.cluster_centers_, rtol=1e-9)
    np.testing.assert_array_equal(ours.labels, theirs.labels_)


def test_integer_weights_are_repetitions(blobs, rng):
    start, weight = blobs[:5], rng.integers(0, 4, size=400)
    weighted = gmm.lloyd(blobs, start, weight.astype(float), tol=0.0)
    repeated = gmm.lloyd(np.repeat(blobs, weight, axis=0), start, tol=0.0)
    np.testing.assert_allclose(weighted.centers, repeated.centers, rtol=1e-10)
    assert weighted.inertia == pytest.approx(repeated.inertia)


def test_sums_are_the_same_without_scipy(blobs, monkeypatch):
    ours = gmm.kmeans(blobs, 5, np.random.default_rng(1))
    monkeypatch.setattr(sys.modules["gmm.kmeans"], "csc_array", None)
    alone = gmm.kmeans(blobs, 5, np.random.default_rng(1))
    np.testing.assert_array_equal(alone.labels, ours.labels)
    np.testing.assert_allclose(alone.centers, ours.centers, rtol=1e-12)


def test_starts_are_distinct_points_and_better_than_chance(blobs):
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = gmm.kmeans_plusplus(blobs, 5, rng)
        assert len(set(rows)) == 5
        chance = blobs[rng.choice(400, 5, replace=False)]
        found.append(direct_inertia(blobs, blobs[rows]) / direct_inertia(blobs, chance))
    assert np.mean(found) < 0.7


def test_points_of_no_weight_are_never_chosen(blobs, rng):
    weight = np.ones(400)
    weight[:300] = 0.0
    for _ in range(20):
        assert np.all(gmm.kmeans_plusplus(blobs, 5, rng, weight) >= 300)


def test_a_cluster_without_points_takes_the_farthest(blobs):
    start = np.vstack([blobs[:4], np.full(3, 1e3)])
    run = gmm.lloyd(blobs, start)
    assert np.all(np.bincount(run.labels, minlength=5) > 0)
    assert np.all(np.abs(run.centers) < 100.0)


def test_more_clusters_than_distinct_points():
    X = np.repeat(np.array([[0.0], [1.0]]), 3, axis=0)
    run = gmm.kmeans(X, 4, np.random.default_rng(0))
    assert run.inertia == 0.0
    assert np.all(np.isfinite(run.centers))


def test_far_from_the_origin_nothing_is_lost(blobs):
    near = gmm.kmeans(blobs, 5, np.random.default_rng(1))
    far = gmm.kmeans(blobs + 1e7, 5, np.random.default_rng(1))
    np.testing.assert_array_equal(near.labels, far.labels)
    assert far.inertia == pytest.approx(near.inertia, rel=1e-6)
