"""Narrowed tapes: what is read in the iteration that wrote it has no place for each iteration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.ir import For, Let, Phi, Stmt, Tuple, Var, uses, walk
from adxform.core.types import Array
from adxform.optimize.walk import Rewriter, is_op


def narrowed(
    made: list[Stmt], phi: Phi, names: set[str], made_by: Mapping[str, Let], builder: Builder
) -> list[Stmt]:
    """A loop, the last of some statements, with a tape of several places in each iteration as one
    of a single iteration; ``names`` are those that the tape has in the loop.
    """
    start = made_by.get(phi.first.name) if isinstance(phi.first, Var) else None
    shape = start.args[0] if is_op(start, "np.empty") else None
    if start is None or not isinstance(shape, Tuple):
        return made
    (*before, loop) = made
    places = {
        len(stmt.args[1].items) if isinstance(stmt.args[1], Tuple) else 1
        for stmt in walk((loop,))
        if isinstance(stmt, Let) and not names.isdisjoint(uses(stmt.args[:1]))
    }
    if min(places) < 2:
        return made
    narrow = _Narrow(builder.nested(), names)
    loop = narrow.without_first(loop)
    name = builder.name(builder.bases.get(phi.target))
    narrow.retype(name, phi.first.name)  # type: ignore[union-attr]
    sizes = shape.items[1:]
    size = sizes[0] if len(sizes) == 1 else Tuple(sizes)
    before.append(replace(start, targets=(name,), args=(size, *start.args[1:])))
    phis = tuple(
        replace(p, first=Var(name)) if p.target == phi.target else p for p in loop.phis
    )
    return [*before, replace(loop, phis=phis)]


class _Narrow(Rewriter):
    """Leaves out the first number of the places in some arrays."""

    def __init__(self, builder: Builder, arrays: set[str]) -> None:
        super().__init__(builder)
        self.arrays = arrays

    def without_first(self, loop: Stmt) -> For:
        for name in (*self.arrays,):
            self.retype(name, name)
        assert isinstance(loop, For)
        return replace(loop, body=self.nested(loop.body))

    def retype(self, name: str, like: str) -> None:
        known = self.builder.types.get(like)
        if isinstance(known, Array) and known.dims is not None:
            self.builder.types[name] = replace(known, dims=known.dims[1:])

    def let(self, stmt: Let) -> None:
        array, place = (*stmt.args[:2], None, None)[:2]
        if isinstance(array, Var) and array.name in self.arrays and isinstance(place, Tuple):
            rest = place.items[1:]
            index = rest[0] if len(rest) == 1 else Tuple(rest)
            stmt = replace(stmt, args=(array, index, *stmt.args[2:]))
        self.builder.append(stmt)
