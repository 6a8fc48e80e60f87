"""The command line: ``python -m examples.gradbench``."""

from __future__ import annotations

import sys

import click

from examples.gradbench.elsewhere import beside_others
from examples.gradbench.one_thread import hold
from examples.gradbench.protocol import serve
from examples.gradbench.table import HEAD, lines, summary
from examples.gradbench.tools import backends, installed, ours, peer
from examples.gradbench.workloads import NAMES


@click.command()
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Only this workload.")
@click.option(
    "--sizes", type=click.Choice(["quick", "small", "standard", "large"]), default="standard",
    show_default=True, help="Which sizes.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="Tiny sizes, NumPy alone: whether all works.")
@click.option("--backends", "chosen", default=",".join(backends()), show_default=True, help="Ours.")
@click.option("--peers", default=",".join(installed()), show_default=True, help="Other tools.")
@click.option("--protocol", is_flag=True, help="Answer GradBench on stdin, by the last backend.")
@click.option("--limit", default=60.0, show_default=True, help="Seconds that a call may take.")
def main(only, sizes, quick, chosen, peers, protocol, limit):
    """Times, peak memory and ratios of GradBench's workloads, on one thread and warm."""
    if protocol:
        serve(sys.stdin, sys.stdout, chosen.split(",")[-1])
        return
    if quick:
        sizes, chosen, peers = "quick", "numpy", ""
    tools = [ours(b) for b in chosen.split(",")] + [peer(p) for p in peers.split(",") if p]
    found = []
    click.echo(HEAD)
    for line in lines(only or NAMES, sizes, tools, limit):
        found.append(line)
        click.echo(str(line))
    click.echo()
    for line in [*summary(found), *beside_others(found)]:
        click.echo(line)


if __name__ == "__main__":
    hold()
    main()
