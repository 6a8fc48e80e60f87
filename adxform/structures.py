"""Containers as arguments and results: what they hold, one by one, and the same form refilled."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from adxform.core.forms import LIST, TUPLE, Form
from adxform.core.ir import NONE, Function, Global, Let, Opaque, Operand, Stmt, Tuple, Var
from adxform.core.types import INERT, Struct, Type
from adxform.frontend.callables import fields_of

MOST_LEAVES = 256
_SINGLE = frozenset({float, int, bool, complex, str, type(None), np.ndarray, np.float64})
_INEXACT = (float, complex, np.inexact)


def parts(value: Any) -> tuple[Form, list[Any]] | None:
    """The form of a container and the values in it; None for anything else."""
    items = items_of(value)
    if items is None:
        return None
    kind: Any = type(value)
    if kind is tuple or kind is list:
        return TUPLE if kind is tuple else LIST, items
    form = Form("dict", tuple(value)) if kind is dict else object_form(kind)
    assert form is not None
    return form, items


def items_of(value: Any) -> list[Any] | None:
    """The values in a container; None for anything else."""
    kind: Any = type(value)
    if kind in _SINGLE:
        return None
    if kind is tuple or kind is list:
        return list(value)
    if kind is dict:
        return list(value.values())
    form = object_form(kind)
    return None if form is None else [getattr(value, name) for name in form.keys]


@lru_cache(maxsize=256)
def object_form(kind: type) -> Form | None:
    """The form of a class's objects, if they are made of fields."""
    names = fields_of(kind)
    return None if names is None else Form("object", names, Global(kind.__name__, kind))


def leaves_of(value: Any) -> Iterator[Any]:
    """What a value holds that is no container, in order; the value itself if it is none."""
    found = items_of(value)
    if found is None:
        yield value
    else:
        for item in found:
            yield from leaves_of(item)


def is_inexact(value: Any) -> bool:
    """Whether a value is a floating-point or complex number, or an array of them."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fc"
    return isinstance(value, _INEXACT)


def varies(value: Any) -> bool:
    """Whether a value can have a derivative: a number or array of reals, or what holds such."""
    return is_inexact(value) or holds_inexact(value)


def holds_inexact(value: Any) -> bool:
    """Whether a container holds something that can have a derivative, and is not too large."""
    items = items_of(value)
    return items is not None and hold_inexact(items)


def hold_inexact(items: list[Any]) -> bool:
    """Whether something that can have a derivative is in what a container holds, if that is not
    too large.
    """
    if not _SINGLE.issuperset(map(type, items)):  # containers are among them
        items = list(islice(leaves_of(items), MOST_LEAVES + 1))
    return len(items) <= MOST_LEAVES and any(map(is_inexact, items))


def with_leaves(value: Any, leaves: Iterator[Any]) -> Any:
    """Other leaves in the form of ``value``."""
    found = parts(value)
    if found is None:
        return next(leaves)
    form, items = found
    made = [with_leaves(item, leaves) for item in items]
    return remade(form, made)


def remade(form: Form, items: list[Any]) -> Any:
    """A container of a form."""
    match form.kind:
        case "list":
            return items
        case "dict":
            return dict(zip(form.keys, items, strict=True))
        case "object":
            return form.maker.value(**dict(zip(form.keys, items, strict=True)))
        case _:
            return tuple(items)


def all_structured(shapes: Sequence[Operand], values: Sequence[Any]) -> list[Any]:
    """What the parameters of Core are given: what containers among the arguments hold."""
    return [v for s, a in zip(shapes, values, strict=True) for v in structured(s, a)]


def structured(shape: Operand, value: Any) -> list[Any]:
    """The leaves of a value that has the structure of ``shape``.

    Raises
    ------
    ValueError, TypeError
        If it has another.
    """
    if not isinstance(shape, Tuple):
        return [value]
    if shape.form.kind == "dict":
        if set(value) != set(shape.form.keys):
            raise ValueError("other keys")
        items = [value[key] for key in shape.form.keys]
    elif shape.form.kind == "object" and not isinstance(value, tuple):
        items = [getattr(value, key) for key in shape.form.keys]
    else:
        items = list(value)
    return [v for s, item in zip(shape.items, items, strict=True) for v in structured(s, item)]


def refilled(shape: Operand, values: Iterator[Any]) -> Any:
    """Leaves put back into the structure of ``shape``."""
    if not isinstance(shape, Tuple):
        return next(values)
    return remade(shape.form, [refilled(item, values) for item in shape.items])


def leaf_types(function: Function, types: Sequence[Type]) -> dict[str, Type]:
    """The type of each parameter, given those of the user's own parameters."""
    found: dict[str, Type] = {}
    for place, known in enumerate(types):
        found.update(_leaf_types(function.shape_of(place), known))
    return found


def _leaf_types(shape: Operand, known: Type) -> dict[str, Type]:
    if isinstance(shape, Var):
        return {shape.name: known}
    if not isinstance(shape, Tuple):
        return {}
    items = known.items if isinstance(known, Struct) else (INERT,) * len(shape.items)
    found: dict[str, Type] = {}
    for item, t in zip(shape.items, items, strict=True):
        found.update(_leaf_types(item, t))
    return found


def grouped(bars: Sequence[Operand], wrt: Sequence[str], shapes: Sequence[Operand]) -> Operand:
    """The cotangents of leaves in the structure of the parameters; None for what has none."""
    given = dict(zip(wrt, bars, strict=True))

    def group(shape: Operand) -> Operand:
        if isinstance(shape, Tuple):
            return shape.with_items(group(item) for item in shape.items)
        return given.get(shape.name, NONE) if isinstance(shape, Var) else NONE

    made = tuple(group(shape) for shape in shapes)
    return made[0] if len(made) == 1 else Tuple(made)


def with_containers(function: Function) -> Function:
    """A function that takes the user's own parameters, and begins by taking out what they hold."""
    if all(isinstance(shape, Var) for _, shape in function.given):
        return function
    own = {n for place in range(len(function.given)) for n in function.leaves_of(place)}
    rest = tuple(p for p in function.params if p.name not in own)
    first: list[Stmt] = []
    for param, shape in function.given:
        if isinstance(shape, Tuple):
            first.extend(_taken(param.name, ast.Name(param.name, ast.Load()), shape))
    params = (*(param for param, _ in function.given), *rest)
    return replace(function, params=params, body=(*first, *function.body), given=())


def _taken(param: str, path: ast.expr, shape: Tuple) -> Iterator[Stmt]:
    keys = shape.form.keys or tuple(range(len(shape.items)))
    for key, item in zip(keys, shape.items, strict=True):
        inner: ast.expr = ast.Subscript(path, ast.Constant(key), ast.Load())
        if shape.form.kind == "object":
            inner = ast.Attribute(path, key, ast.Load())
        if isinstance(item, Tuple):
            yield from _taken(param, inner, item)
        elif isinstance(item, Var):
            op = Opaque(inner, (param,), pure=True)
            yield Let((item.name,), op, (Var(param),))


