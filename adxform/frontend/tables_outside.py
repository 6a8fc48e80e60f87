"""Containers of functions or objects from outside, or that objects hold: known item by item.

Functions and strings are known by themselves. An object is read from its container where it is
used, as ``model.layers[0]``: facts about it decide at compile time, as about any other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import islice
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from adxform.core.forms import LIST, TUPLE, Form
from adxform.core.ir import Const, Global, Opaque, Operand, Tuple
from adxform.core.trees import nodes
from adxform.core.types import Object
from adxform.core.values import plain
from adxform.frontend.objects import Objects, is_object, kind_of
from adxform.frontend.scope import LiveScope

DEPTH = 3
MOST_LEAVES = 256


class TablesOutside(Objects):
    """Resolves items of containers that are not made by the functions at hand."""

    def on_Name(self, node: ast.Name, base: str | None) -> Operand:
        found = super().on_Name(node, base)
        table = self.table_of(node) if isinstance(found, Global) else None
        return found if table is None else table

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """A number or an array that a dictionary of settings has under a certain key."""
        held, key = self._settings(node.value), self.static(node.slice)
        if held is None or type(key) is not str or not _is_setting(held.get(key)):
            return super().on_Subscript(node, base)
        self.program.watch_setting(held, key)
        container = Lazy(lambda: self._read_container(node.value))
        return self._read_item(container, key, held[key], node.value)

    def _settings(self, node: ast.expr) -> dict[Any, Any] | None:
        """The dictionary from outside that a name means, if nothing at hand changes it."""
        meaning = self.meaning(node) if isinstance(node, ast.Name | ast.Attribute) else None
        live = isinstance(self.source.scope, LiveScope)  # where it is looked at before each call
        value = meaning.value if live and meaning is not None else None
        written = (id(value), "") in self.program.written
        return value if type(value) is dict and not written else None

    def table_of(self, node: ast.expr) -> Tuple | None:
        value = self._followed_now(node)
        if value is None:
            return None
        if not _holds_read(value) and id(value) in self.program.tables:
            known: Tuple = self.program.tables[id(value)]
            return known
        return self._table(value, Lazy(lambda: self._read_container(node)), node)

    def _followed_now(self, node: ast.expr) -> Any:
        """The container that an expression means, if its items are followed; it is watched."""
        value = self._followed(node)
        if value is None or (id(value), "") in self.program.written:
            return None
        if isinstance(node, ast.Attribute) and self.meaning(node) is None:
            if self._is_written(node):
                return None
            self.program.watch_attribute(self.static(node.value), node.attr)
        self.program.watch(value)
        return value

    def _read_container(self, node: ast.expr) -> Operand:
        meaning = self.meaning(node)
        if meaning is not None:
            return self.outer(meaning, node)
        assert isinstance(node, ast.Attribute)
        return self._read(node, None, Object(None))

    def _table(self, value: Any, held: Lazy, node: ast.expr) -> Tuple:
        """A container as its items; ``held`` is itself, where an item is read from it."""
        keys = tuple(value) if isinstance(value, dict) else tuple(range(len(value)))
        items = tuple(self._item_outside(value[key], key, held, node) for key in keys)
        form = Form("dict", keys) if isinstance(value, dict) else (
            LIST if isinstance(value, list) else TUPLE
        )
        known = self.program.tables.get(id(value))
        if known is not None:
            return Tuple(items, form, known.tokens)
        made: Tuple = self.program.tables.setdefault(id(value), Tuple(items, form))
        return made

    def _item_outside(self, item: Any, key: Any, held: Lazy, node: ast.expr) -> Operand:
        """A function or a fact by itself; a number, an array or an object, as it is read."""
        if _is_function(item):
            name = item.__name__
            return self.outer_value(name if name.isidentifier() else "function", item)
        if isinstance(item, _FACTS):
            return Const(item)
        if type(item) in _CONTAINERS:
            return self._table(item, Lazy(lambda: self._read_item(held, key, None, node)), node)
        return self._read_item(held, key, item, node)

    def _read_item(self, held: Lazy, key: Any, item: Any, node: ast.expr) -> Operand:
        tree = ast.Subscript(ast.Name("held", ast.Load()), ast.Constant(key), ast.Load())
        ast.fix_missing_locations(ast.copy_location(tree, node))
        self._located_opaque(tree)
        known = kind_of(f"{ast.unparse(node)}[{key!r}]", item) if _is_plain(item) else Object(item)
        op = Opaque(tree, ("held",), pure=True, known=known)
        return self.builder.emit(op, (held(),), None)

    def _call(self, node: ast.Call) -> Any:
        match node:
            case ast.Call(ast.Name("len"), [over], []) if self.static(node.func) is len:
                value = self._followed_now(over)
                if value is not None:
                    return len(value)
        return super()._call(node)

    def _followed(self, node: ast.expr) -> Any:
        """The container that an expression means, if it is not made here and holds functions or
        objects.
        """
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        meaning = self.meaning(node)
        value = None if meaning is None else meaning.value
        if meaning is None and isinstance(node, ast.Attribute):
            owner = self.static(node.value)
            value = vars(owner).get(node.attr) if is_object(owner) else None
        return value if type(value) in _CONTAINERS and is_followed_table(value) else None

    def _relied_on(self, node: ast.expr) -> Any:
        """The container that an expression means, if what it holds is known while compiling."""
        return self._followed(node)

    def refuse_changed_table(self, node: ast.AST) -> None:
        """Refuse what may change a container from outside whose items are followed; if they are
        not yet, they will not be.
        """
        for part in nodes(node):
            named = isinstance(part, ast.Name | ast.Attribute)
            value = self._relied_on(part) if named else None  # type: ignore[arg-type]
            settings = self._settings(part) if named else None  # type: ignore[arg-type]
            if value is not None or settings is not None:
                self.program.note_written(settings if value is None else value)
            if id(value) in self.program.objects:
                raise self.unsupported(
                    f"this may change {ast.unparse(part)}, whose items the derivative follows",
                    node,
                    "Do it before the derivative is called.",
                )


class Lazy:
    """A value that is made when it is first asked for."""

    def __init__(self, make: Callable[[], Operand]) -> None:
        self.make = make
        self.made: Operand | None = None

    def __call__(self) -> Operand:
        if self.made is None:
            self.made = self.make()
        return self.made


_CONTAINERS = (dict, list, tuple)
_FACTS = (str, bool, type(None))


def _is_function(value: Any) -> bool:
    return isinstance(value, FunctionType | BuiltinFunctionType | np.ufunc)


def _is_plain(value: Any) -> bool:
    """Whether a value is a number or an array."""
    return isinstance(value, int | float | complex | np.generic | np.ndarray)


def _is_setting(value: Any) -> bool:
    """Whether a value is a number, none that says yes or no, or an array."""
    return _is_plain(value) and plain(value) and not isinstance(value, bool)


def _leaves(value: Any, depth: int = DEPTH) -> Iterator[Any]:
    """What containers in containers hold."""
    if type(value) in _CONTAINERS and depth:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item, depth - 1)
    else:
        yield value


def is_followed_table(value: Any) -> bool:
    """Whether a container holds functions or objects, and beside them facts, numbers and arrays."""
    found = [*islice(_leaves(value), MOST_LEAVES + 1)]
    own = [_is_function(leaf) or is_object(leaf) for leaf in found]
    return len(found) <= MOST_LEAVES and any(own) and all(
        followed or isinstance(leaf, _FACTS) or (_is_plain(leaf) and plain(leaf))
        for leaf, followed in zip(found, own, strict=True)
    )


def _holds_read(value: Any) -> bool:
    """Whether a container holds what is read from it where it is used."""
    return any(not _is_function(leaf) and not isinstance(leaf, _FACTS) for leaf in _leaves(value))
