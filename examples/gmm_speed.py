"""Speed of gmm.GaussianMixture beside scikit-learn's, from the same start, for the same iterations.

    python examples/gmm_speed.py [--full]

Times are the best of several runs, taken in turn; a ratio above one says that gmm is faster.
Without --full a few small shapes are timed.
"""

import sys
import time
import warnings

import numpy as np

import gmm

FEW = [
    (1_000, 2, 2, "full"),
    (20_000, 2, 4, "full"),
    (5_000, 16, 8, "full"),
    (20_000, 8, 8, "diag"),
]
ALL = [
    *((n, 2, 2, "full") for n in (1_000, 10_000, 100_000, 1_000_000)),
    *((n, 2, 16, "full") for n in (1_000, 100_000)),
    (1_000_000, 4, 8, "full"),
    *((n, 8, 8, kind) for n in (1_000, 100_000) for kind in ("full", "tied", "diag", "spherical")),
    *((50_000, 16, k, "full") for k in (2, 16, 64)),
    *((20_000, 64, k, kind) for k in (2, 16, 64) for kind in ("full", "diag")),
]
ITERATIONS = 5
HEAD = (
    "        n   d   k  covariance      gmm     sklearn   ratio"
    "         gmm    sklearn   ratio  same"
)


def points(n, d, k):
    """Points around k centres, and a start near these."""
    rng = np.random.default_rng(0)
    centers = 3.0 * rng.normal(size=(k, d))
    return centers[rng.integers(k, size=n)] + rng.normal(size=(n, d)), centers + 0.3


def unit_precisions(d, k, kind):
    whole = {"full": np.array([np.eye(d)] * k), "tied": np.eye(d), "diag": np.ones((k, d))}
    return whole.get(kind, np.ones(k))


def seconds(estimator, X, start, k, kind):
    """Time of a fit of a few iterations from a start, and where it ends."""
    model = estimator(
        k, covariance_type=kind, tol=0.0, max_iter=ITERATIONS, weights_init=np.full(k, 1.0 / k),
        means_init=start, precisions_init=unit_precisions(X.shape[1], k, kind),
        init_params="random_from_data", random_state=0,
    )  # fmt: skip
    began = time.perf_counter()
    model.fit(X)
    return time.perf_counter() - began, model.lower_bound_


def whole_fit(estimator, X, k, kind):
    """Time of a fit as people call it, k-means and all."""
    began = time.perf_counter()
    estimator(k, covariance_type=kind, random_state=0).fit(X)
    return time.perf_counter() - began


def compare(theirs, n, d, k, kind):
    """Best times of both for one shape."""
    X, start = points(n, d, k)
    runs = 5 if n * k * d < 1_000_000 else 2
    times = {gmm.GaussianMixture: [], theirs: []}
    ends, wholes = {}, {}
    seconds(gmm.GaussianMixture, X[:200], start, k, kind)  # compiles
    for _ in range(runs):
        for estimator, found in times.items():
            took, ends[estimator] = seconds(estimator, X, start, k, kind)
            found.append(took)
    for estimator in times:
        wholes[estimator] = min(whole_fit(estimator, X, k, kind) for _ in range(runs // 2))
    ours, other = (min(times[e]) / ITERATIONS * 1e3 for e in times)
    whole, other_whole = wholes.values()
    agree = np.isclose(*ends.values(), rtol=1e-9)
    print(
        f"{n:>9,d}{d:4d}{k:4d}  {kind:10s}{ours:10.2f}{other:12.2f}{other / ours:8.1f}"
        f"{whole:12.3f}{other_whole:11.3f}{other_whole / whole:8.1f}  {'yes' if agree else 'NO'}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    try:
        from sklearn.mixture import GaussianMixture
    except ImportError:
        print("this table needs scikit-learn: pip install 'adxform[sklearn]'")
        return
    warnings.simplefilter("ignore")
    print("                              ms an iteration            seconds a whole fit")
    print(HEAD)
    for shape in ALL if "--full" in sys.argv else FEW:
        compare(GaussianMixture, *shape)


if __name__ == "__main__":
    main()
