"""Points in a cluster of processes: the fit is that in memory, and workers that die lose nothing."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import gmm
from gmm.fitting import Problem, run_em
from gmm.statistics import Mixture

distributed = pytest.importorskip("distributed")
da, dd = pytest.importorskip("dask.array"), pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.slow

X = gmm.old_faithful()
WEIGHT = np.random.default_rng(0).uniform(0.0, 2.0, size=len(X))
START = {
    "weights_init": [0.5, 0.5],
    "means_init": [[2.0, 55.0], [4.3, 80.0]],
    "precisions_init": np.array([np.diag([5.0, 0.03])] * 2),
    "random_state": 0,
    "tol": 1e-8,
}


@pytest.fixture(scope="module")
def client():
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


def frame_of(data):
    return dd.from_pandas(pd.DataFrame(data, columns=["a", "b"]), npartitions=4)


def assert_same_fit(model, expected):
    assert model.n_iter_ == expected.n_iter_
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        actual = getattr(model, name)
        np.testing.assert_allclose(actual, getattr(expected, name), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("solver", ["em", "accelerated", "newton", "lbfgs", "kmeans"])
def test_fits_and_standard_errors_are_those_in_memory(client, solver):
    options = {**START, "solver": solver, "standard_errors": solver == "accelerated"}
    expected = gmm.GaussianMixture(2, **options).fit(X, sample_weight=WEIGHT)
    model = gmm.GaussianMixture(2, **options).fit(frame_of(X), sample_weight=WEIGHT)
    assert model.score(frame_of(X)) == pytest.approx(expected.score(X), abs=1e-8)
    if solver in ("em", "accelerated", "kmeans"):
        assert_same_fit(model, expected)
    if solver == "accelerated":
        errors, same = model.standard_errors_, expected.standard_errors_
        np.testing.assert_allclose(errors.covariances, same.covariances, rtol=1e-6)
        moves, known = model.influence(frame_of(X), WEIGHT), expected.influence(X, WEIGHT)
        np.testing.assert_allclose(moves.means, known.means, rtol=1e-6, atol=1e-9)


def test_a_worker_that_dies_between_two_iterations(client):
    from gmm.dask_points import DaskPoints

    expected = gmm.GaussianMixture(2, **START).fit(X)
    points = DaskPoints(client.persist(frame_of(X)))
    pids = list(client.run(os.getpid).values())
    covariances = np.linalg.inv(START["precisions_init"])
    first = Mixture(np.full(2, 0.5), np.array(START["means_init"]) - points.shift, covariances)

    def kill(n_iter, value, change):
        if n_iter == 2:
            os.kill(pids.pop(), signal.SIGKILL)

    fit = run_em(Problem(points, tol=1e-8), first, kill)
    assert len(pids) == 1
    assert fit.lower_bounds == pytest.approx(expected.lower_bounds_, abs=1e-12)
    np.testing.assert_allclose(fit.mixture.means + points.shift, expected.means_, rtol=1e-9)


def loaded(block, folder):
    """A partition; the twentieth time that one is loaded, the process that does so is killed."""
    (folder / f"{time.time_ns()}-{os.getpid()}").touch()
    if len(os.listdir(folder)) >= 20 and not (folder / "dead").exists():
        (folder / "dead").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return block


@pytest.mark.parametrize("solver", ["em", "lbfgs"])
def test_a_worker_that_dies_in_the_midst_of_a_task(client, solver, tmp_path):
    options = {**START, "solver": solver}
    expected = gmm.GaussianMixture(2, **options).fit(X)
    points = da.from_array(X, chunks=(68, 2)).map_blocks(loaded, folder=tmp_path, meta=X[:0])
    model = gmm.GaussianMixture(2, **options).fit(points)
    assert (tmp_path / "dead").exists()
    assert model.score(X) == pytest.approx(expected.score(X), abs=1e-9)
    if solver == "em":
        assert_same_fit(model, expected)


def test_workers_killed_from_outside_while_they_compute(client):
    """One worker after the other is killed while it has tasks, from another thread."""
    rng = np.random.default_rng(0)
    data = X[rng.integers(len(X), size=200_000)] + 0.01 * rng.normal(size=(200_000, 2))
    options = {**START, "tol": 0.0, "max_iter": 12}
    points = da.from_array(data, chunks=(25_000, 2))
    with pytest.warns(UserWarning, match="did not converge"):
        expected = gmm.GaussianMixture(2, **options).fit(data)
    killed, over = [], threading.Event()
    pids = client.run(os.getpid)

    def kill_busy_workers():
        while len(killed) < 2 and not over.wait(0.02):
            for worker, tasks in client.processing().items():
                if tasks and worker in pids and worker not in killed:
                    os.kill(pids[worker], signal.SIGKILL)
                    killed.append(worker)
                    over.wait(2.0)
                    break

    watcher = threading.Thread(target=kill_busy_workers)
    watcher.start()
    try:
        with pytest.warns(UserWarning, match="did not converge"):
            model = gmm.GaussianMixture(2, **options).fit(points)
    finally:
        over.set()
        watcher.join()
    assert killed
    assert_same_fit(model, expected)
