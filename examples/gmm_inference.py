"""Two tables: what each solver needs on its way to the top, and standard errors by three ways."""

import time
import warnings

import numpy as np

import gmm

SOLVERS = ("em", "accelerated", "newton", "lbfgs")
RESAMPLES = 100
X = gmm.old_faithful()


def overlapping():
    """Three components that overlap, where EM creeps."""
    rng = np.random.default_rng(1)
    centers = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.5]])
    return centers[rng.integers(3, size=600)] + rng.normal(size=(600, 2)), centers


def solver_table():
    points, centers = overlapping()
    print("iterations and seconds until the log-likelihood is within 1e-8 of the best it reaches")
    print("covariance  " + "".join(f"{solver:>20s}" for solver in SOLVERS))
    for kind in ("tied", "diag", "spherical"):
        cells = []
        for solver in SOLVERS:
            model = gmm.GaussianMixture(
                3, covariance_type=kind, solver=solver, means_init=centers, random_state=0,
                tol=1e-12, max_iter=20_000,
            )  # fmt: skip
            model.fit(points)
            values = np.array(model.lower_bounds_)
            enough = int(np.argmax(values >= values[-1] - 1e-8)) + 1
            began = time.perf_counter()
            model.set_params(max_iter=enough).fit(points)
            cells.append(f"{enough:>10d}{time.perf_counter() - began:>9.3f}s")
        print(f"{kind:12s}" + "".join(cells))


def bootstrap(model):
    """Standard deviations of refits to samples of the points with replacement."""
    rng = np.random.default_rng(0)
    fits = []
    for _ in range(RESAMPLES):
        again = gmm.GaussianMixture(
            2, weights_init=model.weights_, means_init=model.means_,
            precisions_init=model.precisions_, tol=1e-7, max_iter=1000, random_state=0,
        )  # fmt: skip
        again.fit(X[rng.integers(len(X), size=len(X))])
        fits.append(again._mixture())
    return [np.std(part, axis=0, ddof=1) for part in zip(*fits, strict=True)]


def error_table():
    model = gmm.GaussianMixture(
        2, solver="accelerated", tol=1e-10, reg_covar=0.0, random_state=0, standard_errors=True
    )
    model.fit(X)
    fitted = gmm.Fitted(model._mixture(), X)
    columns = [model.standard_errors_, fitted.standard_errors(fitted.supplemented_em())]
    names = ("weights", "means", "covariances")
    print("\nOld Faithful          fit     Hessian     SEM   bootstrap")
    for part, (name, estimate, resampled) in enumerate(
        zip(names, model._mixture(), bootstrap(model), strict=True)
    ):
        for index in np.ndindex(estimate.shape):
            if name != "covariances" or index[1] >= index[2]:
                errors = [column[part][index] for column in columns]
                place = f"{name} {list(index)}"
                print(
                    f"{place:22s}{estimate[index]:9.4f}{errors[0]:10.4f}{errors[1]:10.4f}"
                    f"{resampled[index]:10.4f}"
                )


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    solver_table()
    error_table()


if __name__ == "__main__":
    main()
