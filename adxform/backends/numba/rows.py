"""Rows: arrays that are computed in the part of another array that they are stored in."""

from __future__ import annotations

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.backends.numba.elements import Reduced, part_written
from adxform.backends.numba.plan import Plan
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Effect,
    Let,
    Operand,
    Primitive,
    Slice,
    Var,
    names_in,
    parts_of,
    phis_of,
    reads_of,
    uses,
    walk,
)
from adxform.core.types import Array


class Rows:
    """Finds them: what is recorded need not be made first, and copied then.

    Such an array shares memory with what it is stored in. So nothing else may be written to either
    of them, and nobody may read the one before it is stored, or the other after its iteration.
    """

    def __init__(self, block: Block, result: Operand, types: Types, aliases: Aliases) -> None:
        self.types = types
        self.aliases = aliases
        self.leaving = {aliases.of(name) for name in names_in(result)}
        self.writes: dict[str, int] = {}
        for stmt in walk(block):
            for phi in phis_of(stmt):
                merged = uses((Var(phi.target), phi.first, phi.second))
                self.leaving.update(
                    aliases.of(n) for n in merged if isinstance(types.get(n), Array)
                )
            if isinstance(stmt, Effect) or (isinstance(stmt, Let) and _is_call(stmt)):
                self.leaving.update(map(aliases.of, reads_of(stmt)))
            elif isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and writes(stmt.op):
                for name in uses(stmt.args[:1]):
                    of = aliases.of(name)
                    self.writes[of] = self.writes.get(of, 0) + 1
                    if not isinstance(types.get(name), Array):  # a list holds what is put in it
                        self.leaving.update(map(aliases.of, uses(stmt.args[1:])))

    def find(self, block: Block, plan: Plan) -> dict[str, Let]:
        """The arrays of a block that are computed in place, and the statements that store them."""
        made = {s.target: place for place, s in enumerate(block) if isinstance(s, Let)}
        read = self._first_reads(block)
        found: dict[str, Let] = {}
        for place, stmt in enumerate(block):
            value = part_written(stmt, self.types) if isinstance(stmt, Let) else None
            if value is None or value.name not in made or value.name in found:
                continue
            assert isinstance(stmt, Let)
            first = block[made[value.name]]
            assert isinstance(first, Let)
            known = all(made.get(n, -1) < made[value.name] for n in uses(stmt.args[:2]))
            whole = {self.aliases.of(n) for n in uses(stmt.args[:1])}
            unread = all(read[of] >= place for of in whole)  # nor late, by what is before
            if known and unread and self._fits(stmt, first, plan):
                found[value.name] = stmt
        return found

    def _fits(self, store: Let, first: Let, plan: Plan) -> bool:
        """Whether an array can be what a part of the other holds."""
        both = (store.args[0], Var(first.target))
        whole, part = (self.aliases.of(n) for n in uses(both))
        element = plan.elements.get(first.target)
        dtypes = {getattr(self.types.get(n), "dtype", None) for n in uses(both)}
        return (
            element is not None
            and first.target not in plan.lazy
            and not (isinstance(element, Reduced) and not element.trailing)
            and store.op.name == "update"  # type: ignore[union-attr]
            and not any(isinstance(p, Slice | Const) for p in parts_of(store.args[1]))
            and len(dtypes) == 1
            and whole != part
            and self.writes.get(whole) == 1
            and not self.writes.get(part)
            and part not in self.leaving
        )

    def _first_reads(self, block: Block) -> dict[str, int]:
        """Where a block first reads each class of memory, within nested blocks, too."""
        found: dict[str, int] = {}
        for place, stmt in enumerate(block):
            for inner in walk((stmt,)):
                for name in reads_of(inner):
                    found.setdefault(self.aliases.of(name), place)
        return found


def _is_call(stmt: Let) -> bool:
    return isinstance(stmt.op, Callee)
