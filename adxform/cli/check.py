"""``adxform check``: a function's derivatives by four ways, side by side."""

from __future__ import annotations

import importlib.util
import inspect
import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from adxform.check import CheckReport, compared
from adxform.cli.files import read_source
from adxform.cli.points import given_point, literal, random_points
from adxform.cli.target import Target, target
from adxform.derivatives import Derivative
from adxform.errors import AdxformError, ArgumentError, Diagnostic, Location
from adxform.frontend.source import parse_file
from adxform.transform.selection import find_function

WAYS = ("forward", "reverse", "differences", "dual")


@click.command()
@click.argument("function", metavar="FILE:FUNC", callback=target)
@click.option("--at", "given", metavar="NAME=VALUE", multiple=True,
              help="An argument as a literal, e.g. x=1.5 or 'A=[[1, 2], [3, 4]]'; lists become "
                   "arrays of floats. The others are random, or their defaults.")
@click.option("--seed", type=int, default=0, show_default=True,
              help="Chooses the random arguments and directions.")
def check(function: Target, given: tuple[str, ...], seed: int) -> None:
    """Compare a function's derivatives by forward mode, reverse mode, differences and dual numbers.

    Dual numbers go where operator overloading can follow. Unlike the other commands this one
    imports FILE, that is, runs it, and calls the function.
    """
    live = _live(function)
    rng = np.random.default_rng(seed)
    values = dict(map(literal, given))
    try:
        args = given_point(live, values, random_points(live, values, rng))
        report = compared(live, args, seed=seed)
    except AdxformError:
        raise
    except Exception as error:
        if not _own_frames(function, error):
            raise
        raise _raised(function, error) from None
    _print(report, dict(zip(inspect.signature(live).parameters, args, strict=True)))
    if not report.passed:
        raise click.exceptions.Exit(1)


def _live(target: Target) -> Any:
    """The live function; what a decorator of adxform wraps is checked itself."""
    tree, _ = parse_file(read_source(target.file).removeprefix("\ufeff"), target.file)
    find_function(tree, target.function, target.file)
    found: Any = _imported(target)
    for name in target.function.split("."):
        found = getattr(found, name, None)
    found = found.primal if isinstance(found, Derivative) else found
    if not callable(found):
        raise ArgumentError(f"{target.file} defines no function {target.function} when it runs")
    return found


def _imported(target: Target) -> ModuleType:
    path = Path(target.file).resolve()
    name = path.stem if path.stem.isidentifier() else "checked"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{target.file} cannot be imported: it does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules.setdefault(name, module)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _raised(target, error) from None
    return module


def _own_frames(target: Target, error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of a traceback that are in the user's file."""
    path = str(Path(target.file).resolve())
    frames = traceback.extract_tb(error.__traceback__)
    return [f for f in frames if f.filename in (path, target.file)]


def _raised(target: Target, error: BaseException) -> AdxformError:
    """What the user's own code raised, with the place in it."""
    own = _own_frames(target, error)
    where = None
    if own:
        line, text = own[-1].lineno or 1, linecache.getline(own[-1].filename, own[-1].lineno or 1)
        indent = len(text) - len(text.lstrip())
        where = Location(target.file, line, indent, len(text.rstrip()), text)
    hint = "Give arguments that fit with --at NAME=VALUE."
    return ArgumentError(Diagnostic(f"{type(error).__name__}: {error}", where, hint))


def _print(report: CheckReport, args: dict[str, Any]) -> None:
    console = Console(width=None if Console().is_terminal else 120, highlight=False)
    for name, value in args.items():
        array = isinstance(value, np.ndarray)
        shown = np.array2string(value, precision=4, threshold=12) if array else repr(value)
        console.print(f"{name} = {shown}", markup=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("of", "in"):
        table.add_column(heading, no_wrap=True)
    for heading in (*WAYS, "error"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in report.rows:
        of = report.function if row.order == 1 else f"grad {report.function}"
        cells = [f"{row.numbers[w]:.9g}" if w in row.numbers else "-" for w in WAYS]
        verdict = "[green]ok[/]" if row.passed else "[red]differs[/]"
        table.add_row(of, row.argument, *cells, f"{row.error:.0e}", verdict)
    console.print(table)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    verdict = "all agree" if report.passed else "they differ"
    console.print(f"{report.function}: {verdict}", markup=False)
