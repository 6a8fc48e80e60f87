"""The sizes of arrays that are never stored, and the checks that NumPy makes of shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from adxform.backends.numba.elements import Filled, Gathered, Moved, Pointwise, Reduced, is_cut
from adxform.backends.numba.plan import Plan
from adxform.core.builder import Builder
from adxform.core.dims import Dim
from adxform.core.ir import Const, Operand, Tuple, Var
from adxform.core.raising import raise_if
from adxform.core.types import Array, Type, dims_of
from adxform.rules.table import RULES

SIZES = ("rows", "cols", "layers", "size")  # along the first axes


def size_name(axis: int, known: Type) -> str:
    """What an array's size along an axis is called."""
    one = len(dims_of(known) or ()) == 1
    return "size" if one else SIZES[min(axis, len(SIZES) - 1)]


class Shapes:
    """Sizes along axes, as operands in one block."""

    def __init__(
        self, builder: Builder, plan: Plan, sub: Callable[[Operand], Operand]
    ) -> None:
        self.builder = builder
        self.sub = sub
        self.plan = plan
        self.types = builder.types
        self.known: dict[str, tuple[Operand, ...]] = {}
        self.stored: set[str] = set()
        self.equal: set[frozenset[Operand]] = set()
        self.of_dim: dict[Dim, Operand] = {}
        self.first: dict[Operand, Operand] = {}  # what a size was found to be equal to

    def sizes(self, name: str) -> tuple[Operand, ...]:
        """The size of an array along each axis."""
        if name not in self.known:
            self.known[name] = self._sizes(name)
        return self.known[name]

    def dims(self, name: str) -> tuple[Dim, ...]:
        known = self.types.get(name)
        assert isinstance(known, Array) and known.dims is not None
        return known.dims

    def _sizes(self, name: str) -> tuple[Operand, ...]:
        dims = self.dims(name)
        made = self.plan.elements.get(name)
        if made is None or name in self.stored:
            return tuple(self._asked(name, axis, dim) for axis, dim in enumerate(dims))
        match made:
            case Filled(_, like):
                assert isinstance(like, Var)
                return self.sizes(like.name)
            case Gathered(operand, places):
                assert isinstance(operand, Var) and isinstance(places, Var)
                return *self.sizes(places.name), *self.sizes(operand.name)[1:]
            case Moved(operand, place, shape) if shape is not None:
                assert isinstance(operand, Var)
                return self._stretched(dims, operand.name, place, self.sub(shape))
            case Moved(operand, _, _, cut) if cut:
                assert isinstance(operand, Var)
                parts = zip(dims, cut, self.sizes(operand.name), strict=True)
                return tuple(self.left(dim, less, size) for dim, (_, less), size in parts)
            case Moved(operand, place):
                return self._broadcast(name, dims, [(operand, place)])
            case Pointwise(_, operands, aligned):
                return self._broadcast(name, dims, list(zip(operands, aligned, strict=True)))
            case Reduced(operand=operand, axes=axes, keepdims=keepdims):
                assert isinstance(operand, Var)
                found = self.sizes(operand.name)
                return tuple(
                    Const(1) if axis in axes else size
                    for axis, size in enumerate(found)
                    if keepdims or axis not in axes
                )

    def _stretched(
        self, dims: tuple[Dim, ...], name: str, place: tuple[int | None, ...], given: Operand
    ) -> tuple[Operand, ...]:
        """The sizes of a given shape, which are an array's own where it is not stretched."""
        made = tuple(
            given.items[axis] if isinstance(given, Tuple)
            else self.builder.emit(RULES["[]"].primitive, (given, Const(axis)))
            for axis in range(len(dims))
        )
        for axis, dim, own in zip(place, self.dims(name), self.sizes(name), strict=True):
            if axis is not None and dim != dims[axis]:
                self.require_equal(own, made[axis])
        return made

    def left(self, dim: Dim, less: int, size: Operand) -> Operand:
        """The size ``dim`` that slices leave of another, of which they leave out ``less``."""
        if isinstance(dim, int):
            return Const(dim)
        if dim not in self.of_dim:
            if less:
                size = self.builder.emit(RULES["op.Sub"].primitive, (size, Const(less)))
                size = self.builder.emit(RULES["max"].primitive, (size, Const(0)), "size")
            self.of_dim[dim] = size
        return self.of_dim[dim]

    def _asked(self, name: str, axis: int, dim: Dim) -> Operand:
        if isinstance(dim, int):
            return Const(dim)
        if dim not in self.of_dim:
            shape = self.builder.emit(RULES[".shape"].primitive, (Var(name),))
            base = size_name(axis, self.types[name])
            item = self.builder.emit(RULES["[]"].primitive, (shape, Const(axis)), base)
            self.of_dim[dim] = item
        return self.of_dim[dim]

    def same(self, size: Operand) -> Operand:
        """The first of the sizes that were found to be equal to one."""
        while size in self.first:
            size = self.first[size]
        return size

    def _broadcast(
        self,
        name: str,
        dims: tuple[Dim, ...],
        parts: Sequence[tuple[Operand, tuple[int | None, ...]]],
    ) -> tuple[Operand, ...]:
        """The sizes of a result; operands of sizes that the types do not call equal are checked."""
        found: list[Operand] = []
        parts = sorted(parts, key=self._is_cut)  # the size of what is stored is there already
        for axis, dim in enumerate(dims):
            given: dict[Dim, Operand] = {}
            for operand, place in parts:
                if axis not in place or not isinstance(operand, Var):
                    continue
                own = place.index(axis)
                given.setdefault(self.dims(operand.name)[own], self.sizes(operand.name)[own])
            if isinstance(dim, int):
                found.append(Const(dim))
            else:
                found.append(given.get(dim) or next(iter(given.values()), None)
                             or self._asked(name, axis, dim))
            for other in given.values():
                self.require_equal(found[-1], other)
        return tuple(found)

    def _is_cut(self, part: tuple[Operand, tuple[int | None, ...]]) -> bool:
        return is_cut(self.plan.elements.get(getattr(part[0], "name", "")))

    def require_equal(self, one: Operand, other: Operand) -> None:
        """Raise what NumPy raises where two sizes differ."""
        one, other = self.same(one), self.same(other)
        if one == other:
            return
        self.first[other if isinstance(other, Var) else one] = (
            one if isinstance(other, Var) else other
        )
        self._refuse("op.NotEq", one, other, "operands could not be broadcast together")

    def require_some(self, sizes: Sequence[Operand]) -> None:
        """Raise what NumPy raises where an array is empty."""
        for size in sizes:
            if isinstance(size, Var) and frozenset((size, Const(0))) not in self.equal:
                self.equal.add(frozenset((size, Const(0))))
                reason = "zero-size array to reduction operation which has no identity"
                self._refuse("op.Eq", size, Const(0), reason)

    def _refuse(self, how: str, one: Operand, other: Operand, reason: str) -> None:
        raise_where(self.builder, (how, one, other), "ValueError", reason)

    def product(self, sizes: Sequence[Operand]) -> Operand:
        """How many elements there are."""
        if not sizes:
            return Const(1)
        times = RULES["op.Mult"].primitive
        return reduce(lambda a, b: self.builder.emit(times, (a, b)), sizes)


def raise_where(
    builder: Builder, test: tuple[str, Operand, Operand], kind: str, reason: str
) -> None:
    """Raise an error of a kind where a comparison of two sizes holds."""
    how, *operands = test
    raise_if(builder, builder.emit(RULES[how].primitive, operands), kind, reason)
