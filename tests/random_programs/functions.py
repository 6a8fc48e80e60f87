"""Random programs of functions: recursive, higher-order, closures, factories, derivatives inside."""

from __future__ import annotations

import random

from tests.random_programs.control import Control
from tests.random_programs.expressions import Helper
from tests.random_programs.forms import FLOAT, FUNCTION, INT, VECTOR, Kind

HIGHER = '''
def cubed(e):
    return e * e * e * 0.5

def twice(h, a, *rest):
    return h(h(a, *rest) * 0.5, *rest)

def factory(c, d=0.5):
    def inner(e):
        r = np.tanh(e * d) + c
        return r * c
    return inner
'''


class FunctionsWriter(Control):
    """Writes functions inside, gives them to others, and takes derivatives of them."""

    named = 0  # functions inside so far

    @classmethod
    def before(cls, rng: random.Random) -> tuple[list[str], list[Helper]]:
        lines = ["import functools", "from adxform import grad, jvp, value_and_grad", HIGHER]
        helpers: list[Helper] = []
        params: list[tuple[str, Kind]] = [("a", (FLOAT, VECTOR)[rng.randrange(2)]), ("b", FLOAT), ("n", INT)]
        result = (FLOAT, VECTOR)[rng.randrange(2)]
        if rng.randrange(3):
            names = [["rec"], ["even", "odd"]][rng.randrange(2)]
            both = [Helper(name, tuple(params), 0, result) for name in names]
            for one, other in zip(both, both[::-1], strict=True):
                lines += cls.recursive(rng, one, other)
            helpers.append(both[0])
        return lines, helpers

    @classmethod
    def recursive(cls, rng: random.Random, own: Helper, other: Helper) -> list[str]:
        """A function that calls itself, or another that calls it."""
        writer = cls(rng, [])
        writer.env.update(own.params)
        writer.protected.add("n")
        kind = own.result
        writer.line("if n <= 0:")
        writer.line(f"    return {writer.expr(kind, 2)}")
        for _ in range(rng.randrange(3)):
            writer.statement()
        a, b = writer.expr(own.params[0][1], 1), writer.expr(FLOAT, 1)
        inner = f"{other.name}({a}, {b}, n - {writer.pick(1, 1, 2)})"
        form = writer.pick("{} * 0.5 + {F}", "np.sin({}) * {F}", "{F} - {}", "{} + 0.3 * {}")
        writer.line(f"return {writer.fill(form.replace('{}', inner), 1)}")
        return [f"def {own.name}(a, b, n):", *writer.lines, ""]

    def others(self) -> list:
        options = [self.named_function] * 2 + [self.made_by_factory, self.called, self.derived] * 2
        return [*options, self.local_recursion] if self.depth < 3 else options

    def known_function(self) -> str:
        """A function of a float: one that is known, or one for this place."""
        known = self.known(FUNCTION)
        if known and self.chance(70):
            return self.pick(*known)
        value = self.expr(FLOAT, 1)
        return self.pick("cubed", f"(lambda e_: np.sin(e_) * {value})", f"(lambda e_: e_ * e_ + {value})")

    def keep(self) -> None:
        """What functions inside read is not assigned again."""
        if self.chance(85):
            self.protected |= set(self.env)

    def function_name(self) -> str:
        self.keep()
        self.named += 1
        return f"fn{self.named}"

    def named_function(self) -> None:
        name = self.function_name()
        self.line(f"def {name}(e_, k_=0.5):")
        with self.scoped():
            kept, self.starts, loops, self.loops = self.starts, [], self.loops, 2  # no way out of it
            result, self.result_kind = self.result_kind, FLOAT
            self.protected |= set(self.env)
            self.env.update(e_=FLOAT, k_=FLOAT)
            self.block(2)
            with self.indented():
                self.line(f"return np.tanh(e_ * k_) + {self.expr(FLOAT, 2)}")
            self.starts, self.loops, self.result_kind = kept, loops, result
        self.assign(name, FUNCTION)

    def made_by_factory(self) -> None:
        name = self.function_name()
        value = self.pick(
            f"factory({self.expr(FLOAT, 1)}, d={self.expr(FLOAT, 0)})",
            f"functools.partial(lambda a_, e_: a_ * e_, {self.expr(FLOAT, 1)})",
            f"grad({self.known_function()})",
            f"lambda e_: {self.known_function()}(e_) * {self.expr(FLOAT, 1)}",
        )
        self.line(f"{name} = {value}")
        self.assign(name, FUNCTION)

    def called(self) -> None:
        name, h = self.target(FLOAT), self.known_function()
        self.line(f"{name} = " + self.fill(self.pick(
            f"{h}({{F}})", f"twice({h}, {{F}})", f"sum(map({h}, [{{F}}, {{F}}]))",
            f"sum([h_({{F}}) for h_ in ({h}, {self.known_function()})])",
            f"{{'a': {h}, 'b': np.cos}}['a']({{F}})",
        ), 1))
        self.assign(name, FLOAT)

    def derived(self) -> None:
        """A derivative that is taken inside."""
        h, kind = self.known_function(), self.pick(FLOAT, FLOAT, VECTOR)
        if kind == VECTOR:
            name = self.target(VECTOR)
            inner = f"lambda v_: np.sum(np.sin(v_) * {self.expr(VECTOR, 1)}) * {h}(v_[0])"
            self.line(f"{name} = np.tanh(grad({inner})({self.expr(VECTOR, 1)}))")
            return self.assign(name, VECTOR)
        name = self.target(FLOAT)
        point = self.expr(FLOAT, 1)
        self.line(f"{name} = np.tanh(" + self.pick(
            f"grad({h})({point})", f"grad(grad({h}))({point})", f"value_and_grad({h})({point})[1]",
            f"jvp({h}, ({point},), ({self.expr(FLOAT, 1)},))[1]",
            f"grad(lambda a_, b_: {h}(a_) * b_, 1)({point}, {self.expr(FLOAT, 1)})",
        ) + ")")
        self.assign(name, FLOAT)

    def local_recursion(self) -> None:
        name, inner = self.target(FLOAT), self.function_name()
        self.line(f"def {inner}(e_, k_):")
        self.line(f"    return e_ if k_ <= 0 else {inner}(np.sin(e_) + {self.expr(FLOAT, 1)}, k_ - 1)")
        self.line(f"{name} = {inner}({self.expr(FLOAT, 1)}, {self.integer()})")
        self.assign(name, FLOAT)
