"""Lists of the generated code after a method: ``q.pop(0)`` gives ``q[0]``, and leaves ``q[1:]``."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.forms import LIST
from adxform.core.ir import Const, Operand, Slice, Tuple
from adxform.core.types import Array, ListOf
from adxform.frontend.operators import operation

METHODS = frozenset({"append", "pop", "insert", "reverse", "clear", "extend"})


def after_method(
    lower: Any, old: Operand, method: str, args: tuple[Operand, ...], base: str
) -> tuple[Operand, Operand] | None:
    """What a method gives, and the list afterwards; None where that cannot be said."""
    match method, args:
        case "append", (item,):
            return Const(None), lower.emit("append", old, lower.emit("len", old), item, base=base)
        case "pop", ():
            last = lower.emit("op.Sub", lower.emit("len", old), Const(1))
            return lower.emit("[]", old, last), _part(lower, old, None, last, base)
        case "pop", (place,):
            return _taken(lower, old, place, base)
        case "insert", (place, item) if _from_start(lower, place):
            one = Tuple((item,), LIST)
            if lower.known_value(place) == 0:
                return Const(None), _joined(lower, one, old, base)
            first = _joined(lower, _part(lower, old, None, place), one)
            return Const(None), _joined(lower, first, _part(lower, old, place, None), base)
        case "reverse", ():
            return Const(None), lower.emit("[]", old, Slice(None, None, Const(-1)), base=base)
        case "clear", ():
            return Const(None), lower.emit("empty_list", base=base)
        case "extend", (more,) if _is_list(lower, more):
            return Const(None), _joined(lower, old, more, base)
        case "extend", (more,) if isinstance(lower.builder.type_of(more), Array):
            return Const(None), _joined(lower, old, lower.emit("as_list", more), base)
        case _:
            return None


def _taken(lower: Any, old: Operand, place: Operand, base: str) -> tuple[Operand, Operand]:
    """``q.pop(i)``."""
    if not _from_start(lower, place):  # from the end, maybe
        place = lower.emit("op.Mod", place, lower.emit("len", old))
    gone = lower.emit("[]", old, place)
    after = Const(place.value + 1) if isinstance(place, Const) else (
        lower.emit("op.Add", place, Const(1)))
    if place == Const(0):
        return gone, _part(lower, old, after, None, base)
    left = _part(lower, old, None, place)
    return gone, _joined(lower, left, _part(lower, old, after, None), base)


def _from_start(lower: Any, place: Operand) -> bool:
    """Whether a place is known not to be counted from the end."""
    known = lower.known_value(place)
    return type(known) is int and known >= 0


def _part(
    lower: Any, old: Operand, first: Operand | None, last: Operand | None, base: str | None = None
) -> Operand:
    made: Operand = lower.emit("[]", old, Slice(first, last), base=base)
    return made


def _joined(lower: Any, one: Operand, two: Operand, base: str | None = None) -> Operand:
    name, left, right = operation(ast.Add(), one, two, lower.builder)
    made: Operand = lower.emit(name, left, right, base=base)
    return made


def _is_list(lower: Any, operand: Operand) -> bool:
    known = lower.builder.type_of(operand)
    return isinstance(known, ListOf) or (isinstance(operand, Tuple) and operand.is_list)
