"""Points from files, and mixtures in files."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gmm
from gmm import model_file
from gmm.inference import Stated
from gmm.reading import read
from gmm.writing import replacing

X = gmm.old_faithful()


def written(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text, columns, expected",
    [
        ("a,b\n1,2\n3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("1,2\n3,4\n", ["x1", "x2"], [[1, 2], [3, 4]]),
        ("a;b\n1.5;2e3\n", ["a", "b"], [[1.5, 2000]]),
        ("a\tb\n1\t\n", ["a", "b"], [[1, np.nan]]),
        ("a,b\n1,NA\n\n?,4", ["a", "b"], [[1, np.nan], [np.nan, 4]]),
        ("x\n1\n2\n", ["x"], [[1], [2]]),
        ("\ufeffa,b\n-1,+2\n", ["a", "b"], [[-1, 2]]),
        (",a\n0,1\n1,2\n", ["x1", "a"], [[0, 1], [1, 2]]),  # an index without a name
        ("mean wait time,a b\n1,2\n", ["mean wait time", "a b"], [[1, 2]]),
        ('"a; b","c"\n1,2\n', ["a; b", "c"], [[1, 2]]),
        ("  a     b\n  1   2.5 \n 10   3\n", ["a", "b"], [[1, 2.5], [10, 3]]),
        ("# by hand\na,b\n1,2\n\n# again\n3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("NA,NA\n1,2\n", ["x1", "x2"], [[np.nan, np.nan], [1, 2]]),
        ("a\tb\n\t\n", ["a", "b"], [[np.nan, np.nan]]),
    ],
)
def test_csv(tmp_path, text, columns, expected):
    table = read(written(tmp_path, "t.csv", text))
    assert table.columns == columns
    np.testing.assert_array_equal(table.X, expected)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("t.csv", "a,b\n1,two\n", r"t\.csv:2: column b: 'two' is not a number"),
        ("t.csv", "a,b\n1,2\n3\n", r"t\.csv:3: 1 numbers, where 2 are expected"),
        ("t.csv", "", "empty"),
        ("t.csv", "a,b\n", "holds no points"),
        ("t.csv", "a,b,a\n1,2,3\n", "two columns that are called 'a'"),
        ("t.csv", "\n\n", "empty"),
        ("t.csv", "# nothing\n", "empty"),
        ("t.csv", "a\n1_000\n", r"t\.csv:2: column a: '1_000' is not a number"),
        ("t.csv", "# one\na,b\n1,x\n", r"t\.csv:3: column b: 'x' is not a number"),
        ("t.csv", "a;b\n1,5;2\n", r"t\.csv:2: column a: '1,5' is not a number"),
        ("t.npy", "", "no .npy file"),
        ("t.npy", "1,2", "no .npy file"),
        ("t.parquet", "", "no Parquet file"),
        ("t.parquet", "1,2", "no Parquet file"),
        ("t.xls", "", "must end in one of .csv"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        read(written(tmp_path, name, text))


def test_text_beside_the_columns_that_are_asked_for_does_not_matter(tmp_path):
    path = written(tmp_path, "t.csv", "name,a,b\nx,1,2\ny,3,\n")
    table = read(path, ["b", "a"])
    assert table.columns == ["b", "a"] and table.n == 2
    np.testing.assert_array_equal(table.X, [[2, 1], [np.nan, 3]])
    with pytest.raises(ValueError, match=r"column name: 'x' is not a number \(--columns"):
        read(path)


def test_a_column_is_asked_for_once(tmp_path):
    with pytest.raises(ValueError, match="column 'a' is asked for twice"):
        read(written(tmp_path, "t.csv", "a,b\n1,2\n"), ["a", "b", "a"])


def test_bytes_that_are_no_text_are_told_with_the_file(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff,2\n")
    with pytest.raises(ValueError, match=r"t\.csv is no text in UTF-8"):
        read(tmp_path / "t.csv")


def test_a_long_csv_is_read_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr("gmm.reading.ROWS_READ", 100)
    text = "\n".join(f"{a},{b}" for a, b in X)
    np.testing.assert_array_equal(read(written(tmp_path, "t.csv", text)).X, X)
    with pytest.raises(ValueError, match=r"t\.csv:273: 1 numbers"):
        read(written(tmp_path, "t.csv", text + "\n1\n"))


@pytest.mark.parametrize("name", ["t.csv", "t.npy", "t.parquet"])
def test_columns_and_samples_of_every_kind_of_file(tmp_path, name):
    if name == "t.csv":
        written(tmp_path, name, "x1,x2\n" + "\n".join(f"{a},{b}" for a, b in X))
    elif name == "t.npy":
        np.save(tmp_path / name, X)
    else:
        write_parquet(tmp_path / name, x1=X[:, 0], x2=X[:, 1])
    table = read(tmp_path / name, ["x2"])
    assert (table.columns, table.n) == (["x2"], 272)
    np.testing.assert_array_equal(np.concatenate(list(table.pieces())), X[:, 1:])
    np.testing.assert_array_equal(table.sample(100), X[::3, 1:])
    assert len(table.sample(272)) == len(table.sample(1000)) == 272


def write_parquet(path, **columns):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table(columns), path, row_group_size=100)


def test_a_large_parquet_file_is_read_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("gmm.reading.IN_MEMORY", 1000)
    write_parquet(tmp_path / "t.parquet", note=["-"] * 272, a=X[:, 0], b=X[:, 1])
    table = read(tmp_path / "t.parquet")
    assert isinstance(table.X, gmm.Chunks) and (table.columns, table.n) == (["a", "b"], 272)
    np.testing.assert_array_equal(table.sample(100), X[::3])
    model = gmm.GaussianMixture(2, random_state=0).fit(table.X)
    assert model.score(table.X) == pytest.approx(model.score(X), rel=1e-12)
    assert model.bic(table.X) == pytest.approx(model.bic(X), rel=1e-12)
    np.testing.assert_array_equal(model.predict(table.X), model.predict(X))


def test_npy_stays_on_disk(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    table = read(tmp_path / "x.npy")
    assert isinstance(table.X, np.memmap)
    assert gmm.GaussianMixture(2, random_state=0).fit(table.X).means_.dtype == np.float32
    np.save(tmp_path / "y.npy", X[:, 0])
    with pytest.raises(ValueError, match="not a matrix"):
        read(tmp_path / "y.npy")


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    table = pa.table({"name": ["a", "b"], "u": [1, 2], "v": [0.5, None]})
    parquet.write_table(table, tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet")
    assert found.columns == ["u", "v"]
    np.testing.assert_array_equal(found.X, [[1, 0.5], [2, np.nan]])
    np.testing.assert_array_equal(read(tmp_path / "t.parquet", ["v"]).X, [[0.5], [np.nan]])
    with pytest.raises(ValueError, match="no column 'w', but u, v"):
        read(tmp_path / "t.parquet", ["w"])


@pytest.mark.parametrize("covariance_type", gmm.COVARIANCE_TYPES)
def test_a_saved_mixture_says_the_same(tmp_path, covariance_type):
    model = gmm.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    model_file.save(tmp_path / "m.json", model, ["a", "b"])
    again, columns = model_file.load(tmp_path / "m.json")
    assert columns == ["a", "b"]
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"format": "other"})])
def test_other_files_are_no_mixtures(tmp_path, text):
    with pytest.raises(ValueError, match=r"m\.json is not"):
        model_file.load(written(tmp_path, "m.json", text))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"weights": [0.5, "x"]}, "could not convert"),
        ({"weights": [0.9, 0.9]}, "weights must not be negative and sum to one"),
        ({"weights": [1.0]}, r"means must have the shape \(1, 2\)"),
        ({"means": [[np.nan, 1.0], [2.0, 3.0]]}, "means must be finite"),
        ({"covariances": [[[-1.0, 0.0], [0.0, 1.0]]] * 2}, "not positive definite"),
        ({"covariances": [[1.0, 2.0], [3.0, 4.0]]}, r"shape \(2, 2, 2\)"),
        ({"covariance_type": "round"}, "covariance_type must be one of"),
        ({"columns": ["a"]}, r"means must have the shape \(2, 1\)"),
        ({"means": None}, "it has no 'means'"),
    ],
)
def test_a_mixture_that_someone_changed_is_told(tmp_path, change, message):
    model = gmm.GaussianMixture(2, random_state=0).fit(X)
    model_file.save(tmp_path / "m.json", model, ["a", "b"])
    fitted = {**json.loads((tmp_path / "m.json").read_text()), **change}
    fitted = {name: part for name, part in fitted.items() if part is not None}
    with pytest.raises(ValueError, match=rf"m\.json is not .*{message}"):
        model_file.load(written(tmp_path, "m.json", json.dumps(fitted)))


def test_a_saved_mixture_is_strict_json(tmp_path):
    model = gmm.GaussianMixture(2, random_state=0, max_iter=0).fit(X)  # it has no log-likelihood
    model.standard_errors_ = Stated(*(np.full(2, np.nan) for _ in range(3)))
    model_file.save(tmp_path / "m.json", model, ["a", "b"])
    text = (tmp_path / "m.json").read_text()
    fitted = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert "standard_errors" not in fitted
    assert model_file.load(tmp_path / "m.json")[0].lower_bound_ == -np.inf


def test_bytes_are_no_mixture(tmp_path):
    (tmp_path / "m.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"m\.json is no text"):
        model_file.load(tmp_path / "m.json")


def test_what_is_no_ordinary_file_is_written_to_and_links_are_followed(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        told = pool.submit((tmp_path / "pipe").read_text)
        with replacing(tmp_path / "pipe") as path:
            path.write_text("told")
        assert told.result() == "told"
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with replacing(tmp_path / "link") as path:
        path.write_text("kept")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_text() == "kept"
