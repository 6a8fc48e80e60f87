"""Runs the command line: ``python -m gmm``."""

from gmm.cli import main

main(prog_name="python -m gmm")
