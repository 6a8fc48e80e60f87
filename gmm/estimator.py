"""`GaussianMixture`: the estimator, with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import numpy as np

from gmm import checks, evaluation
from gmm.base import (
    BaseEstimator,
    DensityMixin,
    check_columns,
    check_is_fitted,
    validate_data,
)
from gmm.chunks import CONTAINS_NAN
from gmm.dask_points import is_dask
from gmm.density import CovarianceType, precision_factor
from gmm.estimator_parameters import check_parameters
from gmm.fitting import (
    ILL_DEFINED,
    Fit,
    Problem,
    placed_mixture,
    placed_problem,
    positive_definite,
)
from gmm.generative import sample
from gmm.inference import Fitted, Stated, intervals
from gmm.parameters import count_parameters, factors_from_covariances
from gmm.parts import each_part, is_in_parts, points_in_parts
from gmm.points import Arrays, Points
from gmm.prior import WishartPrior
from gmm.restarts import Reporter, best_fit, progress_bar, warn_of
from gmm.solvers import SOLVERS, SolverName
from gmm.start import InitParams, starting_mixture
from gmm.statistics import Mixture
from gmm.threads import one_thread_for_matrices


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of Gaussians, fitted by maximum likelihood.

    Parameters, methods and fitted attributes are those of ``sklearn.mixture.GaussianMixture``, and
    so is what they do; what is more is listed here.

    Parameters
    ----------
    n_components : int
    covariance_type : {"full", "tied", "diag", "spherical", "identity"}
        With "identity" only weights and means are fitted.
    tol, reg_covar, max_iter, n_init, init_params, weights_init, means_init, precisions_init
        As in scikit-learn. Of very many points a sample serves to find a start.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
    warm_start, verbose, verbose_interval
        As in scikit-learn.
    solver : {"em", "accelerated", "newton", "lbfgs", "kmeans"}
        How to fit: by expectation-maximisation; by the same with larger steps, and Newton's method
        at the end; by Newton's method in a trust region or by L-BFGS (both need SciPy); by hard
        assignment. Where components overlap, the middle three need far fewer iterations.
    missing_values : {"error", "marginalize"}
        What NaN means: an error, or a number that is missing, of a point that then counts by the
        marginal density of its other numbers.
    progress : bool
        Whether to show a bar on the terminal while a long fit runs.
    prior : WishartPrior or pair of floats, optional
        Of the precisions, ``(gamma, m)``: like m more points at the distance gamma from the mean
        along every axis. The fit is then the most probable one, and no covariance collapses.
    standard_errors : bool
        Whether to find the standard errors of what is fitted, from exact second derivatives.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : ndarray
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
    lower_bounds_ : list of float
    n_features_in_ : int
    standard_errors_ : Stated
        Of ``weights``, ``means`` and ``covariances``; only if asked for.
    """

    standard_errors_: Stated

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: CovarianceType = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: InitParams = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
        solver: SolverName = "em",
        missing_values: Literal["error", "marginalize"] = "error",
        progress: bool = False,
        prior: tuple[float, float] | None = None,
        standard_errors: bool = False,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.solver = solver
        self.missing_values = missing_values
        self.progress = progress
        self.prior = prior
        self.standard_errors = standard_errors

    # --- fitting ---------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> GaussianMixture:
        """Fit the mixture to points, the rows of X, which may have weights.

        X may also be `gmm.Chunks`, or a Dask array or DataFrame; and the weights a Dask array or
        Series with it. A ValueError says what is wrong with them or with a parameter.
        """
        check_parameters(self)
        if hasattr(self, "standard_errors_"):
            del self.standard_errors_  # they are of an earlier fit
        points, dtype = self._points(X, sample_weight)
        with one_thread_for_matrices():
            self._fit_points(points, dtype)
            if self.standard_errors:
                self.standard_errors_ = self._fitted(points).standard_errors()
        return self

    def _points(self, X: Any, sample_weight: Any, reset: bool = True) -> tuple[Points, Any]:
        """Points of a fit, in memory or elsewhere, and the type of what is fitted."""
        missing = self.missing_values == "marginalize"
        rescale = self.covariance_type != "identity"
        points: Points
        if is_in_parts(X):
            points = points_in_parts(X, sample_weight, missing, rescale)
            check_columns(self, X, points.d, reset)
            return points, np.float64
        if is_dask(sample_weight):
            sample_weight = sample_weight.compute()
        X = self._validate(X, reset=reset)
        weight = checks.check_sample_weight(sample_weight, len(X))
        return Arrays(X, weight, missing, rescale), X.dtype

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Fit, and find the component that each point most likely comes from."""
        return self.fit(X, y, sample_weight).predict(X)

    def _fit_points(self, points: Points, dtype: Any = np.float64) -> None:
        """Fit to points wherever they are."""
        if points.n < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {points.n}"
            )
        warm = self.warm_start and hasattr(self, "converged_")
        last = self.lower_bound_ + points.d * np.log(points.scale) if warm else -np.inf
        problem = placed_problem(
            points, self.covariance_type, self.reg_covar, self._prior(), self.tol, self.max_iter
        )
        starts = iter([placed_mixture(self._mixture(), points)]) if warm else self._starts(problem)
        reporter = Reporter(self.verbose, self.verbose_interval)
        with np.errstate(over="ignore", invalid="ignore"):  # an error says what overflows
            with progress_bar(self.max_iter, self.progress) as bar:
                fit = best_fit(problem, SOLVERS[self.solver], starts, reporter, bar, last)
            self._keep(fit, points, dtype)
        warn_of(fit, problem, stacklevel=4)

    def _starts(self, problem: Problem) -> Iterator[Mixture]:
        """Find the mixtures to start from, less the points' shift and divided by their scale."""
        points = problem.points
        k, d, kind = self.n_components, points.d, self.covariance_type
        weights = checks.check_weights("weights_init", self.weights_init, k)
        means = checks.check_init("means_init", self.means_init, (k, d))
        precisions = checks.check_precisions_init(self.precisions_init, k, d, kind)
        rng = checks.check_random_state(self.random_state)
        given: dict[str, np.ndarray] = {}
        if weights is not None:
            given["weights"] = np.maximum(weights, np.finfo(float).tiny)  # has a logarithm
        if means is not None:
            given["means"] = (means - points.shift) / points.scale
        if precisions is not None:
            whole = kind in ("full", "tied")
            covariances = np.linalg.inv(precisions) if whole else 1.0 / precisions
            given["covariances"] = covariances / points.scale / points.scale
        for _ in range(self.n_init):
            if len(given) == len(Mixture._fields):
                yield Mixture(**given)
                continue
            start = starting_mixture(
                points, k, self.init_params, rng, kind, problem.reg_covar, problem.prior
            )
            yield start._replace(**given)

    def _prior(self) -> WishartPrior | None:
        return None if self.prior is None else WishartPrior(*self.prior)

    def _keep(self, fit: Fit, points: Points, dtype: Any) -> None:
        """Set the fitted attributes."""
        weights, means, covariances = fit.mixture
        means = means * points.scale + points.shift
        covariances = covariances * points.scale * points.scale
        if self.covariance_type == "identity":
            covariances = np.eye(points.d)
        self.set_mixture(weights, means, covariances, dtype)
        offset = points.d * np.log(points.scale)
        self.lower_bounds_ = [value - offset for value in fit.lower_bounds]
        self.lower_bound_ = self.lower_bounds_[-1] if self.lower_bounds_ else -np.inf
        self.converged_, self.n_iter_ = fit.converged, fit.n_iter

    def set_mixture(
        self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray, dtype: Any = float
    ) -> None:
        """Set what is otherwise fitted, with the precisions and their upper roots."""
        self.weights_, self.means_ = weights.astype(dtype), means.astype(dtype)
        self.n_features_in_ = means.shape[1]
        if not positive_definite(self._mixture(covariances), self.covariance_type):
            finite = bool(np.all(np.isfinite(covariances)))
            reason = ILL_DEFINED if finite else "a covariance overflows. Scale the data."
            raise ValueError(f"Fitting the mixture model failed because {reason}")
        if self.covariance_type in ("full", "tied", "identity"):
            lower = precision_factor(factors_from_covariances(covariances[..., ::-1, ::-1]))
            roots = lower[..., ::-1, ::-1]
            precisions = roots @ np.swapaxes(roots, -1, -2)
        else:
            roots = 1.0 / np.sqrt(covariances)
            precisions = roots**2
        self.covariances_ = covariances.astype(dtype)
        self.precisions_ = precisions.astype(dtype)
        self.precisions_cholesky_ = roots.astype(dtype)

    # --- what a fitted mixture says ----------------------------------------------------------

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-density of each point, (n,)."""
        return self._of_points(evaluation.score_points, X)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-density of points."""
        total, n = self._total_score(X)
        return total / n

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each component given each point, (n, k)."""
        return self._of_points(evaluation.component_probabilities, X)

    def predict(self, X: Any) -> np.ndarray:
        """The component that each point most likely comes from, (n,) integers."""
        return self._of_points(evaluation.likeliest_components, X)

    def _of_points(self, function: Any, X: Any) -> np.ndarray:
        """What the fitted mixture says of points, in memory wherever these are."""
        check_is_fitted(self)
        if is_in_parts(X):
            return np.concatenate(each_part(X, partial(self._of_points, function)))
        X = self._validate(X)
        made: np.ndarray = function(self._mixture(), X, self.covariance_type)
        return made.astype(X.dtype, copy=False) if made.dtype.kind == "f" else made

    def _total_score(self, X: Any) -> tuple[float, int]:
        """Log-likelihood of points, and how many they are."""
        check_is_fitted(self)
        if is_in_parts(X):
            totals, sizes = zip(*each_part(X, self._total_score), strict=True)
            return sum(totals), sum(sizes)
        X = self._validate(X)
        return evaluation.total_score(self._mixture(), X, self.covariance_type), len(X)

    def sample(self, n_samples: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw points (n, d), and the component (n,) of each, in the order of components."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, got {n_samples}.")
        rng = checks.check_random_state(self.random_state)
        points, labels = sample(*self._mixture(), n_samples, rng, self.covariance_type)
        order = np.argsort(labels, kind="stable")
        return points[order], labels[order]

    def bic(self, X: Any) -> float:
        """Bayesian information criterion: the lower, the better."""
        total, n = self._total_score(X)
        return -2.0 * total + self._n_parameters() * float(np.log(n))

    def aic(self, X: Any) -> float:
        """Akaike's information criterion: the lower, the better."""
        return -2.0 * self._total_score(X)[0] + 2.0 * self._n_parameters()

    # --- how sure it is -----------------------------------------------------------------------

    def confint(self, level: float = 0.95) -> tuple[Stated, Stated]:
        """Lower and upper ends of confidence intervals of weights, means and covariances."""
        check_is_fitted(self)
        if not hasattr(self, "standard_errors_"):
            raise ValueError("confint needs a fit with standard_errors=True.")
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must be between 0 and 1, got {level!r}.")
        estimate = Stated(*self._mixture())
        return intervals(estimate, self.standard_errors_, self.covariance_type, level)

    def influence(self, X: Any, sample_weight: Any = None) -> Stated:
        """How weights, means and covariances change with the weight of each point of the fit.

        ``X`` and ``sample_weight`` are those of the fit, wherever they are; what is returned, with
        the axis of the points first, is in memory.
        """
        return self._fitted_to(X, sample_weight).influence()

    def convergence_rates(self, X: Any, sample_weight: Any = None) -> np.ndarray:
        """By what EM multiplies errors near the fit, along each of its axes; largest first.

        ``X`` and ``sample_weight`` are those of the fit, wherever they are.
        """
        return self._fitted_to(X, sample_weight).convergence_rates()

    def _fitted_to(self, X: Any, sample_weight: Any) -> Fitted:
        """The fit with the points that it was fitted to."""
        check_is_fitted(self)
        return self._fitted(self._points(X, sample_weight, reset=False)[0])

    def _fitted(self, points: Points) -> Fitted:
        mixture, kind, reg_covar = self._mixture(), self.covariance_type, self.reg_covar
        return Fitted(mixture, points, kind, reg_covar, prior=self._prior())

    # --- within ------------------------------------------------------------------------------

    def _n_parameters(self) -> int:
        k, d = self.means_.shape
        return count_parameters(k, d, self.covariance_type)

    def _mixture(self, covariances: np.ndarray | None = None) -> Mixture:
        """The fitted mixture in the form that functions take, in float64."""
        if covariances is None:
            covariances = self.covariances_
        if self.covariance_type == "identity":
            covariances = np.zeros(0)
        parts = (self.weights_, self.means_, covariances)
        return Mixture(*(np.asarray(part, dtype=np.float64) for part in parts))

    def _validate(self, X: Any, reset: bool = False) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        checks.check_dtype(X)
        finite = "allow-nan" if self.missing_values == "marginalize" else True
        try:
            X = validate_data(
                self,
                X,
                reset=reset,
                dtype=[np.float64, np.float32],
                ensure_min_samples=2 if reset else 1,
                ensure_all_finite=finite,
            )
        except ValueError as error:
            if finite == "allow-nan" or not str(error).startswith("Input X contains NaN"):
                raise
            raise ValueError(CONTAINS_NAN) from None
        return np.asarray(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing_values == "marginalize"
        return tags
