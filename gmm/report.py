"""A fitted mixture in words and numbers."""

from __future__ import annotations

import numpy as np

from gmm.estimator import GaussianMixture
from gmm.inference import Stated
from gmm.reading import Table


def describe(model: GaussianMixture, table: Table) -> str:
    """Weights, means and covariances with standard errors, and how good the fit is."""
    errors: Stated | None = getattr(model, "standard_errors_", None)
    lines = [summary(model, table)]
    for component in np.argsort(-model.weights_):
        lines.append("")
        lines += component_lines(model, errors, int(component), table.columns)
    if model.covariance_type == "tied":
        lines += ["", "covariance of all components"]
        lines += matrix_lines(model.covariances_, errors and errors.covariances, table.columns)
    return "\n".join(lines)


def heading(model: GaussianMixture) -> str:
    """What was fitted."""
    k = model.n_components
    return f"{k} component{'s' * (k > 1)}, {model.covariance_type} covariances"


def summary(model: GaussianMixture, table: Table) -> str:
    """How good the fit is."""
    parameters, (total, n) = model._n_parameters(), model._total_score(table.X)
    end = "converged" if model.converged_ else "not converged"
    iterations = f"{model.n_iter_} iteration{'s' * (model.n_iter_ != 1)}"
    return (
        f"{n} points, {heading(model)}\n"
        f"log-likelihood {total:.2f}   AIC {2.0 * (parameters - total):.2f}"
        f"   BIC {parameters * np.log(n) - 2.0 * total:.2f}   ({end}, {iterations})"
    )


def component_lines(
    model: GaussianMixture, errors: Stated | None, i: int, columns: list[str]
) -> list[str]:
    """One component: weight, mean, and its covariance if it has one of its own."""
    lines = [
        f"component {i}",
        f"  weight  {quantity(model.weights_[i], errors and errors.weights[i])}",
    ]
    kind = model.covariance_type
    for j, name in enumerate(columns):
        mean = quantity(model.means_[i, j], errors and errors.means[i, j])
        lines.append(f"  mean of {name}  {mean}")
    if kind == "full":
        lines.append("  covariance")
        lines += matrix_lines(model.covariances_[i], errors and errors.covariances[i], columns)
    elif kind == "spherical":
        variance = quantity(model.covariances_[i], errors and errors.covariances[i])
        lines.append(f"  variance  {variance}")
    elif kind == "diag":
        for j, name in enumerate(columns):
            variance = quantity(model.covariances_[i, j], errors and errors.covariances[i, j])
            lines.append(f"  variance of {name}  {variance}")
    return lines


def matrix_lines(matrix: np.ndarray, errors: np.ndarray | None, columns: list[str]) -> list[str]:
    """A symmetric matrix, its lower triangle row by row."""
    lines, width = [], max(12, *map(len, columns))
    for a, name in enumerate(columns):
        entries = [
            quantity(matrix[a, b], None if errors is None else errors[a, b]) for b in range(a + 1)
        ]
        lines.append(f"    {name:{width}s}" + "  ".join(f"{entry:>22s}" for entry in entries))
    return lines


def quantity(value: float, error: float | None) -> str:
    """A number, and its standard error if it has one."""
    known = error is not None and np.isfinite(error)
    return f"{value:.5g} ± {error:.2g}" if known else f"{value:.5g}"
