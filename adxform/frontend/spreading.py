"""Containers from outside whose items a call is given: ``f(*shape)``, ``f(x, **options)``."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.forms import LIST, TUPLE, Form
from adxform.core.ir import UNKNOWN, Const, Global, Operand, Tuple, Var
from adxform.core.types import Array, Inert, Known, Object, Struct
from adxform.core.values import inert_type
from adxform.frontend.names_outside import NamesOutside
from adxform.frontend.objects import is_object

MOST_SPREAD = 16  # elements of an array that is given to a call
_FACTS = bool | int | str | None


class Spreading(NamesOutside):
    """Spreads containers over the arguments of a call."""

    def spread(self, node: ast.expr) -> Operand:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            whole = self.spread(node.value)
            part = self._slice(whole, node.slice) if isinstance(whole, Tuple) else None
            return self.operand(node) if part is None else part
        held = self.operand(node) if isinstance(node, ast.Dict) else self.container(node)
        if held is None:
            value = self._container_outside(node)
            held = self._result(node) if value is None else self._items(node, value)
        return held

    def _result(self, node: ast.expr) -> Operand:
        """What an operation gives that gives several values, or an array of known length."""
        found = self.operand(node)
        known = self.builder.type_of(found) if isinstance(found, Var) else None
        count: Any = None
        if isinstance(known, Struct) and known.form.kind in ("tuple", "list"):
            count = len(known.items)
        elif isinstance(known, Array) and known.dims and known.dims[0] != 1:  # it may be too few
            count = known.dims[0]
        if not isinstance(count, int) or count > MOST_SPREAD:
            return found
        return Tuple(tuple(self.emit("[]", found, Const(i)) for i in range(count)))

    def _container_outside(self, node: ast.expr) -> Any:
        """The dictionary, list or tuple from outside that an expression means, if nothing in the
        function writes to it.
        """
        meaning = self.meaning(node)
        value = None if meaning is None else meaning.value
        if isinstance(node, ast.Name) and node.id in self.env:  # the default of a parameter
            held = self.value(node.id)
            value = held.value if isinstance(held, Global) else None
        if isinstance(node, ast.Attribute) and not isinstance(value, dict | list | tuple):
            owner = self.static(node.value)
            value = vars(owner).get(node.attr) if is_object(owner) else None
        if not isinstance(value, dict | list | tuple) or (id(value), "") in self.program.written:
            return None
        if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            return None
        if isinstance(node, ast.Attribute):
            if self._is_written(node):
                return None
            self.static(node)
        self.program.watch(value)
        return value

    def _items(self, node: ast.expr, value: Any) -> Tuple:
        """The items as they are now: what decides how code is differentiated is known, numbers and
        arrays are read when it runs.
        """
        pairs = [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
        items = tuple(self._given(node, key, item) for key, item in pairs)
        if isinstance(value, dict):
            return Tuple(items, Form("dict", tuple(value)))
        return Tuple(items, LIST if isinstance(value, list) else TUPLE)

    def _given(self, node: ast.expr, key: str | int, item: Any) -> Operand:
        text = f"{ast.unparse(node)}[{key!r}]"
        if isinstance(item, tuple) and all(isinstance(i, _FACTS) for i in item):
            return self.outer_value(text, item)
        if isinstance(item, _FACTS) or callable(item):
            return self.outer_value(text, item)
        read = ast.Subscript(node, ast.Constant(key), ast.Load())
        made = self.operand(ast.fix_missing_locations(ast.copy_location(read, node)))
        if isinstance(made, Var) and isinstance(item, dict | set | frozenset):
            self.builder.types[made.name] = Inert(numbered=False)
        return made

    def without_numbers(self, node: ast.expr) -> bool:
        """Whether an expression is a dictionary or a set, whose items have no numbers."""
        known, meaning = self.known_type(node), self.meaning(node)
        if meaning is not None and meaning.value is not UNKNOWN:
            return not inert_type(meaning.value).numbered
        if isinstance(known, Known | Object):
            return not inert_type(known.value).numbered
        return known == Inert(numbered=False)
