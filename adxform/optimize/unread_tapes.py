"""Unread tapes: one that is read only where it was just written gives way to what was written."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.regions import is_place
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Function,
    Let,
    Operand,
    Primitive,
    Var,
    names_in,
    parts_of,
    reads_of,
    tests_of,
    uses,
)
from adxform.core.types import Array, ListOf, Scalar
from adxform.differentiate.common import names_for
from adxform.differentiate.increments import same
from adxform.optimize.chains import STORES
from adxform.optimize.walk import Rewriter

MADE = frozenset({"np.empty", "list_of"})


def without_unread_tapes(function: Function, types: Types) -> Function:
    """A function that reads what it wrote, rather than where."""
    found = _Found(function, types).values()
    if not found:
        return function
    walker = Rewriter(Builder(names_for(function, types), types, function.bases))
    walker.env = found
    walker.block(function.body)
    return replace(function, body=walker.builder.block, result=walker.sub(function.result))


class _Found:
    """The elements that are read of each array that a function makes, and what they are."""

    def __init__(self, function: Function, types: Types) -> None:
        self.function = function
        self.types = types
        self.made: dict[str, Let] = {}
        self.held = index(function.body)

    def values(self) -> dict[str, Operand]:
        family = self.families()
        if not family:
            return {}
        self.made = self.held.made_by
        values: dict[str, Operand] = {}
        lost = {family.get(n) for n in names_in(self.function.result)}
        for stmt in self.held.stmts:
            if type(stmt) is Let and family.keys().isdisjoint(stmt.reads):  # as most are
                continue
            args = stmt.args if isinstance(stmt, Let) else ()
            array = args[0].name if args and isinstance(args[0], Var) else ""
            others = [*tests_of(stmt), *(uses(args[1:]) if array else reads_of(stmt))]
            lost.update(map(family.get, others))
            if array not in family or not isinstance(stmt, Let) or self.stores(stmt):
                continue
            value = self.value(stmt, array)
            if value is None:
                lost.add(family[array])
            else:
                values[stmt.target] = value
        return {
            name: value
            for name, value in values.items()
            if family[self.made[name].args[0].name] not in lost  # type: ignore[union-attr]
        }

    def stores(self, stmt: Let) -> bool:
        return isinstance(stmt.op, Primitive) and stmt.op.name in STORES

    def families(self) -> dict[str, str]:
        """The names that each tape goes by, through writes and phis; an array of the user's may be
        written to out of bounds, which is to be seen.
        """
        family = {s.target: s.target for s in self.held.of(*MADE) if s.origin is None}
        before = -1
        merged = [(p.target, uses((p.first, p.second))) for p in self.held.phis] if family else []
        stored = self.held.of(*STORES) if family else []
        while family and before < len(family):
            before = len(family)
            for stmt in stored:
                first = stmt.args[0]
                if isinstance(first, Var) and first.name in family:
                    family[stmt.target] = family[first.name]
            for target, names in merged:
                parts = [family[n] for n in names if n in family]
                if parts:
                    family[target] = min(parts)
        mixed: set[str | None] = set()
        for target, names in merged:
            if target in family or not family.keys().isdisjoint(names):
                roots = {family.get(n) for n in (target, *names)}
                mixed.update(roots if len(roots) > 1 else ())
        return {name: root for name, root in family.items() if root not in mixed}

    def value(self, stmt: Let, array: str) -> Operand | None:
        """What is read, if it was written by the statement that made this version of the array."""
        write = self.made.get(array)
        if write is None or not self.stores(write):
            return None
        if not isinstance(stmt.op, Primitive) or stmt.op.name != "[]":
            return None
        index, value = write.args[1:]
        if not same(stmt.args[1], index, self.made):
            return None
        if not all(is_place(part, self.types) for part in parts_of(index)):
            return None
        return value if self.kept(array, stmt.target, value) else None

    def kept(self, array: str, name: str, value: Operand) -> bool:
        """Whether a value is not cast where it is written."""
        if isinstance(self.types.get(array), ListOf):
            return True
        if not isinstance(value, Var):
            return False
        own, its = self.types.get(name), self.types.get(value.name)
        match own, its:
            case Scalar(a), Scalar(b):
                return a == b
            case Array(a, dims), Array(b, others):
                return a == b and a is not None and dims == others and dims is not None
            case _:
                return False
