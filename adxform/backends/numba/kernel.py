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
from adxform.core.builder import Names, all_names
from adxform.core.ir import (
    Block,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Param,
    Slice,
    Stmt,
    Tuple,
    Var,
    leaves,
    names_in,
    parts_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Object, type_of_value


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
    read = _names_read(made)
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
        names = uses(stmt.args) if isinstance(stmt, Let) else []
        if isinstance(op, Opaque) and op.pure and names and places.keys() >= set(names):
            text = f"lambda {', '.join(op.reads)}: {ast.unparse(op.tree)}"
            parts[stmt.target] = eval(text, {}), tuple(places[n] for n in names)  # type: ignore[union-attr]
        else:
            body.append(stmt)
    return replace(function, body=tuple(body)), parts


def indexes(function: Function) -> bool:
    """Whether a function takes items of arrays at places that only running it tells."""
    taking = {"[]": 1, "update": 1, "accumulate_at": 1}
    for stmt in walk(function.body):
        place = taking.get(getattr(getattr(stmt, "op", None), "name", ""))
        if isinstance(stmt, Let) and place is not None and _named(stmt.args[place]):
            return True
    return False


def _named(index: Operand) -> bool:
    """Whether an index holds a name, besides those in slices, or an array."""
    return any(isinstance(part, Var | Global) for part in parts_of(index))


def _names_read(function: Function) -> set[str]:
    found = set(names_in(function.result))
    for stmt in walk(function.body):
        found.update(reads_of(stmt), tests_of(stmt))
        for phi in phis_of(stmt):
            found.update((*names_in(phi.first), *names_in(phi.second)))
    return found


def _with_outside(function: Function, types: Types) -> tuple[Function, tuple[Global, ...]]:
    """A function whose arrays from outside are parameters, before its own."""
    names = Names(all_names(function))
    found: dict[str, tuple[Global, str]] = {}

    def moved(operand: Operand) -> Operand:
        match operand:
            case Global(text, np.ndarray()):
                if text not in found:
                    found[text] = operand, names.fresh(text.replace(".", "_"))
                return Var(found[text][1])
            case Tuple(items):
                return operand.with_items(moved(item) for item in items)
            case Slice(lower, upper, step):
                return Slice(*(None if p is None else moved(p) for p in (lower, upper, step)))
            case _:
                return operand

    body, result = mapped(function.body, moved), moved(function.result)
    for item, name in found.values():
        types[name] = type_of_value(item.value)
    params = tuple(Param(name) for _, name in found.values())
    made = replace(function, params=(*params, *function.params), body=body, result=result)
    return made, tuple(item for item, _ in found.values())


def mapped(block: Block, change: Callable[[Operand], Operand]) -> Block:
    """A block with every operand changed."""
    return tuple(_changed(stmt, change) for stmt in block)


def _changed(stmt: Stmt, change: Callable[[Operand], Operand]) -> Stmt:
    made: dict[str, Any] = {}
    for name in ("args", "bounds"):
        if hasattr(stmt, name):
            made[name] = tuple(change(o) for o in getattr(stmt, name))
    for name in ("test", "stop"):
        if getattr(stmt, name, None) is not None:
            made[name] = change(getattr(stmt, name))
    for name in ("then", "orelse", "head", "body"):
        if hasattr(stmt, name):
            made[name] = mapped(getattr(stmt, name), change)
    if hasattr(stmt, "reads"):
        made["reads"] = tuple((n, change(o)) for n, o in stmt.reads)
    phis = phis_of(stmt)
    if phis:
        made["phis"] = tuple(replace(p, first=change(p.first), second=change(p.second))
                             for p in phis)
    return replace(stmt, **made)
