"""Fitted mixtures in JSON files, which any program can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gmm import checks
from gmm.density import COVARIANCE_TYPES
from gmm.estimator import GaussianMixture
from gmm.fitting import positive_definite
from gmm.parameters import spread_shape
from gmm.statistics import Mixture
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
        "log_likelihood_per_point": model.lower_bound_ if model.lower_bounds_ else None,
        "iterations": model.n_iter_,
        "converged": model.converged_,
    }
    errors = getattr(model, "standard_errors_", None)
    if errors is not None and all(np.all(np.isfinite(part)) for part in errors):
        fitted["standard_errors"] = {n: part.tolist() for n, part in errors._asdict().items()}
    text = json.dumps(fitted, indent=1, allow_nan=False)
    with replacing(path) as written:
        written.write_text(text + "\n", encoding="utf-8")


def load(path: str | Path) -> tuple[GaussianMixture, list[str]]:
    """Read a mixture, and the names of the columns that it is of."""
    try:
        fitted = json.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8: {error}") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(fitted, dict) or fitted.get("format") != FORMAT:
        raise ValueError(f"{path} is not a mixture that gmm has saved")
    try:
        return model_of(fitted)
    except KeyError as error:
        raise ValueError(f"{path} is not a whole mixture: it has no {error}") from error
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is not a mixture: {error}") from error


def model_of(fitted: dict[str, Any]) -> tuple[GaussianMixture, list[str]]:
    """A mixture from what is written of it, and its columns; an error unless they fit together."""
    kind, columns = fitted["covariance_type"], list(fitted["columns"])
    checks.check_choice("covariance_type", kind, COVARIANCE_TYPES)
    k, d = len(fitted["weights"]), len(columns)
    weights = checks.check_weights("weights", fitted["weights"], k)
    means = checks.check_init("means", fitted["means"], (k, d))
    shape = (d, d) if kind == "identity" else spread_shape(k, d, kind)
    covariances = checks.check_init("covariances", fitted["covariances"], shape)
    assert weights is not None and means is not None and covariances is not None, "only of None"
    mixture = Mixture(weights, means, covariances)
    if not positive_definite(mixture, "full" if kind == "identity" else kind):
        raise ValueError("a covariance is not positive definite")
    model = GaussianMixture(k, covariance_type=kind, missing_values="marginalize")
    model.set_mixture(*mixture)
    value = fitted["log_likelihood_per_point"]
    model.lower_bound_ = -np.inf if value is None else value
    model.n_iter_, model.converged_ = fitted["iterations"], fitted["converged"]
    return model, columns
