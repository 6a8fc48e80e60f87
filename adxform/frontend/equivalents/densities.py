"""Densities of several variables that ``scipy.stats`` has, and sums of such, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads


@reads("scipy.stats.multivariate_normal.logpdf", "R(3), R(3), np.eye(3) + np.cov(R(3, 5))",
       "R(4, 2), R(2), np.eye(2) + np.cov(R(2, 5))",
       "R(3), R(3), P(3)", "R(4, 2), R(2), P", "R(5), R, P",
       "R(3), None, np.eye(3) + np.cov(R(3, 5))",
       "R(3), cov=P")
def normal_log_density(x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
    """The log-density of a normal distribution at a point, or at each row of points."""
    deviations = x if mean is None else x - mean
    if np.ndim(cov) == 2:
        factor = np.linalg.cholesky(cov)
        white = np.linalg.solve(factor, deviations.T)
        size = len(factor) * np.log(2.0 * np.pi) + 2.0 * np.sum(np.log(np.diag(factor)))
        return -0.5 * (size + np.sum(white * white, axis=0))
    if np.ndim(cov) == 1:
        terms = np.log(2.0 * np.pi) + np.log(cov) + deviations * deviations / cov
        return -0.5 * np.sum(terms, axis=-1)
    terms = np.log(2.0 * np.pi) + np.log(cov) + deviations * deviations / cov
    if mean is None or np.ndim(mean) == 0:
        return -0.5 * terms
    return -0.5 * np.sum(terms, axis=-1)


@reads("scipy.stats.multivariate_normal.pdf", "R(3), R(3), np.eye(3) + np.cov(R(3, 5))")
def normal_density(x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
    """The density of a normal distribution at a point, or at each row of points."""
    return np.exp(normal_log_density(x, mean, cov))


@reads("scipy.stats.dirichlet.logpdf")
def dirichlet_log_density(x: Any, alpha: Any) -> Any:
    """The log-density of a Dirichlet distribution at a point, or at each column of points."""
    from scipy import special

    if np.shape(x)[0] != np.shape(alpha)[0]:
        raise ValueError("write all components of the point, of which the last one is the rest")
    scale = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    powers = alpha - 1.0 if np.ndim(x) == 1 else alpha[:, None] - 1.0
    return scale + np.sum(special.xlogy(powers, x), axis=0)


@reads("scipy.special.logsumexp", "R(3), b=P(3)", "R(2, 3), axis=1, b=P(2, 3), keepdims=True",
       "R(2, 3), axis=0, b=2.0")
def log_sum(a: Any, axis: Any = None, b: Any = 1.0, *, keepdims: bool = False) -> Any:
    """The logarithm of a weighted sum of exponentials."""
    peak = np.max(a, axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0.0)
    total = np.sum(b * np.exp(a - peak), axis=axis, keepdims=True)
    return np.sum(np.log(total) + peak, axis=axis, keepdims=keepdims)
