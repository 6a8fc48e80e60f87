"""``max``, ``min`` and ``sorted``: by keys, of tuples and objects, of arrays."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from adxform.core.forms import LIST
from adxform.core.ir import UNKNOWN, Const, Operand, Tuple, Var
from adxform.core.types import (
    ANY,
    INT,
    Array,
    Inert,
    ListOf,
    Struct,
    Type,
    differentiable,
    is_numeric,
    join,
    rank,
)
from adxform.frontend.as_generators import as_comprehension
from adxform.frontend.callables import object_class
from adxform.frontend.equivalents.sorting import (
    array_at,
    ascending,
    by_either,
    by_either_backward,
    by_numbers,
    by_numbers_backward,
    by_tuples,
    by_tuples_backward,
    descending,
    items_at,
    items_of,
    largest_by,
    largest_either,
    largest_row,
    smallest_by,
    smallest_either,
    smallest_row,
)
from adxform.frontend.scope import readable
from adxform.rules import infer

Held = list[list[Operand] | None]


def extreme(lower: Any, held: Held, node: ast.Call, base: str | None) -> Operand | None:
    """``max`` or ``min`` of several values, or of the items of one container."""
    several = len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args)
    items = [lower.operand(a) for a in node.args] if several else held[0]
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    largest = lower.static(node.func) is max
    if len(node.args) == 1 and not several and items is None and given.keys() == {"key"}:
        return _best_of_array(lower, node, given["key"], largest, base)
    if items is None and not several and not given and len(node.args) == 1:
        return _of_list(lower, node, largest, base)
    if not (several or len(node.args) == 1) or not items or not given.keys() <= {"key"}:
        return None
    key = given.get("key")
    if key is None and not any(isinstance(item, Tuple) for item in items):
        return None if len(node.args) == 2 else _folded(lower, node.func, items, node)
    keys = items if key is None else [lower.called_with(key, [item], node) for item in items]
    best, top = items[0], keys[0]
    for item, value in zip(items[1:], keys[1:], strict=True):
        better = _above(lower, value, top, largest, node)
        if isinstance(better, bool):
            best, top = (item, value) if better else (best, top)
        else:
            best, top = lower.one_of_two(better, [item, value], [best, top])
    return best


def _of_list(lower: Any, node: ast.Call, largest: bool, base: str | None) -> Operand | None:
    """``max`` of a list that a loop has filled with numbers."""
    over: Any = as_comprehension(lower, node.args[0]) or node.args[0]
    if isinstance(over, ast.GeneratorExp):
        over = ast.copy_location(ast.ListComp(over.elt, over.generators), over)
    made_here = isinstance(over, ast.ListComp | ast.Call) and lower.may_be_active(over)
    if not made_here and not isinstance(lower.known_type(over), ListOf):
        return None
    held = lower.operand(over)
    if not isinstance(lower.builder.type_of(held), ListOf):
        return None
    item = _item(lower, held)
    axes = None if item is None else rank(item)
    if axes == 1 or (axes is None and lower.program.rows):  # tuples that are kept as arrays
        ways = (smallest_row, largest_row) if axes == 1 else (smallest_either, largest_either)
        reader = readable(ways[largest])
        call = ast.copy_location(ast.Call(node.func, [over], []), node)
        made: Operand = lower.user_call(call, reader, (held,), {}, base)
        return made
    primitive = lower.primitive_named("np.max" if largest else "np.min")
    made = lower.emit_call(primitive, (held,), {}, base)
    return made


def _folded(lower: Any, function: ast.expr, items: list[Operand], node: ast.Call) -> Operand:
    total = items[0]
    for item in items[1:]:
        total = lower.called_with(function, [total, item], node)
    return total


def _best_of_array(
    lower: Any, node: ast.Call, key: ast.expr, largest: bool, base: str | None
) -> Operand | None:
    over = lower.operand(node.args[0])
    known = lower.builder.type_of(over)
    if not (isinstance(known, ListOf) or (isinstance(known, Array) and rank(known))):
        return None
    args = (over, lower.operand(key))
    reader = readable(largest_by if largest else smallest_by)
    made: Operand = lower.user_call(node, reader, args, {}, base)
    return made


def _above(lower: Any, value: Operand, top: Operand, largest: bool, node: ast.Call) -> Any:
    """Whether a key is better than the best so far: an operand, or a bool where that is known."""
    one, other = lower.known_value(value), lower.known_value(top)
    if one is not UNKNOWN and other is not UNKNOWN:
        try:
            return bool(one > other if largest else one < other)
        except TypeError:
            raise lower.unsupported("these are not ordered", node) from None
    return _less(lower, top, value, node) if largest else _less(lower, value, top, node)


def _less(lower: Any, first: Operand, second: Operand, node: ast.Call) -> Any:
    """``first < second``: of numbers, of objects by their method, of tuples item by item."""
    if object_class(first) is not None or object_class(second) is not None:
        made = lower._by_either(first, second, "__lt__", "__gt__", node, None)
        if made is not None:
            return made
        first, second = _in_fields(first), _in_fields(second)
    if not isinstance(first, Tuple) and not isinstance(second, Tuple):
        if any(not is_numeric(lower.builder.type_of(o)) for o in (first, second)):
            raise lower.unsupported("what is compared here is not known to be numbers", node)
        return lower.emit("op.Lt", first, second)
    alike = isinstance(first, Tuple) and isinstance(second, Tuple) and first.form == second.form
    plain = alike and first.form.kind in ("tuple", "list")  # type: ignore[union-attr]
    if not plain or len(first.items) != len(second.items) or not first.items:  # type: ignore[union-attr]
        raise lower.unsupported(
            "how these are ordered is not known", node, "Give a key=, or compare them by hand."
        )
    (a, *rest), (b, *others) = first.items, second.items  # type: ignore[union-attr]
    less = _compared(lower, "op.Lt", operator.lt, a, b)
    if not rest:
        return less
    same = _compared(lower, "op.Eq", operator.eq, a, b)
    later = Tuple(tuple(rest)), Tuple(tuple(others))
    if same is False or less is True:
        return less
    if same is True:
        return _less(lower, *later, node)
    inner = _less(lower, *later, node)
    both = lower.emit("op.BitAnd", same, Const(inner) if isinstance(inner, bool) else inner)
    return lower.emit("op.BitOr", less, both)


def _in_fields(held: Operand) -> Operand:
    """The fields by which a data class with ``order=True`` is ordered, or a named tuple."""
    kind: Any = object_class(held)
    params = getattr(kind, "__dataclass_params__", None)
    ordered = kind is not None and (issubclass(kind, tuple) or (params and params.order))
    return Tuple(held.items) if ordered else held  # type: ignore[union-attr]


def _compared(
    lower: Any, name: str, plain: Callable[[Any, Any], bool], a: Operand, b: Operand
) -> Any:
    one, other = lower.known_value(a), lower.known_value(b)
    if one is not UNKNOWN and other is not UNKNOWN:
        return bool(plain(one, other))
    return lower.emit(name, a, b)


def in_order(
    lower: Any, items: list[Operand] | None, keys: list[Operand] | None, backward: bool,
    given: dict[Any, ast.expr], node: ast.Call, base: str | None,
) -> Operand | None:
    """``sorted`` of numbers that are differentiated: of an array, or of known items."""
    if items is None:
        over, each = _gone_over(lower, node)
        known = lower.builder.type_of(over)
        plain = not isinstance(known, Array | ListOf) or not differentiable(known)
        if plain and not ("key" in given and _by_lists(lower, each, known, given["key"])):
            return None
        by = _keys_of(lower, each, given["key"], node) if "key" in given else None
        if plain:
            assert by is not None
            axes = _axes(lower, by, None)
            return _at_places(lower, readable(items_at), over, by, backward, axes, node, base)
        axes = _axes(lower, over, given.get("key"))
        if by is None and isinstance(known, ListOf) and axes != 1:
            by = over
        array = _sorted_array(lower, over, by, backward, axes, node)
        made: Operand = lower.user_call(node, readable(items_of), (array,), {}, base)
        return made
    plain = not any(isinstance(o, Tuple) for o in (*items, *(keys or ())))
    if not any(differentiable(lower.builder.type_of(o)) for o in (*items, *(keys or ()))):
        return None
    if not plain or not all(is_numeric(lower.builder.type_of(item)) for item in items):
        raise lower.unsupported(
            "the order of these depends on what is differentiated", node,
            "Sort the numbers by np.argsort, and take the items by it.",
        )
    array = lower.emit("np.array", Tuple(tuple(items), LIST), Const(None))
    by = None
    if "key" in given and keys is not None:
        by = lower.emit("np.array", Tuple(tuple(keys), LIST), Const(None))
    array = _sorted_array(lower, array, by, backward, 1, node)
    return Tuple(tuple(lower.emit("[]", array, Const(i)) for i in range(len(items))), LIST)


def _gone_over(lower: Any, node: ast.Call) -> tuple[Operand, ast.expr]:
    """What ``sorted`` takes, and how it is said: a list of what an iterator gives has a name."""
    over = node.args[0]
    written = as_comprehension(lower, over)
    if written is None or not lower.may_be_active(written):
        return lower.operand(over), over
    name = lower.builder.names.fresh("_listed")
    listed = ast.copy_location(ast.ListComp(written.elt, written.generators), over)
    lower.env[name] = lower.operand(listed)
    return lower.env[name], ast.copy_location(ast.Name(name, ast.Load()), over)


def _axes(lower: Any, over: Operand, key: ast.expr | None) -> int | None:
    """How many axes an array of what others are sorted by has: one of numbers, two of tuples."""
    item = _item(lower, over)
    known = None if item is None else rank(item)
    match key:
        case None:
            return None if known is None else known + 1
        case ast.Lambda(ast.arguments(args=[ast.arg(own)]), ast.Subscript(ast.Name(name), place)):
            return known if own == name and known and isinstance(place, ast.Constant) else None
        case ast.Lambda(body=ast.BinOp() | ast.UnaryOp()):
            return 1
        case ast.Lambda(body=ast.Tuple()):
            return 2
        case _:
            return None


def _item(lower: Any, over: Operand) -> Type | None:
    """What the items of an array or a list have in common, also of one that loops have filled."""
    known = lower.builder.type_of(over)
    if not isinstance(known, ListOf):
        return infer.getitem(known, INT)
    item, pending, seen = known.item, [over.name], set[str]()  # type: ignore[union-attr]
    while pending:
        name = pending.pop()
        held = lower.builder.type_of(Var(name))
        item = join(held, ListOf(item)).item if isinstance(held, ListOf) else ANY  # type: ignore[union-attr]
        pending.extend(n for n in lower.merged.get(name, ()) if n not in seen)
        seen.add(name)
    return item


def _by_lists(lower: Any, over: ast.expr, known: Type, key: ast.expr) -> bool:
    """Whether the key of what is not differentiated reads lists or dictionaries that are."""
    ranged = isinstance(over, ast.Call) and lower.static(over.func) is range
    if not ranged and not isinstance(known, Array | ListOf | Inert):
        return False
    read = [lower.known_type(n) for n in ast.walk(key) if isinstance(n, ast.Name)]
    return any(isinstance(t, ListOf | Struct) and differentiable(t) for t in read)


def _sorted_array(
    lower: Any, over: Operand, keys: Operand | None, backward: bool, axes: int | None,
    node: ast.Call,
) -> Operand:
    """An array in the order of its items, or of keys; those with equal ones stay in order."""
    if keys is not None:
        return _at_places(lower, readable(array_at), over, keys, backward, axes, node, None)
    reader = readable(descending if backward else ascending)
    made: Operand = lower.user_call(node, reader, (over,), {}, None)
    return made


def _at_places(
    lower: Any, reader: Any, over: Operand, keys: Operand, backward: bool, axes: int | None,
    node: ast.Call, base: str | None,
) -> Operand:
    """Items at the places that their keys have in order."""
    ways: dict[int | None, Any] = {1: (by_numbers, by_numbers_backward),
                                   2: (by_tuples, by_tuples_backward)}
    reader_of_places = readable(ways.get(axes, (by_either, by_either_backward))[backward])
    places = lower.user_call(node, reader_of_places, (keys,), {}, None)
    made: Operand = lower.user_call(node, reader, (over, places), {}, base)
    return made


def _keys_of(lower: Any, over: ast.expr, key: ast.expr, node: ast.Call) -> Operand:
    item = ast.comprehension(ast.Name("_item", ast.Store()), over, [], 0)
    listed = ast.ListComp(ast.Call(key, [ast.Name("_item", ast.Load())], []), [item])
    found: Operand = lower.operand(ast.fix_missing_locations(ast.copy_location(listed, node)))
    return found
