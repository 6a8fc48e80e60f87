"""Writes to an array through one of its names: the value that the array has afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adxform.core.ir import Const, Global, Operand, Tuple, Var, parts_of
from adxform.core.types import (
    Array,
    Known,
    Object,
    Struct,
    Type,
    dims_of,
    was_broadcast,
)
from adxform.frontend.certainty import of_arrays_only
from adxform.frontend.memory import RESHAPED, Remembering, untransposed
from adxform.frontend.views import Step, View
from adxform.rules.expressions import bind
from adxform.rules.table import RULES


class Writer:
    """Writes to an array through one of its names."""

    def __init__(self, builder: Remembering, refused: Callable[[str], Exception]) -> None:
        self.builder = builder
        self.memory = builder.memory
        self.refused = refused

    def update(self, x: Operand, index: Operand, value: Operand, base: str | None) -> Operand:
        """``x[index] = value``; gives the name under which x is known afterwards."""
        if isinstance(x, Global) or isinstance(self.builder.type_of(x), Known | Object):
            raise self.refused("what is changed in place here is defined outside the function")
        if isinstance(self.builder.type_of(x), Struct):
            raise self.refused("which list is changed here is not known before it runs")
        self.memory.prove(x, self.builder, array=of_arrays_only(index, self.builder))
        x = self.memory.fresh(x, self.builder)
        view = self.memory.view(x, self.builder)
        if self.memory.shown_elsewhere(x, self.builder):
            raise self.refused("what is changed in place here may be seen under another name")
        op = RULES["update"].primitive
        if view is None or not view.path:
            base = base or (None if view is None else self.memory.roots[view.root].base)
            made = self.builder.emit(op, (x, index, value), base)
            if view is not None:
                self.memory.wrote(view.root, made)
            return made
        self.store(view, (*view.path, Step(RULES["[]"].primitive, (index,))), value)
        return x

    def require_fit(self, x: Operand, given: Type) -> None:
        """``x += 0.5`` of an array of integers is an error in NumPy, too, and ``row += matrix``."""
        known = self.builder.type_of(x)
        if isinstance(known, Array) and was_broadcast(_last_axes(known, given), given):
            raise self.refused("what is put in place here has more elements than the array has")
        own, its = (getattr(t, "dtype", None) for t in (known, given))
        if own and its and not np.can_cast(np.dtype(its), np.dtype(own), "same_kind"):
            raise self.refused(f"{its} cannot be put in place into an array of {own}")

    def replace(self, x: Operand, value: Operand) -> Operand:
        """All of x takes a new value, through a view of another array."""
        view = self.memory.view(x, self.builder)
        assert view is not None and view.path
        self.store(view, view.path, value)
        return x

    def store(self, view: View, path: tuple[Step, ...], value: Operand) -> None:
        """What a path from a view's root leads to takes a value."""
        root = self.memory.roots[view.root]
        for place, step in enumerate(view.path):
            if step.op.name in RESHAPED and (place or not root.contiguous):
                raise self.refused("what is written to here may be a view or a copy")
        path = _flattened(untransposed(path, self.builder.type_of(root.current)))
        made = self._with(root.current, path, value, root.base)
        self.memory.wrote(view.root, made)

    def _with(
        self, whole: Operand, path: tuple[Step, ...], value: Operand, base: str | None
    ) -> Var:
        """``whole`` with a value at the end of a path."""
        first, *rest = path
        if rest:
            inner = self.builder.emit(first.op, (whole, *first.args))
            copied = self.builder.emit(RULES["np.copy"].primitive, (inner,))
            value = self._with(copied, tuple(rest), value, None)
        if first.op.name == "[]":
            index = first.args[0]
        else:
            index = Const(Ellipsis)
            value = self._back(first, whole, value)
        return self.builder.emit(RULES["update"].primitive, (whole, index, value), base)

    def _back(self, step: Step, whole: Operand, value: Operand) -> Operand:
        """A value of the view as a value of what it is a view of."""
        if step.op.name in RESHAPED:
            shape = self.builder.emit(RULES[".shape"].primitive, (whole,))
            primitive = RULES["np.reshape"].primitive
            return self.builder.emit(primitive, bind(primitive, (value, shape), {}))
        return self.builder.emit(step.op, (value, *step.args))


def _last_axes(known: Array, given: Type) -> Array:
    """Those axes of an array that a value of fewer meets: it is repeated along the others."""
    its = dims_of(given)
    if known.dims is None or its is None or len(its) >= len(known.dims):
        return known
    return replace(known, dims=known.dims[len(known.dims) - len(its):])


def _flattened(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """``A[i][j]`` as ``A[i, j]`` where the first index is numbers only."""
    made: list[Step] = []
    for step in path:
        last = made[-1] if made else None
        if last is not None and last.op.name == step.op.name == "[]" and _numbers(last.args[0]):
            made[-1] = Step(step.op, (Tuple((*parts_of(last.args[0]), *parts_of(step.args[0]))),))
        else:
            made.append(step)
    return tuple(made)


def _numbers(index: Operand) -> bool:
    return all(
        isinstance(p, Var) or (isinstance(p, Const) and isinstance(p.value, int))
        for p in parts_of(index)
    )
