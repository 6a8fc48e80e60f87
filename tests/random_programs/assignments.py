"""Random statements that give variables values."""

from __future__ import annotations

from tests.random_programs.expressions import Expressions
from tests.random_programs.forms import FLOAT, MATRIX, NAMES, PAIR, VECTOR, Kind


class Assignments(Expressions):
    """Writes assignments in their forms."""

    def target(self, kind: Kind) -> str:
        """A variable to assign: one of the kind, or a new one."""
        old = [n for n in self.known(kind) if n not in self.protected]
        new = [n for n in NAMES if n not in self.env and n not in {h.name for h in self.helpers}]
        return self.pick(*old) if old and (self.chance(60) or not new) else self.pick(*new)

    def assign(self, name: str, kind: Kind) -> None:
        self.env[name] = kind
        self.own.discard(name)

    def kind(self) -> str:
        return self.pick(FLOAT, FLOAT, FLOAT, VECTOR, VECTOR, MATRIX if self.known(MATRIX) else FLOAT)

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
        if kind is FLOAT and value.lstrip("(").startswith("np.where"):
            value = f"+({value})"  # an array of shape () under two names: dual numbers are numbers
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
