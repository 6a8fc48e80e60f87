"""What the compiler found out about a function on the way to its derivative."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from adxform.analysis.activity import Activity, analyze
from adxform.analysis.operations import operations
from adxform.analysis.types import Types
from adxform.cli.recorded import Recorded, recorded
from adxform.core.builder import type_of
from adxform.core.ir import (
    Callee,
    For,
    Function,
    Let,
    Origin,
    Stmt,
    While,
    binds_of,
    leaves,
    walk,
)
from adxform.core.types import ANY, Type, differentiable
from adxform.differentiate.sweeps import Pullback
from adxform.errors import Location
from adxform.optimize.merged_loops import Outcome
from adxform.parts import reachable
from adxform.pipeline import Derivation
from adxform.typed import typed

LONGEST = 60  # characters of a line that are quoted


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the user's; ``line`` is where it is bound first, None for a parameter.

    ``passive`` says why it is not active.
    """

    name: str
    line: int | None
    passive: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop, and what keeps its iterations from being independent: nothing if they are, None if
    no derivative passes through it.
    """

    where: Location
    text: str
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is split in what records and what pulls back, or of one function for both."""

    where: Location | None
    text: str
    record: str
    pull: str | None
    handed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is to be told; ``inputs`` and ``outputs`` are types by name."""

    wrt: tuple[str, ...]
    variables: list[Variable]
    loops: list[Loop]
    tapes: list[Recorded]
    calls: list[Call]
    inputs: list[Type]
    outputs: list[Type]
    own: int
    derived: int


def facts_of(
    tree: ast.Module,
    node: ast.FunctionDef,
    function: Function,
    wrt: tuple[str, ...],
    types: dict[str, Type],
) -> Facts:
    """What is known of a function, written as ``node`` in a file, and of its reverse derivative."""
    derivation = Derivation()
    derivation.names.add(function.name)
    made, known = derivation.reverse(function, wrt, types)
    function, found = typed(function, types)
    parts = reachable(made, known)
    pairs = {pair.record: pair for pair in derivation.pullbacks.values()}
    return Facts(
        wrt,
        _Variables(tree, node, function, wrt, found).told(),
        [*_loops(function, pairs, derivation.loops)],
        [tape for part in parts for tape in recorded(*part)],
        [*_calls([f for f, _ in parts], pairs, {w.both for w in derivation.wholes.values()})],
        [found.get(name, ANY) for name in wrt],
        [type_of(leaf, found) for leaf in leaves(function.result)],
        operations(function),
        operations(made),
    )


@dataclass(slots=True)
class _Variables:
    """The variables of a function, each under all names that Core gives to its values."""

    tree: ast.Module
    node: ast.FunctionDef
    function: Function
    wrt: tuple[str, ...]
    types: Types

    def told(self) -> list[Variable]:
        """The parameters, and what the function's own text binds."""
        params = [p.name for p in self.function.params]
        stored = [n for n in ast.walk(self.node)
                  if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        first = {n.id: n.lineno for n in sorted(stored, key=lambda n: -n.lineno)}
        names = self.names()
        activity = analyze(self.function, self.wrt, self.types)
        own = [Variable(p, None, self.passive([p, *names.get(p, ())], activity)) for p in params]
        bound = sorted((line, base) for base, line in first.items() if base not in params)
        return own + [Variable(base, line, self.passive(names[base], activity))
                      for line, base in bound if base in names]

    def names(self) -> dict[str, list[str]]:
        """The names of each variable; what an inlined function calls alike is another variable."""
        found: dict[str, list[str]] = {}
        for stmt in walk(self.function.body):
            others = self.others(stmt)
            for name in binds_of(stmt):
                base = self.function.bases.get(name)
                if base is not None and base not in others:
                    found.setdefault(base, []).append(name)
        return found

    def others(self, stmt: Stmt) -> set[str]:
        """The variables of the inlined function that a statement was written in."""
        where = place_of(stmt)
        home = None if self.function.origin is None else self.function.origin.location
        if where is None or home is None or where.file != home.file:
            return set()
        around = [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)
                  and n.lineno <= where.line <= (n.end_lineno or n.lineno)]
        if not around or self.node in around:
            return set()
        inner = list(ast.walk(around[-1]))
        params = {n.arg for n in inner if isinstance(n, ast.arg)}
        return params | {n.id for n in inner if isinstance(n, ast.Name)}

    def passive(self, names: list[str], activity: Activity) -> str:
        """Why no value of a variable is active."""
        if any(name in activity for name in names):
            return ""
        if not any(differentiable(self.types.get(name, ANY)) for name in names):
            return "no derivative by its type"
        if any(name in activity.varied for name in names):
            return "the result does not depend on it smoothly"
        if names[0] in {p.name for p in self.function.params}:
            return "held constant"
        return f"depends on {'none of them' if len(self.wrt) > 1 else f'no {self.wrt[0]}'}"


def place_of(stmt: Stmt) -> Location | None:
    """Where the user wrote a statement."""
    origin: Origin | None = getattr(stmt, "origin", None)
    return None if origin is None else origin.location


def _loops(
    function: Function, pairs: dict[Callee, Pullback], outcomes: list[Outcome]
) -> Iterator[Loop]:
    """Each loop of a function, and of those that are split."""
    found = {o.origin.location: o.obstacle for o in reversed(outcomes) if o.origin is not None}
    for where, text in _written([function]).items():
        yield Loop(where, text, found.get(where))
    for record, pair in pairs.items():
        between = f"{record.name} goes forward, {pair.pull.name} back"
        for where, text in _written([f for f in (record.function,) if f is not None]).items():
            yield Loop(where, text, between)


def _written(functions: Iterable[Function]) -> dict[Location, str]:
    """The loops of functions as the user wrote them."""
    return {
        stmt.origin.location: _short(stmt.origin.text)
        for function in functions
        for stmt in walk(function.body)
        if isinstance(stmt, For | While) and stmt.origin is not None
        if stmt.origin.location is not None
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _calls(
    functions: Iterable[Function], pairs: dict[Callee, Pullback], wholes: Container[Callee]
) -> Iterator[Call]:
    """The calls of what records, each with what pulls back, and of what does both."""
    for stmt in (stmt for function in functions for stmt in walk(function.body)):
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Callee):
            continue
        text = "" if stmt.origin is None else _short(stmt.origin.text)
        if stmt.op in wholes:
            yield Call(place_of(stmt), text, stmt.op.name, None, ())
        elif stmt.op in pairs:
            pair = pairs[stmt.op]
            handed = tuple(dict.fromkeys(pair.labels))
            yield Call(place_of(stmt), text, stmt.op.name, pair.pull.name, handed)
