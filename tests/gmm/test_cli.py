"""``python -m gmm``: what it prints and writes, and what it says of mistakes."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gmm
from gmm.cli import main

FILE = str(Path(gmm.__file__).parent / "data" / "old_faithful.csv")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_fit_prints_the_published_maximum_with_standard_errors():
    result = run("fit", FILE, "-k", 2)
    assert result.exit_code == 0, result.output
    assert "log-likelihood -1130.26" in result.output
    assert "weight  0.35587 ± 0.029" in result.output
    assert "mean of waiting  54.479 ± 0.59" in result.output


@pytest.mark.parametrize("covariance", gmm.COVARIANCE_TYPES)
def test_every_type_of_covariance_is_described(covariance):
    result = run("fit", FILE, "-k", 2, "--covariance", covariance, "--n-init", 1)
    assert result.exit_code == 0, result.output
    assert f"{covariance} covariances" in result.output


@pytest.mark.parametrize("solver", ["em", "newton", "lbfgs", "kmeans"])
def test_every_solver(solver):
    result = run("fit", FILE, "-k", 2, "--solver", solver, "--n-init", 1, "--no-errors")
    assert result.exit_code == 0, result.output
    assert "±" not in result.output


def test_fit_saves_what_predict_reads(tmp_path):
    model, out = tmp_path / "m.json", tmp_path / "p.csv"
    assert run("fit", FILE, "-k", 2, "--save", model, "--columns", "waiting").exit_code == 0
    saved = json.loads(model.read_text())
    assert saved["columns"] == ["waiting"] and len(saved["standard_errors"]["means"]) == 2
    assert run("predict", model, FILE, "--proba", "-o", out).exit_code == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 272
    assert sum(float(rows[0][name]) for name in ("p0", "p1")) == pytest.approx(1.0)
    assert len({row["component"] for row in rows}) == 2


def test_predict_needs_the_columns_of_the_model(tmp_path):
    run("fit", FILE, "-k", 2, "--save", tmp_path / "m.json")
    (tmp_path / "other.csv").write_text("u,v,w\n1,2,3\n")
    result = run("predict", tmp_path / "m.json", tmp_path / "other.csv")
    assert result.exit_code == 2
    assert "the model is of eruptions, waiting, the file of u, v, w" in result.output


def test_compare_tells_the_smallest_criterion():
    result = run("compare", FILE, "-k", "1..3", "--covariance", "tied,full", "--n-init", 2)
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) == 8
    assert "smallest BIC: 3 components, tied covariances" in result.output


def test_warnings_of_a_comparison_say_which_mixture_they_are_of(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n3,5\n" * 9)
    result = run("compare", tmp_path / "t.csv", "-k", "1,2", "--covariance", "diag")
    assert result.stderr.startswith("warning: diag, k = 2: Along some axis")
    assert len(result.stderr.splitlines()) == 1


def test_missing_numbers(tmp_path):
    rows = gmm.old_faithful().tolist()
    lines = [f"{a},{'' if i % 9 == 0 else b}" for i, (a, b) in enumerate(rows)]
    (tmp_path / "t.csv").write_text("a,b\n" + "\n".join(lines))
    assert "NaN" in run("fit", tmp_path / "t.csv", "-k", 2).output
    assert run("fit", tmp_path / "t.csv", "-k", 2, "--missing", "--n-init", 1).exit_code == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["fit", FILE, "-k", "0"], "n_components"),
        (["fit", FILE, "-k", "2", "--columns", "height"], "no column 'height'"),
        (["fit", "nowhere.csv", "-k", "2"], "does not exist"),
        (["fit", FILE, "-k", "2", "--covariance", "round"], "round"),
        (["compare", FILE, "-k", "6..1"], "neither like 1..6"),
        (["compare", FILE, "--covariance", "round"], "not some of"),
        (["compare", FILE, "-k", "2,273"], "has 272 points, too few for 273 components"),
        (["predict", FILE, FILE], "not JSON"),
        (["fit", FILE, "-k", "273"], "n_samples >= n_components"),
        (["fit", FILE, "-k", "2", "--tol", "-1"], "tol must be"),
        (["fit", FILE, "-k", "2", "--max-iter", "-1"], "max_iter must be"),
        (["fit", FILE, "-k", "2", "--n-init", "0"], "n_init must be"),
        (["fit", FILE, "-k", "2", "--seed", "-1"], "random_state must be a seed"),
        (["fit", FILE, "-k", "2", "--columns", "waiting, waiting"], "asked for twice"),
        (["fit", FILE, "-k", "2", "--save", FILE], "read or written already"),
        (["fit", FILE, "-k", "2", "--save", "a.png", "--plot", "./a.png"], "written already"),
        (["predict", FILE, FILE, "-o", FILE], "read or written already"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "options, message",
    [
        (["--save", "nowhere/m.json"], "there is no folder nowhere"),
        (["--plot", "nowhere/a.png"], "there is no folder nowhere"),
        (["--plot", "a.xyz"], "must end in one of"),
        (["--save", "."], "is a directory"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_work(options, message, monkeypatch):
    monkeypatch.setattr(gmm.GaussianMixture, "fit", lambda *_: pytest.fail("it was fitted"))
    result = run("fit", FILE, "-k", 2, *options)
    assert result.exit_code == 2 and message in result.output


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "empty"),
        ("a,b\n", "holds no points"),
        ("a,b\n1,2\n", "minimum of 2 is required"),
        ("a,b\n1,2\n3,inf\n", "infinity"),
        ("a,b\n1,2\n3,\n", "--missing"),
        ("a,b,name\n1,2,x\n", "'x' is not a number (--columns chooses columns)"),
        ("a,b\n1e200,2\n-1e200,3\n", "overflows"),
    ],
)
def test_bad_files_are_told_in_a_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    for command in (("fit", tmp_path / "t.csv", "-k", 1), ("compare", tmp_path / "t.csv", "-k", 1)):
        result = run(*command)
        assert result.exit_code == 2 and message in result.output
        assert len(result.stderr.splitlines()) == 1, result.stderr


def test_help_explains_every_option():
    for command in main.commands.values():
        for option in command.params:
            assert option.param_type_name == "argument" or option.help, option.name


def test_names_and_types_may_stand_apart():
    whole = run("compare", FILE, "-k", "2,1,2", "--covariance", "full, tied", "--n-init", 1)
    assert whole.output == run("compare", FILE, "-k", "1..2", "--covariance", "tied,full",
                               "--n-init", 1).output  # fmt: skip
    spaced = run("fit", FILE, "-k", 2, "--columns", "waiting , eruptions", "--n-init", 1)
    assert "mean of waiting" in spaced.output


def test_standard_errors_that_take_minutes_are_left_out_unless_asked_for(monkeypatch):
    monkeypatch.setattr("gmm.cli.MOST_SLOPES", 1000)
    short = ["fit", FILE, "-k", 2, "--n-init", 1]
    assert "±" not in run(*short).stdout and "--errors asks for them" in run(*short).stderr
    assert "±" in run(*short, "--errors").stdout
    assert run(*short, "--no-errors").stderr == ""


def test_many_components_are_not_all_named():
    result = run("fit", FILE, "-k", 100, "--n-init", 1, "--no-errors")
    assert "components 0, 1, 2" in result.stderr and "more is reg_covar" in result.stderr


def test_an_error_leaves_what_was_there(tmp_path):
    model, out = tmp_path / "m.json", tmp_path / "p.csv"
    run("fit", FILE, "-k", 2, "--n-init", 1, "--save", model)
    out.write_text("kept")
    (tmp_path / "bad.csv").write_text("eruptions,waiting\n1,2\n1,inf\n")
    result = run("predict", model, tmp_path / "bad.csv", "-o", out)
    assert result.exit_code == 2 and "infinity" in result.output
    assert out.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "m.json", "p.csv"]


def test_a_large_file_is_fitted_and_predicted_in_chunks(tmp_path, monkeypatch):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    X = gmm.old_faithful()
    table = pa.table({"waiting": X[:, 1], "eruptions": X[:, 0]})
    parquet.write_table(table, tmp_path / "t.parquet")
    run("fit", FILE, "-k", 2, "--save", tmp_path / "m.json")
    whole = run("predict", tmp_path / "m.json", FILE, "--proba").output
    monkeypatch.setattr("gmm.reading.IN_MEMORY", 1000)
    columns = ["--columns", "eruptions,waiting", "--plot", tmp_path / "a.png"]
    fitted = run("fit", tmp_path / "t.parquet", "-k", 2, *columns)
    assert fitted.output == run("fit", FILE, "-k", 2).output
    compared = run("compare", tmp_path / "t.parquet", "-k", "1,2", *columns[:2])
    assert compared.output == run("compare", FILE, "-k", "1,2").output
    assert run("predict", tmp_path / "m.json", tmp_path / "t.parquet", "--proba").output == whole


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    fitted = run("fit", FILE, "-k", 2, "--plot", tmp_path / "a.png", "--n-init", 1)
    compared = run("compare", FILE, "-k", "1,2", "--plot", tmp_path / "b.png", "--n-init", 1)
    assert fitted.exit_code == compared.exit_code == 0
    (tmp_path / "t.csv").write_text("a\n" + "\n".join(f"{i % 7}\nNA" for i in range(50)))
    one = ["fit", tmp_path / "t.csv", "-k", 2, "--missing", "--n-init", 1]
    assert run(*one, "--plot", tmp_path / "c.png").exit_code == 0
    for name in ("a.png", "b.png", "c.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_a_picture_has_an_ellipse_of_one_and_two_deviations_for_each_component():
    pytest.importorskip("matplotlib")
    from gmm import plots
    from gmm.statistics import Mixture

    mixture = Mixture(np.ones(1), np.array([[1.0, 2.0]]), np.array([np.diag([4.0, 1.0])]))
    _, (axes,) = plots.new_figure()
    plots.plot_mixture(axes, mixture, np.zeros((3, 2)))
    ellipses = [line.get_xydata() for line in axes.lines if len(line.get_xydata()) > 1]
    for radius, ellipse in zip((1.0, 2.0), ellipses, strict=True):
        inside = (ellipse - [1.0, 2.0]) / [2.0, 1.0]
        np.testing.assert_allclose(np.linalg.norm(inside, axis=1), radius, rtol=1e-12)


def test_figures_without_matplotlib_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    from gmm import plots

    with pytest.raises(ImportError, match=r"pip install 'adxform\[plot\]'"):
        plots.new_figure()
