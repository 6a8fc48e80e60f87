"""Runs the command line: ``python -m adxform``."""

from adxform.cli import main

if __name__ == "__main__":
    main(prog_name="adxform")
