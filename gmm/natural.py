# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""Mixtures in natural parameters: log-densities that are linear in features of the points.

The log-density of a normal distribution is a polynomial of degree two, so a component is a row of
coefficients, and the features are one, the coordinates and their products. What is the same for all
components, the quadratic term of one shared covariance, is kept apart.

References
----------
PRML, section 2.4: the derivative of a log-partition function is the expected sufficient statistic.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adxform import value_and_grad
from gmm.density import CovarianceType, log_sum_exp, log_weights, precision_factor

if TYPE_CHECKING:
    from jaxtyping import Float

TOLERATED = 1e-9  # relative error of a covariance
SQUARES = 1e-140, 1e140  # sizes whose squares neither vanish nor overflow
EPSILON = float(np.finfo(float).eps)


class Natural(NamedTuple):
    """Coefficients of every component; the precision that all share, or a zero for none."""

    coefficients: Float[np.ndarray, "k p"]
    shared: Float[np.ndarray, "d d"] | None
    largest_precision: float


@value_and_grad(argnums="coefficients")
def log_likelihood(
    coefficients: Float[np.ndarray, "k p"],
    features: Float[np.ndarray, "p n"],
    common: np.ndarray | float,
    weight: np.ndarray | float,
) -> float:
    """Log-likelihood of weighted points, with the sums of features as its gradient.

    By Fisher's identity the derivative in a coefficient of a component is the sum of the feature
    over points, each weighted by that component's responsibility for it.
    """
    return np.sum(weight * (common + log_sum_exp(coefficients @ features)))


def form(
    logits: Float[np.ndarray, "k"],
    means: Float[np.ndarray, "k d"],
    spreads: np.ndarray,
    covariance_type: CovarianceType,
) -> Natural:
    """Find the natural form of a mixture, from its unconstrained parameters."""
    d = means.shape[1]
    shared = None
    if covariance_type in ("full", "tied"):
        factors = precision_factor(spreads)
        log_det = np.sum(np.diagonal(spreads, axis1=-2, axis2=-1), axis=-1)
        precisions = factors @ np.swapaxes(factors, -1, -2)
        slopes = (precisions @ means[:, :, None])[:, :, 0]
    else:
        scales = (
            np.zeros((1, 1)) if covariance_type == "identity" else spreads.reshape(len(means), -1)
        )
        precisions = np.exp(-2.0 * scales)
        log_det = -np.sum(np.broadcast_to(scales, (len(scales), d)), axis=1)
        slopes = precisions * means
    constants = log_weights(logits) + log_det - 0.5 * np.sum(means * slopes, axis=1)
    constants = constants - 0.5 * d * np.log(2 * np.pi)
    columns = [constants[:, None], slopes]
    if covariance_type in ("tied", "identity"):
        shared = precisions if covariance_type == "tied" else np.eye(d)
    elif covariance_type == "full":
        rows, cols = upper_triangle(d)
        columns.append(precisions[:, rows, cols] * np.where(rows == cols, -0.5, -1.0))
    else:
        columns.append(-0.5 * precisions)
    whole = covariance_type in ("full", "tied")  # no eigenvalue is larger than a row's sum
    largest = np.max(np.sum(np.abs(precisions), axis=-1) if whole else precisions)
    return Natural(np.concatenate(columns, axis=1), shared, float(largest))


@cache
def upper_triangle(d: int) -> tuple[np.ndarray, ...]:
    """Rows and columns of the entries of a symmetric matrix, each once."""
    return np.triu_indices(d)


def is_accurate(natural: Natural, reach: float) -> bool:
    """Whether squares of distances from the origin leave enough digits for every component."""
    if not SQUARES[0] <= reach <= SQUARES[1]:
        return False
    return reach * reach * natural.largest_precision * EPSILON <= TOLERATED


def is_fast(k: int, d: int, covariance_type: CovarianceType) -> bool:
    """Whether computing the products of coordinates pays: where several components use them."""
    return covariance_type != "full" or d <= 8 * k


def features(X: Float[np.ndarray, "n d"], covariance_type: CovarianceType) -> np.ndarray:
    """Find the features of points, (p, n): one, the coordinates, and their products or squares."""
    n, d = X.shape
    extra = {"full": d * (d + 1) // 2, "diag": d, "spherical": 1}.get(covariance_type, 0)
    out = np.empty((1 + d + extra, n))
    out[0] = 1.0
    coordinates = out[1 : 1 + d]
    coordinates[:] = X.T
    if covariance_type == "full":
        at = 1 + d
        for i in range(d):
            np.multiply(coordinates[i], coordinates[i:], out=out[at : at + d - i])
            at += d - i
    elif covariance_type == "diag":
        np.multiply(coordinates, coordinates, out=out[1 + d :])
    elif covariance_type == "spherical":
        np.einsum("in,in->n", coordinates, coordinates, out=out[1 + d])
    return out


def in_common(natural: Natural, X: Float[np.ndarray, "n d"]) -> np.ndarray | float:
    """What a point's log-densities have in common: the quadratic term of a shared precision."""
    if natural.shared is None:
        return 0.0
    return -0.5 * np.sum((X @ natural.shared) * X, axis=1)


def log_joint(
    natural: Natural, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> Float[np.ndarray, "k n"]:
    """Log-density of each point and component together."""
    return natural.coefficients @ features(X, covariance_type) + in_common(natural, X)


def sums(
    natural: Natural,
    X: Float[np.ndarray, "n d"],
    weight: np.ndarray | float,
    covariance_type: CovarianceType,
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood, counts, sums of points and of squares about the origin, of one block."""
    d = X.shape[1]
    value, gradient = log_likelihood(
        natural.coefficients, features(X, covariance_type), in_common(natural, X), weight
    )
    return (
        value,
        gradient[:, 0],
        gradient[:, 1 : 1 + d],
        squares(gradient[:, 1 + d :], X, weight, covariance_type),
    )


def squares(
    products: np.ndarray,
    X: Float[np.ndarray, "n d"],
    weight: np.ndarray | float,
    covariance_type: CovarianceType,
) -> np.ndarray:
    """Sums of products of coordinates in the shape of the covariances."""
    d = X.shape[1]
    if covariance_type == "full":
        rows, cols = upper_triangle(d)
        whole = np.empty((len(products), d, d))
        whole[:, rows, cols] = products
        whole[:, cols, rows] = products
        return whole
    if covariance_type == "tied":
        return (np.reshape(weight, (-1, 1)) * X).T @ X
    if covariance_type == "identity":
        return np.zeros(0)
    return products if covariance_type == "diag" else products[:, 0]
