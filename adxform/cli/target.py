"""``FILE:FUNC`` on the command line."""

from __future__ import annotations

from typing import NamedTuple

import click


class Target(NamedTuple):
    """A function of a file."""

    file: str
    function: str


def target(context: click.Context, param: click.Parameter, value: str) -> Target:
    """Read ``FILE:FUNC``; the last colon counts."""
    file, _, function = value.rpartition(":")
    if not file or not function:
        raise click.BadParameter(f"{value!r} is not FILE:FUNC, such as model.py:loss")
    return Target(file, function)


def names(context: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Read ``a,b``."""
    return tuple(name for part in value.split(",") if (name := part.strip()))
