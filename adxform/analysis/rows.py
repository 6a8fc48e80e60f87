"""What is done with tuples that lists hold as arrays, and means another thing to an array.

Such a list is ``[(a, b) for ...]``; ``row + row`` is not what it is of tuples.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.calls import reachable_callees
from adxform.core.ir import (
    Callee,
    Function,
    If,
    Let,
    Opaque,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    names_in,
    phis_of,
    walk,
)
from adxform.core.types import Array

ROW, ROWS = "row", "rows"  # a tuple, and a list of them
_SAME = frozenset({"copy", "rename", "own", "keep"})
_LISTS = frozenset({"joined_list", "repeated_list", "op.Add", "op.Mult"})
_OPERATORS = ("infix", "unary", "compare")
_ASKING = frozenset({"is_kind", "isinstance", "bool", "type", "not"})

Kinds = dict[str, str]


def misread_rows(function: Function, types: Types) -> list[Stmt]:
    """The statements of a function, or its calls, in which a tuple is not what an array is."""
    bodies = (function.body, *(c.function.body for c in reachable_callees(function) if c.function))
    if not any(_makes_row(stmt) for body in bodies for stmt in walk(body)):
        return []
    return _Reader(types).read(function, {})[0]


def _makes_row(stmt: Stmt) -> bool:
    return type(stmt) is Let and type(stmt.op) is Primitive and stmt.op.name == "row"


@dataclass
class _Reader:
    """Follows rows through a function and those that it calls; none is gone into twice."""

    types: Types  # of the function; of those that it calls, no more is known than of any names
    met: dict[tuple[int, tuple[str | None, ...]], tuple[str | None, ...]] = field(
        default_factory=dict
    )

    def read(self, function: Function, kinds: Kinds) -> tuple[list[Stmt], Kinds]:
        before = -1
        found: list[Stmt] = []
        while len(kinds) != before:  # again where a loop carries one back
            before = len(kinds)
            found = [stmt for stmt in walk(function.body) if self._step(stmt, kinds)]
        return found, kinds

    def _step(self, stmt: Stmt, kinds: Kinds) -> bool:
        """Note what a statement gives; whether it misreads a row."""
        for phi in phis_of(stmt):
            self._note(phi.target, kinds, (phi.first, phi.second))
        match stmt:
            case If(test) | While(test=test):
                return self._is(test, kinds, ROW)
            case Let(op=Callee() as op):
                return self._call(stmt, op, kinds)
            case Let(op=Primitive() as op):
                return self._operation(stmt, op, kinds)
            case Let(op=Opaque()):  # set(pairs), isinstance(pair, tuple)
                return any(isinstance(arg, Var) and arg.name in kinds for arg in stmt.args)
            case _:
                return False

    def _operation(self, stmt: Let, op: Primitive, kinds: Kinds) -> bool:
        first = stmt.args[0] if stmt.args else None
        if op.name == "row":
            kinds[stmt.target] = ROW
        elif op.name in _SAME:
            self._note(stmt.target, kinds, stmt.args[:1])
        elif op.name in ("append", "update"):
            item = any(self._is(arg, kinds, ROW) for arg in stmt.args[2:])
            if item or self._is(first, kinds, ROWS):
                kinds[stmt.target] = ROWS
        elif op.name == "[]":
            part = isinstance(stmt.args[1], Slice)
            if self._is(first, kinds, ROWS):
                kinds[stmt.target] = ROWS if part else ROW
            elif self._is(first, kinds, ROW) and part:
                kinds[stmt.target] = ROW
        elif op.name in _LISTS and any(self._is(arg, kinds, ROWS) for arg in stmt.args):
            kinds[stmt.target] = ROWS
        if op.style == "compare" and any(self._is(arg, kinds, ROWS) for arg in stmt.args):
            return True
        if op.name in _ASKING and any(self._is(arg, kinds, ROW) for arg in stmt.args):
            return True
        beside = (type_of(arg, self.types) for arg in stmt.args if not self._is(arg, kinds, ROW))
        return (
            op.style in _OPERATORS
            and any(self._is(arg, kinds, ROW) for arg in stmt.args)
            and not any(isinstance(t, Array) for t in beside)  # which makes an array of the tuple
        )

    def _call(self, stmt: Let, op: Callee, kinds: Kinds) -> bool:
        given = tuple(kinds.get(a.name) if isinstance(a, Var) else None for a in stmt.args)
        function = op.function
        if function is None:
            return False
        key = id(function), given
        wrong = False
        if key not in self.met:
            self.met[key] = ()
            inner = {p.name: k for p, k in zip(function.params, given, strict=True) if k}
            found, inner = self.read(function, inner)
            wrong = bool(found)
            given_back = function.result
            results = given_back.items if isinstance(given_back, Tuple) else (given_back,)
            names = (r.name if isinstance(r, Var) else "" for r in results)
            self.met[key] = tuple(map(inner.get, names))
        for target, kind in zip(stmt.targets, self.met[key], strict=False):
            if kind:
                kinds[target] = kind
        return wrong

    def _note(self, target: str, kinds: Kinds, sources: tuple[Operand, ...]) -> None:
        for name in (n for operand in sources for n in names_in(operand)):
            if name in kinds:
                kinds[target] = kinds[name]

    def _is(self, operand: Operand | None, kinds: Kinds, kind: str) -> bool:
        return isinstance(operand, Var) and kinds.get(operand.name) == kind
