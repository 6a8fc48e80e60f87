"""Containers whose items are known one by one: displays, built-in functions of them, methods."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from adxform.core.forms import LIST, TUPLE, Form
from adxform.core.ir import UNKNOWN, Const, Global, Operand, Primitive, Tuple
from adxform.core.types import ListOf
from adxform.frontend.callables import fields_of
from adxform.frontend.derivatives import Derivatives

APPEND = "__append__"
_OF_LISTS = frozenset({"len", "np.array", "np.asarray", "append", "[]"})
CHANGING = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "reverse", "update", "setdefault"}
)


class Containers(Derivatives):
    """Lowers what is done with tuples, lists and dictionaries while their items are known."""

    # --- displays -----------------------------------------------------------------------------

    def on_Dict(self, node: ast.Dict, base: str | None) -> Operand:
        found: dict[Any, Operand] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            item = self.operand(value)
            if key is None:
                if not isinstance(item, Tuple) or item.form.kind != "dict":
                    return self.other(node, base)
                found.update(zip(item.form.keys, item.items, strict=True))
                continue
            name = self.static(key)
            if not isinstance(name, str | int | bool | None | tuple):
                return self.other(node, base)
            found[name] = item
        return dictionary(found)

    def on_Tuple(self, node: ast.Tuple, base: str | None) -> Operand:
        return Tuple(self.arguments_of(node.elts, node))

    def on_List(self, node: ast.List, base: str | None) -> Operand:
        return Tuple(self.arguments_of(node.elts, node), LIST)

    def arguments_of(self, nodes: list[ast.expr], node: ast.expr) -> tuple[Operand, ...]:
        """Items of a display, ``*items`` of known length spread."""
        call = ast.copy_location(ast.Call(ast.Name("tuple", ast.Load()), nodes, []), node)
        return self.arguments(call)[0]

    # --- operators ----------------------------------------------------------------------------

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        left, right = self.container(node.left), self.container(node.right)
        joined = isinstance(node.op, ast.Add) and left is not None and right is not None
        if joined and left.form == right.form and left.form in (TUPLE, LIST):  # type: ignore[union-attr]
            return left.with_items((*left.items, *right.items))  # type: ignore[union-attr]
        if isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List | ast.Tuple):
            count = self.static(node.right)
            held = self.operand(node.left)
            if type(count) is int and isinstance(held, Tuple):
                return held.with_items(held.items * count)
        return super().on_BinOp(node, base)

    def container(self, node: ast.expr) -> Tuple | None:
        if isinstance(node, ast.Tuple | ast.List | ast.Dict):
            held = self.operand(node)
            return held if isinstance(held, Tuple) else None
        return super().container(node)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        held = self.container(node.value)
        if held is not None:
            key = self.static(node.slice)
            place = None if key is UNKNOWN else held.place(key)
            if place is not None:
                return held.items[place]
            if held.form.kind == "dict" and getattr(node, "_element", False) and type(key) is int:
                return Const(held.form.keys[key])
            if key is not UNKNOWN:
                raise self.unsupported(f"{key!r} is not in this {held.form.kind}", node)
        place = self.static(node.slice)
        if type(place) is int and place < 0 and isinstance(self.known_type(node.value), ListOf):
            grown = self.operand(node.value)  # from its end as it is now: it may grow
            index = self.emit("op.Add", self.emit("len", grown), Const(place))
            return self.emit("[]", grown, index, base=base)
        return super().on_Subscript(node, base)

    # --- calls --------------------------------------------------------------------------------

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        if isinstance(node.func, ast.Attribute):
            held = self.container(node.func.value)
            if held is not None:
                made = self._method(held, node.func.attr, node)
                if made is not None:
                    return made
        function = self.static(node.func)
        names = None if function is UNKNOWN else fields_of(function)
        if names is not None:
            return self._constructed(function, names, node)
        symbol = _OPERATORS.get(function) if isinstance(function, _BUILTIN) else None
        if symbol is not None and len(node.args) == 2:
            whole = ast.copy_location(ast.BinOp(node.args[0], symbol, node.args[1]), node)
            return self.operand(whole, base)
        handler = _BUILTINS.get(function) if isinstance(function, type | _BUILTIN) else None
        if handler is not None and node.args:
            held_args = [self.sequence(a) for a in node.args]
            made = handler(self, held_args, node, base)
            if made is not None:
                return made
        return super().on_Call(node, base)

    def emit_call(
        self,
        primitive: Primitive,
        args: Sequence[Operand],
        keywords: dict[str, Operand],
        base: str | None,
    ) -> Operand:
        """A call of a primitive; a list that loops have filled is made an array, as NumPy does."""
        if primitive.name not in _OF_LISTS:
            args = [self._as_array(arg) for arg in args]
            keywords = {name: self._as_array(arg) for name, arg in keywords.items()}
        return super().emit_call(primitive, args, keywords, base)

    def _as_array(self, operand: Operand) -> Operand:
        if not isinstance(self.builder.type_of(operand), ListOf):
            return operand
        return self.emit("np.array", operand, Const(None))

    def sequence(self, node: ast.expr) -> list[Operand] | None:
        """The items that going over an expression gives, where they are known one by one."""
        if isinstance(node, ast.Call) and not node.keywords:
            function = self.static(node.func)
            counts = [self.static(a) for a in node.args]
            if function is range and counts and all(type(c) is int for c in counts):
                return [Const(i) for i in range(*counts)]
        if isinstance(node, ast.Call | ast.ListComp | ast.GeneratorExp | ast.Tuple | ast.List):
            if isinstance(node, ast.Call) and not self._gives_container(node):
                return None
            found: Operand | None = self.operand(node)
        else:
            found = self.container(node)
        if not isinstance(found, Tuple):
            value = self.static(node)
            return [Const(v) for v in value] if isinstance(value, str | tuple) else None
        if found.form.kind == "dict":
            return [Const(key) for key in found.form.keys]
        return list(found.items)

    def _gives_container(self, node: ast.Call) -> bool:
        function = self.static(node.func)
        if function in (zip, enumerate, reversed, map, filter, sorted, list, tuple):
            return bool(node.args) and all(
                self.sequence(a) is not None for a in node.args[function in (map, filter) :]
            )
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values"):
            return self.container(node.func.value) is not None
        return False

    def _method(self, held: Tuple, name: str, node: ast.Call) -> Operand | None:
        if held.form.kind == "dict":
            keys = held.form.keys
            match name:
                case "items":
                    pairs = zip(keys, held.items, strict=True)
                    return Tuple(tuple(Tuple((Const(k), v)) for k, v in pairs))
                case "keys":
                    return Tuple(tuple(Const(k) for k in keys))
                case "values":
                    return Tuple(held.items)
                case "get":
                    return self._get(held, node)
                case "copy":
                    return held
        if name == "copy" and held.form == LIST:
            return held
        if name == "_replace" and held.form.kind == "object":
            given = self.arguments(node)[1]
            keys = held.form.keys
            return held.with_items(
                given.get(k, v) for k, v in zip(keys, held.items, strict=True)
            )
        if name == "index" and node.args:
            return None
        return None

    def _get(self, held: Tuple, node: ast.Call) -> Operand | None:
        key = self.static(node.args[0])
        if key is UNKNOWN:
            return None
        place = held.place(key)
        if place is not None:
            return held.items[place]
        return self.operand(node.args[1]) if len(node.args) > 1 else Const(None)

    def _constructed(self, made: Any, names: tuple[str, ...], node: ast.Call) -> Operand:
        """An object of a class that is its fields: a named tuple, a dataclass."""
        args, keywords = self.arguments(node)
        given = {**dict(zip(names, args, strict=False)), **keywords}
        defaults = _class_defaults(made)
        missing = [n for n in names if n not in given and n not in defaults]
        if missing or len(args) > len(names) or not set(given) <= set(names):
            raise self.unsupported(f"{made.__name__} is not made from these arguments", node)
        items = [
            given[n] if n in given else self.outer_value(n, defaults[n]) for n in names
        ]
        return Tuple(tuple(items), Form("object", names, Global(ast.unparse(node.func), made)))

    def may_be_active(self, node: ast.expr) -> bool:
        """Whether what an expression reads may have a derivative."""
        raise NotImplementedError

    def summed(self, node: Any, start: Operand, base: str | None) -> Operand:
        """The sum of a comprehension."""
        raise NotImplementedError

    def called_with(self, function: ast.expr, args: list[Operand], node: ast.Call) -> Operand:
        """A call of an expression's function with operands."""
        names = [self.builder.names.fresh("_item") for _ in args]
        self.env.update(zip(names, args, strict=True))
        loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
        call = ast.copy_location(ast.Call(function, loads, []), node)
        return self.operand(ast.fix_missing_locations(call))


def dictionary(items: dict[Any, Operand]) -> Tuple:
    """A dictionary of operands."""
    return Tuple(tuple(items.values()), Form("dict", tuple(items)))


def _class_defaults(made: Any) -> dict[str, Any]:
    if hasattr(made, "_field_defaults"):
        return dict(made._field_defaults)
    fields = made.__dataclass_fields__.values()
    return {f.name: f.default for f in fields if type(f.default).__name__ != "_MISSING_TYPE"}


Held = list[list[Operand] | None]
Handler = Callable[[Any, Held, ast.Call, str | None], Operand | None]


def _zip(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    columns = [h for h in held if h is not None]
    if len(columns) < len(held):
        return None
    return Tuple(tuple(Tuple(row) for row in zip(*columns, strict=False)))


def _enumerate(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is None:
        return None
    places = [*node.args[1:], *(k.value for k in node.keywords)]
    start = lower.static(places[0]) if places else 0
    if type(start) is not int:
        return None
    return Tuple(tuple(Tuple((Const(start + i), v)) for i, v in enumerate(held[0])))


def _reversed(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    return None if held[0] is None else Tuple(tuple(held[0][::-1]))


def _list(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    return None if held[0] is None else Tuple(tuple(held[0]), LIST)


def _tuple(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    return None if held[0] is None else Tuple(tuple(held[0]))


def _map(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    columns = [h for h in held[1:] if h is not None]
    if len(columns) < len(held) - 1:
        return None
    rows = zip(*columns, strict=False)
    return Tuple(tuple(lower.called_with(node.args[0], list(row), node) for row in rows))


def _sum(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    items = held[0]
    if items is None:
        return _summed(lower, node, base)
    if not items:
        return Const(0)
    start = [lower.operand(a) for a in node.args[1:]] + [
        lower.operand(k.value) for k in node.keywords
    ]
    total, rest = [*start, *items][0], [*start, *items][1:]
    for i, item in enumerate(rest):
        last = base if i == len(rest) - 1 else None
        total = lower.emit("op.Add", total, item, base=last)
    return total


def _summed(lower: Containers, node: ast.Call, base: str | None) -> Operand | None:
    """The sum of a comprehension over an array, or of a list that a loop has filled."""
    over = node.args[0]
    if len(node.args) > 1 or node.keywords:
        return None
    mapped = isinstance(over, ast.Call) and lower.static(over.func) is map
    if mapped and isinstance(over, ast.Call) and len(over.args) == 2:
        elt = ast.Call(over.args[0], [ast.Name("_item", ast.Load())], [])
        made = ast.GeneratorExp(
            elt, [ast.comprehension(ast.Name("_item", ast.Store()), over.args[1], [], 0)]
        )
        over = ast.fix_missing_locations(ast.copy_location(made, node))
    if isinstance(over, ast.Name) and isinstance(lower.known_type(over), ListOf):
        item = ast.Name("_item", ast.Store())
        generator = ast.comprehension(item, over, [], 0)
        made = ast.GeneratorExp(ast.Name("_item", ast.Load()), [generator])
        over = ast.fix_missing_locations(ast.copy_location(made, node))
    if not isinstance(over, ast.ListComp | ast.GeneratorExp) or not lower.may_be_active(over):
        return None
    return lower.summed(over, Const(0), base)


def _sorted(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is None or node.keywords:
        return None
    values = [lower.known_value(item) for item in held[0]]
    if any(value is UNKNOWN for value in values):
        return None
    order = sorted(range(len(values)), key=values.__getitem__)
    return Tuple(tuple(held[0][i] for i in order), LIST)


def _dict(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    given = lower.container(node.args[0])
    if given is None or given.form.kind != "dict":
        return None
    return dictionary(
        {**dict(zip(given.form.keys, given.items, strict=True)), **lower.arguments(node)[1]}
    )


def _reduce(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    items = held[1] if len(held) > 1 else None
    if items is None:
        return None
    start = [lower.operand(a) for a in node.args[2:]]
    found = [*start, *items]
    if not found:
        return None
    total = found[0]
    for item in found[1:]:
        total = lower.called_with(node.args[0], [total, item], node)
    return total


def _extreme(lower: Containers, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``max`` or ``min`` of the items of one container."""
    if len(node.args) != 1 or held[0] is None or node.keywords or not held[0]:
        return None
    assert isinstance(node.func, ast.Name)
    total = held[0][0]
    for item in held[0][1:]:
        total = lower.called_with(node.func, [total, item], node)
    return total


_BUILTIN = type(len)
_BUILTINS: dict[Any, Handler] = {
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    list: _list,
    tuple: _tuple,
    map: _map,
    sum: _sum,
    sorted: _sorted,
    dict: _dict,
    max: _extreme,
    min: _extreme,
    functools.reduce: _reduce,
}
_OPERATORS: dict[Any, ast.operator] = {
    operator.add: ast.Add(),
    operator.sub: ast.Sub(),
    operator.mul: ast.Mult(),
    operator.truediv: ast.Div(),
    operator.floordiv: ast.FloorDiv(),
    operator.mod: ast.Mod(),
    operator.pow: ast.Pow(),
    operator.matmul: ast.MatMult(),
}
