"""``adxform show``: a function at any stage of its way through the compiler."""

from __future__ import annotations

import click
from rich.console import Console
from rich.syntax import Syntax

from adxform.cli.files import read_source
from adxform.cli.stages import DERIVED, STAGES, at_stage
from adxform.cli.target import Target, names, target


def known_stage(context: click.Context, param: click.Parameter, value: str) -> str:
    """A stage by its name; a wrong one is answered by the list of all."""
    if value not in STAGES:
        lines = "\n".join(f"  {name:10s} {what}" for name, what in STAGES.items())
        raise click.BadParameter(f"there is no stage {value!r}. The stages, in order:\n{lines}")
    return value


@click.command()
@click.argument("function", metavar="FILE:FUNC", callback=target)
@click.option("--stage", callback=known_stage, default="optimized", show_default=True,
              help=f"One of {', '.join(STAGES)}.")
@click.option("-m", "--mode", type=click.Choice(("forward", "reverse")), default="reverse",
              show_default=True, help="Which derivative the stage 'optimized' shows.")
@click.option("--wrt", metavar="A,B", default="", callback=names,
              help="The parameters to differentiate in.")
def show(function: Target, stage: str, mode: str, wrt: tuple[str, ...]) -> None:
    """Print a function of FILE as it is at one stage of compilation.

    FILE is read and never run.
    """
    file, name = function
    mode = stage if stage in DERIVED else mode
    text = at_stage(read_source(file), file, name, stage, mode, wrt)
    console = Console()
    if console.is_terminal:
        console.print(Syntax(text, "python", theme="ansi_dark", word_wrap=True))
    else:
        click.echo(text, nl=False)
