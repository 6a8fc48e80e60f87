"""Random branches and loops, and the ways out of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.random_programs.assignments import Assignments
from tests.random_programs.expressions import Helper
from tests.random_programs.forms import FLOAT, INT, MATRIX, PAIR, PARAMETERS, VECTOR, Kind, Shape


class Control(Assignments):
    """Writes statements that hold others."""

    def statement(self) -> None:
        self.budget -= 1
        options = [self.plain] * 5 + [self.augmented] * 3 + [
            self.annotated, self.chained, self.unpack, self.swap, self.pair, self.check]
        if self.depth < 4 and self.budget > 1:
            options += [self.branch] * 4
            if self.loops < 2:
                options += [self.for_loop] * 4 + [self.while_loop]
            if self.starts:
                options += [self.exit] * 3
        self.pick(*options, *self.others())()

    @classmethod
    def before(cls, rng: random.Random) -> tuple[list[str], list[Helper]]:
        """What else a module of this kind has, and the functions among it."""
        return [], []

    @classmethod
    def parameters(cls, rng: random.Random) -> list[tuple[str, Kind]]:
        """Some parameters for f."""
        params = [p for p in PARAMETERS if rng.randrange(100) < 65] or [PARAMETERS[0]]
        return params if any(kind != INT for _, kind in params) else [PARAMETERS[0], *params]

    def others(self) -> list:
        """More statements that a kind of program may have."""
        return []

    def block(self, most: int) -> None:
        with self.indented():
            before = len(self.lines)
            for _ in range(1 + self.rng.randrange(most)):
                if self.budget > 0:
                    self.statement()
            if len(self.lines) == before:
                self.plain()

    @contextmanager
    def indented(self) -> Iterator[None]:
        self.depth += 1
        yield
        self.depth -= 1

    @contextmanager
    def scoped(self) -> Iterator[None]:
        """What is first assigned in here is unknown afterwards."""
        before, indices, protected = dict(self.env), list(self.indices), set(self.protected)
        yield
        self.env = {n: k for n, k in self.env.items() if before.get(n) == k}
        self.indices, self.protected = indices, protected

    def branch(self) -> None:
        tests = [f"if {self.test()}:"] + [f"elif {self.test()}:"] * self.chance(25)
        before = dict(self.env)
        ends: list[dict[str, Kind]] = []
        for test in tests:
            self.line(test)
            self.env = dict(before)
            self.block(3)
            if self.depth == 1 and self.result_kind and self.chance(12):
                with self.indented():
                    self.give_back()
                self.env = dict(before)
                continue
            ends.append(self.env)
        if self.chance(60):
            self.line("else:")
            self.env = dict(before)
            self.block(3)
            ends.append(self.env)
        else:
            ends.append(before)
        common = {n for end in ends for n in end} if ends else set()
        self.env = {n: ends[0][n] for n in ends[0] if n in common
                    and all(end.get(n) == ends[0][n] for end in ends)}
        self.own &= set(before)

    def exit(self) -> None:
        """A way out of a loop, on a condition; its kinds are those of the loop's beginning."""
        before = dict(self.env)
        if any(before.get(name) != kind for name, kind in self.starts[-1].items()):
            return self.plain()
        ways = ["break", "break", "return", *["continue"] * (2 * self.may_continue)]
        way = self.pick(*ways)
        self.line(f"if {self.test()}:")
        if self.chance(40):
            self.block(2)
        with self.indented():
            if any(self.env.get(name) != kind for name, kind in self.starts[-1].items()):
                self.line("pass")
            elif way == "return":
                self.give_back()
            else:
                self.line(way)
        if self.chance(25):
            self.line("else:")
            self.env = dict(before)
            self.block(2)
        self.env = {n: k for n, k in before.items() if self.env.get(n) == k}

    @contextmanager
    def looping(self, may_continue: bool) -> Iterator[None]:
        """A loop's body, and perhaps an else after it."""
        outer, self.may_continue = self.may_continue, may_continue
        self.loops += 1
        self.starts.append(dict(self.env))
        yield
        self.starts.pop()
        self.loops -= 1
        self.may_continue = outer

    def otherwise(self) -> None:
        """Perhaps an else after a loop."""
        if self.chance(20):
            self.line("else:")
            with self.scoped():
                self.block(2)

    def for_loop(self) -> None:
        free = [n for n in ("i", "j", "k", "p", "q", "r", "e", "h", "l") if n not in self.env]
        i, e, h = free[0], free[1], free[2]
        vectors = self.known(VECTOR)
        vector = self.expr(VECTOR, 1) if not vectors or self.chance(20) else self.pick(*vectors)
        second, n = self.expr(VECTOR, 1), self.integer()
        heads: list[tuple[str, dict[str, Kind], bool]] = [
            (f"for {i} in range({n}):", {i: INT}, False),
            (f"for {i} in range({n}):", {i: INT}, False),
            (f"for {i} in range(2):", {i: INT}, True),
            (f"for {i} in range(1, {n}):", {i: INT}, False),
            (f"for {i} in range({n}, 0, -1):", {i: INT}, False),
            (f"for {i} in range(0, 5, 2):", {i: INT}, False),
            (f"for {i} in reversed(range({n})):", {i: INT}, False),
            (f"for {i} in range(0):", {i: INT}, True),
            (f"for {e} in {vector}:", {e: FLOAT}, False),
            (f"for {e}, {h} in zip({vector}, {second}):", {e: FLOAT, h: FLOAT}, False),
            (f"for {i}, {e} in enumerate({vector}):", {i: INT, e: FLOAT}, False),
            (f"for {e} in reversed({vector}):", {e: FLOAT}, False),
            (f"for {i}, ({e}, {h}) in enumerate(zip({vector}, {second})):",
             {i: INT, e: FLOAT, h: FLOAT}, False),
        ]
        if self.known(MATRIX):
            heads.append((f"for {e} in {self.expr(MATRIX, 1)}:", {e: VECTOR}, False))
            heads.append((f"for {e}, {h} in zip({self.expr(MATRIX, 1)}, {vector}):",
                          {e: VECTOR, h: FLOAT}, False))
        head, bound, small = self.pick(*heads)
        self.line(head)
        with self.scoped(), self.looping(True):
            self.env.update(bound)
            self.protected |= {name for name, kind in bound.items() if kind == INT}
            if small:
                self.indices.append(i)
            self.block(3)
        self.otherwise()

    def while_loop(self) -> None:
        counter = next(n for n in ("k", "q", "r") if n not in self.env)
        extra = self.pick("", "", f" and ({self.test()})")
        self.line(f"{counter} = 0")
        with self.scoped():
            self.env[counter] = INT
            self.protected.add(counter)
            self.line(f"while {counter} < {self.integer()}{extra}:")
            first = self.chance(50)
            with self.looping(first):
                if first:
                    with self.indented():
                        self.line(f"{counter} += 1")
                self.block(3)
                if not first:
                    with self.indented():
                        self.line(f"{counter} += 1")
        self.otherwise()

    def give_back(self) -> None:
        kind = self.result_kind
        if isinstance(kind, Shape):
            self.line(f"return {self.expr(kind)}")
        elif kind in (PAIR, "tuple"):
            self.line(f"return {self.total(FLOAT)}, {self.expr(VECTOR, 2)}")
        else:
            self.line(f"return {self.total(kind or FLOAT)}")
