"""Which arrays that objects hold a statement changes that is carried verbatim: by attributes.

A derivative that needs an array as ``model.w`` was before ``model.w[0] = 1.0``, or before a call
of a method that does that, is refused. What is called is looked into as far as its text is there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from adxform.core.changes import (
    ANY_ATTRIBUTE,
    LOOKING_METHODS,
    WRITING_CALLS,
    outside_keys,
)
from adxform.core.ir import UNKNOWN
from adxform.core.trees import nodes
from adxform.frontend.assignments import CHANGING
from adxform.frontend.callables import is_library
from adxform.frontend.reach import exactly, seen_inside
from adxform.frontend.scope import live_function
from adxform.frontend.seen import Called, Seen, Values
from adxform.frontend.watching import is_instance
from adxform.frontend.writes import root_of, writes_params

IN_PLACE = CHANGING | {"remove", "sort", "setdefault", "popitem", "update", "add", "discard",
                        "fill", "put", "partition", "resize", "itemset",
                        "appendleft", "extendleft", "popleft", "rotate"}  # fmt: skip
_VIEWS = frozenset({"T", "real", "imag", "flat"})
_LOOKING = LOOKING_METHODS | {name for name in dir(np.ndarray) if name not in IN_PLACE}
DEPTH = 8


def changed_attributes(tree: ast.AST, values: Values, depth: int = DEPTH) -> set[str]:
    """The attributes whose arrays a tree may change in place, or ANY_ATTRIBUTE."""
    text = _Text(tree, values)
    found: set[str] = set()
    augmented = {id(node.target) for node in nodes(tree) if isinstance(node, ast.AugAssign)}
    for node in nodes(tree):
        match node:
            case ast.Subscript(held, _, ast.Store()) if (
                type(text.seen.value(held)) is dict and id(node) not in augmented
            ):
                pass  # another item of a dictionary, and no array is another
            case (
                ast.Subscript(held, _, ast.Store() | ast.Del())
                | ast.AugAssign(ast.Attribute() | ast.Name() as held)
                | ast.keyword("out", held)
            ):
                found.update(text.attribute(held))
            case ast.Call(ast.Attribute(held, name)) if name in IN_PLACE and not any(
                exactly(node, text.seen)
            ):
                found.update(text.attribute(held))
            case ast.Call():
                found.update(_by_call(node, text, depth))
    return found


def _by_call(node: ast.Call, text: _Text, depth: int) -> Iterator[str]:
    """What a call may change."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in WRITING_CALLS:
        yield from (name for arg in node.args[:1] for name in text.attribute(arg))
    elif text.seen.value(node.func) is UNKNOWN:
        looks = isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKING
        if text.is_held(node.func) and not looks:
            yield ANY_ATTRIBUTE
    for called in exactly(node, text.seen):
        if not is_library(called.function.__code__.co_filename):
            yield from _by_function(node, called, text, depth)


def _by_function(node: ast.Call, called: Called, text: _Text, depth: int) -> Iterator[str]:
    """What a function may change that a call runs."""
    source = live_function(called.function)
    if source is None or not depth:
        yield ANY_ATTRIBUTE
        return
    yield from changed_attributes(source.node, seen_inside(called, source).values, depth - 1)
    if writes_params(source.node):
        args = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (name for arg in args for name in text.attribute(arg))


class _Text:
    """What expressions in a tree stand for, and what they show of objects.

    ``shown`` are the variables that stand for what attributes hold, as in ``w = self.w`` and ``for
    l in self.layers``; ``items`` what loops go over, if all is of one class.
    """

    def __init__(self, tree: ast.AST, values: Values) -> None:
        self.values = values
        self.seen = Seen(tree, self._named)
        self.shown: dict[str, set[str]] = {}
        self.items: dict[str, Any] = {}
        for node in nodes(tree):
            match node:
                case ast.Assign([ast.Name(name)], held) | ast.For(ast.Name(name), held):
                    attribute = self.attribute(held) - {ANY_ATTRIBUTE}
                    if attribute:
                        self.shown[name] = attribute
            match node:
                case ast.For(ast.Name(name), held):
                    over = self.seen.value(held)
                    kinds = {*map(type, over)} if type(over) in (list, tuple) else ()
                    if len(kinds) == 1:
                        self.items[name] = over[0]

    def _named(self, node: ast.expr) -> Any:
        """The value from outside that a name stands for, or UNKNOWN."""
        item = isinstance(node, ast.Name) and node.id in self.items
        return self.items[node.id] if item else self.values(node)  # type: ignore[attr-defined]

    def _is_module(self, node: ast.expr) -> bool:
        return isinstance(self.seen.value(node), ModuleType)

    def is_held(self, node: ast.expr) -> bool:
        """Whether an expression is a part of an object; what others are, their names tell."""
        root = root_of(node)
        if root is None or root in self.shown:
            return root is not None
        owner = self.values(ast.Name(root, ast.Load()))
        return owner is not UNKNOWN and is_instance(owner)

    def attribute(self, node: ast.expr) -> set[str]:
        """The attribute whose array an expression is, or is a view of, or what it is from outside;
        nothing for a variable, whose array is known by its name.
        """
        while True:
            match node:
                case ast.Attribute(owner, name) if name in _VIEWS:
                    node = owner
                case ast.Attribute(_, name) | ast.Call(
                    ast.Name("getattr"), [_, ast.Constant(str(name)), *_]
                ):
                    return {name}
                case ast.Subscript(held):
                    node = held
                case ast.Call(ast.Attribute(held)) if not self._is_module(held):
                    node = held
                case ast.Name(name):
                    return self.shown.get(name) or outside_keys(name, self.values(node))
                case ast.Call():
                    return {ANY_ATTRIBUTE}
                case _:
                    return set()
