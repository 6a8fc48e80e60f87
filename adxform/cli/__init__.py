"""The command line: ``adxform transform``, ``show``, ``explain``, ``check`` and ``rules``.

Exit codes: 0 for good, 1 where ``--check`` or ``check`` failed, 2 for what is wrong with the user's
code or arguments, 70 for a bug in adxform.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import click

from adxform.cli.check import check
from adxform.cli.explain import explain
from adxform.cli.rules import rules
from adxform.cli.show import show
from adxform.cli.transform import transform
from adxform.errors import AdxformError, InternalError

BUG = 70
REPORT = (
    "This is a bug in adxform, not in your code. "
    "Please report it, with the lines above and the function that it was given."
)


class Guarded(click.Group):
    """Shows the user's mistakes as diagnostics, and adxform's own as what they are."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except InternalError as error:
            click.echo(f"error: {error}\n\n{REPORT}", err=True)
            ctx.exit(BUG)
        except AdxformError as error:
            click.echo("\n\n".join(f"error: {d.render()}" for d in error.diagnostics), err=True)
            ctx.exit(2)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            click.echo(f"\n{REPORT}", err=True)
            ctx.exit(BUG)


@click.group(cls=Guarded, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="adxform", message="%(prog)s %(version)s")
def main() -> None:
    """Write the derivatives of NumPy functions as NumPy functions."""


for command in (transform, show, explain, check, rules):
    main.add_command(command)

__all__ = ["main"]
