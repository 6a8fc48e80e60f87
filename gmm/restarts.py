"""Fits from several starts, of which the best is kept; what is told meanwhile."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from gmm.base import ConvergenceWarning
from gmm.fitting import Fit, Problem, Progress, Regularized, regularized_components
from gmm.solvers import Solver
from gmm.statistics import Mixture

MOST_NAMED = 8  # components in a warning
LONG = 2.0  # seconds after which a progress bar appears


class Reporter:
    """Prints as scikit-learn does: nothing, iterations, or iterations with times and changes.

    Parameters
    ----------
    verbose : int
    interval : int
        Iterations between two lines.
    """

    def __init__(self, verbose: int, interval: int) -> None:
        self.verbose, self.interval = verbose, interval
        self.began = self.lap = time.perf_counter()

    def begin(self, init: int) -> None:
        """Say that a fit from a new start begins."""
        self.began = self.lap = time.perf_counter()
        if self.verbose:
            print(f"Initialization {init}")

    def iteration(self, n_iter: int, value: float, change: float) -> None:
        """Say what an iteration has brought."""
        if not self.verbose or n_iter % self.interval:
            return
        now = time.perf_counter()
        times = f"\t time lapse {now - self.lap:.5f}s\t ll change {change:.5f}"
        print(f"  Iteration {n_iter}{times if self.verbose > 1 else ''}")
        self.lap = now

    def end(self, fit: Fit) -> None:
        """Say how a fit has ended."""
        if not self.verbose or not fit.lower_bounds:
            return
        result = "converged" if fit.converged else "did not converge"
        took = f" time lapse {time.perf_counter() - self.began:.5f}s" if self.verbose > 1 else ""
        value = f"\t lower bound {fit.lower_bounds[-1]:.5f}." if self.verbose > 1 else ""
        print(f"Initialization {result}.{took}{value}")


@contextmanager
def progress_bar(total: int, wanted: bool) -> Iterator[Progress | None]:
    """Show iterations in a bar on the terminal, for fits that take longer than a moment."""
    if not wanted:
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    began = time.perf_counter()
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fit", total=total, visible=False)

        def advance(n_iter: int, value: float, change: float) -> None:
            late = time.perf_counter() - began > LONG
            words = f"log-likelihood {value:.6g} a point, {change:+.1e}"
            bar.update(task, completed=n_iter, visible=late, description=words)

        yield advance


def best_fit(
    problem: Problem,
    solver: Solver,
    starts: Iterator[Mixture],
    reporter: Reporter,
    bar: Progress | None = None,
    last: float = -np.inf,
) -> Fit:
    """Fit from each start, and return the fit with the largest log-likelihood."""
    best: Fit | None = None
    for init, start in enumerate(starts):
        reporter.begin(init)
        fit = solver(problem, start, both(reporter.iteration, bar), last)
        reporter.end(fit)
        if best is None or fit.lower_bounds[-1:] > best.lower_bounds[-1:]:
            best = fit
    assert best is not None, "there is at least one start"
    return best


def warn_of(fit: Fit, problem: Problem, stacklevel: int) -> None:
    """Warn of a fit that has not come to rest, or in which points hardly count."""
    if not fit.converged and problem.max_iter > 0:
        warnings.warn(
            "Best performing initialization did not converge. Try different init parameters, "
            "or increase max_iter, tol, or check for degenerate data.",
            ConvergenceWarning,
            stacklevel,
        )
    narrow = regularized_components(fit.mixture, problem.reg_covar, problem.covariance_type)
    if narrow and problem.prior is None:
        warnings.warn(
            f"Along some axis, most of the variance of {named(narrow)} is "
            "reg_covar. Take fewer components, a smaller reg_covar, or scale the data.",
            Regularized,
            stacklevel,
        )


def named(components: list[int]) -> str:
    """Components in words, the first of them if they are many."""
    if len(components) > MOST_NAMED:
        first = ", ".join(map(str, components[:MOST_NAMED]))
        return f"components {first} and {len(components) - MOST_NAMED} more"
    return f"component{'s' * (len(components) > 1)} {', '.join(map(str, components))}"


def both(first: Progress, second: Progress | None) -> Callable[[int, float, float], None]:
    """Tell two of the same iteration."""

    def tell(n_iter: int, value: float, change: float) -> None:
        first(n_iter, value, change)
        if second is not None:
            second(n_iter, value, change)

    return tell
