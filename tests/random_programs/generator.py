"""Random Python functions of floats, arrays and integers, as text, drawn by Hypothesis.

A program's values stay moderate and away from poles by the form of its expressions; what remains
(overflow, a kink that is hit) the test finds out by running it. Vectors have 3 elements, matrices
2 x 3; integers are small and not negative.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hypothesis import strategies as st

FLOAT, VECTOR, MATRIX, INT, PAIR = "float", "vector", "matrix", "int", "pair"
ANNOTATIONS = {
    FLOAT: ("float",),
    VECTOR: ("np.ndarray", 'Float[np.ndarray, "d"]', 'Float[np.ndarray, "3"]'),
    MATRIX: ("np.ndarray", 'Float[np.ndarray, "k d"]'),
    INT: ("int",),
}
# Some that a compiler might want for itself.
NAMES = ("a", "b", "c", "s", "t", "z", "u", "dx", "x_bar", "out", "_t", "x_2", "s_tape", "dv",
         "trips", "n_2", "acc", "a_bar", "i_2", "out_bar", "v_bar", "ds")
PARAMETERS = (("x", FLOAT), ("y", FLOAT), ("v", VECTOR), ("w", VECTOR), ("m", MATRIX), ("n", INT))
CONSTANTS = ("0.5", "2.0", "-1.5", "1.0", "0.25", "3", "1", "0.0", "-2")


# What is in braces is filled in by kind: {F}loat, {V}ector, {M}atrix, i{N}teger, {T}est, {C}omparison;
# in ELEMENTWISE, X stands for the kind at hand.
SCALAR_FORMS = (
    "({F} + {F})", "({F} - {F})", "({F} * {F})", "({F}) / (1.5 + ({F}) ** 2)", "(-{F})",
    "({F}) ** 2", "np.tanh({F}) ** 3", "(1.0 + ({F}) ** 2) ** 0.5", "(1.0 + ({F}) ** 2) ** -1",
    "(1.5 + np.tanh({F})) ** np.sin({F})", "2.0 ** np.tanh({F})", "({F}) % 1.7",
    "({F}) // 0.7 * {F}", "+({F})", "np.maximum({F}, {F})", "np.minimum({F}, {F})", "abs({F})",
    "np.hypot({F}, 1.0 + abs({F}))", "np.arctan2({F}, 2.0 + np.sin({F}))",
    "({F} if {T} else {F})", "np.where({C}, {F}, {F})", "{N} * ({F})", "({F}) * {N}",
)
ELEMENTWISE = (
    "np.sin(X)", "np.cos(X)", "np.tanh(X)", "np.arctan(X)", "np.exp(np.tanh(X))",
    "np.exp(-(X) ** 2)", "np.sqrt(1.0 + (X) ** 2)", "np.log(2.0 + np.sin(X))",
    "np.log1p(np.exp(np.sin(X)))", "np.abs(X)", "np.square(X)", "np.arcsinh(X)",
    "np.clip(X, -0.8, 1.3)", "np.logaddexp(X, 0.3)", "np.sign(X)", "np.floor(X)",
)
REDUCTIONS = (
    "np.sum({V})", "np.mean({V})", "({V}).sum()", "np.dot({V}, {V})", "({V}) @ ({V})",
    "np.max({V})", "np.min({V})", "np.prod(np.tanh({V}))", "np.var({V})", "({V})[[0, 2, 0]].sum()",
    "np.sum(({V})[1:] * ({V})[:-1])", "np.sum(({V})[::2])", "np.sum({V}, keepdims=True)[0]",
    "np.sqrt(1.0 + ({V}) @ ({V}) ** 2)", "np.sum(np.outer({V}, {V}))", "np.inner({V}, {V})",
    "np.linalg.norm(3.0 + np.tanh({V}))", "(1.0 if {V}[0] > 0.2 else {F})", "np.sum({V} * {F})",
)
VECTOR_FORMS = (
    "({V} + {V})", "({V} - {F})", "({V} * {F})", "{F} * ({V})", "({V}) * ({V})", "(-{V})",
    "({V}) ** 2", "({V}) / (1.5 + ({V}) ** 2)", "({F}) / (1.5 + ({V}) ** 2)", "({V})[::-1]",
    "np.maximum({V}, {F})", "np.where({V} > {F}, {V}, {V})", "np.where({V} > {V}, {F}, {V})",
    "np.concatenate([({V})[1:], ({V})[:1]])", "({V})[[2, 0, 1]]", "np.full(3, {F})",
    "np.zeros_like({V}) + {F}", "(1.5 + np.tanh({V})) ** np.sin({V})",
    "np.stack([{F} + 0.0 * {F}, {F}, 0.5])", "np.array([{F}, {F}, 0.5])",
    "np.diag(np.outer({V}, {V}))", "({V} if {T} else {V})",
)
MATRIX_FORMS = (
    "({M} + {V})", "({M}) * ({F})", "({M} - {M})", "({M}) * ({M})", "({V})[None, :] * ({M})",
    "np.outer(({M})[:, 0], {V})", "({F} - {M})", "(-{M})", "({M}) * ({M})[:, :1]",
    "({M} - np.mean({M}, axis=1, keepdims=True))", "np.where({M} > {F}, {M}, {V})",
    "np.reshape({M}, (3, 2)).T", "({M})[::-1]", "np.stack([{V}, {V}])",
    "np.broadcast_to({V}, (2, 3))", "({M}) / (2.0 + ({M}) ** 2)", "(({M}) @ np.outer({V}, {V}))",
    "({M})[:, ::-1]", "np.sum({M}, axis=0) * ({M})",
)
FROM_MATRIX = {
    FLOAT: (
        "np.sum({M})", "({M}).mean()", "np.max({M}, axis=1)[0]", "np.sum(({M})[:, 1:])",
        "np.einsum('ij,ij->', {M}, {M})", "np.sum(({M})[({M}) > 0.1])",
    ),
    VECTOR: (
        "({M}).sum(axis=0)", "np.mean({M}, axis=0)", "np.max({M}, axis=0)", "({M})[0]",
        "({M})[1, :]", "({M}).T @ np.sum({M}, axis=1)", "np.sum(({M}) * ({V}), axis=0)",
        "({M}).T[:, 0]", "np.ravel({M})[1:4]", "np.sum(({M}) ** 2, axis=-1) @ ({M})",
    ),
    MATRIX: (),
}
COMPARISONS = ("{F} < {F}", "{F} > {F}", "{F} <= {F}", "{F} >= 0.3")
TESTS = (
    "{C} and {C}", "{C} or {C}", "not {C}", "0.0 < {F} < 1.0", "np.all({V} < 1.0)",
    "not ({C} and {C})",
)
INT_TESTS = ("{N} > 1", "{N} == 0", "{N} % 2 == 0", "{N} < 3 and {C}", "{N}")


@dataclass(frozen=True)
class Program:
    """A module's text, whose function ``f`` takes parameters of these kinds."""

    text: str
    params: tuple[tuple[str, str], ...]
    result: str  # the kind of the result, "tuple" for several values

    def __repr__(self) -> str:
        return f"\n{self.text}"


@dataclass(frozen=True)
class Helper:
    """A function that the program calls."""

    name: str
    params: tuple[tuple[str, str], ...]
    defaults: int
    result: str


class Writer:
    """Writes one function line by line; ``env`` is what each variable is at this point."""

    def __init__(self, draw: random.Random, helpers: list[Helper]) -> None:
        self.rng = draw
        self.helpers = helpers
        self.lines: list[str] = []
        self.env: dict[str, str] = {}
        self.depth = 1
        self.loops = 0
        self.indices: list[str] = []  # loop variables that stay below 2
        self.protected: set[str] = set()  # loop variables and counters: not assigned
        self.own: set[str] = set()  # arrays that may be changed in place
        self.mutates = False
        self.returned: str | None = None
        self.budget = 12
        self.starts: list[dict[str, str]] = []  # what is known where each open loop begins
        self.may_continue = True

    # --- choices --------------------------------------------------------------------------------

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) >= 100 - percent

    def pick(self, *options):
        return options[self.rng.randrange(len(options))]

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def known(self, kind: str) -> list[str]:
        return [name for name, k in self.env.items() if k == kind]

    # --- expressions ----------------------------------------------------------------------------

    def expr(self, kind: str, depth: int = 2) -> str:
        names = self.known(kind)
        if depth <= 0 or self.chance(15):
            if names and not self.chance(15):
                return self.pick(*names)
            return self.atom(kind)
        return getattr(self, f"{kind}_expr")(depth - 1)

    def atom(self, kind: str) -> str:
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
        if helpers and kind != MATRIX and self.chance(25):
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
        given = len(helper.params) - self.rng.randrange(helper.defaults + 1)
        parts = []
        keyword = self.rng.randrange(given + 1) if self.chance(40) else given
        for place, (name, kind) in enumerate(helper.params[:given]):
            value = self.expr(kind, min(depth, 1)) if kind != INT else self.integer()
            parts.append(value if place < keyword else f"{name}={value}")
        tail = parts[keyword:]
        self.rng.shuffle(tail)
        return f"{helper.name}({', '.join(parts[:keyword] + tail)})"

    def integer(self) -> str:
        return self.pick("2", "0", "3", *self.known(INT))

    # --- statements -----------------------------------------------------------------------------

    def target(self, kind: str) -> str:
        """A variable to assign: one of the kind, or a new one."""
        old = [n for n in self.known(kind) if n not in self.protected]
        new = [n for n in NAMES if n not in self.env and n not in {h.name for h in self.helpers}]
        return self.pick(*old) if old and (self.chance(60) or not new) else self.pick(*new)

    def assign(self, name: str, kind: str) -> None:
        self.env[name] = kind
        self.own.discard(name)

    def kind(self) -> str:
        return self.pick(FLOAT, FLOAT, FLOAT, VECTOR, VECTOR, MATRIX if self.known(MATRIX) else FLOAT)

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

    def plain(self) -> None:
        kind = self.kind()
        value, name = self.expr(kind, 3), self.target(kind)
        self.line(f"{name} = {value}")
        self.assign(name, kind)

    def augmented(self) -> None:
        kind = self.pick(FLOAT, FLOAT, VECTOR)
        old = [n for n in self.known(kind) if n not in self.protected]
        if kind == VECTOR:
            old = [n for n in old if n in self.own]
            if not old:
                name = self.target(VECTOR)
                self.line(f"{name} = {self.expr(VECTOR, 1)} * {self.expr(FLOAT, 1)}")
                self.assign(name, VECTOR)
                self.own.add(name)
                old = [name]
            self.mutates = True
        if not old:
            return self.plain()
        op = self.pick("+=", "+=", "-=", "*=")
        value = self.expr(kind if self.chance(60) else FLOAT, 2)
        self.line(f"{self.pick(*old)} {op} {value}")

    def annotated(self) -> None:
        value, name = self.expr(FLOAT, 2), self.target(FLOAT)
        self.line(f"{name}: float = {value}")
        self.assign(name, FLOAT)

    def chained(self) -> None:
        kind = self.pick(FLOAT, VECTOR)
        value, first, second = self.expr(kind, 2), self.target(kind), self.target(kind)
        self.line(f"{first} = {second} = {value}")
        self.assign(first, kind)
        self.assign(second, kind)

    def unpack(self) -> None:
        first, second = self.kind(), self.kind()
        if self.chance(25):
            values, kinds = self.expr(VECTOR, 1), (FLOAT, FLOAT, FLOAT)
        elif self.known(PAIR) and self.chance(40):
            values, kinds = self.pick(*self.known(PAIR)), (FLOAT, VECTOR)
        else:
            values, kinds = f"{self.expr(first, 2)}, {self.expr(second, 2)}", (first, second)
        names: list[str] = []
        for kind in kinds:
            name = self.target(kind)
            for _ in range(20):
                if name not in names:
                    break
                name = self.target(kind)
            names.append(name)
        if len(set(names)) < len(names):
            return self.plain()
        self.line(f"{', '.join(names)} = {values}")
        for name, kind in zip(names, kinds, strict=True):
            self.assign(name, kind)

    def swap(self) -> None:
        kind = self.pick(FLOAT, VECTOR)
        free = [n for n in self.known(kind) if n not in self.protected]
        if len(free) < 2:
            return self.plain()
        a, b = self.rng.sample(free, 2)
        self.line(f"{a}, {b} = {b}, {a}")
        self.own -= {a, b}

    def pair(self) -> None:
        name = self.target(PAIR)
        if name in ("dx",):
            name = "t"
            if self.env.get(name, PAIR) != PAIR:
                return self.plain()
        self.line(f"{name} = ({self.expr(FLOAT, 2)}, {self.expr(VECTOR, 2)})")
        self.assign(name, PAIR)

    def check(self) -> None:
        self.line(self.pick(
            "assert True", f"assert abs({self.expr(FLOAT, 0)}) < 1e9, 'too large'", "pass",
            "unused = 'text'", f"unused = {self.expr(FLOAT, 1)}", '"a remark"',
        ))

    def branch(self) -> None:
        tests = [f"if {self.test()}:"] + [f"elif {self.test()}:"] * self.chance(25)
        before = dict(self.env)
        ends: list[dict[str, str]] = []
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

    result_kind: str | None = None

    def give_back(self) -> None:
        kind = self.result_kind
        if kind in (PAIR, "tuple"):
            self.line(f"return {self.total(FLOAT)}, {self.expr(VECTOR, 2)}")
        else:
            self.line(f"return {self.total(kind or FLOAT)}")

    def total(self, kind: str) -> str:
        """An expression in which several variables meet."""
        parts = [self.expr(kind, 2)]
        for name in self.rng.sample(list(self.env), min(3, len(self.env))):
            one = {FLOAT: name, VECTOR: f"np.sum({name})", MATRIX: f"np.mean({name})",
                   INT: name, PAIR: f"{name}[0]", "list": f"sum({name})",
                   "dict": f"{name}['a']", "function": f"{name}(0.3)"}[self.env[name]]
            parts.append(self.pick(one, f"np.sin({one})", f"0.5 * {one}"))
        return " + ".join(parts)

    def for_loop(self) -> None:
        free = [n for n in ("i", "j", "k", "p", "q", "r", "e", "h", "l") if n not in self.env]
        i, e, h = free[0], free[1], free[2]
        vectors = self.known(VECTOR)
        vector = self.expr(VECTOR, 1) if not vectors or self.chance(20) else self.pick(*vectors)
        second, n = self.expr(VECTOR, 1), self.integer()
        heads: list[tuple[str, dict[str, str], bool]] = [
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


def write_function(
    rng: random.Random, name: str, params: list[tuple[str, str]], defaults: int, result: str,
    helpers: list[Helper], statements: int, writes: type[Writer] = Writer,
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


def write_program(rng: random.Random, writes: type[Writer] = Writer) -> Program:
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
