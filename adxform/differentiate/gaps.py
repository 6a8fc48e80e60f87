"""Variables that a path may leave unbound: what their cotangent is where they have no value.

A phi merges ``undefined`` where a path binds nothing. Such a name is read only where the user's
program reads it; a zero of its shape is made from something else.
"""

from __future__ import annotations

from dataclasses import dataclass

from adxform.analysis.activity import Activity
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.dims import Dim, Sym
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Const,
    Let,
    Operand,
    Tuple,
    Var,
    phis_of,
    uses,
    walk,
)
from adxform.core.reads import reached
from adxform.core.types import ANY, Array, Scalar, Type, is_number
from adxform.differentiate.common import primitive, zeros

Extents = dict[Sym, Operand]


def maybe_unbound(block: Block) -> set[str]:
    """The names that have no value on some path."""
    phis = [phi for stmt in walk(block) if type(stmt) is not Let for phi in phis_of(stmt)]
    readers: dict[str, list[str]] = {}
    for phi in phis:
        for name in uses((phi.first, phi.second)):
            readers.setdefault(name, []).append(phi.target)
    return reached({p.target for p in phis if UNDEFINED in (p.first, p.second)}, readers)


def extents(params: tuple[str, ...], types: Types) -> Extents:
    """Where dimensions can be read: integers and shapes among the parameters."""
    found: Extents = {}
    for name in params:
        t = types.get(name, ANY)
        if isinstance(t, Scalar) and isinstance(t.value, Sym):
            found.setdefault(t.value, Var(name))
        if isinstance(t, Array) and t.dims is not None:
            for axis, dim in enumerate(t.dims):
                if isinstance(dim, Sym):
                    found.setdefault(dim, Tuple((Var(name), Const(axis))))
    return found


@dataclass(slots=True)
class Gaps:
    """The names of a function that may be unbound; ``loose`` are those whose cotangent may be the
    number 0.0 although they are arrays, because no shape is known where they are unbound. ``zeros``
    are such numbers in what is a derivative already.
    """

    names: set[str]
    loose: set[str]
    zeros: set[str]
    params: tuple[str, ...]
    types: Types

    def zero(self, builder: Builder, name: str, base: str | None) -> Operand:
        """A zero cotangent of a name that may be unbound here, of any shape where none is known."""
        made = self.shaped_zero(builder, name, base)
        return builder.emit(primitive("loose_zero"), ()) if made is None else made

    def shaped_zero(self, builder: Builder, name: str, base: str | None) -> Operand | None:
        """A zero of the shape of a name that may be unbound here, or None if it is not known."""
        known = builder.type_of(Var(name))
        if name in self.zeros:
            return None
        if name not in self.names or is_number(known):
            return zeros(builder, Var(name), base)
        if not isinstance(known, Array) or not _has_shape(known, extents(self.params, self.types)):
            return None
        alike = [p for p in self.params if self.types.get(p) == known]
        if alike:
            return zeros(builder, Var(alike[0]), base)
        origin, builder.origin = builder.origin, None
        shape = tuple(self._extent(builder, dim) for dim in known.dims or ())
        dtype = Const(None) if known.dtype == "float64" else Const(known.dtype)
        made = builder.emit(primitive("np.zeros"), (Tuple(shape), dtype), base)
        builder.origin = origin
        return made

    def _extent(self, builder: Builder, dim: Dim) -> Operand:
        if isinstance(dim, int):
            return Const(dim)
        found = extents(self.params, self.types)[dim]
        if not isinstance(found, Tuple):
            return found
        shape = builder.emit(primitive(".shape"), found.items[:1])
        return builder.emit(primitive("[]"), (shape, found.items[1]))


def gaps_of(block: Block, params: tuple[str, ...], types: Types, activity: Activity) -> Gaps:
    """What may be unbound in a function's block."""
    names = maybe_unbound(block)
    known = extents(params, types)
    loose = {n for n in names if n in activity and not _has_shape(types.get(n, ANY), known)}
    stmts, made = walk(block), primitive("loose_zero")
    phis = [p for s in stmts if type(s) is not Let for p in phis_of(s)]
    merged = {p.target: uses((p.first, p.second)) for p in phis}
    zeros = {stmt.target for stmt in stmts if type(stmt) is Let and stmt.op is made}
    return Gaps(names, reached(loose, merged), zeros, params, types)


def _has_shape(t: Type, known: Extents) -> bool:
    """Whether a zero of a type can be made without a value of it."""
    if isinstance(t, Array):
        dims = t.dims if t.dtype is not None else None
        return dims is not None and all(isinstance(d, int) or d in known for d in dims)
    return is_number(t)
