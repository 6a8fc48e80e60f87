"""A generated function as Numba takes it: of arrays and numbers, and giving one flat tuple.

A kernel takes what containers hold one by one, and what the function reads of objects, leaves out
what it does not read, and takes arrays from outside the function as arguments: they may change
between calls, and Numba would freeze them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    reads_of,
)
from adxform.core.types import Object
from adxform.core.values import type_of_value
from adxform.optimize.walk import Rewriter


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


def kernel_of(function: Function, types: Types) -> tuple[Function, Layout]:
    """A function of arrays and numbers only, and how it stands for the one that is meant."""
    own = function.params
    made, outside = _with_outside(function, types)
    first = made.params[: len(outside)]
    made, parts = _with_parts(made, own, types)
    read = set(names_in(made.result)).union(*map(reads_of, made.body), *map(read_within, made.body))
    taken = tuple(i for i, p in enumerate(own) if p.name in read)
    given = tuple(dict.fromkeys(n for leaf in leaves(made.result) for n in names_in(leaf)))
    params = (*first, *(Param(name) for name in parts), *(Param(own[i].name) for i in taken))
    result = Tuple(tuple(Var(name) for name in given))
    made = replace(made, params=params, result=result, given=())
    return made, Layout(outside, tuple(parts.values()), taken, given)


def _with_parts(
    function: Function, own: tuple[Param, ...], types: Types
) -> tuple[Function, dict[str, tuple[Callable[..., Any], tuple[int, ...]]]]:
    """A function that is given what it reads of objects, and how that is read."""
    places = {p.name: i for i, p in enumerate(own) if isinstance(types.get(p.name), Object)}
    parts = {}
    body = []
    for stmt in function.body:
        op = stmt.op if isinstance(stmt, Let) else None
        names = stmt.reads if isinstance(stmt, Let) else []
        if isinstance(op, Opaque) and op.pure and names and places.keys() >= set(names):
            text = f"lambda {', '.join(op.reads)}: {ast.unparse(op.tree)}"
            parts[stmt.target] = eval(text, {}), tuple(places[n] for n in names)  # type: ignore[union-attr]
        else:
            body.append(stmt)
    return replace(function, body=tuple(body)), parts


class Outside(Rewriter):
    """Gives arrays from outside a name each; ``found`` are these, by their text."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.found: dict[str, tuple[Global, str]] = {}

    def sub(self, operand: Operand) -> Operand:
        match operand:
            case Global(text, np.ndarray()):
                if text not in self.found:
                    name = self.builder.names.fresh(text.replace(".", "_"))
                    self.builder.types[name] = type_of_value(operand.value)
                    self.found[text] = operand, name
                return Var(self.found[text][1])
            case Tuple(items):
                return super().sub(operand.with_items(self.sub(item) for item in items))
            case _:
                return super().sub(operand)

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def substituted(self, stmt: Let) -> Let:
        return replace(stmt, args=tuple(map(self.sub, stmt.args)))


def _with_outside(function: Function, types: Types) -> tuple[Function, tuple[Global, ...]]:
    """A function whose arrays from outside are parameters, before its own."""
    walk = Outside(Builder(Names(all_names(function)), types, dict(function.bases)))
    walk.block(function.body)
    result = walk.sub(function.result)
    params = (*(Param(name) for _, name in walk.found.values()), *function.params)
    made = replace(function, params=params, body=walk.builder.block, result=result)
    return made, tuple(item for item, _ in walk.found.values())
