"""What a dump of generated code needs from outside, so that it can stand alone."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from adxform.core.trees import copied, nodes
from adxform.emit.lines import Lined
from adxform.emit.printer import comment
from adxform.errors import SourceNotFoundError
from adxform.frontend.source import find_source

LARGEST_ARRAY = 32  # elements of a captured array that are written out


def definitions(
    trees: Iterable[ast.AST],
    bound: set[str],
    values: Mapping[str, Any],
    lines: dict[Any, Lined[Any]] | None = None,
) -> list[ast.stmt]:
    """Statements that define the free names of ``trees``, those of ``bound`` left out; ``lines``
    are trees in lines: without those that had to be changed.

    Numbers, strings, tuples, lists and dictionaries of these, and small arrays are written out,
    the user's functions are repeated, modules are imported; what cannot be written is left to the
    reader by a comment.
    """
    made: dict[str, ast.stmt] = {}
    _define(trees, bound, values, made, {}, {} if lines is None else lines)
    order = {ast.Import: 0, ast.ImportFrom: 0, ast.Assign: 1}
    return sorted(made.values(), key=lambda stmt: order.get(type(stmt), 2))


def free_globals(tree: ast.AST) -> list[str]:
    """The names that a tree reads and nowhere binds."""
    read: dict[str, None] = {}
    bound: set[str] = set()
    for node in nodes(tree):
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is ast.Store:  # type: ignore[attr-defined]
                bound.add(node.id)  # type: ignore[attr-defined]
            else:
                read[node.id] = None  # type: ignore[attr-defined]
        elif kind is ast.arg:
            bound.add(node.arg)  # type: ignore[attr-defined]
        elif kind is ast.FunctionDef:
            bound.add(node.name)  # type: ignore[attr-defined]
    free = [name for name in read if name not in bound]
    return [name for name in free if name not in vars(builtins)]


def _define(
    trees: Iterable[ast.AST],
    bound: set[str],
    values: Mapping[str, Any],
    made: dict[str, ast.stmt],
    meant: dict[str, Any],
    lines: dict[Any, Lined[Any]],
) -> None:
    """Define what trees read; ``meant`` is what each name stands for that is defined by now."""
    for tree in trees:
        if tree in lines and not any(n in values and n not in bound for n in lines[tree].names):
            continue
        for name in free_globals(tree):
            if name in bound or name not in values:
                continue
            value, own = values[name], name
            while own in bound or (own in meant and meant[own] is not value):
                own = f"{own}_"  # of another module
            if own != name:
                _rename(tree, name, own)
                lines.pop(tree, None)
            if own in made:
                continue
            meant[own] = value
            made[own] = stmt = _definition(own, value)
            if isinstance(stmt, ast.FunctionDef):
                _define([stmt], bound, _around(value), made, meant, {})


def _around(function: FunctionType) -> Mapping[str, Any]:
    """What the names mean that a function reads and does not bind."""
    free, cells = function.__code__.co_freevars, function.__closure__ or ()
    closure = {n: c.cell_contents for n, c in zip(free, cells, strict=True) if _is_filled(c)}
    return {**function.__globals__, **closure} if closure else function.__globals__


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _rename(tree: ast.AST, old: str, new: str) -> None:
    for node in nodes(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new


def _definition(name: str, value: Any) -> ast.stmt:
    if isinstance(value, ModuleType):
        alias = None if value.__name__ == name else name
        return ast.Import([ast.alias(value.__name__, alias)])
    if isinstance(value, FunctionType) and value.__module__.split(".")[0] == "adxform":
        return _imported(name, "adxform", value.__name__)  # a derivative that is not written out
    if isinstance(value, FunctionType):
        return _function(name, value)
    target: list[ast.expr] = [ast.Name(name, ast.Store())]
    if isinstance(value, np.ndarray) and value.size <= LARGEST_ARRAY and value.dtype.kind in "biuf":
        text = f"np.array({value.tolist()!r}, dtype=np.{value.dtype.name})"
        return ast.Assign(target, ast.parse(text, mode="eval").body, lineno=1)
    if isinstance(value, bool | int | float | complex | str | np.generic | None):
        return ast.Assign(target, ast.Constant(value), lineno=1)  # type: ignore[arg-type]
    if isinstance(value, tuple | list | dict) and _written_out(value):
        return ast.Assign(target, ast.parse(repr(value), mode="eval").body, lineno=1)
    if isinstance(value, type) and value.__module__ not in ("builtins", "__main__"):
        return _imported(name, value.__module__, value.__name__)
    if isinstance(value, type) and value.__module__ == "builtins":
        return ast.Assign(target, ast.Name(value.__name__, ast.Load()), lineno=1)
    return _undefined(name, f"{name}, of type {type(value).__name__}, is to be defined here")


def _imported(name: str, module: str, called: str) -> ast.stmt:
    return ast.ImportFrom(module, [ast.alias(called, None if called == name else name)], 0)


def _undefined(name: str, note: str) -> ast.stmt:
    """A name that is declared and has no value: to read it is an error until it is given one."""
    target, kind = ast.Name(name, ast.Store()), ast.Name("object", ast.Load())
    return comment(ast.AnnAssign(target, kind, None, 1), note)


def _written_out(value: tuple[Any, ...] | list[Any] | dict[Any, Any]) -> bool:
    """Whether a container's text says all that it is."""
    try:
        return len(value) <= LARGEST_ARRAY and repr(ast.literal_eval(repr(value))) == repr(value)
    except (ValueError, SyntaxError):
        return False


def _function(name: str, value: FunctionType) -> ast.stmt:
    try:
        node, _ = find_source(value)
    except SourceNotFoundError:
        return _undefined(name, f"{name} is to be defined here")
    node = copied(node)
    node.name, node.decorator_list = name, []
    node.returns = None
    for arg in nodes(node.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    return node
