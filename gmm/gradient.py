"""Fits by derivatives of the log-likelihood through SciPy: L-BFGS, and Newton in a trust region."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmm.fitting import Fit, Problem, Progress
from gmm.objective import Objective
from gmm.parameters import spread_entries
from gmm.statistics import Mixture

FLAT = 1e-7  # slope, in units of the parameters, where rounding is all that is left
FLATTEST = 1e-12  # curvature at a maximum, relative to the largest, in units of the parameters
HINT = "this solver needs SciPy: pip install 'adxform[scipy]'"


def natural_scales(mixture: Mixture, problem: Problem) -> np.ndarray:
    """How far each free parameter may move before the likelihood changes: units for optimisers."""
    k, d = mixture.means.shape
    kind = problem.covariance_type
    part = np.sqrt(np.maximum(mixture.weights, 1e-3))
    if kind == "full":
        deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    elif kind == "tied":
        deviations = np.ones((k, 1)) * np.sqrt(np.diagonal(mixture.covariances))
    elif kind == "identity":
        deviations = np.ones((k, d))
    else:
        deviations = np.sqrt(mixture.covariances.reshape(k, -1)) * np.ones((k, d))
    if kind in ("full", "tied"):
        spreads = np.ones((k, d, d)) / deviations[:, :, None] / part[:, None, None]
        spreads[:, np.arange(d), np.arange(d)] = 1.0 / part[:, None]
        spreads = spreads if kind == "full" else np.min(spreads, axis=0)
    else:
        spreads = {"diag": np.ones((k, d)) / part[:, None], "spherical": 1.0 / part}.get(
            kind, np.zeros(0)
        )
    return np.concatenate(
        [
            1.0 / part[1:],
            (deviations / part[:, None]).ravel(),
            spreads.ravel()[spread_entries(k, d, kind)],
        ]
    )


class Search:
    """A minimisation by SciPy, in units of the parameters, that stops where EM would.

    Parameters
    ----------
    problem : Problem
    start : Mixture
    progress : callable, optional
    """

    def __init__(self, problem: Problem, start: Mixture, progress: Progress | None) -> None:
        problem.check(start)
        self.problem, self.progress = problem, progress
        self.objective = Objective(problem, len(start.weights))
        self.scales = natural_scales(start, problem)
        self.start = self.objective.free(start) / self.scales
        self.best, self.seen = self.start, -np.inf
        self.steepness = np.inf
        self.values: list[float] = []
        self.converged = False

    def loss(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the objective and its slope; infinite where a step went astray."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, slope = self.objective.value_and_slope(x * self.scales)
        if not np.isfinite(value) or not np.all(np.isfinite(slope)):
            return np.inf, np.zeros_like(x)
        if value > self.seen:
            self.best, self.seen = x.copy(), value
            self.steepness = float(np.linalg.norm(slope * self.scales))
        return -value, -slope * self.scales

    def curvature(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Minus the second derivatives times a vector."""
        product = self.objective.hessian_times(x * self.scales, direction * self.scales)
        curved: np.ndarray = -product * self.scales
        return curved

    def after_step(self, intermediate_result: Any) -> None:
        """Note what a step has brought; the end, where it was less than the tolerance."""
        value = -float(intermediate_result.fun)
        change = value - (self.values[-1] if self.values else -np.inf)
        if change == 0.0:
            return  # the trust region shrank, and nothing moved
        self.values.append(value)
        if self.progress is not None:
            self.progress(len(self.values), value, change)
        if abs(change) < self.problem.tol:
            self.converged = True
            raise StopIteration

    def run(self, method: str, **options: Any) -> Fit:
        """Search by one of SciPy's methods."""
        try:
            from scipy.optimize import minimize
        except ImportError as error:
            raise ImportError(HINT) from error
        second = {} if method == "L-BFGS-B" else {"hessp": self.curvature}
        result = minimize(
            self.loss,
            self.start,
            jac=True,
            method=method,
            callback=self.after_step,
            options={"maxiter": self.problem.max_iter, **options},
            **second,
        )
        ended = self.converged or bool(result.success) or self.steepness < FLAT
        mixture = self.objective.mixture(self.best * self.scales)
        # the objective is lower for reg_covar: what is told in the end is the log-likelihood itself
        return Fit(mixture, [*self.values[:-1], self.problem.step(mixture)[0]], ended)


def run_lbfgs(
    problem: Problem, start: Mixture, progress: Progress | None = None, last: float = -np.inf
) -> Fit:
    """Fit by L-BFGS: gradients, and what they tell of second derivatives."""
    return Search(problem, start, progress).run("L-BFGS-B", ftol=0.0, gtol=0.1 * FLAT, maxcor=20)


def run_newton(
    problem: Problem, start: Mixture, progress: Progress | None = None, last: float = -np.inf
) -> Fit:
    """Fit by Newton's method in a trust region, with exact Hessians times vectors."""
    return Search(problem, start, progress).run("trust-ncg", gtol=0.1 * FLAT)
