"""Speed of gmm.GaussianMixture beside scikit-learn's, from the same start, for the same iterations.

    python examples/gmm_speed.py [--full]

Times are the best of several runs, taken in turn; a ratio above one says that gmm is faster. "Same"
says whether all end at the same log-likelihood. Without --full a few small shapes are timed. The
column of pomegranate, for full and diagonal covariances, needs: pip install pomegranate
"""

import sys
import time
import warnings
from importlib.util import find_spec

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
    *((1_000, 64, k, kind) for k in (2, 16) for kind in ("full", "tied", "diag", "spherical")),
    (1_000_000, 4, 8, "full"),
    *((n, 8, 8, kind) for n in (1_000, 100_000) for kind in ("full", "tied", "diag", "spherical")),
    *((50_000, 16, k, "full") for k in (2, 16, 64)),
    *((20_000, 64, k, kind) for k in (2, 16, 64) for kind in ("full", "diag")),
]
ITERATIONS = 5
POMEGRANATE = find_spec("pomegranate") is not None
HEAD = (
    "        n   d   k  covariance      gmm     sklearn   ratio pomegranate   ratio"
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


def estimator_of(estimator, X, start, k, kind):
    """What fits a few iterations from a start."""
    return estimator(
        k, covariance_type=kind, tol=0.0, max_iter=ITERATIONS, weights_init=np.full(k, 1.0 / k),
        means_init=start, precisions_init=unit_precisions(X.shape[1], k, kind),
        init_params="random_from_data", random_state=0,
    )  # fmt: skip


def seconds(estimator, X, start, k, kind):
    """Time of such a fit, and where it ends."""
    model = estimator_of(estimator, X, start, k, kind)
    began = time.perf_counter()
    model.fit(X)
    return time.perf_counter() - began, model.lower_bound_


def whole_fit(estimator, X, k, kind):
    """Time of a fit as people call it, k-means and all."""
    began = time.perf_counter()
    estimator(k, covariance_type=kind, random_state=0).fit(X)
    return time.perf_counter() - began


def pomegranate_seconds(X, start, k, kind):
    """Time of the same iterations by pomegranate, and the log-likelihood of a point after them."""
    import torch
    from pomegranate.distributions import Normal
    from pomegranate.gmm import GeneralMixtureModel

    points, covariance = torch.tensor(X), torch.tensor(unit_precisions(X.shape[1], k, kind)[0])
    components = [Normal(torch.tensor(m), covariance.clone(), covariance_type=kind) for m in start]
    priors = torch.full((k,), 1.0 / k, dtype=torch.float64)
    model = GeneralMixtureModel(components, priors=priors, max_iter=ITERATIONS, tol=-1.0)
    began = time.perf_counter()
    model.fit(points)
    took = time.perf_counter() - began
    return took, float(model.log_probability(points).mean())


def beside_pomegranate(X, start, k, kind, ours, runs):
    """What the table says of pomegranate; that it agrees is part of it."""
    if not POMEGRANATE or kind not in ("full", "diag"):
        return f"{'-':>12s}{'-':>8s}", True
    try:
        found = [pomegranate_seconds(X, start, k, kind) for _ in range(runs)]
    except RuntimeError:  # a covariance of few points, to which it adds nothing
        return f"{'fails':>12s}{'-':>8s}", True
    took = min(seconds for seconds, _ in found) / ITERATIONS * 1e3
    model = estimator_of(gmm.GaussianMixture, X, start, k, kind).fit(X)
    return f"{took:12.2f}{took / ours:8.1f}", np.isclose(found[0][1], model.score(X), rtol=1e-5)


def compare(theirs, n, d, k, kind):
    """Best times of all for one shape."""
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
    third, same = beside_pomegranate(X, start, k, kind, ours, runs)
    whole, other_whole = wholes.values()
    agree = np.isclose(*ends.values(), rtol=1e-9) and same
    print(
        f"{n:>9,d}{d:4d}{k:4d}  {kind:10s}{ours:10.2f}{other:12.2f}{other / ours:8.1f}{third}"
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
    print("                              ms an iteration                                "
          "seconds a whole fit")
    print(HEAD)
    for shape in ALL if "--full" in sys.argv else FEW:
        compare(GaussianMixture, *shape)


if __name__ == "__main__":
    main()
