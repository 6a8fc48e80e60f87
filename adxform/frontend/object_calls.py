"""Built-in functions and loops of objects: what ``len``, ``abs`` and ``for`` do with them."""

from __future__ import annotations

import ast
import inspect
from types import FunctionType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN, Global, Operand, Tuple
from adxform.frontend.callables import Bound, object_class
from adxform.frontend.equivalents.queues import Queue
from adxform.frontend.generators import listing
from adxform.frontend.heap import changed_fields, is_reference, token_of
from adxform.frontend.source import SourceFunction
from adxform.frontend.special import Special, class_name

_FUNCTIONS: dict[Any, str] = {
    len: "__len__", abs: "__abs__", float: "__float__", int: "__int__", bool: "__bool__",
}


class ObjectCalls(Special):
    """Lowers built-in functions of objects as calls of their methods, and loops over objects."""

    # --- built-in functions -------------------------------------------------------------------

    def static(self, node: ast.expr) -> Any:
        if type(node) is not ast.Call:
            fact = self.fact(node) if type(node) is ast.Attribute else None
            return super().static(node) if fact is None else fact
        match node:
            case ast.Call(ast.Name("len"), [over], []) if not self.is_local("len"):
                held = self.container(over)
                if held is not None and object_class(held) is not None:
                    return self._count_of(held, node)
        return super().static(node)

    def _count_of(self, held: Tuple, node: ast.Call) -> Any:
        """How many items there are, for a loop, or what ``__len__`` says if that is known."""
        if object_class(held) is Queue:
            return UNKNOWN
        if hasattr(node, "_counts"):
            return len(self.iterated(held, node.args[0]))
        kind = object_class(held)
        tuples = kind is not None and issubclass(kind, tuple) and kind.__len__ is tuple.__len__
        return len(held.items) if tuples else UNKNOWN

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        function = node.func
        called = self.container(function)
        found = self.special(called, "__call__")
        if called is not None and found is not None:
            args, keywords = self.arguments(node)
            return self.user_call(node, found, (called, *args), keywords, base)
        known = self.static(function)
        if isinstance(known, type | type(len) | np.ufunc) or self.called_primitive(node):
            node = self._with_items(node, known is len and not hasattr(node, "_counts"))
        if len(node.args) == 1 and not node.keywords:
            name = _FUNCTIONS.get(known) if isinstance(known, type | type(len)) else None
            if name is not None and self.may_be_object(node.args[0]):
                return self._asked(name, node, base)
        return super().on_Call(node, base)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        if getattr(node, "_element", False) and self._is_queue(node.value):
            inner = ast.copy_location(
                ast.Subscript(_items_of(node.value), node.slice, node.ctx), node)
            inner._element = True  # type: ignore[attr-defined]
            return super().on_Subscript(inner, base)
        return super().on_Subscript(node, base)

    def goes_over(self, node: ast.expr) -> ast.expr:
        """What is gone over: of a queue the list in it."""
        return _items_of(node) if self._is_queue(node) else node

    def _is_queue(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name | ast.Attribute) and object_class(
            self.container(node)) is Queue

    def _with_items(self, node: ast.Call, counted: bool) -> ast.Call:
        """A call of a function that goes over queues: it is given the lists in them."""
        if counted or not any(map(self._is_queue, node.args)):
            return node
        args = [_items_of(arg) if self._is_queue(arg) else arg for arg in node.args]
        made = ast.copy_location(ast.Call(node.func, args, node.keywords), node)
        if hasattr(node, "_counts"):
            made._counts = True  # type: ignore[attr-defined]
        return made

    def _asked(self, name: str, node: ast.Call, base: str | None) -> Operand:
        """``len(o)``, ``abs(o)``, ``float(o)``."""
        argument, held = self.held_once(node.args[0])
        made = self.call_special(held, name, (), node, base)
        if made is not None:
            return made
        kind = object_class(held)
        if kind is not None and not (name == "__len__" and issubclass(kind, tuple)):
            raise self.unsupported(f"{class_name(kind)} has no {name}", node)
        return super().on_Call(ast.copy_location(ast.Call(node.func, [argument], []), node), base)

    # --- going over an object -----------------------------------------------------------------

    def iterated(self, held: Tuple, node: ast.expr) -> list[Operand]:
        """The items that going over an object gives."""
        kind = object_class(held)
        if kind is None or (issubclass(kind, tuple) and kind.__iter__ is tuple.__iter__):
            return list(held.items)
        before, function = dict(self.heap.now), self.special(held, "__iter__")
        place = len(self.builder.stmts)
        listed = None if function is None else self.listing_of(function)
        made: Any = None
        if listed is not None:
            call = ast.copy_location(ast.Call(node, [], []), node)
            made = self.user_call(call, listed, (held,), {}, None)
        plain = not self.is_impure(place)  # each item is asked for by itself
        if isinstance(made, Tuple) and plain and not changed_fields(before, self.heap.now):
            return list(made.items)
        raise self.unsupported(
            f"what going over an object of {class_name(kind)} gives is not known", node,
            "Yield a number of items that is known, or return iter(...) of a tuple, in __iter__.",
        )

    def listing_of(self, function: SourceFunction) -> SourceFunction | None:
        """A function that returns all that going over a generator gives."""
        key = id(function.node), id(function.scope)
        if key not in self.program.listings:
            self.program.listings[key] = function, listing(function)
        found: SourceFunction | None = self.program.listings[key][1]
        return found

    def spread(self, node: ast.expr) -> Operand:
        held = self.container(node)
        if held is not None and object_class(held) is not None:
            return Tuple(tuple(self.iterated(held, node)))
        return super().spread(node)

    def callable_value(self, node: ast.expr) -> Any:
        """An object that is called is its method, with the object."""
        held = self.container(node)
        raw = inspect.getattr_static(object_class(held), "__call__", None) if held else None
        if held is not None and object_class(held) is not None and isinstance(raw, FunctionType):
            return Bound(raw, (held,))
        return super().callable_value(node)

    def sequence(self, node: ast.expr) -> list[Operand] | None:
        held = self.container(node)
        kind: Any = object_class(held)
        if held is None or kind is None:
            place = len(self.builder.stmts)
            found = super().sequence(node)
            if found is None and isinstance(node, ast.ListComp | ast.GeneratorExp):
                self.drop_impure(place)  # it is lowered again, for what becomes of its items
            return found
        if kind is Queue:
            return super().sequence(_items_of(node))
        goes = issubclass(kind, tuple) or self.special(held, "__iter__") is not None
        return self.iterated(held, node) if goes else None

    def _identity(self, left: ast.expr, right: ast.expr) -> bool | None:
        """``a is b`` of objects: decided where it is certain which they are."""
        one, other = (self.container(n) if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)
                      else None for n in (left, right))
        if not (is_reference(one) and is_reference(other)):
            return super()._identity(left, right)
        assert one is not None and other is not None
        if one.tokens == other.tokens:
            return True
        may_be = token_of(other) in self.heap.others(one)
        return None if may_be else False

    def _compare(self, node: ast.Compare) -> Any:
        """``a == b`` of objects whose class does not say what that is."""
        match node:
            case ast.Compare(left, [ast.Eq() | ast.NotEq() as op], [right]):
                kinds: list[Any] = [object_class(self.container(n)) for n in (left, right)]
                if all(k is not None and k.__eq__ is object.__eq__ for k in kinds):
                    same = self._identity(left, right)
                    return UNKNOWN if same is None else same is isinstance(op, ast.Eq)
        return super()._compare(node)

    def as_test(self, held: Operand, node: ast.expr) -> Operand:
        """Whether an object holds in a test, as its class says."""
        if object_class(held) is None:
            changed = isinstance(held, Global) and self.is_changed(held.value)
            asked = changed or self._says(node, False, "__bool__", "__len__")
            call = ast.Call(ast.Name("bool", ast.Load()), [node], [])
            call = ast.fix_missing_locations(ast.copy_location(call, node))
            return self.opaque(call, None, "bool") if asked else held
        for name in ("__bool__", "__len__"):
            made = self.call_special(held, name, (), node)
            if made is not None:
                return made
        return held

    def truth(self, node: ast.expr) -> bool | None:
        held = self.container(node) if isinstance(node, ast.Name | ast.Attribute) else None
        kind = object_class(held)
        if held is None or kind is None or isinstance(getattr(kind, "__bool__", None), property):
            return super().truth(node)
        if hasattr(kind, "__bool__") or (hasattr(kind, "__len__") and not issubclass(kind, tuple)):
            return None
        return bool(held.items) if issubclass(kind, tuple) else True


def _items_of(node: ast.expr) -> ast.expr:
    """The list in a queue."""
    return ast.copy_location(ast.Attribute(node, "items", ast.Load()), node)
