"""Built-in functions of containers whose items are known one by one: what they give."""

from __future__ import annotations

import ast
import collections
import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from adxform.core.forms import LIST, Form
from adxform.core.ir import UNKNOWN, Const, Operand, Tuple
from adxform.core.types import Array, ListOf, Scalar, Struct, rank
from adxform.frontend.as_generators import as_comprehension, items_of
from adxform.frontend.equivalents import reduced, reduced_from
from adxform.frontend.ordering import extreme, in_order
from adxform.frontend.scope import readable


def dictionary(items: dict[Any, Operand]) -> Tuple:
    """A dictionary of operands."""
    return Tuple(tuple(items.values()), Form("dict", tuple(items)))


Held = list[list[Operand] | None]
Handler = Callable[[Any, Held, ast.Call, str | None], Operand | None]


def _zip(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    columns = [h for h in held if h is not None]
    given = {k.arg: lower.static(k.value) for k in node.keywords}
    if len(columns) < len(held):
        columns = lower.zipped_with_names(held, node, bool(given.get("strict"))) or columns
    if len(columns) < len(held) or given not in ({}, {"strict": False}, {"strict": True}):
        return None
    if given.get("strict") and len(set(map(len, columns))) > 1:
        raise lower.unsupported("zip(strict=True) of what has different lengths fails", node)
    return Tuple(tuple(Tuple(row) for row in zip(*columns, strict=False)))


def _enumerate(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is None:
        return None
    places = [*node.args[1:], *(k.value for k in node.keywords)]
    start = lower.static(places[0]) if places else 0
    if type(start) is not int:
        return None
    return Tuple(tuple(Tuple((Const(start + i), v)) for i, v in enumerate(held[0])))


def _reversed(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is not None:
        return Tuple(tuple(held[0][::-1]))
    turned = _turned(lower, node)
    return None if turned is None else lower.operand(turned, base)


def _turned(lower: Any, node: ast.expr) -> ast.expr | None:
    """``reversed(x)`` of an array, or of a list of any length, as ``x[::-1]``."""
    match node:
        case ast.Call(ast.Name("reversed"), [over], []) if isinstance(
            known := lower.known_type(over), ListOf | Array
        ) and lower.may_be_active(over) and (isinstance(known, ListOf) or rank(known)):
            made = ast.Subscript(over, ast.Slice(step=ast.Constant(-1)), ast.Load())
            return ast.fix_missing_locations(ast.copy_location(made, node))
    return None


def _list(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is not None:
        return Tuple(tuple(held[0]), LIST)
    turned = _turned(lower, node.args[0]) if len(node.args) == 1 else None
    if turned is not None:
        if isinstance(lower.known_type(node.args[0].args[0]), Array):  # type: ignore[attr-defined]
            turned = ast.copy_location(ast.Call(node.func, [turned], []), node)
        return lower.operand(turned, base)  # type: ignore[no-any-return]
    written = as_comprehension(lower, node.args[0]) if len(node.args) == 1 else None
    if len(node.args) == 1 and isinstance(lower.known_type(node.args[0]), ListOf):
        written = items_of(node.args[0])
    if written is None or not lower.may_be_active(written):
        return None
    made: Operand = lower.operand(ast.ListComp(written.elt, written.generators), base)
    return made


def _tuple(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    if held[0] is not None:
        return Tuple(tuple(held[0]))
    made = _list(lower, held, node, base)
    lower.program.tuples |= made is not None  # as a list: as an index it would mean another thing
    return made


def _fromiter(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``np.fromiter(items, dtype)``; how many there are it finds out."""
    listed = ast.copy_location(ast.Call(node.func, node.args[:1], []), node)
    items = _list(lower, held[:1], listed, None)
    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "dtype")]
    if items is None or len(given) != 1 or len(node.args) > 3:
        return None
    args = items, lower.operand(given[0])
    made: Operand = lower.emit_call(lower.primitive_named("np.array"), args, {}, base)
    return made


def _map(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    columns = [h for h in held[1:] if h is not None]
    if len(columns) < len(held) - 1:
        return None
    rows = zip(*columns, strict=False)
    return Tuple(tuple(lower.called_with(node.args[0], list(row), node) for row in rows))


def _sum(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    items = held[0]
    if items is None:
        return _summed(lower, node, base)
    if not items:
        return Const(0)
    start = [lower.operand(a) for a in node.args[1:]] + [
        lower.operand(k.value) for k in node.keywords
    ]
    if not start and getattr(lower.builder.type_of(items[0]), "dtype", "bool") == "bool":
        start = [Const(0)]
    found = [*start, *items]
    if start and all(isinstance(o, Tuple) and o.is_list for o in found):
        return Tuple(tuple(item for o in found for item in o.items), LIST)
    return _folded(lower, ast.Add(), found, node, base)


def _folded(
    lower: Any, operation: ast.operator, items: list[Operand], node: ast.Call, base: str | None
) -> Operand:
    """Items joined by an operation, from the left; the last result takes the name."""
    total = items[0]
    for place, item in enumerate(items[1:], 2):
        name = base if place == len(items) else None
        if isinstance(total, Tuple) or isinstance(item, Tuple):  # an object says what it means
            pair = ast.BinOp(lower.held_as(total, node), operation, lower.held_as(item, node))
            total = lower.operand(ast.copy_location(pair, node), name)
        else:
            total = lower.emit(f"op.{type(operation).__name__}", total, item, base=name)
    return total


def _summed(lower: Any, node: ast.Call, base: str | None) -> Operand | None:
    """The sum of a comprehension over an array, or of a list that a loop has filled."""
    over, *starts = (*node.args, *(k.value for k in node.keywords))
    over = as_comprehension(lower, over) or over
    if isinstance(over, ast.Name) and isinstance(lower.known_type(over), ListOf):
        over = items_of(over)
    if not isinstance(over, ast.ListComp | ast.GeneratorExp) or not lower.may_be_active(over):
        return None
    given: Operand = lower.summed(over, lower.operand(starts[0]) if starts else Const(0), base)
    return given


def _sorted(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if "key" in given and lower.static(given["key"]) is None:
        del given["key"]
    backward = lower.static(given.get("reverse", ast.Constant(False)))
    if not given.keys() <= {"key", "reverse"} or not isinstance(backward, bool):
        return None
    if held[0] is None:
        return in_order(lower, held[0], None, backward, given, node, base)
    keys = [_key(lower, item, given["key"], node) if "key" in given else item for item in held[0]]
    values = [_order(lower, key, "key" in given) for key in keys]
    if any(value is UNKNOWN for value in values) or (
        "key" not in given
        and len(set(values)) < len(values)
        and any(isinstance(item, Tuple) for item in held[0])
    ):
        return in_order(lower, held[0], keys, backward, given, node, base)
    order = sorted(range(len(values)), key=values.__getitem__, reverse=backward)
    return Tuple(tuple(held[0][i] for i in order), LIST)


def _key(lower: Any, item: Operand, key: ast.expr, node: ast.Call) -> Operand:
    """What an item is sorted by."""
    if isinstance(key, ast.Call) and lower.resolve(key.func) == "operator.itemgetter":
        place = lower.static(key.args[0]) if len(key.args) == 1 else UNKNOWN
        at = item.place(place) if isinstance(item, Tuple) and place is not UNKNOWN else None
        if at is None:
            raise lower.unsupported("which item this is sorted by is not known", node)
        return item.items[at]  # type: ignore[union-attr]
    made: Operand = lower.called_with(key, [item], node)
    return made


def _order(lower: Any, key: Operand, given: bool) -> Any:
    """A key, if it is known: of a pair that is one itself, its first item, if these all differ."""
    first = not given and isinstance(key, Tuple) and key.items
    return lower.known_value(key.items[0] if first else key)  # type: ignore[union-attr]


def _next(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``next(v for v in x if v > 0)``, with a default or without: the first of all of them."""
    over, *default = node.args
    if isinstance(over, ast.Call) and lower.static(over.func) is iter and len(over.args) == 1:
        return _first_of(lower, over.args[0], node, base) if not default else None
    if not isinstance(over, ast.GeneratorExp) or len(default) > 1:
        return None
    if held[0] is not None:
        return held[0][0] if held[0] else lower.operand(default[0]) if default else None
    if not lower.may_be_active(over) or not all(_ends(lower, g.iter) for g in over.generators):
        return None
    if lower.calls_unknown(over):  # all items are computed, where Python stops at the first
        return None
    items: ast.expr = ast.ListComp(over.elt, over.generators)
    if default:
        items = ast.List([ast.Starred(items, ast.Load()), default[0]], ast.Load())
    first = ast.Subscript(items, ast.Constant(0), ast.Load())
    made: Operand = lower.operand(ast.fix_missing_locations(ast.copy_location(first, node)), base)
    return made


def _first_of(lower: Any, over: ast.expr, node: ast.Call, base: str | None) -> Operand | None:
    """``next(iter(x))``: the first item of an array, or of a container."""
    items: list[Operand] | None = lower.sequence(over)
    if items is not None:
        return items[0] if items else None
    known = lower.known_type(over)
    if not isinstance(known, ListOf | Array) or not (isinstance(known, ListOf) or rank(known)):
        return None
    first = ast.copy_location(ast.Subscript(over, ast.Constant(0), ast.Load()), node)
    made: Operand = lower.operand(ast.fix_missing_locations(first), base)
    return made


def _ends(lower: Any, over: ast.expr) -> bool:
    """Whether what is gone over is known to come to an end."""
    if isinstance(over, ast.Call):
        function = lower.static(over.func)
        if function is range:
            return True
        known = function in (zip, enumerate, reversed, sorted)
        return known and all(isinstance(a, ast.Constant) or _ends(lower, a) for a in over.args)
    if isinstance(over, ast.List | ast.Tuple):
        return True
    return isinstance(lower.known_type(over), Array | ListOf | Struct | Scalar)


def _quotient(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``divmod(a, b)``."""
    if len(node.args) != 2:
        return None
    pair = [lower.operand(a) for a in node.args]
    return Tuple((lower.emit("op.FloorDiv", *pair), lower.emit("op.Mod", *pair)))


def _product(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``math.prod`` of items that are known one by one, or of an array."""
    start = {k.arg: lower.operand(k.value) for k in node.keywords}.get("start", Const(1))
    if held[0] is None:
        over = lower.operand(node.args[0])
        if node.keywords or not isinstance(lower.builder.type_of(over), Array):
            return None
        made: Operand = lower.emit_call(lower.primitive_named("np.prod"), (over,), {}, base)
        return made
    return _folded(lower, ast.Mult(), [start, *held[0]], node, base)


def _dict(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``dict(a=x)``, of another dictionary, of pairs whose keys are known."""
    found = _entries(lower, held[0], node.args[0]) if node.args else {}
    if found is None:
        return None
    named = ast.copy_location(ast.Call(node.func, [], node.keywords), node)
    return dictionary({**found, **lower.arguments(named)[1]})


def _entries(
    lower: Any, items: list[Operand] | None, node: ast.expr
) -> dict[Any, Operand] | None:
    """The keys and values of a dictionary, or of pairs; None where they are not known."""
    given = lower.container(node)
    if given is not None and given.form.kind == "dict":
        return dict(zip(given.form.keys, given.items, strict=True))
    if items is None:
        items = lower.with_names(node, lambda: lower.sequence(node))
    found = {}
    for pair in items or ():
        if not isinstance(pair, Tuple) or len(pair.items) != 2:
            return None
        key = lower.known_value(pair.items[0])
        if not isinstance(key, str | int | bool | None | tuple):
            return None
        found[key] = pair.items[1]
    return None if items is None else found


def _reduce(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    items = held[1] if len(held) > 1 else None
    if items is None:
        return _reduced(lower, node, base)
    start = [lower.operand(a) for a in node.args[2:]]
    found = [*start, *items]
    if not found:
        return None
    total = found[0]
    for item in found[1:]:
        total = lower.called_with(node.args[0], [total, item], node)
    given: Operand = total
    return given


def _reduced(lower: Any, node: ast.Call, base: str | None) -> Operand | None:
    """``reduce`` over items whose number is not known, as a loop over an array or a list."""
    args = tuple(lower.operand(a) for a in node.args)
    if not 2 <= len(args) <= 3 or not isinstance(lower.builder.type_of(args[1]), Array | ListOf):
        return None
    read = readable(reduced if len(args) == 2 else reduced_from)
    made: Operand = lower.user_call(node, read, args, {}, base)
    return made


BUILTIN = type(len)
BUILTINS: dict[Any, Handler] = {
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    list: _list,
    tuple: _tuple,
    map: _map,
    np.fromiter: _fromiter,
    sum: _sum,
    next: _next,
    sorted: _sorted,
    dict: _dict,
    collections.OrderedDict: _dict,
    max: extreme,
    min: extreme,
    functools.reduce: _reduce,
    divmod: _quotient,
    math.prod: _product,
}
OPERATORS: dict[Any, ast.operator] = {
    operator.add: ast.Add(),
    operator.sub: ast.Sub(),
    operator.mul: ast.Mult(),
    operator.truediv: ast.Div(),
    operator.floordiv: ast.FloorDiv(),
    operator.mod: ast.Mod(),
    operator.pow: ast.Pow(),
    operator.matmul: ast.MatMult(),
}
