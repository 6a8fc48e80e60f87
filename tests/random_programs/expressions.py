"""Random expressions over the variables that a function has so far."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from tests.random_programs.forms import (
    COMPARISONS,
    CONSTANTS,
    DICT,
    ELEMENTWISE,
    FLOAT,
    FROM_MATRIX,
    FUNCTION,
    INT,
    INT_TESTS,
    LIST,
    MATRIX,
    MATRIX_FORMS,
    PAIR,
    REDUCTIONS,
    SCALAR_FORMS,
    TESTS,
    VECTOR,
    VECTOR_FORMS,
    Kind,
    Shape,
)

CALLS = 3  # in one function: what is inlined makes its text long


@dataclass(frozen=True)
class Helper:
    """A function that the program calls."""

    name: str
    params: tuple[tuple[str, Kind], ...]
    defaults: int
    result: Kind


class Expressions:
    """Writes expressions of what is known; ``env`` is what each variable is at this point."""

    def __init__(self, draw: random.Random, helpers: list[Helper]) -> None:
        self.rng = draw
        self.helpers = helpers
        self.lines: list[str] = []
        self.env: dict[str, Kind] = {}
        self.calls = 0
        self.depth = 1
        self.loops = 0
        self.indices: list[str] = []  # loop variables that stay below 2
        self.protected: set[str] = set()  # loop variables and counters: not assigned
        self.own: set[str] = set()  # arrays that may be changed in place
        self.mutates = False
        self.returned: str | None = None
        self.budget = 12
        self.starts: list[dict[str, Kind]] = []  # what is known where each open loop begins
        self.may_continue = True
        self.result_kind: Kind | None = None

    # --- choices --------------------------------------------------------------------------------

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) >= 100 - percent

    def pick(self, *options):
        return options[self.rng.randrange(len(options))]

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def known(self, kind: Kind) -> list[str]:
        return [name for name, k in self.env.items() if k == kind]

    def held(self, kind: Kind) -> list[str]:
        """The parts of that kind in containers."""
        return [path for name, shape in self.env.items() if isinstance(shape, Shape)
                for path, k in shape.paths(name) if k == kind]

    # --- expressions ----------------------------------------------------------------------------

    def expr(self, kind: Kind, depth: int = 2) -> str:
        names = self.known(kind)
        if isinstance(kind, Shape):
            return self.container(kind, depth)
        if kind == INT:
            return self.integer()
        if depth <= 0 or self.chance(15):
            if names and not self.chance(15):
                return self.pick(*names)
            return self.atom(kind)
        return getattr(self, f"{kind}_expr")(depth - 1)

    def container(self, kind: Shape, depth: int) -> str:
        there = [*self.known(kind), *self.held(kind)]
        makers = [h for h in self.helpers if h.result == kind]
        if there and self.chance(60):
            return self.pick(*there)
        if makers and self.calls < CALLS and self.chance(40):
            return self.call(self.pick(*makers), depth)
        return kind.written([self.expr(part, min(depth, 1)) for _, part in kind.parts])

    def atom(self, kind: str) -> str:
        parts = self.held(kind)
        if parts and self.chance(60):
            return self.pick(*parts)
        if kind == FLOAT:
            vectors, matrices = self.known(VECTOR), self.known(MATRIX)
            index = self.pick("0", "1", "-1", *self.indices)
            options = [self.pick(*CONSTANTS)]
            if vectors:
                options += [f"{self.pick(*vectors)}[{index}]"] * 2
            if matrices:
                options.append(f"{self.pick(*matrices)}[{index}, {self.pick('0', '2', '-1')}]")
            for pair in self.known(PAIR):
                options.append(f"{pair}[0]")
            return self.pick(*options)
        if kind == VECTOR:
            matrices, pairs = self.known(MATRIX), self.known(PAIR)
            options = ["np.ones(3)", "np.array([0.3, -0.7, 1.1])"]
            if matrices:
                options += [f"{self.pick(*matrices)}[{self.pick('0', '1', '-1', *self.indices)}]"] * 3
            if pairs:
                options += [f"{self.pick(*pairs)}[1]"] * 3
            return self.pick(*options)
        return "np.full((2, 3), 0.7)"

    def fill(self, form: str, depth: int) -> str:
        """A form with ``F``, ``V``, ``M``, ``N`` in braces replaced by expressions of that kind."""

        def part(match: re.Match[str]) -> str:
            return {
                "F": lambda: self.expr(FLOAT, depth), "V": lambda: self.expr(VECTOR, depth),
                "M": lambda: self.expr(MATRIX, depth), "N": self.integer,
                "T": lambda: self.test(depth), "C": lambda: self.fill(self.pick(*COMPARISONS), depth),
            }[match[1]]()

        return re.sub(r"\{([FVMNTC])\}", part, form)

    def chosen(self, kind: str, depth: int, *groups: tuple[int, tuple[str, ...]]) -> str:
        """One of several groups of forms by weight, or a call of a function of this kind."""
        usable = [
            (weight, forms) for weight, forms in groups
            if weight and (self.known(MATRIX) or forms is not FROM_MATRIX[kind])
        ]
        forms = self.pick(*(forms for weight, forms in usable for _ in range(weight)))
        helpers = [h for h in self.helpers if h.result in (kind, PAIR)]
        if helpers and kind != MATRIX and self.calls < CALLS and self.chance(25):
            helper = self.pick(*helpers)
            item = {FLOAT: "[0]", VECTOR: "[1]"}[kind] if helper.result == PAIR else ""
            return self.call(helper, depth) + item
        form: str = self.pick(*forms)
        return f"({self.fill(form.replace('X', '{' + kind[0].upper() + '}'), depth)})"

    def float_expr(self, depth: int) -> str:
        return self.chosen(FLOAT, depth, (4, SCALAR_FORMS), (3, ELEMENTWISE), (3, REDUCTIONS),
                           (1, FROM_MATRIX[FLOAT]))

    def vector_expr(self, depth: int) -> str:
        return self.chosen(VECTOR, depth, (4, VECTOR_FORMS), (2, ELEMENTWISE),
                           (2, FROM_MATRIX[VECTOR]))

    def matrix_expr(self, depth: int) -> str:
        return self.chosen(MATRIX, depth, (4, MATRIX_FORMS), (2, ELEMENTWISE))

    def test(self, depth: int = 1) -> str:
        forms = (*COMPARISONS, *TESTS, *(INT_TESTS if self.known(INT) else ()))
        return f"({self.fill(self.pick(*forms), min(depth, 1))})"

    def call(self, helper: Helper, depth: int) -> str:
        self.calls += 1
        given = len(helper.params) - self.rng.randrange(helper.defaults + 1)
        parts = []
        keyword = self.rng.randrange(given + 1) if self.chance(40) else given
        for place, (name, kind) in enumerate(helper.params[:given]):
            value = self.expr(kind, min(depth, 1))
            parts.append(value if place < keyword else f"{name}={value}")
        tail = parts[keyword:]
        self.rng.shuffle(tail)
        return f"{helper.name}({', '.join(parts[:keyword] + tail)})"

    def integer(self) -> str:
        return self.pick("2", "0", "3", *self.known(INT))

    def total(self, kind: str) -> str:
        """An expression in which several variables meet."""
        parts = [self.expr(kind, 2)]
        for name in self.rng.sample(list(self.env), min(3, len(self.env))):
            known = self.env[name]
            if isinstance(known, Shape):
                name, known = self.pick(*((path, part) for path, part in known.paths(name)
                                          if not isinstance(part, Shape)))
            one = {FLOAT: name, VECTOR: f"np.sum({name})", MATRIX: f"np.mean({name})",
                   INT: name, PAIR: f"{name}[0]", LIST: f"sum({name})",
                   DICT: f"{name}['a']", FUNCTION: f"{name}(0.3)"}[known]
            parts.append(self.pick(one, f"np.sin({one})", f"0.5 * {one}"))
        return " + ".join(parts)
