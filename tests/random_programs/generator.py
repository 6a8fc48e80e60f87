"""Random Python functions of floats, arrays and integers, as text.

Overflow, or a kink that is hit, the test finds out by running a program.
"""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass

from tests.random_programs.control import Control
from tests.random_programs.expressions import Helper
from tests.random_programs.forms import ANNOTATIONS, FLOAT, INT, PAIR, VECTOR, Kind, Shape

IMPORTS = ["from __future__ import annotations", "import numpy as np"]
RESULTS: tuple[Kind, ...] = (FLOAT, FLOAT, FLOAT, FLOAT, VECTOR, "tuple")


@dataclass(frozen=True)
class Program:
    """A module's text, whose function ``f`` takes parameters of these kinds."""

    text: str
    params: tuple[tuple[str, Kind], ...]


def write_function(
    rng: random.Random, name: str, params: list[tuple[str, Kind]], defaults: int, result: Kind,
    helpers: list[Helper], statements: int, writes: type[Control] = Control,
) -> list[str]:
    """The lines of one function."""
    writer = writes(rng, helpers)
    writer.result_kind = result
    writer.env.update(params)
    writer.protected |= {n for n, kind in params if kind == INT}
    writer.budget = 2 * statements + 2
    if writer.chance(20):
        writer.line('"""A docstring."""')
    for _ in range(statements):
        writer.statement()
    writer.give_back()
    annotate = writer.chance(40)
    shown = []
    for place, (param, kind) in enumerate(params):
        known = ANNOTATIONS.get(kind) if not isinstance(kind, Shape) else kind.annotations
        text = param + (f": {writer.pick(*known)}" if annotate and known else "")
        if place >= len(params) - defaults:
            text += "=0.5" if kind == FLOAT else "=2"
        shown.append(text)
    return [f"def {name}({', '.join(shown)}):", *writer.lines, ""]


def write_program(rng: random.Random, writes: type[Control] = Control) -> Program:
    """A module with a function ``f`` and some functions that it calls."""
    lines, helpers = writes.before(rng)
    for name in ("g", "helper")[: rng.randrange(3)]:
        kinds = [(FLOAT, VECTOR)[rng.randrange(2)], FLOAT, *[INT][: rng.randrange(2)]]
        params: list[tuple[str, Kind]] = list(zip("abn", kinds, strict=False))
        defaults = rng.randrange(len(params))
        result = (FLOAT, VECTOR, PAIR)[rng.randrange(3)]
        statements = rng.randrange(7)
        lines += write_function(rng, name, params, defaults, result, helpers, statements, writes)
        helpers.append(Helper(name, tuple(params), defaults, result))
    params = writes.parameters(rng)
    result = RESULTS[rng.randrange(len(RESULTS))]
    lines += write_function(rng, "f", params, 0, result, helpers, 1 + rng.randrange(6), writes)
    text = "\n".join([*IMPORTS, *lines])
    return Program(ast.unparse(ast.parse(text)), tuple(params))
