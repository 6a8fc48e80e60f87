"""What overwrites what: no write that is seen to stay apart from a read changes what was read."""

from __future__ import annotations

import linecache
import random
import sys
from typing import Any

import numpy as np
import pytest

from adxform.analysis.regions import Regions
from adxform.analysis.storage import Storages
from adxform.analysis.types import infer
from adxform.compiler import lower_live
from adxform.core.dims import Sym
from adxform.core.ir import Let, Primitive, Var, walk
from adxform.core.types import INT, Array
from adxform.signatures import type_of_argument

SIZE = 6


class Watched:
    """An array of zeros that notes which line reads and writes which elements, in order."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.numbers = np.arange(np.prod(shape)).reshape(shape)
        self.events: list[tuple[str, int, set[int]]] = []

    def note(self, kind: str, index: Any) -> None:
        line = sys._getframe(2).f_lineno
        self.events.append((kind, line, set(np.ravel(self.numbers[index]).tolist())))

    def __getitem__(self, index: Any) -> float:
        self.note("read", index)
        return 0.0

    def __setitem__(self, index: Any, value: float) -> None:
        self.note("write", index)

    def overwritten(self) -> set[tuple[int, int]]:
        """The lines that read an element, each with a line that writes to it afterwards."""
        found = set()
        for time, (kind, line, elements) in enumerate(self.events):
            if kind == "read":
                found |= {
                    (line, other)
                    for what, other, touched in self.events[time + 1 :]
                    if what == "write" and elements & touched
                }
        return found


def program(seed: int, axes: int) -> str:
    """A function that reads and writes an array in random loops, once in a line."""
    rng = random.Random(seed)
    lines = ["import numpy as np", "def f(u, n):", "    u = u.copy()", "    s = 0.0"]

    def place(names: list[str]) -> str:
        if not names or rng.random() < 0.15:
            return rng.choice(["0", "1", "-1", "-2", "n - 1", "1:-1", "2:", ":2", ":", "-2:", ":-1", ":-2", "-3:-1",
                               "::2", "::-1"])
        i, j = rng.choice(names), rng.choice(names)
        return rng.choice([i, i, i, f"{i} - 1", f"{i} - 2", f"n - 1 - {i}", f"{i} // 2",
                           f"{i}:{i} + 2", f"{i} + 1:", f":{i}", f"{i} - {j}"])

    def block(depth: int, names: list[str]) -> None:
        for _ in range(rng.randint(1, 3)):
            chance, pad = rng.random(), "    " * depth
            index = ", ".join(place(names) for _ in range(axes))
            if chance < 0.35 and len(names) < 3:
                name = "ijk"[len(names)]
                outer = names[-1] if names else "1"
                bounds = rng.choice(["n", "1, n", f"{outer}, n", f"{outer}", f"{outer} + 1, n",
                                     "n - 1, -1, -1", "n - 1, 0, -2", "0, n, 2", "3"])
                lines.append(f"{pad}for {name} in range({bounds}):")
                block(depth + 1, [*names, name])
            elif chance < 0.65:
                lines.append(f"{pad}s += np.sum(u[{index}])")
            else:
                lines.append(f"{pad}u[{index}] = s")

    for _ in range(3):
        block(1, [])
    return "\n".join([*lines, "    return s + np.sum(u[0])", ""])


def seen(f: Any, axes: int) -> tuple[set[tuple[int, int]], int]:
    """The lines that may overwrite what others have read, as analysed; and all pairs."""
    function = lower_live(f).function
    types = {"u": Array("float64", tuple(Sym(f"d{i}") for i in range(axes))), "n": INT}
    storages = Storages(("u", "n"), function.body, infer(function, types))
    found, pairs = set(), 0
    for stmt in walk(function.body):
        x = stmt.args[0] if isinstance(stmt, Let) and stmt.args else None
        if not isinstance(stmt, Let) or not isinstance(x, Var) or x.name not in storages.of:
            continue
        if isinstance(stmt.op, Primitive) and stmt.op.name == "[]":
            pairs += len(storages.of[x.name].writes)
            assert stmt.origin is not None and stmt.origin.location is not None
            for write in storages.conflicts(x.name, stmt.args[1], storages.places[stmt.target]):
                assert write.stmt.origin is not None and write.stmt.origin.location is not None
                found.add((stmt.origin.location.line, write.stmt.origin.location.line))
    return found, pairs


@pytest.mark.parametrize("axes", [1, 2])
def test_what_is_overwritten_is_always_seen(axes):
    possible = total = actual = 0
    for seed in range(50):
        text, file = program(seed, axes), f"<regions {axes} {seed}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        namespace: dict[str, Any] = {}
        exec(compile(text, file, "exec"), namespace)
        watched = Watched((SIZE,) * axes)
        watched.copy = lambda watched=watched: watched  # type: ignore[attr-defined]
        namespace["f"](watched, SIZE)
        found, pairs = seen(namespace["f"], axes)
        if pairs:
            assert watched.overwritten() <= found, text
        possible += len(found)
        total += pairs
        actual += len(watched.overwritten())
    assert actual > 50
    assert possible < 0.8 * total  # some are seen to stay apart


def history(u, n):
    for i in range(1, n):
        u[i] = 0.5 * u[i - 1]
    return u[0]


def wrapped(u, n):
    for i in range(n):
        u[i] = 0.5 * u[i - 1]
    return u[0]


@pytest.mark.parametrize(("f", "expected"), [(history, 0), (wrapped, 1)])
def test_a_place_before_the_first_is_the_last(f, expected):
    """``u[i - 1]`` stays apart from ``u[i]`` only if i is never 0: then it is the last element."""
    function = lower_live(f).function
    types = {"u": type_of_argument("u", np.zeros(3)), "n": INT}
    storages = Storages(("u", "n"), function.body, infer(function, types))
    (read,) = (s for s in walk(function.body) if isinstance(s, Let) and s.target in storages.places
               and isinstance(s.op, Primitive) and s.op.name == "[]" and storages.places[s.target].loops)
    x, index = read.args
    assert isinstance(x, Var)
    assert len(storages.conflicts(x.name, index, storages.places[read.target])) == expected


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("0", "1:", True), ("0", ":1", False), ("1", ":1", True), ("2:", ":2", True), ("1:", ":2", False),
    ("-1", ":-1", True), ("-2", ":-1", False), ("-1", "-3:-1", True), ("-1", "-1:", False),
    ("-3", "-2:", True), ("-2:", ":-2", True), ("0", ":-1", False), ("0", "-1", False),
    ("-1", "-2", True), ("-1", "::-1", False), ("0", "1::-1", False), ("0", "2::2", True),
    ("k", "k + 1", False), ("n", "n + 1", True), ("n", "n", False), (":n", "n:", True), (":k", "k:", False),
    ("0, k", "1, k", True), ("k, 0", "k, 1:", True), ("0, k", "0, k", False),
])  # fmt: skip
def test_places_and_stretches_of_one_moment(one, other, expected):
    """``n`` is a length; ``k`` may be negative, so that ``k`` and ``k + 1`` may be -1 and 0."""
    text = f"def f(u, v, k):\n    n = len(v)\n    return u[{one}], u[{other}]\n"
    file = f"<places {one} {other}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec"), namespace)
    function = lower_live(namespace["f"]).function
    array = Array("float64", (Sym("rows", True), Sym("cols", True)))
    types = infer(function, {"u": array, "v": array, "k": INT})
    first, second = (s.args[1] for s in walk(function.body) if isinstance(s, Let)
                     and isinstance(s.op, Primitive) and s.op.name == "[]" and s.args[0] == Var("u"))
    regions = Regions(function.body, types)
    assert regions.apart(first, second) is regions.apart(second, first) is expected
