"""``adxform transform``: a file's text with derivatives, on stdout or in a file."""

from __future__ import annotations

import difflib
import io
import os

import click

from adxform.cli.files import read_source, write_atomically
from adxform.cli.target import names
from adxform.transform import MODES
from adxform.transform import transform as transformed


@click.command()
@click.argument("file")
@click.option("-f", "--function", "functions", metavar="NAME", multiple=True,
              help="A function to differentiate; may be given several times.")
@click.option("-m", "--mode", type=click.Choice(MODES), default="both", show_default=True,
              help="Which derivative functions to write.")
@click.option("--wrt", metavar="A,B", default="", callback=names,
              help="The parameters to differentiate in; all that can have a derivative if absent.")
@click.option("-o", "--output", metavar="OUT", help="Write here, in one step; stdout if absent.")
@click.option("--check", is_flag=True,
              help="Write nothing; exit 1 with a diff if OUT (FILE if absent) is not up to date.")
def transform(
    file: str,
    functions: tuple[str, ...],
    mode: str,
    wrt: tuple[str, ...],
    output: str | None,
    check: bool,
) -> None:
    """Print FILE with derivatives of its functions.

    A chosen function keeps its text, and NAME_forward and NAME_reverse follow it. A function
    decorated with @grad or @value_and_grad is replaced by what computes the same without adxform.
    With neither -f nor decorated functions, every function at the top of FILE is chosen.

    FILE is read and never run. All other text stays as it is. What a former run has added is
    written anew.
    """
    source = read_source(file)
    made = transformed(source, file, functions=functions, mode=mode, wrt=wrt)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    if check:
        _compare(made.text, output or file)
    elif output is None:
        click.echo(made.text.encode("utf-8"), nl=False)  # as bytes: line ends stay as they are
    else:
        write_atomically(output, made.text)


def _compare(text: str, file: str) -> None:
    """Exit 1 with a diff unless the file has this text."""
    present = read_source(file) if os.path.lexists(file) else ""
    if present == text:
        return
    before, after = (io.StringIO(t, newline="").readlines() for t in (present, text))
    difference = difflib.unified_diff(before, after, file, f"{file} (up to date)")
    for line in difference:
        click.echo(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n",
                   nl=False)
    raise click.exceptions.Exit(1)
