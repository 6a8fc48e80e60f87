"""Random programs of nested containers: lists, tuples, dictionaries, dataclasses, as arguments, too."""

from __future__ import annotations

import random

from tests.random_programs.control import Control
from tests.random_programs.expressions import Helper
from tests.random_programs.forms import FLOAT, INT, VECTOR, Kind, Shape
from tests.random_programs.generator import write_function

MODEL = Shape("Model", ((".scale", FLOAT), (".weights", VECTOR)))
LAYER = Shape("Layer", ((".model", MODEL), (".shift", FLOAT)))
PARAMS = Shape("dict", (("['a']", FLOAT), ("['w']", VECTOR)))
FLOATS = Shape("list", (("[0]", FLOAT), ("[1]", FLOAT), ("[2]", FLOAT)))
VECTORS = Shape("list", (("[0]", VECTOR), ("[1]", VECTOR)))
ROWS = Shape("list", (("[0]", Shape("list", FLOATS.parts[:2])), ("[1]", Shape("list", FLOATS.parts[:2]))))
MIXED = Shape("tuple", (("[0]", FLOAT), ("[1]", PARAMS)))
TREE = Shape("dict", (("['xs']", FLOATS), ("['p']", MIXED)))
SHAPES = (MODEL, LAYER, PARAMS, FLOATS, VECTORS, ROWS, MIXED, TREE)
CLASSES = '''
@dataclass{frozen}
class Model:
    scale: float
    weights: np.ndarray

    def bent(self, e):
        return np.tanh(self.scale * e) + {inner}

@dataclass(frozen=True)
class Layer:
    model: Model
    shift: float
'''


class StructuresWriter(Control):
    """Writes what makes, takes apart, changes and runs over containers."""

    @classmethod
    def before(cls, rng: random.Random) -> tuple[list[str], list[Helper]]:
        frozen, inner = ("", "(frozen=True)")[rng.randrange(2)], ("self.weights[1]", "0.5")[rng.randrange(2)]
        lines = ["from dataclasses import dataclass", CLASSES.format(frozen=frozen, inner=inner)]
        helpers: list[Helper] = []
        for name in ("use", "make")[: rng.randrange(3)]:
            shape = SHAPES[rng.randrange(len(SHAPES))]
            params: list[tuple[str, Kind]] = [("p", shape), ("e", FLOAT)]
            result = FLOAT if name == "use" else SHAPES[rng.randrange(len(SHAPES))]
            lines += write_function(rng, name, params, 0, result, helpers, rng.randrange(4), cls)
            helpers.append(Helper(name, tuple(params), 0, result))
        return lines, helpers

    @classmethod
    def parameters(cls, rng: random.Random) -> list[tuple[str, Kind]]:
        given = {"p": SHAPES[rng.randrange(len(SHAPES))], "x": FLOAT, "v": VECTOR, "q": MODEL, "n": INT}
        return [("p", given["p"]), *[(n, k) for n, k in given.items() if n != "p" and rng.randrange(2)]]

    def others(self) -> list:
        options = [self.made] * 3 + [self.comprehended]
        if any(isinstance(kind, Shape) for kind in self.env.values()):
            options += [self.taken, self.unpacked, self.changed, self.run_over, self.summed] * 2
            options += [self.remade]
        return options

    def shaped(self, *forms: str) -> list[tuple[str, Shape]]:
        """The containers of some forms that are known, by how they are reached."""
        known = [(name, kind) for name, kind in self.env.items() if isinstance(kind, Shape)]
        known += [(path, part) for name, kind in known for path, part in kind.paths(name)
                  if isinstance(part, Shape)]
        return [(path, kind) for path, kind in known if not forms or kind.form in forms]

    def made(self) -> None:
        shape = self.pick(*SHAPES)
        value, name = self.container(shape, 2), self.target(shape)
        self.line(f"{name} = {value}")
        self.assign(name, shape)

    def taken(self) -> None:
        """A variable for a part, which is the part itself."""
        path, shape = self.pick(*self.shaped())
        key, kind = self.pick(*shape.parts)
        name = self.target(kind)
        if not path.startswith(name):
            self.line(f"{name} = {path}{key}")
            self.assign(name, kind)

    def unpacked(self) -> None:
        found = self.shaped("tuple", "list")
        if not found:
            return self.made()
        path, shape = self.pick(*found)
        names = [f"{name}_" for name in "abc"[: len(shape.parts)]]
        self.line(f"{', '.join(names)} = {path}")
        for name, (_, kind) in zip(names, shape.parts, strict=True):
            self.assign(name, kind)

    def changed(self) -> None:
        found = [(path, shape) for path, shape in self.shaped("list", "dict")]
        if not found:
            return self.made()
        path, shape = self.pick(*found)
        key, kind = self.pick(*shape.parts)
        operator = self.pick("=", "=", "+=", "*=") if kind == FLOAT else "="
        self.line(f"{path}{key} {operator} {self.expr(kind, 1)}")

    def remade(self) -> None:
        """A copy with another part."""
        path, shape = self.pick(*self.shaped())
        name, value = self.target(shape), self.expr(shape.parts[0][1], 1)
        ways = {
            "Model": f"Model({value}, {path}.weights)", "Layer": f"Layer({value}, {path}.shift)",
            "dict": f"{{**{path}, {shape.parts[0][0][1:-1]}: {value}}}",
            "list": f"[{value}] + {path}[1:]", "tuple": f"({value},) + {path}[1:]",
        }
        self.line(f"{name} = {ways[shape.form]}")
        self.assign(name, shape)

    def run_over(self) -> None:
        found = [(path, s) for path, s in self.shaped("list", "dict") if len({k for _, k in s.parts}) == 1]
        if not found or self.loops > 1:
            return self.summed()
        path, shape = self.pick(*found)
        self.line(self.pick(f"for k_, e_ in enumerate({path}):", f"for e_, h_ in zip({path}, {path}[::-1]):",
                            f"for e_ in reversed({path}):", f"for e_ in {path}:"))
        with self.scoped(), self.looping(True):
            self.env["e_"] = shape.parts[0][1]
            self.block(2)

    def summed(self) -> None:
        path, shape = self.pick(*self.shaped())
        forms = {
            FLOATS: ("sum({p})", "max({p})", "np.sum(np.array({p}) ** 2)",
                     "sum(e_2 * {F} for e_2 in {p} if e_2 > 0.1)", "sum(e_2 * h for e_2, h in zip({p}, {p}[1:]))"),
            VECTORS: ("np.sum(sum({p}))", "sum(np.sum(e_2 * {V}) for e_2 in {p})", "np.sum(np.stack({p}))"),
            ROWS: ("sum(e_2 * {F} for r in {p} for e_2 in r)", "sum([sum(r) for r in {p}])"),
            PARAMS: ("sum(np.sum(e_2) for e_2 in {p}.values())",
                     "sum(np.sum(np.sin(e_2)) * len(k) for k, e_2 in {p}.items())"),
            MODEL: ("{p}.bent({F})", "np.sum({p}.bent({V}))"),
        }.get(shape, ())
        name = self.target(FLOAT)
        form = self.pick(*forms) if forms else "{F}"
        self.line(f"{name} = np.tanh({self.fill(form.replace('{p}', path), 1)})")
        self.assign(name, FLOAT)

    def comprehended(self) -> None:
        shape = self.pick(FLOATS, VECTORS, PARAMS)
        name = self.target(shape)
        form = {FLOATS: "[{F} * e_ for e_ in {V}]", VECTORS: "[{V} * (k_ + 0.5) for k_ in range(2)]",
                PARAMS: "{k_: e_ * {F} for k_, e_ in zip(('a', 'w'), ({F}, {V}))}"}[shape]
        if shape == PARAMS:
            form = "dict(a={F}, w={V})" if self.chance(50) else form
        self.line(f"{name} = {self.fill(form, 1)}")
        self.assign(name, shape)
