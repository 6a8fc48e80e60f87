"""The ways to fit a mixture from a start, by name."""

from __future__ import annotations

from typing import Literal, Protocol

from gmm.acceleration import run_accelerated
from gmm.fitting import Fit, Problem, Progress, run_em
from gmm.gradient import run_lbfgs, run_newton
from gmm.hard import run_kmeans
from gmm.statistics import Mixture

SolverName = Literal["em", "accelerated", "newton", "lbfgs", "kmeans"]


class Solver(Protocol):
    """Fits a mixture from a start; ``last`` is the log-likelihood where an earlier fit ended."""

    def __call__(
        self, problem: Problem, start: Mixture, progress: Progress | None, last: float
    ) -> Fit: ...


SOLVERS: dict[str, Solver] = {
    "em": run_em,
    "accelerated": run_accelerated,
    "newton": run_newton,
    "lbfgs": run_lbfgs,
    "kmeans": run_kmeans,
}
