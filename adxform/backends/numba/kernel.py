"""A generated function as Numba takes it: of arrays and numbers, and giving one flat tuple.

A kernel takes what containers hold one by one, and what the function reads of objects, leaves out
what it does not read, and takes arrays from outside the function as arguments: they may change
between calls, and Numba would freeze them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from adxform.analysis.types import Types
from adxform.backends.numba.plan import read_within
from adxform.core.builder import Builder, Names, all_names
from adxform.core.ir import (
    Block,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Param,
    Tuple,
    Var,
    leaves,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.trees import copied, names
from adxform.core.types import Array, Object, Scalar
from adxform.core.unread import without
from adxform.core.values import type_of_value
from adxform.emit.expressions import Substitution
from adxform.optimize.walk import Rewriter, is_op

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a kernel is called.

    ``outside`` are the arrays from outside that it takes first, ``read`` says what it takes of
    the parameters at some places next, ``taken`` are the places of those that it takes themselves;
    ``given`` names its results, in order.
    """

    outside: tuple[Global, ...]
    read: tuple[tuple[Callable[..., Any], tuple[int, ...]], ...]
    taken: tuple[int, ...]
    given: tuple[str, ...]


def kernel_of(
    function: Function, types: Types, values: Mapping[str, Any] = NOTHING
) -> tuple[Function, Layout]:
    """A function of arrays and numbers only, and how it stands for the one that is meant."""
    own = function.params
    made, outside = _with_outside(function, types, values)
    first = made.params[: len(outside)]
    made, parts = _with_parts(made, own, types, values)
    read = set(names_in(made.result)).union(*map(reads_of, made.body), *map(read_within, made.body))
    taken = tuple(i for i, p in enumerate(own) if p.name in read)
    given = tuple(dict.fromkeys(n for leaf in leaves(made.result) for n in names_in(leaf)))
    params = (*first, *(Param(name) for name in parts), *(Param(own[i].name) for i in taken))
    result = Tuple(tuple(Var(name) for name in given))
    made = replace(made, params=params, result=result, given=())
    return made, Layout(outside, tuple(parts.values()), taken, given)


class Parts(Rewriter):
    """Leaves out what reads parts of objects, which ``found`` says how to read before.

    ``places`` are those of parameters that are objects, ``values`` what names from outside mean;
    ``ways`` say how objects are read that objects, or containers, hold.
    """

    def __init__(
        self, builder: Builder, places: Mapping[str, int], values: Mapping[str, Any]
    ) -> None:
        super().__init__(builder)
        self.places = places
        self.values = dict(values)
        self.inner = False
        self.ways: dict[str, ast.expr] = {}
        self.found: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {}

    def within(self, block: Block) -> Block:
        outer, self.inner = self.inner, True
        made = super().within(block)
        self.inner = outer
        return made

    def let(self, stmt: Let) -> None:
        way = self.way_of(stmt)
        if way is not None and isinstance(self.builder.types.get(stmt.target), Object):
            self.ways[stmt.target] = way
        elif way is not None and self.is_there(stmt):
            given = [name for name in dict.fromkeys(names(way)) if name in self.places]
            read = eval(f"lambda {', '.join(given)}: {ast.unparse(way)}", self.values)
            self.found[stmt.target] = read, tuple(self.places[name] for name in given)
            return
        self.builder.append(stmt)

    def way_of(self, stmt: Let) -> ast.expr | None:
        """How a value is read of parameters and of what is outside, if it is."""
        op = stmt.op
        if is_op(stmt, "copy"):
            return self.ways.get(stmt.reads[0]) if stmt.reads else None
        if not isinstance(op, Opaque) or not op.pure or len(op.reads) != len(stmt.args):
            return None
        said = {name: self.said(arg) for name, arg in zip(op.reads, stmt.args, strict=True)}
        read = {name: way for name, way in said.items() if way is not None}
        if not read or len(read) < len(said):
            return None
        made: ast.expr = Substitution(read, {}).visit(copied(op.tree))
        return made

    def said(self, operand: Operand) -> ast.expr | None:
        """How an object is read."""
        match operand:
            case Global(text):
                return ast.parse(text, mode="eval").body
            case Var(name) if name in self.places:
                return ast.Name(name, ast.Load())
            case Var(name):
                return self.ways.get(name)
        return None

    def is_there(self, stmt: Let) -> bool:
        """Whether a value can be read before all: in a branch only what is sure to be there is."""
        assert isinstance(stmt.op, Opaque)
        if not self.inner and self.places.keys() >= set(stmt.reads) and stmt.reads:
            return True
        known = isinstance(self.builder.types.get(stmt.target), Array | Scalar)
        return known and isinstance(stmt.op.tree, ast.Attribute | ast.Subscript) and isinstance(
            stmt.op.tree.value, ast.Name)


def _with_parts(
    function: Function, own: tuple[Param, ...], types: Types, values: Mapping[str, Any]
) -> tuple[Function, dict[str, tuple[Callable[..., Any], tuple[int, ...]]]]:
    """A function that is given what it reads of objects, and how that is read."""
    places = {p.name: i for i, p in enumerate(own) if isinstance(types.get(p.name), Object)}
    builder = Builder(Names(all_names(function)), types, dict(function.bases))
    parts = Parts(builder, places, values)
    parts.block(function.body)
    return replace(function, body=_without_unread(parts, function.result)), parts.found


def _without_unread(parts: Parts, result: Operand) -> Block:
    """A block without objects that nothing reads but what reads others of them."""
    block = parts.builder.block
    reading = [s for s in walk(block) if not isinstance(s, Let) or s.target not in parts.ways]
    merged = [o for s in reading for p in phis_of(s) for o in (p.first, p.second)]
    read = {*uses((*merged, result)), *(n for s in reading for n in (*reads_of(s), *tests_of(s)))}
    return without(block, parts.ways.keys() - read)


class Outside(Rewriter):
    """Gives arrays from outside, and numbers of objects there, a name each; ``found`` are these, by
    their text.
    """

    def __init__(self, builder: Builder, values: Mapping[str, Any]) -> None:
        super().__init__(builder)
        self.values = values
        self.found: dict[str, tuple[Global, str]] = {}

    def sub(self, operand: Operand) -> Operand:
        match operand:
            case Global(text, value) if isinstance(value, np.ndarray) or self.is_held(operand):
                if text not in self.found:
                    name = self.builder.names.fresh(text.replace(".", "_"))
                    self.builder.types[name] = type_of_value(operand.value)
                    self.found[text] = operand, name
                return Var(self.found[text][1])
            case Tuple(items):
                return super().sub(operand.with_items(self.sub(item) for item in items))
            case _:
                return super().sub(operand)

    def is_held(self, operand: Global) -> bool:
        """Whether something from outside is a number that an object or class there holds."""
        root, dot, _ = operand.text.partition(".")
        numbers = isinstance(operand.value, int | float | np.number)
        known = root in self.values and not isinstance(self.values[root], ModuleType)
        return numbers and bool(dot) and known

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def substituted(self, stmt: Let) -> Let:
        return replace(stmt, args=tuple(map(self.sub, stmt.args)))


def _with_outside(
    function: Function, types: Types, values: Mapping[str, Any]
) -> tuple[Function, tuple[Global, ...]]:
    """A function whose arrays from outside, and numbers of objects there, are parameters, before
    its own.
    """
    builder = Builder(Names(all_names(function)), types, dict(function.bases))
    walk = Outside(builder, values)
    walk.block(function.body)
    result = walk.sub(function.result)
    params = (*(Param(name) for _, name in walk.found.values()), *function.params)
    made = replace(function, params=params, body=walk.builder.block, result=result)
    return made, tuple(item for item, _ in walk.found.values())
