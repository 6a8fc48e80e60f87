"""Random programs that write into arrays in place: reverse mode agrees with forward mode.

What overwrites what is decided by the indices; they collide, wrap around and stay apart at random.
Loops end early at random.
"""

from __future__ import annotations

import contextlib
import itertools
import linecache
import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import adxform
from adxform import UnsupportedError, jvp, vjp

PROGRAMS = int(os.environ.get("ADXFORM_RANDOM_PROGRAMS") or 16)
SIZE = 7
LIMIT = 1e9  # values beyond this say nothing
RANGES = ("range({n})", "range(1, {n})", "range({n} - 2, -1, -1)", "range(1, {n} - 1)",
          "range(0, {n}, 2)", "range({n} - 1, 0, -2)", "range(3)", "range(i, {n})",
          "range(i + 1, {n})", "range(i)")  # the last three are as long as an outer loop says
TERMS = ("np.sin({0})", "0.5 * {0}", "{0} * {1}", "0.3 * {0} - {1}", "{0} / (2.0 + {1} * {1})",
         "{0} ** 2", "{0} * x[{2}]", "0.7 * {0} + {1} * x[{2}]")


class Program:
    """Writes one function of a vector x, which fills and changes arrays u and v; with ``even`` loops
    each iteration is like the others.
    """

    def __init__(self, seed: int, *, even: bool = False) -> None:
        self.random = random.Random(seed)
        self.ranges = RANGES[:7] if even else RANGES
        self.branches = not even
        self.lines = ["import numpy as np", "", "def f(x):", "    n = len(x)"]
        self.flat = self.random.random() < 0.6
        for name in "uv":
            start = self.random.choice(["x.copy()", "x * 0.5", "np.zeros(n)", "np.ones(n)"])
            if not self.flat:
                start = self.random.choice(["np.zeros((n, n))", "np.outer(x, x) * 0.3"])
            self.add(1, f"{name} = {start}")
        self.add(1, "s = 0.0")
        for _ in range(self.random.randint(1, 3)):
            self.loop(1, [])
            if self.random.random() < 0.4:
                self.write(1, [])
        self.add(1, "return s + np.sum(u * u) + np.sum(np.cos(v))")

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, ""])

    def add(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def loop(self, depth: int, names: list[str]) -> None:
        name = "ijk"[len(names)]
        ranges = self.ranges if names else RANGES[:7]
        bounds = self.random.choice(ranges).format(n="n").replace("i", names[-1] if names else "i")
        self.add(depth, f"for {name} in {bounds.replace(f'r{name}nge', 'range')}:")
        for _ in range(self.random.randint(1, 3)):
            chance = self.random.random()
            if chance < 0.25 and len(names) < 2:
                self.loop(depth + 1, [*names, name])
            elif chance < 0.35 and self.branches:
                self.add(depth + 1, f"if {name} % 2 == 0:")
                self.write(depth + 2, [*names, name])
            elif chance < 0.43 and self.branches:
                self.add(depth + 1, f"if {self.element([*names, name], 'u')} > {self.random.random()}:")
                self.add(depth + 2, self.random.choice(["break", "break", "continue"]))
            elif chance < 0.5:
                self.add(depth + 1, f"s += {self.term([*names, name])}")
            else:
                self.write(depth + 1, [*names, name])

    def place(self, names: list[str]) -> str:
        if not names or self.random.random() < 0.15:
            return self.random.choice(["0", "1", "-1", "n - 1", "2"])
        name = self.random.choice(names)
        return self.random.choice([name] * 3 + [f"{name} - 1", f"{name} - 2", f"n - 1 - {name}",
                                                f"{name} // 2", f"min({name} + 1, n - 1)"])

    def element(self, names: list[str], array: str) -> str:
        if self.flat:
            return f"{array}[{self.place(names)}]"
        return f"{array}[{self.place(names)}, {self.place(names)}]"

    def term(self, names: list[str]) -> str:
        reads = [self.element(names, self.random.choice("uuv")) for _ in range(2)]
        return self.random.choice(TERMS).format(*reads, self.place(names))

    def write(self, depth: int, names: list[str]) -> None:
        array = self.random.choice("uuv")
        chance = self.random.random()
        if chance < 0.6:
            target = self.element(names, array)
            self.add(depth, f"{target} {self.random.choice(['=', '=', '+=', '-=', '*='])} "
                            f"{self.term(names)}")
            return
        lower, upper = self.random.choice([("1", "-1"), ("2", ""), ("", "-2"), ("1", "4")])
        length = {("1", "-1"): SIZE - 2, ("2", ""): SIZE - 2, ("", "-2"): SIZE - 2,
                  ("1", "4"): 3}[lower, upper]
        parts = ["1:-1", "2:", ":-2"] if length == SIZE - 2 else ["1:4", "2:5", ":3"]
        first, second = self.random.choice(parts), self.random.choice(parts)
        row = "" if self.flat else f"{self.place(names)}, "
        other = "" if self.flat else f"{self.place(names)}, "
        reads = f"u[{other}{first}]", f"v[{row}{second}]"
        value = self.random.choice(["0.5 * {0} * {1}", "np.sin({0})", "{0} - 0.3 * {1}", "0.0",
                                    "0.2 * {0} + s"]).format(*reads)
        operator = self.random.choice(["=", "+=", "-="])
        self.add(depth, f"{array}[{row}{lower}:{upper}] {operator} {value}")


def live(text: str, file: str) -> Callable[..., Any]:
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec"), namespace)
    f: Callable[..., Any] = namespace["f"]
    return f


def agree(seed: int) -> None:
    text = Program(seed).text
    f = live(text, f"<in place {seed}>")
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.2, 0.9, SIZE)
    direction = rng.standard_normal(SIZE)
    gradient = adxform.value_and_grad(f)
    with np.errstate(all="ignore"):
        kept, expected = x.copy(), f(x.copy())
        if not abs(expected) < LIMIT:
            return
        (value, found), (again, found_again) = gradient(x), gradient(x)
        _, tangent = jvp(f, (x,), (direction,))
        pulled, pullback = vjp(f, x)
        bars = [pullback(1.0)[0] for _ in range(2)]
    assert expected == value == again == pulled, text
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(found, found_again)
    if abs(tangent) < LIMIT:
        scale = np.sum(np.abs(found * direction)) + 1.0
        for bar in (found, *bars):
            assert abs(np.sum(bar * direction) - tangent) < 1e-9 * scale, text


@pytest.mark.random_programs
@pytest.mark.parametrize("start", range(0, PROGRAMS, 20))
def test_reverse_mode_of_in_place_programs_agrees_with_forward_mode(start):
    for seed in itertools.islice(itertools.count(start), min(20, PROGRAMS - start)):
        agree(seed)


def agree_twice(seed: int) -> None:
    """Reverse mode over reverse mode agrees with forward mode over reverse mode, or is refused."""
    text = Program(seed, even=True).text
    gradient = adxform.grad(live(text, f"<in place twice {seed}>"))
    rng = np.random.default_rng(seed)
    x, direction = rng.uniform(0.2, 0.9, SIZE), rng.standard_normal(SIZE)
    with np.errstate(all="ignore"), contextlib.suppress(UnsupportedError):
        _, expected = jvp(gradient, (x,), (direction,))
        _, pullback = vjp(gradient, x)
        (found,), (again,) = pullback(direction), pullback(direction)
        np.testing.assert_array_equal(found, again)
        if np.all(np.abs(expected) < LIMIT):
            scale = 1.0 + np.max(np.abs(expected))
            np.testing.assert_allclose(found / scale, expected / scale, atol=1e-9, err_msg=text)


@pytest.mark.random_programs
@pytest.mark.parametrize("start", range(0, PROGRAMS // 8, 5))
def test_second_derivatives_of_in_place_programs(start):
    for seed in itertools.islice(itertools.count(start), min(5, PROGRAMS // 8 - start)):
        agree_twice(seed)
