"""Sample arguments of a rule's row, from which the law tests make one-line programs.

A row that carries a derivative says where its function is smooth, as ``sample=``:

``uniform(low, high)``
    for an elementwise row: every operand is drawn from (low, high), in every combination of
    shapes that broadcast. ``uniform(0.2, 0.9, y=(1.0, 3.0), condition=bool, k=int, n=2)`` gives
    single parameters another domain, random booleans or small integers, or a constant.
    An elementwise row without a sample has ``uniform(0.2, 0.9)``. ``numbers(low, high)`` is the
    same for a function that takes Python's numbers only.

``calls("R(2, 3), axis=0", "R(3), keepdims=True", ...)``
    for any other row: argument lists as a caller writes them, with arrays to be drawn said by
    their shapes. The first argument of a method, an attribute or a subscript is the object
    itself: ``calls("R(5), 1:3")`` samples ``x[index]`` with ``x[1:3]``. Alternatives are drawn as

    ===========================  ==============================================================
    ``R(2, 3)``                  numbers from (-1, 1), any sign; ``R()`` is a 0-d array
    ``R``                        a Python number from (-1, 1)
    ``P(2, 3)``, ``P``           numbers from (0.3, 1.7)
    ``S(3)``, ``S(2, 3)``        a positive definite matrix, a stack of 2 such; directions are
                                 symmetric too
    ``B(3)``                     booleans, about half of them true (held constant)
    ``I(4)``, ``I(4, below=9)``  integers from 0 up to below, which is 3 (held constant)
    ===========================  ==============================================================

    Everything else is Python text: ``[R(3), R(3)]``, ``np.tril(R(3, 3))``, ``None``, ``(0, 1)``.
    Rows must hold for every drawn value, so name functions that are themselves in the table.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adxform.core.dims import Dim, Sym
from adxform.core.ir import Primitive
from adxform.core.types import FLOAT, INT, Array, Type

Shape = tuple[int, ...]
Domain = tuple[float, float] | type | int | float | None

OPERATORS = {
    "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**",
    "MatMult": "@", "LShift": "<<", "RShift": ">>", "BitOr": "|", "BitXor": "^", "BitAnd": "&",
    "USub": "-", "UAdd": "+", "Invert": "~", "Not": "not ",
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=",
    "Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Argument:
    """What to draw: numbers of a shape (None: one Python number), from ``low`` to ``high``.

    ``kind`` is "real", "definite", "integer" or "boolean".
    """

    shape: Shape | None
    low: float = -1.0
    high: float = 1.0
    kind: str = "real"

    @property
    def active(self) -> bool:
        """Whether a derivative in this argument is asked for."""
        return self.kind in ("real", "definite")

    def draw(self, rng: np.random.Generator, dtype: str = "float64") -> Any:
        """A value; one Python number where there is no shape."""
        shape = () if self.shape is None else self.shape
        if self.kind == "boolean":
            value: Any = rng.random(shape) < 0.5
        elif self.kind == "integer":
            value = rng.integers(int(self.low), int(self.high), shape)
        elif self.kind == "definite":
            root = rng.uniform(-1.0, 1.0, (*shape, shape[-1]))
            value = root @ np.swapaxes(root, -1, -2) + 2.0 * np.eye(shape[-1])
        else:
            value = rng.uniform(self.low, self.high, shape)
        if self.shape is None:
            return value.item() if isinstance(value, np.generic | np.ndarray) else value
        return np.asarray(value, dtype if self.active else None)

    def direction(self, rng: np.random.Generator, dtype: str = "float64") -> Any:
        """A direction to differentiate in: of the shape that ``draw`` gives."""
        if self.kind == "definite":
            assert self.shape is not None
            half = rng.normal(size=(*self.shape, self.shape[-1]))
            return np.asarray(half + np.swapaxes(half, -1, -2), dtype)
        drawn = rng.normal(size=() if self.shape is None else self.shape)
        return float(drawn) if self.shape is None else np.asarray(drawn, dtype)

    def type(self, name: str, dtype: str = "float64") -> Type:
        """The type that a specialisation gives it: sizes other than 1 are symbols."""
        if self.shape is None:
            return FLOAT if self.active else INT
        held = {"boolean": "bool", "integer": "int64"}.get(self.kind, dtype)
        shape = (*self.shape, self.shape[-1]) if self.kind == "definite" else self.shape
        dims: list[Dim] = [
            1 if size == 1 else Sym(f"{name}{axis}", not_one=True)
            for axis, size in enumerate(shape)
        ]
        if self.kind == "definite":
            dims[-2] = dims[-1]
        return Array(held, tuple(dims))


@dataclass(frozen=True, slots=True)
class Program:
    """A one-line function: an expression, and what to draw for each name in it."""

    expression: str
    arguments: dict[str, Argument]

    @property
    def active(self) -> tuple[str, ...]:
        """The names in which a derivative is asked for."""
        return tuple(name for name, argument in self.arguments.items() if argument.active)

    def of_shapes(self, shapes: dict[str, Shape | None]) -> Program:
        """The same expression with other shapes."""
        arguments = {
            name: replace(argument, shape=shapes.get(name, argument.shape))
            for name, argument in self.arguments.items()
        }
        return replace(self, arguments=arguments)


@dataclass(frozen=True, slots=True)
class Uniform:
    """The sample of an elementwise row: a domain for all operands, others for some."""

    low: float
    high: float
    domains: tuple[tuple[str, Domain], ...] = ()
    shape: Shape | None = (2, 3)

    def programs(self, primitive: Primitive) -> list[Program]:
        """The row's function, of arrays or of Python's numbers."""
        domains, defaults = dict(self.domains), dict(primitive.defaults)
        arguments: dict[str, Argument] = {}
        said = []
        for name in primitive.params:
            if name in defaults and name not in domains:
                continue
            domain = domains.get(name, (self.low, self.high))
            drawn = _drawn(domain, self.shape)
            if drawn is not None:
                arguments[name] = drawn
            text = name if drawn is not None else repr(domain)
            said.append(f"{name}={text}" if name in defaults else text)
        return [Program(_written(primitive, said), arguments)]


def _drawn(domain: Domain, shape: Shape | None) -> Argument | None:
    if isinstance(domain, tuple):
        return Argument(shape, domain[0], domain[1])
    if domain is bool:
        return Argument(shape, kind="boolean")
    return Argument(shape, 1, 4, kind="integer") if domain is int else None


@dataclass(frozen=True, slots=True)
class Calls:
    """Argument lists, as text."""

    lists: tuple[str, ...]

    def programs(self, primitive: Primitive) -> list[Program]:
        """The row's function, called with each argument list."""
        return [_program(primitive, text) for text in self.lists]


def uniform(low: float, high: float, /, **domains: Domain) -> Uniform:
    """Operands drawn evenly from (low, high); see the module's docstring."""
    return Uniform(low, high, tuple(domains.items()))


def numbers(low: float, high: float, /, **domains: Domain) -> Uniform:
    """Python's numbers drawn evenly from (low, high)."""
    return Uniform(low, high, tuple(domains.items()), shape=None)


def calls(*lists: str) -> Calls:
    """Argument lists as text; see the module's docstring."""
    return Calls(lists)


Sample = Uniform | Calls


def _parsed(text: str) -> tuple[list[ast.expr], list[ast.keyword]]:
    """The arguments and keywords of an argument list; slices are allowed."""
    try:
        call = ast.parse(f"_({text})", mode="eval").body
        assert isinstance(call, ast.Call)
        return call.args, call.keywords
    except SyntaxError:
        index = ast.parse(f"_[{text}]", mode="eval").body
        assert isinstance(index, ast.Subscript)
        parts = index.slice.elts if isinstance(index.slice, ast.Tuple) else [index.slice]
        return parts, []


_DRAWN = {
    "R": Argument(None),
    "P": Argument(None, 0.3, 1.7),
    "S": Argument(None, kind="definite"),
    "B": Argument(None, kind="boolean"),
    "I": Argument(None, 0, 3, kind="integer"),
}


class _Draws(ast.NodeTransformer):
    """Replaces ``R(2, 3)`` and its kin by names, and remembers what they stand for."""

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = wanted
        self.arguments: dict[str, Argument] = {}

    def named(self, argument: Argument) -> ast.Name:
        taken = self.arguments
        fresh = (n for n in (*self.wanted, *(f"a{i}" for i in range(99))) if n not in taken)
        name = next(fresh)
        self.arguments[name] = argument
        return ast.Name(name, ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.named(_DRAWN[node.id]) if node.id in _DRAWN else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not (isinstance(node.func, ast.Name) and node.func.id in _DRAWN):
            return self.generic_visit(node)
        shape = tuple(ast.literal_eval(arg) for arg in node.args)
        found = replace(_DRAWN[node.func.id], shape=shape)
        for keyword in node.keywords:
            assert keyword.arg == "below", f"{keyword.arg}= of an argument to draw"
            found = replace(found, high=ast.literal_eval(keyword.value))
        return self.named(found)


def _program(primitive: Primitive, text: str) -> Program:
    args, keywords = _parsed(text)
    said = []
    arguments: dict[str, Argument] = {}
    names = [p for p in primitive.params if p not in ("np", "math", "scipy", *_DRAWN)]
    for place, node in enumerate([*args, *keywords]):
        draws = _Draws([names[place]] if place < len(names) else [])
        draws.arguments = arguments
        made = draws.visit(node)
        if isinstance(made, ast.keyword):
            said.append(f"{made.arg}={ast.unparse(made.value)}")
        else:
            said.append(ast.unparse(made))
    return Program(_written(primitive, said), arguments)


def _written(primitive: Primitive, said: list[str]) -> str:
    """A use of a primitive, from the text of its arguments."""
    first, rest = said[0] if said else "", ", ".join(said[1:])
    owner = first if first.isidentifier() else f"({first})"
    operator = OPERATORS.get(primitive.text, "")
    match primitive.style:
        case "infix" | "compare":
            return f"({first}) {operator} ({rest})"
        case "unary":
            return f"{operator}({first})"
        case "method":
            return f"{owner}.{primitive.text}({rest})"
        case "attribute":
            return f"{owner}.{primitive.text}"
        case "subscript":
            return f"{owner}[{rest}]"
        case _:
            return f"{primitive.text}({', '.join(said)})"
