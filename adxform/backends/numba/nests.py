"""Loop nests: the elements of arrays computed one by one, each as far out as it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from adxform.backends.numba.elements import (
    Filled,
    Gathered,
    Moved,
    Pointwise,
    Reduced,
    places_of,
    unlike_sizes,
)
from adxform.backends.numba.plan import Plan
from adxform.backends.numba.shapes import Shapes
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    NONE,
    Const,
    For,
    Global,
    Let,
    Operand,
    Origin,
    Phi,
    Primitive,
    Tuple,
    Var,
)
from adxform.core.labels import label
from adxform.core.types import INT, Array, Scalar, Type
from adxform.rules.table import RULES

INDICES = "ijklmn"
START = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf}
NOTHING = Const(0.0)
STEP = {"sum": "summed", "prod": "op.Mult", "max": "np.maximum", "min": "np.minimum"}


@dataclass(slots=True)
class Level:
    """A loop that is being filled, inside others; the outermost is the block itself."""

    builder: Builder
    depth: int
    index: str = ""
    size: Operand = NONE
    phis: list[Phi] = field(default_factory=list)


class Nests:
    """Writes loop nests into a block."""

    def __init__(self, builder: Builder, plan: Plan, shapes: Shapes) -> None:
        self.outer = Level(builder, 0)
        self.origin: Origin | None = None
        self.plan = plan
        self.shapes = shapes
        self.types = builder.types
        self.home: dict[str, Level] = {}
        self.known: dict[tuple[Operand, tuple[Operand, ...]], Operand] = {}

    # --- whole statements ---------------------------------------------------------------------

    def store(self, stmt: Let) -> None:
        """An array, each of whose elements is computed and stored."""
        known = self.types[stmt.target]
        assert isinstance(known, Array) and known.dims is not None
        self.fresh(stmt)
        element = self.plan.elements[stmt.target]
        sizes = self.shapes.sizes(stmt.target)
        if isinstance(element, Reduced) and element.how == "sum" and not element.trailing:
            self.scatter(stmt, element, sizes)
            return
        empty = self.allocated("np.empty", sizes, known, stmt)
        self.fill(stmt, empty, sizes, "update", lambda index: self.made(stmt.target, index))

    def add(self, stmt: Let) -> None:
        """A sum that is added to an array in its place."""
        base, value = stmt.args
        self.fresh(stmt)
        element = self.plan.elements[stmt.target]
        assert isinstance(base, Var) and isinstance(element, Pointwise)
        sizes = self.shapes.sizes(stmt.target)

        def addend(index: tuple[Operand, ...]) -> Operand:
            return self.operand(value, _along(element.aligned[1], index))

        self.fill(stmt, base, sizes, "accumulate_at", addend)

    def put(self, stmt: Let) -> None:
        """Values that are written, or added, to a part of an array."""
        base, index, value = stmt.args
        assert isinstance(base, Var) and isinstance(value, Var) and isinstance(stmt.op, Primitive)
        self.fresh(stmt)
        sizes = self.shapes.sizes(value.name)
        self.require_fit(stmt, sizes)
        levels, inner = self.opened(self.outer, sizes)
        value_there = self.operand(value, inner)
        place = tuple(self.moved(*at) for at in places_of(self.shapes.sub(index), inner))
        self.write(stmt, base, levels, place, stmt.op.name, value_there)

    def require_fit(self, stmt: Let, sizes: Sequence[Operand]) -> None:
        """Raise what NumPy raises where a value does not have the shape of the part it goes to."""
        base = stmt.args[0]
        assert isinstance(base, Var)
        for (axis, less, dim), size in zip(unlike_sizes(stmt, self.types), sizes, strict=True):
            if axis >= 0:
                whole = self.shapes.sizes(base.name)[axis]
                self.shapes.require_equal(self.shapes.left(dim, less, whole), size)

    def moved(self, place: Operand, by: int) -> Operand:
        """A place that comes some elements later."""
        if by == 0 or isinstance(place, Const):
            return Const(place.value + by) if isinstance(place, Const) else place
        return self.emit(RULES["op.Add"].primitive, (place, Const(by)), (place,), "place")

    def element(self, stmt: Let, array: Var, places: tuple[int, ...]) -> None:
        """One element of an array that is never stored."""
        self.fresh(stmt)
        sizes = self.shapes.sizes(array.name)
        back = RULES["op.Sub"].primitive
        index = tuple(
            Const(at) if at >= 0 else self.emit(back, (size, Const(-at)), (size,))
            for at, size in zip(places, sizes, strict=True)
        )
        self.named(stmt, self.operand(array, index))

    def named(self, stmt: Let, value: Operand) -> None:
        """Give a number the name of a statement's target, and its dtype."""
        known = self.types[stmt.target]
        single = isinstance(known, Scalar) and known.dtype == "float32"
        how = RULES["np.float32" if single else "rename"].primitive
        self.outer.builder.append(Let((stmt.target,), how, (value,), stmt.origin))

    def number(self, stmt: Let) -> None:
        """A reduction to one number."""
        self.fresh(stmt)
        element = self.plan.elements[stmt.target]
        assert isinstance(element, Reduced)
        known = self.types[stmt.target]
        cast = isinstance(known, Scalar) and known.dtype == "float32"
        value = self.reduced(element, (), self.outer, None if cast else stmt.target)
        if value != Var(stmt.target):
            self.named(stmt, value)

    def fill(
        self,
        stmt: Let,
        array: Var,
        sizes: Sequence[Operand],
        how: str,
        value: Callable[[tuple[Operand, ...]], Operand],
    ) -> None:
        """Write to every element of an array, whose name after that is the statement's target."""
        levels, index = self.opened(self.outer, sizes)
        self.write(stmt, array, levels, index, how, value(index))

    def scatter(self, stmt: Let, element: Reduced, sizes: Sequence[Operand]) -> None:
        """A sum along first axes: each element is added where it belongs, in order of memory."""
        zeros = self.allocated("np.zeros", sizes, self.types[stmt.target], stmt)
        assert isinstance(element.operand, Var)
        levels, index = self.opened(self.outer, self.shapes.sizes(element.operand.name))
        value = self.operand(element.operand, index)
        place = tuple(
            Const(0) if axis in element.axes else index[axis]
            for axis in range(element.rank)
            if element.keepdims or axis not in element.axes
        )
        self.write(stmt, zeros, levels, place, "accumulate_at", value)

    def write(
        self,
        stmt: Let,
        array: Var,
        levels: list[Level],
        place: tuple[Operand, ...],
        how: str,
        value: Operand,
    ) -> None:
        """Write an element in the innermost loop; after all loops the array is ``stmt.target``."""
        names = [stmt.target, *(self.name_like(stmt) for _ in levels)]
        self.types.update(dict.fromkeys(names, self.types[stmt.target]))
        *heads, last = names
        current = Var(heads[-1]) if heads else array
        args = (current, _index(place), value)
        inner = levels[-1] if levels else self.outer
        inner.builder.append(Let((last,), RULES[how].primitive, args))
        self.carry(levels, array, names)
        self.close(self.outer, levels)

    def carry(self, levels: list[Level], first: Operand, names: Sequence[str]) -> None:
        """What loops carry: its name in each, outermost first, and in the innermost at its end."""
        for level, name, after in zip(levels, names, names[1:], strict=False):
            level.phis.append(Phi(name, first, Var(after)))
            first = Var(name)

    # --- elements -----------------------------------------------------------------------------

    def operand(self, operand: Operand, index: tuple[Operand, ...]) -> Operand:
        """An element of an operand; of a number, the number."""
        if not isinstance(operand, Var) or not isinstance(type_of(operand, self.types), Array):
            return self.shapes.sub(operand)
        key = operand, index
        if key not in self.known:
            lazy = operand.name in self.plan.lazy
            self.known[key] = (
                self.made(operand.name, index) if lazy else self.read(operand, index)
            )
        return self.known[key]

    def read(self, array: Var, index: tuple[Operand, ...]) -> Operand:
        return self.emit(RULES["[]"].primitive, (array, _index(index)), index)

    def made(self, name: str, index: tuple[Operand, ...]) -> Operand:
        """An element of what an operation makes."""
        match self.plan.elements[name]:
            case Filled(value):
                return self.filling(name, value)
            case Moved(operand, place, _, cut):
                there = _along(place, index)
                starts = [first for first, _ in cut] + [0] * (len(place) - len(cut))
                return self.operand(operand, tuple(map(self.moved, there, starts)))
            case Gathered(operand, places):
                row = self.operand(places, index[:1])
                return self.operand(operand, (row, *index[1:]))
            case Pointwise(op, operands, aligned):
                parts = [
                    self.operand(o, _along(a, index))
                    for o, a in zip(operands, aligned, strict=True)
                ]
                if op.name in ("accumulate", "op.Add") and NOTHING in parts:
                    return parts[1 - parts.index(NOTHING)]
                return self.emit(_of_numbers(op), parts, parts)
            case Reduced() as element:
                kept = tuple(
                    i for axis, i in enumerate(index)
                    if not element.keepdims or axis not in element.axes
                )
                return self.reduced(element, kept, self.level_of(index), None)

    def filling(self, name: str, value: Operand) -> Operand:
        """What fills an array, in its dtype where it is a literal."""
        kind = getattr(self.types[name], "dtype", None) or ""
        if isinstance(value, Const) and kind.startswith("float"):
            return Const(float(value.value))
        return self.shapes.sub(value)

    def reduced(
        self, element: Reduced, kept: tuple[Operand, ...], outer: Level, target: str | None
    ) -> Operand:
        """The elements along some axes, combined; ``kept`` is the index along the others."""
        assert isinstance(element.operand, Var)
        full = self.shapes.sizes(element.operand.name)
        sizes = [full[axis] for axis in element.axes]
        if element.how in ("max", "min"):
            self.shapes.require_some(sizes)
        levels, index = self.opened(outer, sizes)
        inside, others = iter(index), iter(kept)
        place = [next(inside if a in element.axes else others) for a in range(element.rank)]
        value = self.operand(element.operand, tuple(place))
        known: Type = Scalar("float64")
        operand = type_of(element.operand, self.types)
        start: Operand = Const(START[element.how])
        whole = isinstance(operand, Array) and np.dtype(operand.dtype).kind in "bi"
        if whole and element.how in ("sum", "prod"):
            known, start = INT, Const(int(START[element.how]))
        if not levels:
            return value
        names = [self.accumulator(outer, target) for _ in levels]
        names[0] = target or names[0]
        self.types.update(dict.fromkeys(names, known))
        self.home.update(zip(names, levels, strict=True))
        counted = known == INT and element.how == "sum"
        step = RULES["op.Add" if counted else STEP[element.how]].primitive
        made = levels[-1].builder.emit(step, (Var(names[-1]), value))
        self.bases_like(made.name, names[0])
        self.carry(levels, start, [*names, made.name])
        self.close(outer, levels)
        self.home[names[0]] = outer
        return Var(names[0])

    def emit(
        self,
        op: Primitive,
        args: Sequence[Operand],
        needs: Sequence[Operand],
        base: str | None = None,
    ) -> Operand:
        """An operation on numbers, in the outermost loop where all it needs is known."""
        level = self.level_of(needs)
        made = level.builder.emit(op, args, base)
        self.home[made.name] = level
        return made

    # --- loops --------------------------------------------------------------------------------

    def fresh(self, stmt: Let) -> None:
        """Begin another nest: what was computed inside the one before is out of reach."""
        self.origin = stmt.origin
        self.known.clear()
        self.home.clear()

    def opened(
        self, outer: Level, sizes: Sequence[Operand]
    ) -> tuple[list[Level], tuple[Operand, ...]]:
        """A loop for each axis that is longer than 1, and the index that they give."""
        levels: list[Level] = []
        index: list[Operand] = []
        for size in sizes:
            if size == Const(1):
                index.append(Const(0))
                continue
            size = self.shapes.same(size)
            before = levels[-1] if levels else outer
            names = before.builder
            name = names.name(INDICES[min(before.depth, len(INDICES) - 1)])
            self.types[name] = INT
            level = Level(names.nested(), before.depth + 1, name, size)
            self.home[name] = level
            levels.append(level)
            index.append(Var(name))
        return levels, tuple(index)

    def close(self, outer: Level, levels: list[Level]) -> None:
        """Put loops into each other, and the outermost into ``outer``."""
        for place in range(len(levels) - 1, -1, -1):
            level = levels[place]
            before = levels[place - 1] if place else outer
            before.builder.append(
                For(
                    level.index,
                    (level.size,),
                    tuple(level.phis),
                    level.builder.block,
                    origin=self.origin if before is self.outer else None,
                )
            )

    def level_of(self, operands: Sequence[Operand]) -> Level:
        found = [self.home[o.name] for o in operands if isinstance(o, Var) and o.name in self.home]
        return max(found, key=lambda level: level.depth, default=self.outer)

    # --- names --------------------------------------------------------------------------------

    def allocated(self, how: str, sizes: Sequence[Operand], known: Type, stmt: Let) -> Var:
        """An array of a shape and dtype."""
        shape = sizes[0] if len(sizes) == 1 else Tuple(tuple(sizes))
        dtype = getattr(known, "dtype", None)
        kind = {"bool": "np.bool_"}.get(str(dtype), f"np.{dtype}")
        given = Const(None) if dtype == "float64" else Global(kind, canonical=True)
        name = self.name_like(stmt)
        self.types[name] = known
        self.outer.builder.append(Let((name,), RULES[how].primitive, (shape, given), stmt.origin))
        return Var(name)

    def name_like(self, stmt: Let) -> str:
        """A name for the same variable as a statement's target."""
        bases = self.outer.builder.bases
        base = bases.setdefault(stmt.target, label(stmt, bases))
        return self.outer.builder.name(base)

    def accumulator(self, outer: Level, target: str | None) -> str:
        bases = outer.builder.bases
        return outer.builder.name(bases.get(target or "", "total"))

    def bases_like(self, name: str, other: str) -> None:
        bases = self.outer.builder.bases
        if other in bases:
            bases[name] = bases[other]


def _along(place: Sequence[int | None], index: Sequence[Operand]) -> tuple[Operand, ...]:
    return tuple(Const(0) if axis is None else index[axis] for axis in place)


def _index(place: tuple[Operand, ...]) -> Operand:
    return place[0] if len(place) == 1 else Tuple(place)


def _of_numbers(op: Primitive) -> Primitive:
    """What an operation on arrays is for two of their elements."""
    return RULES["op.Add"].primitive if op.name == "accumulate" else op
