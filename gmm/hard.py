# mypy: disable-error-code="no-any-return"
"""Fits by hard assignment: k-means, and then one Gaussian for each cluster.

This is EM with the responsibilities of the likeliest component rounded up to one, for equal weights
and one spherical covariance; see `gmm.em.hard_em_step`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gmm.density import CovarianceType
from gmm.fitting import Fit, Problem, Progress
from gmm.kmeans import squared_distances
from gmm.statistics import Mixture, Statistics, mixture_of_statistics, sums_of_squares


class Assigned(NamedTuple):
    """Sums of squared distances from nearest centres, and of each centre's weights and points."""

    inertia: float
    counts: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True)
class AssignmentTask:
    """What k-means sums over blocks; no closure, so that it can be sent to where these are."""

    centers: np.ndarray

    def __call__(self, X: np.ndarray, weight: np.ndarray | float) -> Assigned:
        """Assign the points of a block."""
        resp = members(X, weight, self.centers)
        distances = np.min(squared_distances(X, self.centers), axis=1)
        return Assigned(np.sum(weight * distances), np.sum(resp, axis=1), resp @ X)


@dataclass(frozen=True)
class ClusterTask:
    """What one Gaussian for each cluster needs."""

    centers: np.ndarray
    covariance_type: CovarianceType

    def __call__(self, X: np.ndarray, weight: np.ndarray | float) -> Statistics:
        """Sums over the points of a block."""
        resp = members(X, weight, self.centers)
        counts = np.sum(resp, axis=1)
        squares = sums_of_squares(self.centers, resp, X, self.covariance_type)
        return Statistics(0.0, counts, resp @ X - counts[:, None] * self.centers, squares)


def members(X: np.ndarray, weight: np.ndarray | float, centers: np.ndarray) -> np.ndarray:
    """Weights of points, in the row of the nearest centre."""
    nearest = np.argmin(squared_distances(X, centers), axis=1)
    return weight * (nearest == np.arange(len(centers))[:, None])


def run_kmeans(
    problem: Problem, start: Mixture, progress: Progress | None = None, last: float = -np.inf
) -> Fit:
    """Move the means as in k-means until they stay, then fit a Gaussian to each cluster.

    What rises, and is listed for each iteration, is minus half of the mean squared distance of a
    point from the nearest mean.
    """
    if problem.points.missing:
        raise ValueError("solver='kmeans' knows no missing values")
    centers, width = start.means, 4 * len(start.means) + 2 * problem.points.d
    values: list[float] = []
    converged = False
    while len(values) < problem.max_iter and not converged:
        inertia, counts, sums = problem.points.reduce(AssignmentTask(centers), width)
        values.append(-0.5 * float(inertia) / problem.points.total)
        change, last = values[-1] - last, values[-1]
        converged = abs(change) < problem.tol
        filled = counts[:, None] > 0
        centers = np.divide(sums, counts[:, None], out=centers.copy(), where=filled)
        if progress is not None:
            progress(len(values), values[-1], change)
    return Fit(fit_clusters(problem, centers), values, converged)


def fit_clusters(problem: Problem, centers: np.ndarray) -> Mixture:
    """Fit one Gaussian to the points nearest to each centre."""
    task = ClusterTask(centers, problem.covariance_type)
    sums = problem.points.reduce(task, centers.size * 2)
    return mixture_of_statistics(sums, centers, problem.reg_covar, problem.covariance_type)
