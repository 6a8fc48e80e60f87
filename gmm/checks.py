"""Arguments of the estimators, checked; an error says which one, what it is and what it may be."""

from __future__ import annotations

import numbers
from collections.abc import Collection
from typing import Any

import numpy as np

from gmm.density import CovarianceType
from gmm.kmeans import Random
from gmm.parameters import spread_shape


def check_integer(name: str, value: Any, least: int) -> None:
    """An error unless it is an integer and not too small."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")


def check_real(name: str, value: Any, least: float = 0.0) -> None:
    """An error unless it is a finite number and not too small."""
    if not isinstance(value, numbers.Real) or not least <= float(value) < np.inf:
        raise ValueError(f"{name} must be a number of at least {least:g}, got {value!r}.")


def check_choice(name: str, value: Any, choices: Collection[Any]) -> None:
    """An error unless it is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {list(choices)}, got {value!r}.")


def check_flag(name: str, value: Any) -> None:
    """An error unless it is true or false."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}.")


def check_dtype(X: Any) -> None:
    """An error for an array of what are no numbers, such as words and dates."""
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind not in "fiubcO":
        raise ValueError(f"X must hold numbers, got an array of {dtype}.")


def floating(X: Any) -> np.ndarray:
    """An array of float32 or float64; an error for what are no real numbers."""
    array = np.asarray(X)
    check_dtype(array)
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def check_random_state(random_state: Any) -> Random:
    """Random numbers from a seed, from a generator, or NumPy's own."""
    if random_state is None:
        state: np.random.RandomState = np.random.mtrand._rand
        return state
    if isinstance(random_state, numbers.Integral) and 0 <= int(random_state) < 2**32:
        return np.random.RandomState(int(random_state))
    if isinstance(random_state, np.random.Generator | np.random.RandomState):
        return random_state
    raise ValueError(
        f"random_state must be a seed from 0 to 2**32 - 1, or a generator, got {random_state!r}."
    )


def check_sample_weight(sample_weight: Any, n: int) -> np.ndarray | None:
    """Weights of n points as float64."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape == ():
        weight = np.full(n, weight)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight must have the shape ({n},), got {weight.shape}.")
    if not np.all(np.isfinite(weight)) or np.any(weight < 0.0) or not np.any(weight > 0.0):
        raise ValueError("sample_weight must be finite, not negative, and not all zero.")
    return weight


def check_init(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """A parameter to start from, as an array of the right shape."""
    if value is None:
        return None
    array = np.array(value, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}.")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite.")
    return array


def check_prior(prior: Any) -> None:
    """An error unless it is a pair of numbers, the first of them positive."""
    if not isinstance(prior, tuple | list) or len(prior) != 2:
        raise ValueError(f"prior must be a pair (gamma, m), got {prior!r}.")
    check_real("gamma of the prior", prior[0], float(np.finfo(float).tiny))
    check_real("m of the prior", prior[1])


def check_weights(name: str, weights: Any, k: int) -> np.ndarray | None:
    """Weights of components as an array."""
    array = check_init(name, weights, (k,))
    if array is not None and (np.any(array < 0.0) or not np.isclose(np.sum(array), 1.0)):
        raise ValueError(f"{name} must not be negative and sum to one, got {weights!r}.")
    return array


def check_precisions_init(
    precisions: Any, k: int, d: int, covariance_type: CovarianceType
) -> np.ndarray | None:
    """Precisions to start from."""
    if covariance_type == "identity":
        if precisions is not None:
            raise ValueError("precisions_init is fixed where covariance_type is 'identity'.")
        return None
    array = check_init("precisions_init", precisions, spread_shape(k, d, covariance_type))
    if array is None:
        return None
    if covariance_type in ("full", "tied"):
        symmetric = np.allclose(array, np.swapaxes(array, -1, -2))
        good = symmetric and bool(np.all(np.linalg.eigvalsh(array) > 0.0))
    else:
        good = bool(np.all(array > 0.0))
    if not good:
        raise ValueError("precisions_init must be symmetric and positive definite, or positive.")
    return array
