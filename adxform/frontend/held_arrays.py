"""Which arrays that objects hold a statement changes that is carried verbatim: by attributes.

A derivative that needs an array as ``model.w`` was before ``model.w[0] = 1.0``, or before a call
of a method that does that, is refused. What is called is looked into as far as its text is there.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType
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
from adxform.frontend.callables import is_library, unwrapped
from adxform.frontend.scope import NOTHING, LiveScope, live_function
from adxform.frontend.source import SourceFunction
from adxform.frontend.watching import is_instance
from adxform.frontend.writes import root_of, writes_params

_CHANGING = CHANGING | {"remove", "sort", "setdefault", "popitem", "update", "add", "discard",
                        "fill", "put", "partition", "resize", "itemset"}  # fmt: skip
_VIEWS = frozenset({"T", "real", "imag", "flat"})
_LOOKING = LOOKING_METHODS | {name for name in dir(np.ndarray) if name not in _CHANGING}
DEPTH = 8


Values = Callable[[ast.expr], Any]  # the value from outside that a name stands for, or UNKNOWN


def changed_attributes(tree: ast.AST, values: Values, depth: int = DEPTH) -> set[str]:
    """The attributes whose arrays a tree may change in place, or ANY_ATTRIBUTE."""
    value = _Text(tree, values)
    found: set[str] = set()
    augmented = {id(node.target) for node in nodes(tree) if isinstance(node, ast.AugAssign)}
    for node in nodes(tree):
        match node:
            case ast.Subscript(held, _, ast.Store()) if (
                type(value.value(held)) is dict and id(node) not in augmented
            ):
                pass  # another item of a dictionary, and no array is another
            case (
                ast.Subscript(held, _, ast.Store() | ast.Del())
                | ast.AugAssign(ast.Attribute() | ast.Name() as held)
                | ast.keyword("out", held)
            ):
                found.update(value.attribute(held))
            case ast.Call(ast.Attribute(held, name)) if name in _CHANGING and not isinstance(
                value.called(node.func)[0], FunctionType
            ):
                found.update(value.attribute(held))
            case ast.Call():
                found.update(_by_call(node, value, depth))
    return found


def _by_call(node: ast.Call, text: _Text, depth: int) -> Iterator[str]:
    """What a call may change."""
    function, receiver = text.called(node.func)
    if isinstance(node.func, ast.Attribute) and node.func.attr in WRITING_CALLS:
        yield from (name for arg in node.args[:1] for name in text.attribute(arg))
    elif function is UNKNOWN:
        looks = isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKING
        if text.is_held(node.func) and not looks:
            yield ANY_ATTRIBUTE
    elif isinstance(function, FunctionType) and not is_library(function.__code__.co_filename):
        source = live_function(function)
        if source is None or not depth:
            yield ANY_ATTRIBUTE
            return
        given = [] if receiver is UNKNOWN else [receiver]
        given.extend(map(text.value, node.args))
        yield from changed_attributes(source.node, _inside(source, function, given), depth - 1)
        if writes_params(source.node):
            args = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from (name for arg in args for name in text.attribute(arg))


def _inside(source: SourceFunction, function: FunctionType, given: list[Any]) -> Values:
    """What names stand for in a function that is called with some values."""
    args = source.node.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    own: dict[str, Any] = dict.fromkeys(function.__code__.co_varnames, UNKNOWN)
    own.update(zip(names, given, strict=False))  # others are collected, or given by name
    scope = LiveScope(function)

    def value(node: ast.expr) -> Any:
        assert isinstance(node, ast.Name)
        found = own[node.id] if node.id in own else scope.current(node.id)
        return UNKNOWN if found is NOTHING else found

    return value


class _Text:
    """What expressions in a tree stand for, and what they show of objects.

    ``shown`` are the variables that stand for what attributes hold, as in ``w = self.w`` and ``for
    l in self.layers``; ``items`` what loops go over, if all is of one class.
    """

    def __init__(self, tree: ast.AST, values: Values) -> None:
        self.values = values
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
                    over = self.value(held)
                    kinds = {*map(type, over)} if type(over) in (list, tuple) else ()
                    if len(kinds) == 1:
                        self.items[name] = over[0]

    def value(self, node: ast.expr) -> Any:
        """The value from outside that an expression stands for, or UNKNOWN."""
        match node:
            case ast.Constant(str(text)):
                return text
            case ast.Name(name):
                return self.items[name] if name in self.items else self.values(node)
            case ast.Attribute(owner, name):
                held = self.value(owner)
                if held is UNKNOWN:
                    return UNKNOWN
                found = inspect.getattr_static(held, name, UNKNOWN)
                return UNKNOWN if isinstance(found, property) else found
        return UNKNOWN

    def called(self, node: ast.expr) -> tuple[Any, Any]:
        """What a call calls, and the object that it is a method of; or UNKNOWN."""
        match node:
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(name))]):
                node = ast.Attribute(owner, name, ast.Load())
        found, receiver = unwrapped(self.value(node)), UNKNOWN
        if isinstance(found, MethodType):
            return found.__func__, found.__self__
        if isinstance(node, ast.Attribute) and not isinstance(found, staticmethod):
            owner = self.value(node.value)
            own = found is vars(owner).get(node.attr) if hasattr(owner, "__dict__") else False
            receiver = UNKNOWN if own else owner
        found = getattr(found, "__func__", found)
        call = inspect.getattr_static(type(found), "__call__", None)
        if is_instance(found) and isinstance(call, FunctionType):
            return call, found
        return found, receiver

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
                case ast.Call(ast.Attribute(held)) if not isinstance(self.value(held), ModuleType):
                    node = held
                case ast.Name(name):
                    return self.shown.get(name) or outside_keys(name, self.values(node))
                case ast.Call():
                    return {ANY_ATTRIBUTE}
                case _:
                    return set()
