"""One-line programs through the whole compiler, and what their derivatives are compared with."""

from __future__ import annotations

import builtins
import functools
import importlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import adxform.rules  # noqa: F401  (fills the table)
from adxform.analysis.types import Types, infer, result_type
from adxform.core.ir import Function
from adxform.core.types import Type
from adxform.differentiate.vector import Vector
from adxform.emit.module import module_text
from adxform.frontend.lower import lower
from adxform.frontend.scope import FileScope, Meaning
from adxform.frontend.source import parse_file
from adxform.parts import reachable
from adxform.pipeline import Derivation
from adxform.rules import runtime
from adxform.rules.samples import Program, Shape, uniform
from adxform.rules.table import RULES, Rule

scipy = pytest.importorskip("scipy")
for _name in ("scipy.special", "scipy.linalg", "scipy.signal", "scipy.integrate", "scipy.stats",
              "scipy.spatial.distance", "scipy.ndimage"):
    importlib.import_module(_name)

HEADER = "import math\nimport numpy as np\nimport scipy\n\n"
HELPERS = vars(runtime)
NAMESPACE = {**HELPERS, "np": np, "math": math, "scipy": scipy}


# Rows


def has_derivative(rule: Rule) -> bool:
    return bool(rule.pull)


def is_internal(rule: Rule) -> bool:
    """Whether only the compiler says this, and no helper of that name runs."""
    primitive = rule.primitive
    if rule.kind == "augment":
        return True
    plain = primitive.style == "call" and "." not in primitive.text
    return plain and not hasattr(builtins, primitive.text) and primitive.text not in HELPERS


def is_missing(rule: Rule) -> bool:
    """Whether this NumPy or SciPy is too old to have the function."""
    if rule.primitive.style != "call" or "." not in rule.primitive.text:
        return False
    owner: Any = NAMESPACE
    for place, part in enumerate(rule.primitive.text.split(".")):
        owner = owner.get(part) if place == 0 else getattr(owner, part, None)
    return owner is None


def programs(rule: Rule) -> list[Program]:
    """The sample programs of a row."""
    sample = rule.sample
    if sample is None and rule.kind == "elementwise":
        sample = uniform(0.2, 0.9)
    return [] if sample is None else sample.programs(rule.primitive)


# Through the compiler


class HelperScope(FileScope):
    """A file in which the compiler's own helpers may be named."""

    def lookup(self, name: str) -> Meaning | None:
        found = super().lookup(name)
        return Meaning(name, name) if found is None and name in RULES else found


@functools.cache
def lowered(expression: str, names: tuple[str, ...]) -> Function:
    source = f"{HEADER}def f({', '.join(names)}):\n    return {expression}\n"
    scope = HelperScope(*parse_file(source, "sample.py"))
    meaning = scope.lookup("f")
    assert meaning is not None and meaning.function is not None
    return lower(meaning.function)


def core(program: Program) -> Function:
    return lowered(program.expression, tuple(program.arguments))


def types_of(program: Program, dtype: str = "float64") -> dict[str, Type]:
    return {name: a.type(name, dtype) for name, a in program.arguments.items()}


@dataclass
class Made:
    """A generated function, as Core and as a callable."""

    core: Function
    types: Types
    text: str
    call: Callable[..., Any]


def derive(program: Program, mode: str, wrt: Sequence[str], types: Mapping[str, Type]) -> Made:
    """The derivative of a program, compiled on its own text."""
    names = tuple(program.arguments)
    return _derived(program.expression, names, mode, tuple(wrt), tuple(types.items()))


@functools.cache
def _derived(
    expression: str,
    names: tuple[str, ...],
    mode: str,
    wrt: tuple[str, ...],
    types: tuple[tuple[str, Type], ...],
) -> Made:
    return derivative_of(lowered(expression, names), mode, wrt, dict(types))


def derivative_of(
    function: Function, mode: str, wrt: Sequence[str], types: Mapping[str, Type]
) -> Made:
    """The derivative of a function of Core, compiled on its own text."""
    derivation = Derivation()
    if mode == "vector":
        made, found = derivation.forward(function, tuple(wrt), dict(types), Vector)
    else:
        made, found = getattr(derivation, mode)(function, tuple(wrt), dict(types))
    text = module_text(reachable(made, found))
    namespace: dict[str, Any] = {}  # the text brings its own imports and helpers
    exec(compile(text, f"<{mode} of {function.name}>", "exec"), namespace)
    return Made(made, found, text, namespace[made.name])


def primal(program: Program) -> Callable[..., Any]:
    return eval(f"lambda {', '.join(program.arguments)}: {program.expression}", dict(NAMESPACE))


def inferred(program: Program, dtype: str = "float64") -> tuple[Type, Types]:
    function = core(program)
    types = infer(function, types_of(program, dtype))
    return result_type(function, types), types


# Values


def leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def draw(program: Program, seed: int = 1, dtype: str = "float64") -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: a.draw(rng, dtype) for name, a in program.arguments.items()}


def directions(program: Program, wrt: Sequence[str], dtype: str = "float64") -> dict[str, Any]:
    rng = np.random.default_rng(7)
    drawn = {name: a.direction(rng, dtype) for name, a in program.arguments.items()}
    return {name: drawn[name] for name in wrt}


def seed_like(value: Any) -> Any:
    """A cotangent of the shape and dtype of a result."""
    if isinstance(value, tuple | list):
        return type(value)(map(seed_like, value)) if not hasattr(value, "_fields") else type(value)(
            *map(seed_like, value))
    rng = np.random.default_rng(11)
    drawn = rng.normal(size=np.shape(value))
    if np.iscomplexobj(value):
        drawn = drawn + 1j * rng.normal(size=np.shape(value))
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(drawn, value.dtype)[()] if np.ndim(value) == 0 else drawn.astype(
            value.dtype)
    return drawn if np.iscomplexobj(value) else float(drawn)


def seeds_for(made: Made, program: Program, value: Any) -> tuple[Any, ...]:
    """One seed for each parameter that the reverse function has beyond the primal's."""
    wanted = len(made.core.params) - len(program.arguments)
    parts = [value] if wanted == 1 else leaves(value)
    return tuple(seed_like(part) for part in parts)


def inner(left: Any, right: Any) -> tuple[float, float]:
    """The real inner product of two nests of arrays, and the sum of its terms' magnitudes."""
    total, size = 0.0, 0.0
    for a, b in zip(leaves(left), leaves(right), strict=True):
        terms = np.conj(a) * b
        total += float(np.real(np.sum(terms)))
        size += float(np.sum(np.abs(terms)))
    return total, size


def differences(f: Callable[..., Any], args: dict[str, Any], along: dict[str, Any]) -> list[Any]:
    """The directional derivative by central differences of fourth order."""
    h = 1e-3

    def at(step: float) -> list[Any]:
        moved = {n: v + step * along[n] if n in along else v for n, v in args.items()}
        return [1.0 * np.asarray(leaf) for leaf in leaves(f(**moved))]

    points = zip(at(-2 * h), at(-h), at(h), at(2 * h), strict=True)
    return [(8 * (c - b) - (d - a)) / (12 * h) for a, b, c, d in points]


def subsets(program: Program) -> Iterator[tuple[str, ...]]:
    """Each active argument alone, and all together."""
    active = program.active
    yield from ((name,) for name in active)
    if len(active) > 1:
        yield active


SHAPES: tuple[Shape | None, ...] = (None, (), (3,), (2, 3), (1, 3), (2, 1))


def shape_combinations(program: Program) -> Iterator[Program]:
    """The program with every combination of operand shapes, or every seventh of very many."""
    names = list(program.arguments)
    combinations = list(itertools.product(SHAPES, repeat=len(names)))
    method = program.expression.startswith(f"{names[0]}.")
    for shapes in combinations[:: 1 if len(combinations) <= 36 else 7]:
        if method and shapes[0] is None:
            continue
        yield program.of_shapes(dict(zip(names, shapes, strict=True)))
