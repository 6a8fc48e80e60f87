# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""k-means: centres that the nearest points average to, from a start that spreads them out.

References
----------
D. Arthur and S. Vassilvitskii (2007), "k-means++: the advantages of careful seeding",
Proceedings of the 18th ACM-SIAM Symposium on Discrete Algorithms, 1027-1035.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

try:
    from scipy.sparse import csc_array
except ImportError:
    csc_array = None

if TYPE_CHECKING:
    from jaxtyping import Float, Int

Random = np.random.Generator | np.random.RandomState
BLOCK = 1 << 18  # numbers in a block of distances: they fit a cache


class Clusters(NamedTuple):
    """Centres, the nearest centre of every point, the sum of squared distances, the iterations."""

    centers: Float[np.ndarray, "k d"]
    labels: Int[np.ndarray, "n"]
    inertia: float
    n_iter: int


def squared_distances(
    X: Float[np.ndarray, "n d"], centers: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, "n k"]:
    """Squared distance of every point from every centre."""
    distances = relative_distances(X, centers)
    distances += squared_norms(X)[:, None]
    return np.maximum(distances, 0.0, out=distances)


def relative_distances(
    X: Float[np.ndarray, "n d"], centers: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, "n k"]:
    """Squared distances less the squared norm of each point: enough to tell which is nearest."""
    products = X @ (-2.0 * centers).T
    products += squared_norms(centers)
    return products


def squared_norms(X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n"]:
    """Squared distance of every point from the origin."""
    return np.einsum("ij,ij->i", X, X)


def lloyd_step(
    centers: Float[np.ndarray, "k d"], X: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, "k d"]:
    """Move every centre to the mean of the points that it is nearest to."""
    labels = np.argmin(squared_distances(X, centers), axis=1)
    members = 1.0 * (labels == np.arange(len(centers))[:, None])
    return members @ X / np.sum(members, axis=1)[:, None]


def kmeans_plusplus(
    X: Float[np.ndarray, "n d"],
    k: int,
    rng: Random,
    sample_weight: Float[np.ndarray, "n"] | None = None,
) -> Int[np.ndarray, "k"]:
    """Choose k points as centres, each likelier the farther it is from those chosen before.

    Of several candidates the one is taken that leaves the smallest sum of squared distances.

    Returns
    -------
    ndarray of int, shape (k,)
        The rows of the points.
    """
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    chosen = np.empty(k, dtype=int)
    chosen[0] = draw(weight, 1, rng)[0]
    columns, norms = np.ascontiguousarray(X.T), squared_norms(X)
    nearest = distances_from(X[chosen[:1]], columns, norms)[0]
    for i in range(1, k):
        candidates = draw(weight * nearest, 2 + int(np.log(k)), rng)
        distances = np.minimum(nearest, distances_from(X[candidates], columns, norms))
        best = np.argmin(distances @ weight)
        chosen[i], nearest = candidates[best], distances[best]
    return chosen


def distances_from(
    few: Float[np.ndarray, "m d"],
    columns: Float[np.ndarray, "d n"],
    norms: Float[np.ndarray, "n"],
) -> Float[np.ndarray, "m n"]:
    """Squared distances of a few points from all, whose coordinates lie in rows."""
    distances = (-2.0 * few) @ columns
    distances += squared_norms(few)[:, None]
    distances += norms
    return np.maximum(distances, 0.0, out=distances)


def draw(weight: Float[np.ndarray, "n"], size: int, rng: Random) -> Int[np.ndarray, "size"]:
    """Draw rows with probabilities proportional to weights; any, if all weights are zero."""
    cumulative = np.cumsum(weight, dtype=float)
    if cumulative[-1] <= 0:
        cumulative = np.arange(1.0, len(weight) + 1)
    rows = np.searchsorted(cumulative, rng.uniform(size=size) * cumulative[-1], side="right")
    return np.minimum(rows, len(weight) - 1)


def lloyd(
    X: Float[np.ndarray, "n d"],
    centers: Float[np.ndarray, "k d"],
    sample_weight: Float[np.ndarray, "n"] | None = None,
    max_iter: int = 300,
    tol: float = 1e-4,
) -> Clusters:
    """Move centres until they stay.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    centers : ndarray, shape (k, d)
        Where to start.
    sample_weight : ndarray, shape (n,), optional
    max_iter : int
    tol : float
        The centres stay where the sum of their squared moves is at most this part of the mean
        variance of the points along an axis.
    """
    weight = np.ones(len(X), dtype=X.dtype) if sample_weight is None else sample_weight
    enough = tol * float(np.mean(np.var(X, axis=0)))
    norms = squared_norms(X)
    labels = np.full(len(X), -1)
    n_iter, stays, same = 0, False, False
    while n_iter < max_iter and not stays:
        n_iter += 1
        before, labels = labels, np.empty_like(labels)
        sums, totals, nearest = assign(X, norms, centers, weight, labels)
        refill_empty(X, weight, labels, nearest, sums, totals)
        moved = np.divide(sums, totals[:, None], out=centers.copy(), where=totals[:, None] > 0)
        same = np.array_equal(labels, before)
        stays = float(np.sum((moved - centers) ** 2)) <= enough or same
        centers = moved
    if not same:  # the last move may have changed what is nearest
        _, _, nearest = assign(X, norms, centers, weight, labels)
    return Clusters(centers, labels, float(nearest @ weight), n_iter)


def assign(
    X: Float[np.ndarray, "n d"],
    norms: Float[np.ndarray, "n"],
    centers: Float[np.ndarray, "k d"],
    weight: Float[np.ndarray, "n"],
    labels: Int[np.ndarray, "n"],
) -> tuple[Float[np.ndarray, "k d"], Float[np.ndarray, "k"], Float[np.ndarray, "n"]]:
    """Write the nearest centre of every point into ``labels``, a block of points at a time.

    ``norms`` are the squared norms of the points.

    Returns
    -------
    tuple of ndarray
        The weighted sum of the points nearest to each centre, the sum of their weights, and the
        squared distance of every point from its centre.
    """
    k = len(centers)
    sums, totals = np.zeros_like(centers), np.zeros(k, dtype=centers.dtype)
    nearest = np.empty(len(X), dtype=X.dtype)
    rows = max(1, BLOCK // k)
    for start in range(0, len(X), rows):
        block = slice(start, start + rows)
        distances = relative_distances(X[block], centers)
        found = labels[block] = np.argmin(distances, axis=1)
        nearest[block] = distances[np.arange(len(found)), found] + norms[block]
        sums += sums_of_clusters(X[block], weight[block], found, k)
        totals += np.bincount(found, weight[block], k)
    return sums, totals, np.maximum(nearest, 0.0, out=nearest)


def sums_of_clusters(
    X: Float[np.ndarray, "n d"],
    weight: Float[np.ndarray, "n"],
    labels: Int[np.ndarray, "n"],
    k: int,
) -> Float[np.ndarray, "k d"]:
    """Weighted sums of the points of each cluster, each point read once where SciPy is there."""
    if csc_array is None:
        return ((labels == np.arange(k)[:, None]) * weight) @ X
    return csc_array((weight, labels, np.arange(len(X) + 1)), shape=(k, len(X))) @ X


def refill_empty(
    X: Float[np.ndarray, "n d"],
    weight: Float[np.ndarray, "n"],
    labels: Int[np.ndarray, "n"],
    nearest: Float[np.ndarray, "n"],
    sums: Float[np.ndarray, "k d"],
    totals: Float[np.ndarray, "k"],
) -> None:
    """Give each centre without points the point that is farthest from its own centre."""
    empty = np.flatnonzero(totals <= 0)
    if not len(empty):
        return
    for center, row in zip(empty, np.argsort(-nearest * (weight > 0))[: len(empty)], strict=False):
        for to, sign in ((labels[row], -1.0), (center, 1.0)):
            sums[to] += sign * weight[row] * X[row]
            totals[to] += sign * weight[row]
        labels[row] = center


def kmeans(
    X: Float[np.ndarray, "n d"],
    k: int,
    rng: Random,
    sample_weight: Float[np.ndarray, "n"] | None = None,
    n_init: int = 1,
    max_iter: int = 300,
    tol: float = 1e-4,
) -> Clusters:
    """Find k clusters: the best of ``n_init`` runs of `lloyd`, each from `kmeans_plusplus`."""
    shift = np.mean(X, axis=0)  # distances from a common origin nearby lose fewer digits
    X = X - shift
    runs = [
        lloyd(X, X[kmeans_plusplus(X, k, rng, sample_weight)], sample_weight, max_iter, tol)
        for _ in range(n_init)
    ]
    best = min(runs, key=lambda run: run.inertia)
    return best._replace(centers=best.centers + shift)
