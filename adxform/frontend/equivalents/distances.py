"""Distances between points, all with all, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads


def _root(squares: Any) -> Any:
    """Square roots; where a distance is 0 its slope is taken to be 0, too."""
    apart = squares > 0.0
    return np.where(apart, np.sqrt(np.where(apart, squares, 1.0)), 0.0)


def _between(a: Any, b: Any, metric: str, p: Any) -> Any:
    """The distances of points that are far apart along the axes before the last."""
    if metric == "euclidean":
        return _root(np.sum((a - b) ** 2, axis=-1))
    if metric == "sqeuclidean":
        return np.sum((a - b) ** 2, axis=-1)
    if metric in ("cityblock", "manhattan"):
        return np.sum(np.abs(a - b), axis=-1)
    if metric == "chebyshev":
        return np.max(np.abs(a - b), axis=-1)
    if metric == "minkowski":
        return np.sum(np.abs(a - b) ** p, axis=-1) ** (1.0 / p)
    if metric == "canberra":
        return np.sum(np.abs(a - b) / (np.abs(a) + np.abs(b)), axis=-1)
    if metric == "braycurtis":
        return np.sum(np.abs(a - b), axis=-1) / np.sum(np.abs(a + b), axis=-1)
    if metric == "correlation":
        a = a - np.mean(a, axis=-1, keepdims=True)
        b = b - np.mean(b, axis=-1, keepdims=True)
    if metric in ("cosine", "correlation"):
        lengths = np.sqrt(np.sum(a * a, axis=-1) * np.sum(b * b, axis=-1))
        return 1.0 - np.sum(a * b, axis=-1) / lengths
    raise NotImplementedError("distances by this metric have no derivative rule")


_METRICS = ("sqeuclidean", "cityblock", "chebyshev", "minkowski", "canberra", "braycurtis",
            "cosine", "correlation")


@reads("scipy.spatial.distance.cdist", "R(3, 2), R(4, 2)", "R(3, 2), R(4, 2), 'minkowski', p=3",
       *(f"P(3, 4), P(2, 4), '{metric}'" for metric in _METRICS))
def cdist(XA: Any, XB: Any, metric: str = "euclidean", *, p: Any = 2.0) -> Any:
    """The distances of the points of one set from those of another."""
    return _between(XA[:, None, :], XB[None, :, :], metric, p)


@reads("scipy.spatial.distance.pdist", "R(4, 2)", "R(3, 2), 'minkowski', p=3",
       *(f"P(3, 4), '{metric}'" for metric in _METRICS))
def pdist(X: Any, metric: str = "euclidean", *, p: Any = 2.0) -> Any:
    """The distances of points from each other, each pair once."""
    first, second = np.triu_indices(len(X), 1)
    return _between(X[first], X[second], metric, p)


@reads("scipy.spatial.distance.squareform", "R(6)", "np.array([[0.0, 1.0], [1.0, 0.0]]) * R")
def squareform(X: Any, force: str = "no", checks: bool = True) -> Any:
    """Distances of pairs as a symmetric matrix, and back."""
    if np.ndim(X) == 2:
        return X[np.triu_indices(len(X), 1)]
    size = round((1 + np.sqrt(1 + 8 * len(X))) / 2)
    made = np.zeros((size, size), dtype=X.dtype)
    made[np.triu_indices(size, 1)] = X
    return made + made.T


@reads("scipy.spatial.distance_matrix", "R(3, 2), R(4, 2)", "R(3, 2), R(4, 2), p=1")
def distance_matrix(x: Any, y: Any, p: Any = 2) -> Any:
    """The distances of the points of one set from those of another."""
    return _between(x[:, None, :], y[None, :, :], "euclidean" if p == 2 else "minkowski", p)
