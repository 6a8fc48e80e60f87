"""Random Python functions of floats, arrays and integers, as text.

Overflow, or a kink that is hit, the test finds out by running a program.
"""

from __future__ import annotations

import ast
import random
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.random_programs.control import Control
from tests.random_programs.expressions import Helper
from tests.random_programs.forms import (
    ANNOTATIONS,
    FLOAT,
    INT,
    PAIR,
    PARAMETERS,
    VECTOR,
)


@dataclass(frozen=True)
class Program:
    """A module's text, whose function ``f`` takes parameters of these kinds."""

    text: str
    params: tuple[tuple[str, str], ...]
    result: str  # the kind of the result, "tuple" for several values

    def __repr__(self) -> str:
        return f"\n{self.text}"


def write_function(
    rng: random.Random, name: str, params: list[tuple[str, str]], defaults: int, result: str,
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
        text = param + (f": {writer.pick(*ANNOTATIONS[kind])}" if annotate else "")
        if place >= len(params) - defaults:
            text += "=0.5" if kind == FLOAT else "=2"
        shown.append(text)
    return [f"def {name}({', '.join(shown)}):", *writer.lines, ""]


def write_program(rng: random.Random, writes: type[Control] = Control) -> Program:
    """A module with a function ``f`` and up to two functions that it calls."""
    helpers: list[Helper] = []
    lines = ["from __future__ import annotations", "import numpy as np", ""]
    for name in ("g", "helper")[: rng.randrange(3)]:
        kinds = [(FLOAT, VECTOR)[rng.randrange(2)], FLOAT, *[INT][: rng.randrange(2)]]
        params = list(zip("abn", kinds, strict=False))
        defaults = rng.randrange(len(params))
        result = (FLOAT, VECTOR, PAIR)[rng.randrange(3)]
        statements = rng.randrange(7)
        lines += write_function(rng, name, params, defaults, result, helpers, statements, writes)
        helpers.append(Helper(name, tuple(params), defaults, result))
    params = [p for p in PARAMETERS if rng.randrange(100) < 65] or [PARAMETERS[0]]
    if all(kind == INT for _, kind in params):
        params.insert(0, PARAMETERS[0])
    result = (FLOAT, FLOAT, FLOAT, FLOAT, VECTOR, "tuple")[rng.randrange(6)]
    lines += write_function(rng, "f", params, 0, result, helpers, 1 + rng.randrange(6), writes)
    return Program(ast.unparse(ast.parse("\n".join(lines))), tuple(params), result)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Random programs."""
    return write_program(draw(st.randoms(use_true_random=False)))
