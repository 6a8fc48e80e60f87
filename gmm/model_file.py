"""Fitted mixtures in JSON files, which any program can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gmm.estimator import GaussianMixture
from gmm.writing import replacing

FORMAT = "gmm mixture 1"


def save(path: str | Path, model: GaussianMixture, columns: list[str]) -> None:
    """Write weights, means and covariances of a fitted mixture, with what is known of the fit."""
    fitted: dict[str, Any] = {
        "format": FORMAT,
        "columns": columns,
        "covariance_type": model.covariance_type,
        "weights": model.weights_.tolist(),
        "means": model.means_.tolist(),
        "covariances": model.covariances_.tolist(),
        "log_likelihood_per_point": model.lower_bound_,
        "iterations": model.n_iter_,
        "converged": model.converged_,
    }
    if hasattr(model, "standard_errors_"):
        errors = model.standard_errors_._asdict()
        fitted["standard_errors"] = {name: part.tolist() for name, part in errors.items()}
    with replacing(path) as written:
        written.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def load(path: str | Path) -> tuple[GaussianMixture, list[str]]:
    """Read a mixture, and the names of the columns that it is of."""
    try:
        fitted = json.loads(Path(path).read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(fitted, dict) or fitted.get("format") != FORMAT:
        raise ValueError(f"{path} is not a mixture that gmm has saved")
    model = GaussianMixture(
        len(fitted["weights"]),
        covariance_type=fitted["covariance_type"],
        missing_values="marginalize",
    )
    model.set_mixture(
        np.array(fitted["weights"]), np.array(fitted["means"]), np.array(fitted["covariances"])
    )
    model.lower_bound_ = fitted["log_likelihood_per_point"]
    model.n_iter_, model.converged_ = fitted["iterations"], fitted["converged"]
    return model, list(fitted["columns"])
