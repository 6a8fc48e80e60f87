"""Points that are not in memory: in chunks, mapped from files, in Dask's partitions."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

import gmm
from gmm.chunks import ChunkedPoints, chosen_rows

X = gmm.old_faithful()
START = {
    "weights_init": [0.5, 0.5],
    "means_init": [[2.0, 55.0], [4.3, 80.0]],
    "random_state": 0,
    "tol": 1e-8,
}


def start(covariance_type):
    precisions = {
        "full": np.array([np.diag([5.0, 0.03])] * 2),
        "tied": np.diag([5.0, 0.03]),
        "diag": np.array([[5.0, 0.03]] * 2),
        "spherical": np.array([0.1, 0.1]),
        "identity": None,
    }
    return {**START, "precisions_init": precisions[covariance_type]}


def in_chunks(data, sizes=(100, 0, 7, 165)):
    edges = np.cumsum([0, *sizes])
    return gmm.Chunks(lambda: (data[a:b] for a, b in pairwise(edges)))


def assert_same_fit(model, expected, rtol=1e-9):
    assert model.n_iter_ == expected.n_iter_
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        actual = getattr(model, name)
        np.testing.assert_allclose(actual, getattr(expected, name), rtol=rtol, err_msg=name)


@pytest.mark.parametrize("solver", ["em", "accelerated", "newton", "lbfgs", "kmeans"])
def test_chunks_give_the_fit_in_memory(solver):
    options = {**start("full"), "solver": solver}
    expected = gmm.GaussianMixture(2, **options).fit(X)
    assert_same_fit(gmm.GaussianMixture(2, **options).fit(in_chunks(X)), expected, rtol=1e-6)


@pytest.mark.parametrize("covariance_type", gmm.COVARIANCE_TYPES)
def test_chunks_give_the_fit_in_memory_for_every_type(covariance_type):
    options = {**start(covariance_type), "covariance_type": covariance_type}
    expected = gmm.GaussianMixture(2, **options).fit(X)
    assert_same_fit(gmm.GaussianMixture(2, **options).fit(in_chunks(X)), expected)


def test_chunks_with_missing_values():
    data = X.copy()
    data[::5, 0] = np.nan
    options = {**start("full"), "missing_values": "marginalize"}
    expected = gmm.GaussianMixture(2, **options).fit(data)
    assert_same_fit(gmm.GaussianMixture(2, **options).fit(in_chunks(data)), expected)
    with pytest.raises(ValueError, match="NaN"):
        gmm.GaussianMixture(2).fit(in_chunks(data))


def test_chunks_find_a_start_by_themselves():
    model = gmm.GaussianMixture(2, random_state=0, tol=1e-8).fit(in_chunks(X))
    assert model.score(X) * 272 == pytest.approx(-1130.264, abs=1e-3)


@pytest.mark.parametrize(
    "chunks, message",
    [
        (lambda: iter(()), "no samples"),
        (lambda: [X[:1]], "minimum of 2"),
        (lambda: [X[:, 0]], "Expected 2D"),
        (lambda: [X[:5], X[:5] * np.inf], "infinity"),
    ],
)
def test_bad_chunks_are_an_error(chunks, message):
    with pytest.raises(ValueError, match=message):
        gmm.GaussianMixture().fit(gmm.Chunks(chunks))


def test_a_list_of_chunks():
    chunks = gmm.Chunks([X[:100], X[100:]])
    expected = gmm.GaussianMixture(2, **start("full")).fit(X)
    assert_same_fit(gmm.GaussianMixture(2, **start("full")).fit(chunks), expected)


def test_chunks_that_do_not_begin_anew_are_an_error():
    with pytest.raises(ValueError, match="gone over many times"):
        gmm.Chunks(iter([X]))
    with pytest.raises(ValueError, match="gone over many times"):
        gmm.Chunks(3)
    once = (X[first : first + 50] for first in range(0, 272, 50))
    with pytest.raises(ValueError, match="held 272 points the first time, and now 0"):
        gmm.GaussianMixture(2).fit(gmm.Chunks(lambda: once))
    sizes = iter(range(272, 0, -10))
    with pytest.raises(ValueError, match="held 272 points the first time, and now 262"):
        gmm.GaussianMixture(2).fit(gmm.Chunks(lambda: [X[: next(sizes)]]))
    model = gmm.GaussianMixture(2, **start("full")).fit(X)
    for method in (model.predict, model.score, model.bic):
        with pytest.raises(ValueError, match="no samples"):
            method(gmm.Chunks(lambda: once))
    with pytest.raises(ValueError, match=r"solver='kmeans'\) takes chunks"):
        gmm.KMeans(2).fit(in_chunks(X))


WEIGHT = np.random.default_rng(0).uniform(0.0, 2.0, size=len(X))


def weighted_chunks():
    edges = np.cumsum([0, 100, 0, 7, 165])
    return gmm.Chunks(lambda: ((X[a:b], WEIGHT[a:b]) for a, b in pairwise(edges)))


def weighted_parquet(folder):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"w": WEIGHT, "eruptions": X[:, 0], "note": ["-"] * 272, "waiting": X[:, 1]})
    parquet.write_table(table, folder / "t.parquet", row_group_size=50)
    return gmm.Chunks.parquet(folder / "t.parquet", rows=64, weight="w")


def dask_array(data):
    return pytest.importorskip("dask.array").from_array(data, chunks=60)


def dask_frame(**columns):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    return dd.from_pandas(pd.DataFrame(columns), npartitions=4)


def weighted_frame():
    frame = dask_frame(a=X[:, 0], b=X[:, 1], w=WEIGHT)
    return frame[["a", "b"]], frame["w"]


WEIGHTED = {
    "chunks and an array": lambda folder: (in_chunks(X), WEIGHT),
    "chunks with weights": lambda folder: (weighted_chunks(), None),
    "parquet": lambda folder: (weighted_parquet(folder), None),
    "dask arrays": lambda folder: (dask_array(X), dask_array(WEIGHT)),
    "dask in other chunks": lambda folder: (dask_array(X), dask_array(WEIGHT).rechunk(100)),
    "dask and an array": lambda folder: (dask_array(X), WEIGHT),
    "dask frame": lambda folder: weighted_frame(),
    "dask frame and an array": lambda folder: (weighted_frame()[0], WEIGHT),
    "weights in dask alone": lambda folder: (X, dask_array(WEIGHT)),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_and_standard_errors_are_those_in_memory(name, tmp_path):
    options = {**start("full"), "solver": "accelerated", "standard_errors": True}
    expected = gmm.GaussianMixture(2, **options).fit(X, sample_weight=WEIGHT)
    points, weight = WEIGHTED[name](tmp_path)
    model = gmm.GaussianMixture(2, **options).fit(points, sample_weight=weight)
    assert_same_fit(model, expected)
    for part, same in zip(model.standard_errors_, expected.standard_errors_, strict=True):
        np.testing.assert_allclose(part, same, rtol=1e-6)
    for ends, others in zip(model.confint(0.9), expected.confint(0.9), strict=True):
        for part, same in zip(ends, others, strict=True):
            np.testing.assert_allclose(part, same, rtol=1e-6)


def test_a_start_heeds_the_weights():
    weight = np.where(X[:, 0] > 3.0, 1.0, 0.0)  # of the long eruptions alone
    model = gmm.GaussianMixture(2, random_state=0).fit(in_chunks(X), sample_weight=weight)
    assert np.all(model.means_[:, 0] > 3.5)


@pytest.mark.parametrize(
    "weight, message",
    [
        (np.ones(271), "shape"),
        (np.ones(273), "shape"),
        (np.ones((272, 1)), "shape"),
        (np.zeros(272), "not be all zero"),
        (-np.ones(272), "not negative"),
        (np.full(272, np.nan), "finite"),
    ],
)
@pytest.mark.parametrize("points", [in_chunks, dask_array])
def test_bad_weights_of_points_elsewhere_are_an_error(points, weight, message):
    with pytest.raises(ValueError, match=message):
        gmm.GaussianMixture(2).fit(points(X), sample_weight=weight)


def test_names_of_columns_in_dask_are_kept():
    frame = dask_frame(a=X[:, 0], b=X[:, 1])
    model = gmm.GaussianMixture(2, **start("full")).fit(frame)
    assert list(model.feature_names_in_) == ["a", "b"]
    assert not hasattr(model.fit(dask_array(X)), "feature_names_in_")


@pytest.mark.parametrize("name", WEIGHTED)
def test_influence_and_rates_are_those_in_memory(name, tmp_path):
    options = {**start("full"), "solver": "accelerated"}
    model = gmm.GaussianMixture(2, **options).fit(X, sample_weight=WEIGHT)
    points, weight = WEIGHTED[name](tmp_path)
    rates, expected = model.convergence_rates(points, weight), model.convergence_rates(X, WEIGHT)
    np.testing.assert_allclose(rates, expected, rtol=1e-7, atol=1e-13)
    pairs = zip(model.influence(points, weight), model.influence(X, WEIGHT), strict=True)
    for part, same in pairs:
        assert part.shape[0] == 272
        np.testing.assert_allclose(part, same, rtol=1e-6, atol=1e-9)


def test_influence_and_rates_with_missing_values():
    data = X.copy()
    data[::5, 0] = np.nan
    model = gmm.GaussianMixture(2, **start("full"), missing_values="marginalize").fit(data)
    for points in (in_chunks(data), dask_array(data)):
        rates, expected = model.convergence_rates(points), model.convergence_rates(data)
        np.testing.assert_allclose(rates, expected, rtol=1e-7, atol=1e-13)
        found, same = model.influence(points).means, model.influence(data).means
        np.testing.assert_allclose(found, same, rtol=1e-6, atol=1e-9)


def test_other_columns_than_those_of_the_fit_are_an_error():
    model = gmm.GaussianMixture(2, **start("full")).fit(dask_frame(a=X[:, 0], b=X[:, 1]))
    with pytest.raises(ValueError, match="X has 1 features, but GaussianMixture is expecting 2"):
        model.influence(in_chunks(X[:, :1]))
    with pytest.raises(ValueError, match="must be those of the fit, a, b; got b, a"):
        model.convergence_rates(dask_frame(b=X[:, 1], a=X[:, 0]))


def test_rows_are_chosen_evenly_and_once(rng):
    counts = np.zeros(1000)
    for _ in range(200):
        parts = chosen_rows([300, 0, 700], 100, rng)
        rows = np.concatenate([parts[0], parts[2] + 300])
        assert len(np.unique(rows)) == len(rows) == 100
        counts[rows] += 1
    assert 0.9 < counts[:300].mean() / counts[300:].mean() < 1.1


def test_parquet_in_chunks(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    table = pa.table({"eruptions": X[:, 0], "waiting": X[:, 1]})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=50)
    chunks = gmm.Chunks.parquet(tmp_path / "t.parquet", rows=64)
    assert max(len(chunk) for chunk in chunks) <= 64
    expected = gmm.GaussianMixture(2, **start("full")).fit(X)
    assert_same_fit(gmm.GaussianMixture(2, **start("full")).fit(chunks), expected)


def test_a_mapped_file_is_never_in_memory_as_a_whole(tmp_path, rng):
    data = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (400_000, 8))
    for rows in np.array_split(np.arange(400_000), 10):
        data[rows] = rng.normal(size=(len(rows), 8)) + 4.0 * rng.integers(2, size=(len(rows), 1))
    data.flush()
    model = gmm.GaussianMixture(2, init_params="k-means++", random_state=0, max_iter=3, tol=0.1)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    model.fit(mapped[:1000])  # what is compiled is not counted
    tracemalloc.start()
    model.fit(mapped)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), [0.0, 4.0], atol=0.1)
    assert peak < data.nbytes / 2  # the sample to start from is a fifth


def test_dask_in_threads():
    da = pytest.importorskip("dask.array")
    expected = gmm.GaussianMixture(2, **start("full")).fit(X)
    array = da.from_array(X, chunks=(60, 1))
    assert_same_fit(gmm.GaussianMixture(2, **start("full")).fit(array), expected)
    with pytest.raises(ValueError, match="2D"):
        gmm.GaussianMixture(2).fit(array[:, 0])


def test_chunked_points_know_their_extent():
    points = ChunkedPoints(in_chunks(X))
    assert (points.n, points.d, points.total, points.missing) == (272, 2, 272.0, False)
    np.testing.assert_allclose(points.shift, X.mean(axis=0))
