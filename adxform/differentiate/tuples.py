"""Cotangents of tuples: tuples themselves, with None for an item that has none."""

from __future__ import annotations

from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.ir import NONE, Const, Operand, Primitive, Tuple, Var
from adxform.core.types import Array, Scalar, Taped, differentiable
from adxform.differentiate.common import primitive, zeros


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


def with_item(
    builder: Builder,
    bar: Operand | None,
    place: int,
    value: Operand,
    known: Taped,
    adding: Primitive,
) -> Tuple:
    """A tape's cotangent with a value added to one item's."""
    size = len(known.items)
    items: list[Operand] = [NONE] * size if bar is None else _items(builder, bar, size)
    old = items[place]
    items[place] = value if old == NONE else builder.emit(adding, (old, value))
    return Tuple(tuple(items))


def completed(builder: Builder, name: str, bar: Tuple, known: Taped) -> Operand:
    """A tape's cotangent as one value, with zeros for items that have none so far."""
    items: list[Operand] = []
    for place, (item, t) in enumerate(zip(bar.items, known.items, strict=True)):
        if item == NONE and not differentiable(t):
            item = Const(0.0)
        elif item == NONE:
            held = builder.emit(primitive("[]"), (Var(name), Const(place)))
            plain = isinstance(t, Scalar | Array)
            item = zeros(builder, held) if plain else builder.emit(primitive("zeros_in"), (held,))
        items.append(item)
    made = replace(primitive("tape"), infer=lambda *_: known)
    return builder.emit(made, (Tuple(tuple(items)),), f"{builder.bases.get(name, name)}_bar")


def replaced_item(
    builder: Builder,
    adding: Primitive,
    args: tuple[Operand, Operand, Operand],
    base: str | None,
) -> Operand:
    """The cotangent of a list of tapes or lists with a value added to that of one."""
    bar, index, value = args
    old = builder.emit(primitive("[]"), (bar, index))
    added = builder.emit(adding, (old, value))
    return builder.emit(primitive("update"), (bar, index, added), base)


def _items(builder: Builder, bar: Operand, size: int) -> list[Operand]:
    if isinstance(bar, Tuple):
        return list(bar.items)
    return [builder.emit(primitive("[]"), (bar, Const(i))) for i in range(size)]
