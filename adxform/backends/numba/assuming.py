"""Sizes that operations want to be equal, where NumPy would stretch along one that is 1.

What slices leave may be of one element, and then NumPy stretches it. That is seldom meant: here it
is asked whether sizes are equal as soon as the arrays are there, and from then on they are, so that
loop nests can be written. Where they are not the kernel raises, and one that stretches is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adxform.analysis.types import Types
from adxform.backends.numba.elements import ALSO_POINTWISE
from adxform.backends.numba.shapes import raise_where, size_name
from adxform.core.builder import Builder, result_types, type_of
from adxform.core.dims import Dim, Stop, Sym, may_be_one, unknown_dim
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    parts_of,
    phis_of,
    walk,
)
from adxform.core.operands import begins_at
from adxform.core.types import ANY, Array, Scalar, Type, dims_of, is_number
from adxform.differentiate.common import names_for
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.simplify import Simplify
from adxform.optimize.walk import Rewriter, is_op, rewritten
from adxform.rules.table import LOWERINGS, RULES

REASON = "operands could not be broadcast together"
FITTED = frozenset({"unbroadcast", "np.dot", "op.MatMult", "np.matmul"})


def assumed(function: Function, types: Types) -> tuple[Function, Types] | None:
    """A function that raises where an array is stretched along an axis of which that is not known;
    None if there is none.
    """
    types = _apart(function, types)
    wished = _wishes(function, types)
    unfit: set[Dim] = set()
    while wished:
        known = dict(types)
        builder = Builder(names_for(function, known), known, dict(function.bases))
        asking = _Asking(builder, wished, unfit)
        for param in function.params:
            asking.bound(param.name)
        made = rewritten(replace(function, bases=builder.bases), asking)
        if asking.unfit == unfit:
            break
        unfit = asking.unfit
    if not wished or not asking.equal:
        return None
    arrays = [(name, t) for name, t in known.items() if isinstance(t, Array)]
    known.update((name, asking.settled(t)) for name, t in arrays)  # numbers are what is compared
    made = rewritten(made, _Lowered(Builder(builder.names, known, builder.bases)))
    return replace(made, body=eliminate_dead_code(made.body, (made.result,))), known


def _apart(function: Function, types: Types) -> Types:
    """Types in which an unsure size has another symbol in each block that it comes about in: the
    two sweeps of a loop have the same, though they do not go together.
    """
    made, seen = dict(types), set[Sym]()

    def begins(name: str, here: dict[Sym, Sym]) -> None:
        known = made.get(name)
        value = known.value if isinstance(known, Scalar) else None
        for dim in (*(dims_of(known or ANY) or ()), value):
            if isinstance(dim, Sym) and may_be_one(dim) and dim not in here:
                here[dim] = unknown_dim() if dim in seen else dim
                seen.add(dim)
        if known is not None:
            made[name] = with_dims(known, lambda dim: here.get(dim, dim))

    def block(stmts: Block, here: dict[Sym, Sym]) -> None:
        for stmt in stmts:
            for phi in phis_of(stmt) if isinstance(stmt, For | While) else ():
                begins(phi.target, here)
            inside = dict(here)
            for inner in blocks_of(stmt):  # what a loop's head computes is known in its body
                inside = inside if isinstance(stmt, While) else dict(here)
                block(inner, inside)
            for name in binds_of(stmt):
                begins(name, here)

    here: dict[Sym, Sym] = {}
    for param in function.params:
        begins(param.name, here)
    block(function.body, here)
    return made


def with_dims(t: Type, change: Callable[[Any], Any]) -> Type:
    """A type with other dimensions; that of a number with another symbol for it."""
    if isinstance(t, Array) and t.dims is not None:
        return Array(t.dtype, tuple(map(change, t.dims)))
    if isinstance(t, Scalar) and isinstance(t.value, Sym):
        return replace(t, value=change(t.value))
    return t


def _wishes(function: Function, types: Types) -> dict[Dim, set[Dim]]:
    """Dimensions that operations want to be equal, where one of them may be 1."""
    found: dict[Dim, set[Dim]] = {}
    for stmt in walk(function.body):
        for dims in _met(stmt, types):
            group = dims.union(*(found.get(dim, ()) for dim in dims))
            found.update(dict.fromkeys(group, group))
    return found


def _met(stmt: Stmt, types: Types) -> list[set[Dim]]:
    """For each axis of an operation's result the dimensions that meet there, if they are several
    and not all sure.
    """
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return []
    name = stmt.op.name
    if RULES[name].kind != "elementwise" and name not in ALSO_POINTWISE | FITTED:
        return []
    shapes = [dims_of(type_of(arg, types)) or () for arg in stmt.args]
    ranks = [len(dims) for dims in shapes]
    if name in FITTED and (ranks[0] != ranks[1] or (name != "unbroadcast" and ranks != [1, 1])):
        return []
    made = () if name in FITTED else dims_of(types.get(stmt.target, ANY)) or ()
    axes = range(1, max(ranks, default=0) + 1)
    met = [{dims[-i] for dims in shapes if len(dims) >= i and dims[-i] != 1} for i in axes]
    unsure = [len(dims) > 1 and any(map(may_be_one, dims)) for dims in met]
    pairs = zip(axes, met, unsure, strict=True)
    return [dims.union(made[-i : len(made) - i + 1]) for i, dims, several in pairs if several]


class _Asking(Rewriter):
    """Asks whether an array has the sizes that are ``wished``, as soon as it is there.

    ``equal`` are the dimensions that others are found to be from there on. Those that are ``unfit``
    are left alone: of arrays that come about in several places, or of what loops carry.
    """

    def __init__(
        self, builder: Builder, wished: dict[Dim, set[Dim]], unfit: set[Dim]
    ) -> None:
        super().__init__(builder)
        self.wished = wished
        self.left = unfit
        self.unfit = set(unfit)
        self.equal: dict[Dim, Dim] = {}
        self.sizes: list[dict[Dim, Operand | None]] = [{}]  # by block; None of what loops carry
        self.seen: set[Dim] = set()
        self.taken: list[dict[object, tuple[Dim, ...]]] = [{}]  # by block: what slices have left
        self.sums: dict[str, object] = {}  # of numbers
        shapes = [dims_of(t) or () for t in builder.types.values()]
        self.named = {d.name for dims in shapes for d in dims if isinstance(d, Sym)}

    def enter(self) -> None:
        self.sizes.append({})
        self.taken.append({})

    def leave(self) -> None:
        self.sizes.pop()
        self.taken.pop()

    def size(self, dim: Dim) -> Operand | None:
        """A size as an operand; None if that of no array that is there."""
        if isinstance(dim, int):
            return Const(dim)
        return next((known[dim] for known in self.sizes if dim in known), None)

    def begins(self, name: str) -> list[tuple[int, Sym]]:
        """A name is bound: the axes along which it is the first to have a size."""
        known = self.builder.types.get(name)
        if not isinstance(known, Array) or known.dims is None:
            return []
        found: list[tuple[int, Sym]] = []
        for axis, dim in enumerate(known.dims):
            if isinstance(dim, Sym) and not any(dim in sizes for sizes in self.sizes):
                if dim in self.seen:
                    self.unfit.add(dim)
                self.seen.add(dim)
                self.sizes[-1][dim] = None
                found.append((axis, dim))
        return found

    def bound(self, name: str) -> list[tuple[int, Sym]]:
        """The same, where the sizes are asked for."""
        fresh = self.begins(name)
        for axis, dim in fresh:
            shape = self.builder.emit(RULES[".shape"].primitive, (Var(name),))
            args, base = (shape, Const(axis)), size_name(axis, self.builder.types[name])
            self.sizes[-1][dim] = self.builder.emit(RULES["[]"].primitive, args, base)
        return fresh

    def let(self, stmt: Let) -> None:
        if is_op(stmt, "update", "accumulate_at"):
            stmt = self.fitting(stmt)
        self.builder.append(stmt)
        if is_op(stmt, "op.Add", "op.Sub"):
            self.sums[stmt.target] = stmt.op, *map(self.word, stmt.args)
        for target in stmt.targets:
            fresh = self.bound(target)
            dims = self.inferred(stmt) if fresh else ()
            for axis, dim in fresh:
                if dim not in self.left:
                    self.meets(dim, dims[axis] if axis < len(dims) else dim)
        if is_op(stmt, "[]"):
            left = dims_of(type_of(Var(stmt.target), self.builder.types))
            self.taken[-1].setdefault(self.cut(*stmt.args), left or ())

    def meets(self, dim: Sym, given: Dim) -> None:
        """A size is there; ``given`` is what was inferred of it."""
        own: Dim = dim
        if self.is_other(given, dim):
            self.equal[dim] = own = given
            if self.size(given) is not None or not isinstance(given, Sym):
                return
            if given in self.seen:
                self.unfit.add(given)
            self.seen.add(given)
            self.sizes[-1][given] = self.size(dim)
        for other in sorted(map(self.same, self.wished.get(dim, ())), key=str):
            if other != own and self.size(other) is not None:
                self.require(own, other)
                self.equal[own] = other
                return

    def is_other(self, given: Dim, dim: Dim) -> bool:
        """Whether a dimension that was inferred is one of those that there are, or one less."""
        if isinstance(given, int) or given == dim or given in self.left:
            return isinstance(given, int)
        return not {given.name, given.name.rpartition("-")[0]}.isdisjoint(self.named)

    def inferred(self, stmt: Let) -> tuple[Dim, ...]:
        """The dimensions of a result, by what is known of its operands meanwhile."""
        if len(stmt.targets) > 1 or not isinstance(stmt.op, Primitive):
            return ()
        types = self.builder.types
        own = {name: self.settled(types[name]) for name in stmt.reads if name in types}
        return dims_of(result_types(stmt, own)[0]) or ()

    def require(self, dim: Dim, other: Dim) -> None:
        """Raise where two sizes are not the same."""
        one, two = self.size(dim), self.size(other)
        assert one is not None and two is not None
        raise_where(self.builder, ("op.NotEq", one, two), "ValueError", REASON)

    def fitting(self, stmt: Let) -> Let:
        """A write to what slices leave, whose types say that the value has its size."""
        base, index, value = stmt.args
        types = self.builder.types
        given, parts = dims_of(type_of(value, types)), list(parts_of(index))
        ends: dict[int, Stop] = {}
        axis = -1
        for place, part in enumerate(parts):
            if not isinstance(part, Slice):
                if is_number(type_of(part, types)):
                    continue
                return stmt
            axis += 1
            first = begins_at(part)
            if not given or axis >= len(given) or first is None or not isinstance(part.upper, Var):
                continue
            dim = self.same(given[axis])
            if dim != 1 and self.size(dim) is not None:
                ends[place] = Stop(f"{first}+{dim}", first=first, dim=dim)
        if not ends:
            return stmt
        left = self.left_by(base, index)
        for place, end in ends.items():
            part = parts[place]
            assert isinstance(part, Slice) and part.upper is not None
            own = left[sum(isinstance(before, Slice) for before in parts[:place])]
            if self.same(own) != end.dim:
                self.require(own, end.dim)
            stop = self.builder.emit(RULES["rename"].primitive, (part.upper,), "stop")
            types[stop.name] = Scalar("int64", value=end)
            parts[place] = replace(part, upper=stop)
        index = parts[0] if len(parts) == 1 else Tuple(tuple(parts))
        return replace(stmt, args=(base, index, value))

    def left_by(self, base: Operand, index: Operand) -> tuple[Dim, ...]:
        """The sizes of what slices leave of an array."""
        cut = self.cut(base, index)
        found = next((known[cut] for known in self.taken if cut in known), None)
        if found is None or None in map(self.size, found):
            view = self.builder.emit(RULES["[]"].primitive, (base, index))
            self.bound(view.name)
            found = self.taken[-1][cut] = dims_of(self.builder.types[view.name]) or ()
        return found

    def cut(self, base: Operand, index: Operand) -> object:
        """What says of which sizes the part is that an index takes."""
        dims = dims_of(self.settled(type_of(base, self.builder.types)))
        return dims, tuple(map(self.word, parts_of(index)))

    def word(self, operand: Operand | None) -> object:
        """What says which number an operand is: alike for what is computed twice."""
        if isinstance(operand, Slice):
            return tuple(map(self.word, (operand.lower, operand.upper, operand.step)))
        return self.sums.get(operand.name, operand) if isinstance(operand, Var) else operand

    def same(self, dim: Dim) -> Dim:
        while dim in self.equal:
            dim = self.equal[dim]
        return dim

    def settled(self, t: Type) -> Type:
        """A type with the dimensions that others are equal to."""
        return with_dims(t, self.same)

    # --- what paths meet in ---------------------------------------------------------------------

    def merges(self, phis: tuple[Phi, ...]) -> None:
        for phi in phis:
            self.unfit.update(dim for _, dim in self.begins(phi.target))

    def branch(self, stmt: If) -> None:
        super().branch(stmt)
        self.merges(stmt.phis)

    def loop(self, stmt: For | While) -> None:
        self.merges(stmt.phis)
        super().loop(stmt)


class _Lowered(Simplify):
    """Writes helpers as plain NumPy, where types say how by now."""

    def let(self, stmt: Let) -> None:
        if is_op(stmt, *LOWERINGS):
            super().let(stmt)
        else:
            self.builder.append(stmt)
