"""Cotangents of tuples: tuples themselves, with None for an item that has none."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import NONE, Const, Operand, Tuple
from adxform.differentiate.common import primitive


def only_item(value: Operand, place: int, size: int) -> Tuple:
    """The cotangent of a tuple of which one item has one."""
    items: list[Operand] = [NONE] * size
    items[place] = value
    return Tuple(tuple(items))


def tuple_sum(builder: Builder, bar: Operand | None, value: Operand, size: int) -> Operand:
    """The sum of two cotangents of a tuple."""
    if bar is None:
        return value
    made = []
    pairs = zip(_items(builder, bar, size), _items(builder, value, size), strict=True)
    for first, second in pairs:
        if NONE in (first, second):
            made.append(second if first == NONE else first)
        else:
            made.append(builder.emit(primitive("accumulate"), (first, second)))
    return Tuple(tuple(made))


def _items(builder: Builder, bar: Operand, size: int) -> list[Operand]:
    if isinstance(bar, Tuple):
        return list(bar.items)
    return [builder.emit(primitive("[]"), (bar, Const(i))) for i in range(size)]
