"""Cotangents by name: started, added to, zero where there is none yet."""

from __future__ import annotations

from adxform.analysis.activity import Activity
from adxform.core.builder import Builder
from adxform.core.ir import Const, Operand, Primitive, Tuple, Var
from adxform.core.types import (
    ANY,
    Array,
    ListOf,
    Scalar,
    Struct,
    Taped,
    Type,
    is_complex,
    is_float,
)
from adxform.differentiate.common import holds_lists, holds_tapes, primitive
from adxform.differentiate.gaps import Gaps
from adxform.differentiate.sweeps import Bars
from adxform.differentiate.tuples import completed, tuple_sum


class Cotangents:
    """Adds to cotangents; a dictionary of them holds that of each name that has one by then."""

    def __init__(self, builder: Builder, activity: Activity, gaps: Gaps) -> None:
        self.builder = builder
        self.activity = activity
        self.gaps = gaps

    def base(self, name: str) -> str | None:
        known = self.builder.bases.get(name)
        return None if known is None else f"{known}_bar"

    def seed(self, bars: Bars, name: str, value: Operand) -> None:
        """Start a cotangent with a value that has a name of its own already."""
        known = self.builder.type_of(Var(name))
        if isinstance(known, Struct):
            value = tuple_sum(self.builder, bars.get(name), value, len(known.items))
        elif name in bars:
            value = self.builder.emit(self.adding(known), (bars[name], value), self.base(name))
        self.note(value, name)
        bars[name] = value

    def note(self, bar: Operand, name: str) -> None:
        """Remember of what a cotangent is that gets no name from the user's."""
        if isinstance(bar, Var) and bar.name not in self.builder.bases:
            self.builder.cotangents.setdefault(bar.name, name)

    def adding(self, known: Type) -> Primitive:
        """What adds two cotangents of a value: a list is no array, whose += adds items."""
        if isinstance(known, Taped):
            return primitive("add_tapes")
        if holds_lists(known):
            return primitive("add_values")
        return primitive("add_lists" if isinstance(known, ListOf) else "accumulate")

    def add(self, bars: Bars, operand: Operand, value: Operand) -> None:
        """Add to the cotangent of an operand; of a tuple, item by item."""
        if isinstance(operand, Tuple):
            for place, item in enumerate(operand.items):
                if self.activity.operand(item):
                    part = (
                        value.items[place]
                        if isinstance(value, Tuple)
                        else self.builder.emit(primitive("[]"), (value, Const(place)))
                    )
                    self.add(bars, item, part)
            return
        if not isinstance(operand, Var) or operand.name not in self.activity:
            return
        name, base = operand.name, self.base(operand.name)
        own, its = self.builder.type_of(operand), self.builder.type_of(value)
        if type(own) is not Scalar or type(its) is not Scalar or own.dtype != its.dtype:
            value = self.as_precise(self.of_its_kind(value, operand), operand, base)
        named = isinstance(value, Var) and self.builder.bases.get(value.name) == base
        if base is not None and name not in bars and not isinstance(own, Struct) and not named:
            value = self.builder.emit(primitive("rename"), (value,), base)
        self.seed(bars, name, value)

    def as_precise(self, value: Operand, operand: Operand, base: str | None) -> Operand:
        """A cotangent in the precision of its operand."""
        kinds = _strong(self.builder.type_of(operand)), _strong(self.builder.type_of(value))
        differ = None not in kinds and kinds[0] != kinds[1] and is_float(kinds[0] or "")
        if differ and is_complex(kinds[0]) == is_complex(kinds[1]):
            return self.builder.emit(primitive("as_like"), (value, operand), base)
        return value

    def add_quietly(self, bars: Bars, operand: Operand, value: Operand) -> None:
        """Add to a cotangent; the first value keeps the name it has."""
        if isinstance(operand, Var) and operand.name in self.activity:
            self.seed(bars, operand.name, self.of_its_kind(value, operand))

    def of_its_kind(self, value: Operand, operand: Operand) -> Operand:
        """A cotangent real for a real operand, and for an array of complex numbers one, too."""
        own, its = self.builder.type_of(operand), self.builder.type_of(value)
        if not isinstance(own, Scalar | Array) or not isinstance(its, Scalar | Array):
            return value
        if own.dtype is None or is_complex(own.dtype) == is_complex(its.dtype):
            return value
        if is_complex(its.dtype):
            return self.builder.emit(primitive("np.real"), (value,), None)
        if isinstance(its, Array) and its.dtype is not None:
            return self.builder.emit(primitive("as_like"), (value, operand), None)
        return value

    def bar_or_zero(self, bars: Bars, name: str) -> Operand:
        bar = bars.get(name) or self.gaps.zero(self.builder, name, self.base(name))
        self.note(bar, name)
        return bar

    def whole_bar(self, bars: Bars, name: str) -> Operand | None:
        """The cotangent of a name that has a value here, in its shape; it has none afterwards."""
        bar = bars.pop(name, None)
        known = self.builder.type_of(Var(name))
        if isinstance(known, Taped) and isinstance(bar, Tuple):
            return completed(self.builder, name, bar, known)
        if bar is None or name not in self.gaps.loose:
            return bar
        whole = "whole_tape" if holds_tapes(known) else "broadcast_like"
        return self.builder.emit(primitive(whole), (bar, Var(name)), self.base(name))

    def bar_name(self, name: str) -> str:
        """A new name for the cotangent of a name."""
        target = self.builder.name(self.base(name))
        self.note(Var(target), name)
        if name in self.builder.types:
            known = self.builder.types[name]
            self.builder.types[target] = ANY if name in self.gaps.loose else known
        return target


def _strong(t: Type) -> str | None:
    """The dtype that a value brings to an operation, if it is known to bring one."""
    if isinstance(t, Array):
        return t.dtype
    return t.dtype if isinstance(t, Scalar) and not t.weak else None
