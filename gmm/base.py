# mypy: disable-error-code="misc"
"""What estimators need of scikit-learn, and a small stand-in where it is not installed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from gmm.checks import floating

try:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        ClusterMixin,
        DensityMixin,
        TransformerMixin,
    )
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:

    class BaseEstimator:  # type: ignore[no-redef]
        """Parameters are the arguments of ``__init__``."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Find the parameters, by name."""
            names = list(inspect.signature(type(self).__init__).parameters)[1:]
            return {name: getattr(self, name) for name in names}

        def set_params(self, **params: Any) -> Any:
            """Change parameters."""
            known = self.get_params()
            for name, value in params.items():
                if name not in known:
                    raise ValueError(
                        f"Invalid parameter {name!r} for estimator {self!r}. "
                        f"Valid parameters are: {sorted(known)!r}."
                    )
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            defaults = inspect.signature(type(self).__init__).parameters
            changed = [
                f"{name}={value!r}"
                for name, value in self.get_params().items()
                if value is not defaults[name].default
            ]
            return f"{type(self).__name__}({', '.join(changed)})"

    class ClusterMixin:  # type: ignore[no-redef]
        """Labels of the points that an estimator was fitted to."""

        def fit_predict(self, X: Any, y: Any = None, **kwargs: Any) -> np.ndarray:
            """Fit, and find the label of every point."""
            labels: np.ndarray = self.fit(X, **kwargs).labels_  # type: ignore[attr-defined]
            return labels

    class ClassNamePrefixFeaturesOutMixin:  # type: ignore[no-redef]
        """Says nothing but that columns of a result have no names of their own."""

    class TransformerMixin:  # type: ignore[no-redef]
        """Says nothing but that an estimator transforms points."""

    class DensityMixin:  # type: ignore[no-redef]
        """Says nothing but that an estimator is of densities."""

    class ConvergenceWarning(UserWarning):  # type: ignore[no-redef]
        """A fit has not come to rest."""

    class NotFittedError(ValueError, AttributeError):
        """An estimator is asked for what only a fit can tell."""

    def check_is_fitted(estimator: Any) -> None:
        """Raise an error if an estimator has not been fitted."""
        if not hasattr(estimator, "n_features_in_"):
            raise NotFittedError(
                f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' first."
            )

    def validate_data(
        estimator: Any,
        X: Any,
        *,
        reset: bool = True,
        dtype: Any = None,
        ensure_min_samples: int = 1,
        ensure_all_finite: bool | str = True,
    ) -> np.ndarray:
        """Points as an array of float32 or float64, or an error that says what is wrong."""
        X = floating(X)
        if X.ndim != 2:
            raise ValueError(f"Expected 2D array, got {X.ndim}D array instead.")
        if not X.shape[1]:
            raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}).")
        if np.isinf(X).any():
            raise ValueError("Input X contains infinity.")
        if ensure_all_finite is True and np.isnan(X).any():
            raise ValueError("Input X contains NaN.")
        if len(X) < ensure_min_samples:
            raise ValueError(
                f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of "
                f"{ensure_min_samples} is required."
            )
        if reset:
            estimator.n_features_in_ = X.shape[1]
        elif X.shape[1] != estimator.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
                f"{estimator.n_features_in_} features as input."
            )
        points: np.ndarray = X
        return points


def check_columns(estimator: Any, X: Any, d: int, reset: bool) -> None:
    """Keep the number and the names of columns elsewhere; or an error where others were fitted."""
    names = [name for name in getattr(X, "columns", ()) if isinstance(name, str)]
    known = list(getattr(estimator, "feature_names_in_", ()))
    if reset:
        estimator.n_features_in_ = d
        if known:
            del estimator.feature_names_in_
        if len(names) == d:
            estimator.feature_names_in_ = np.array(names, dtype=object)
    elif d != estimator.n_features_in_:
        raise ValueError(
            f"X has {d} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
    elif names and known and names != known:
        raise ValueError(
            f"The columns must be those of the fit, {', '.join(known)}; got {', '.join(names)}."
        )


class ClusterTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator
):
    """An estimator of clusters that transforms points to distances from these."""


__all__ = [
    "BaseEstimator",
    "ClusterTransformer",
    "ConvergenceWarning",
    "DensityMixin",
    "check_columns",
    "check_is_fitted",
    "validate_data",
]
