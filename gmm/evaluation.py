# ruff: noqa: F722, F821, UP037
# mypy: disable-error-code="no-any-return"
"""What a mixture says of points: log-densities, responsibilities and labels, block by block.

NaN stands for a number that is missing: the point then counts by its marginal density.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from gmm.density import CovarianceType, log_sum_exp
from gmm.em import responsibilities
from gmm.marginal import MarginalEStep
from gmm.points import ROWS_READ
from gmm.statistics import EStep, Mixture

if TYPE_CHECKING:
    from jaxtyping import Float, Int

BLOCK = 1 << 12


def log_joints(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> Iterator[Float[np.ndarray, "k b"]]:
    """Log-density of each point and component together, a block of points at a time."""
    middle = mixture.weights @ mixture.means
    centered = mixture._replace(means=mixture.means - middle)
    for start in range(0, len(X), ROWS_READ):
        piece = np.subtract(X[start : start + ROWS_READ], middle, dtype=float)
        step = suitable_step(centered, piece, covariance_type)
        for first in range(0, len(piece), BLOCK):
            yield step.log_joint(piece[first : first + BLOCK])


def suitable_step(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> EStep | MarginalEStep:
    """The E-step for points that may miss coordinates."""
    reach = float(np.max(np.abs(X), initial=0.0)) * np.sqrt(X.shape[1])
    if np.isnan(reach):
        return MarginalEStep(mixture, covariance_type)
    return EStep(mixture, covariance_type, reach)


def over_blocks(
    function: Callable[[np.ndarray], np.ndarray],
    mixture: Mixture,
    X: Float[np.ndarray, "n d"],
    covariance_type: CovarianceType,
) -> np.ndarray:
    """What a function makes of the log-densities of points, one after the other."""
    return np.concatenate([function(block) for block in log_joints(mixture, X, covariance_type)])


def score_points(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> Float[np.ndarray, "n"]:
    """Log-density of each point."""
    return over_blocks(log_sum_exp, mixture, X, covariance_type)


def total_score(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> float:
    """Log-likelihood of points, of which one block's log-densities are kept at a time."""
    return sum(
        float(np.sum(log_sum_exp(block))) for block in log_joints(mixture, X, covariance_type)
    )


def component_probabilities(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> Float[np.ndarray, "n k"]:
    """Probability of each component given each point."""

    def of_block(log_joint: np.ndarray) -> np.ndarray:
        return responsibilities(np.zeros(len(log_joint)), log_joint).T

    return over_blocks(of_block, mixture, X, covariance_type)


def likeliest_components(
    mixture: Mixture, X: Float[np.ndarray, "n d"], covariance_type: CovarianceType
) -> Int[np.ndarray, "n"]:
    """The component that each point most likely comes from."""

    def of_block(log_joint: np.ndarray) -> np.ndarray:
        return np.argmax(log_joint, axis=0)

    return over_blocks(of_block, mixture, X, covariance_type)
