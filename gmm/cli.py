"""The command line: fit a mixture to a file, predict with it, compare numbers of components."""

from __future__ import annotations

import csv
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click
import numpy as np

from gmm import plots
from gmm.base import ConvergenceWarning
from gmm.density import COVARIANCE_TYPES, CovarianceType
from gmm.estimator import GaussianMixture
from gmm.fitting import Regularized
from gmm.inference import NotAMaximum
from gmm.model_file import load, save
from gmm.parameters import count_parameters
from gmm.reading import Table, read
from gmm.report import describe, heading
from gmm.solvers import SOLVERS
from gmm.writing import check_writable, replacing

MOST_SHOWN = 50_000  # points that a picture is made of
MOST_SLOPES = 2_000_000_000  # numbers in the derivatives of all points that are worth the wait

FITTING = (
    click.option(
        "--solver",
        type=click.Choice(list(SOLVERS)),
        default="accelerated",
        help="How to fit: by EM, EM with leaps, Newton's method, L-BFGS, hard assignment.",
    ),
    click.option("--columns", help="Names of columns, with commas; all if left out."),
    click.option(
        "--tol", type=float, default=1e-8, help="Rise of the log-likelihood a point to stop at."
    ),
    click.option("--max-iter", type=int, default=1000, help="The most iterations from a start."),
    click.option("--n-init", type=int, default=5, help="Fits from other starts; the best is kept."),
    click.option("--seed", type=int, default=0, help="Seed of the random starts."),
    click.option(
        "--missing", is_flag=True, help="Missing numbers are no error; what is there counts."
    ),
)
INPUT = click.argument("file", type=click.Path(exists=True, dir_okay=False))


def fitting_options(command: Any) -> Any:
    """The options that every command which fits has."""
    for option in reversed(FITTING):
        command = option(command)
    return command


class UserError(click.ClickException):
    """What is wrong with data, arguments or the installation."""

    exit_code = 2


@contextmanager
def user_errors() -> Iterator[None]:
    """Errors of data and arguments, and of what is not installed, as one line and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        raise  # who reads the output has had enough
    except (ValueError, ImportError, OSError) as error:
        raise UserError(str(error)) from error


@contextmanager
def warnings_as_lines(of: str) -> Iterator[None]:
    """Warnings of a fit as one line each, which says what they are of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.simplefilter("always", NotAMaximum)
        warnings.simplefilter("always", Regularized)
        yield
    for warning in caught:
        click.echo(f"warning: {of}{warning.message}", err=True)


@click.group(context_settings={"show_default": True})
def main() -> None:
    """Gaussian mixtures, fitted and judged with exact derivatives.

    Points are the rows of CSV, npy and Parquet files. In a CSV file the first line may name the
    columns; lines that begin with # are comments; numbers may be missing (empty, NA, NaN, null, ?).
    Mistakes are told in a line, with exit code 2.
    """


def fit_table(
    table: Table, k: int, covariance: CovarianceType, errors: bool, options: Any, of: str = ""
) -> GaussianMixture:
    """Fit a mixture to a table as the options say; what it is of is said before warnings."""
    model = GaussianMixture(
        k,
        covariance_type=covariance,
        solver=options["solver"],
        tol=options["tol"],
        max_iter=options["max_iter"],
        n_init=options["n_init"],
        random_state=options["seed"],
        missing_values="marginalize" if options["missing"] else "error",
        standard_errors=errors,
        progress=sys.stderr.isatty(),
    )
    with warnings_as_lines(of):
        return model.fit(table.X)


@main.command(short_help="Fit a mixture to the rows of FILE.")
@INPUT
@click.option("-k", "--components", type=int, required=True, help="How many components.")
@click.option(
    "--covariance",
    type=click.Choice(COVARIANCE_TYPES),
    default="full",
    help="Shape of the covariances.",
)
@fitting_options
@click.option(
    "--errors/--no-errors",
    default=None,
    help="Print standard errors.",
    show_default="unless they would take minutes",
)
@click.option(
    "--plot", type=click.Path(dir_okay=False), help="Draw points and components, as in out.png."
)
@click.option(
    "--save", "save_to", type=click.Path(dir_okay=False), help="Write the mixture, as JSON."
)
def fit(
    file: str,
    components: int,
    covariance: CovarianceType,
    errors: bool | None,
    plot: str | None,
    save_to: str | None,
    **options: Any,
) -> None:
    """Fit a mixture to the rows of FILE (CSV, npy or Parquet)."""
    with user_errors():
        check_outputs([file], plot, save_to)
        table = read(file, chosen_columns(options))
        wanted = with_errors(errors, table, components, covariance, options["solver"])
        model = fit_table(table, components, covariance, wanted, options)
        click.echo(describe(model, table))
        if save_to is not None:
            save(save_to, model, table.columns)
        if plot is not None:
            figure, (axes,) = plots.new_figure(size=4.5)
            shown = table.sample(MOST_SHOWN)
            plots.plot_mixture(axes, model._mixture(), shown, model.covariance_type, table.columns)
            axes.set_title(heading(model))
            plots.save(figure, plot)


def with_errors(
    asked: bool | None, table: Table, k: int, covariance: CovarianceType, solver: str
) -> bool:
    """Whether to find standard errors, which takes long for many points and parameters."""
    if solver == "kmeans" or asked is not None:
        return bool(asked) and solver != "kmeans"
    d = len(table.columns)
    if table.n * k * d * count_parameters(k, d, covariance) <= MOST_SLOPES:
        return True
    click.echo("standard errors would take minutes: --errors asks for them", err=True)
    return False


def chosen_columns(options: Any) -> list[str]:
    """The columns that the user names."""
    names = (options["columns"] or "").split(",")
    return [name.strip() for name in names if name.strip()]


def check_outputs(inputs: list[str], plot: str | None, save_to: str | None = None) -> None:
    """An error, before the work is done, for what could not or should not be written after it."""
    used = {Path(path).resolve() for path in inputs}
    for output in (plot, save_to):
        if output is not None:
            path = Path(output).resolve()
            if path in used:
                raise ValueError(f"{output} is read or written already: choose another name")
            used.add(path)
    if save_to is not None:
        check_writable(save_to)
    if plot is not None:
        plots.check_picture(plot)


@main.command(short_help="Tell the component of each row of FILE by a saved MODEL.")
@click.argument("model", type=click.Path(exists=True, dir_okay=False))
@INPUT
@click.option("--proba", is_flag=True, help="Write the probabilities of all components, too.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), help="Write to a file, not to the terminal."
)
def predict(model: str, file: str, proba: bool, output: str | None) -> None:
    """Write the component of each row of FILE, by the MODEL that fit --save has written."""
    with user_errors():
        check_outputs([model, file], None, output)
        mixture, columns = load(model)
        table = matching(file, columns)
        if output is None:
            write_components(sys.stdout, mixture, table, proba)
            return
        with replacing(output) as path, path.open("w", encoding="utf-8", newline="") as stream:
            write_components(stream, mixture, table, proba)


def write_components(
    stream: TextIO, mixture: GaussianMixture, table: Table, proba: bool
) -> None:
    """Write the component of each point, some points after the other."""
    writer = csv.writer(stream, lineterminator="\n")
    shown = mixture.n_components if proba else 0
    writer.writerow(["component", *(f"p{i}" for i in range(shown))])
    for X in table.pieces():
        probabilities = mixture.predict_proba(X)[:, :shown].round(6)
        for label, row in zip(mixture.predict(X), probabilities, strict=True):
            writer.writerow([label, *row.tolist()])


def matching(file: str, columns: list[str]) -> Table:
    """The columns that a model is of, by name if they are there, by place if as many are."""
    table = read(file)
    if all(name in table.columns for name in columns):
        return table if table.columns == columns else read(file, columns)
    if len(table.columns) == len(columns):
        return table
    raise ValueError(
        f"the model is of {', '.join(columns)}, the file of {', '.join(table.columns)}"
    )


def parse_range(context: click.Context, option: click.Parameter, text: str) -> list[int]:
    """Numbers of components, such as 1..6 or 2,3,5."""
    try:
        if ".." in text:
            first, last = (int(part) for part in text.split(".."))
            numbers = list(range(first, last + 1))
        else:
            numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise click.BadParameter(f"{text!r} is neither like 1..6 nor like 2,3,5")
    return numbers


def parse_types(context: click.Context, option: click.Parameter, text: str) -> list[CovarianceType]:
    """Types of covariance with commas between them."""
    words = {word.strip() for word in text.split(",")}
    kinds = [kind for kind in COVARIANCE_TYPES if kind in words]
    if len(kinds) < len(words):
        raise click.BadParameter(f"{text!r} is not some of {', '.join(COVARIANCE_TYPES)}")
    return kinds


@main.command(short_help="Compare numbers of components by AIC and BIC.")
@INPUT
@click.option(
    "-k", "--components", callback=parse_range, default="1..6", help="Such as 1..6 or 2,3,5."
)
@click.option(
    "--covariance",
    callback=parse_types,
    default="full",
    help="One or several types, with commas: full, tied, diag, spherical, identity.",
)
@fitting_options
@click.option("--plot", type=click.Path(dir_okay=False), help="Draw the criteria, as in out.png.")
def compare(
    file: str,
    components: list[int],
    covariance: list[CovarianceType],
    plot: str | None,
    **options: Any,
) -> None:
    """Compare mixtures of several numbers of components by information criteria."""
    with user_errors():
        check_outputs([file], plot)
        table = read(file, chosen_columns(options))
        if table.n < (most := max(components)):
            raise ValueError(f"{file} has {table.n} points, too few for {most} components")
        criteria: dict[CovarianceType, list[tuple[float, float]]] = {}
        best = (np.inf, "")
        click.echo("covariance   k  parameters  log-likelihood         AIC         BIC")
        for kind in covariance:
            for k in components:
                model = fit_table(table, k, kind, False, options, f"{kind}, k = {k}: ")
                total, parameters = model._total_score(table.X)[0], model._n_parameters()
                aic = 2.0 * (parameters - total)
                bic = parameters * float(np.log(table.n)) - 2.0 * total
                criteria.setdefault(kind, []).append((aic, bic))
                click.echo(
                    f"{kind:10s}{k:4d}{parameters:12d}{total:16.2f}{aic:12.2f}{bic:12.2f}"
                )
                best = min(best, (bic, f"{k} components, {kind} covariances"))
        click.echo(f"smallest BIC: {best[1]}")
        if plot is not None:
            figure, (axes,) = plots.new_figure()
            plots.plot_criteria(axes, components, criteria)
            plots.save(figure, plot)
