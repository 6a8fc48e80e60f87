"""The parameters of `gmm.GaussianMixture`, checked before a fit."""

from __future__ import annotations

from typing import Any, get_args

from gmm import checks
from gmm.density import COVARIANCE_TYPES
from gmm.solvers import SOLVERS
from gmm.start import InitParams


def check_parameters(model: Any) -> None:
    """An error for a parameter of the estimator that is none, whatever the points."""
    for name in ("n_components", "n_init", "verbose_interval"):
        checks.check_integer(name, getattr(model, name), 1)
    checks.check_integer("max_iter", model.max_iter, 0)
    if not isinstance(model.verbose, bool):
        checks.check_integer("verbose", model.verbose, 0)
    for name in ("warm_start", "progress", "standard_errors"):
        checks.check_flag(name, getattr(model, name))
    for name in ("tol", "reg_covar"):
        checks.check_real(name, getattr(model, name))
    checks.check_choice("covariance_type", model.covariance_type, COVARIANCE_TYPES)
    checks.check_choice("init_params", model.init_params, get_args(InitParams))
    checks.check_choice("solver", model.solver, SOLVERS)
    checks.check_choice("missing_values", model.missing_values, ("error", "marginalize"))
    if model.prior is not None:
        checks.check_prior(model.prior)
