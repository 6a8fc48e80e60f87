"""`KMeans`: the estimator of hard assignment, with the interface of scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmm import checks
from gmm.base import ClusterTransformer, check_is_fitted, validate_data
from gmm.chunks import Chunks
from gmm.kmeans import Clusters, kmeans, lloyd, squared_distances
from gmm.points import Arrays


class KMeans(ClusterTransformer):
    """Clusters of the points that are nearest to their common mean.

    Parameters
    ----------
    n_clusters : int
    init : "k-means++" or array, shape (n_clusters, d)
        How to choose the first centres, or these themselves.
    n_init : int
        Fits from different starts, of which the best is kept.
    max_iter : int
    tol : float
        Relative to the variance of the points.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Attributes
    ----------
    cluster_centers_ : ndarray, shape (n_clusters, d)
    labels_ : ndarray of int, shape (n,)
    inertia_ : float
        Sum of the squared distances of the points from their centres.
    n_iter_ : int
    n_features_in_ : int
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: int = 1,
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Find the clusters of points, the rows of X, which may have weights."""
        checks.check_integer("n_clusters", self.n_clusters, 1)
        checks.check_integer("n_init", self.n_init, 1)
        checks.check_integer("max_iter", self.max_iter, 1)
        checks.check_real("tol", self.tol)
        X = self._validate(X, reset=True)
        if len(X) < self.n_clusters:
            raise ValueError(f"n_samples={len(X)} should be >= n_clusters={self.n_clusters}.")
        weight = checks.check_sample_weight(sample_weight, len(X))
        points = Arrays(X, weight)
        run = self._clusters(points.place(X), weight, points)
        self.cluster_centers_ = (run.centers * points.scale + points.shift).astype(X.dtype)
        self.labels_ = run.labels.astype(np.int32)
        self.inertia_ = run.inertia * points.scale**2
        self.n_iter_ = run.n_iter
        return self

    def _clusters(self, X: np.ndarray, weight: np.ndarray | None, points: Arrays) -> Clusters:
        """Clusters of points that are shifted and scaled already."""
        if isinstance(self.init, str):
            checks.check_choice("init", self.init, ("k-means++",))
            rng = checks.check_random_state(self.random_state)
            return kmeans(X, self.n_clusters, rng, weight, self.n_init, self.max_iter, self.tol)
        centers = checks.check_init("init", self.init, (self.n_clusters, X.shape[1]))
        assert centers is not None, "only None has no array"
        centers = (centers - points.shift) / points.scale
        return lloyd(X, centers, weight, self.max_iter, self.tol)

    def transform(self, X: Any) -> np.ndarray:
        """Distance of every point from every centre, (n, n_clusters)."""
        distances: np.ndarray = np.sqrt(self._squared_distances(X))
        return distances

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Find the clusters, and the distance of every point from every centre."""
        return self.fit(X, y, sample_weight).transform(X)

    def predict(self, X: Any) -> np.ndarray:
        """The cluster with the nearest centre, for every point: (n,) integers."""
        labels: np.ndarray = np.argmin(self._squared_distances(X), axis=1).astype(np.int32)
        return labels

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the sum of the squared distances of points from the nearest centre."""
        nearest = np.min(self._squared_distances(X), axis=1)
        weight = checks.check_sample_weight(sample_weight, len(nearest))
        return -float(np.sum(nearest if weight is None else weight * nearest))

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

    def _squared_distances(self, X: Any) -> np.ndarray:
        X = self._validate(X)
        shift = np.mean(self.cluster_centers_, axis=0)
        return squared_distances(X - shift, self.cluster_centers_ - shift)

    def _validate(self, X: Any, reset: bool = False) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        if isinstance(X, Chunks):
            raise ValueError(
                "KMeans needs points in memory; gmm.GaussianMixture(solver='kmeans') takes chunks."
            )
        checks.check_dtype(X)
        return np.asarray(validate_data(self, X, reset=reset, dtype=[np.float64, np.float32]))
