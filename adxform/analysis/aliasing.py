"""Aliasing: which names may stand for the same memory.

Names are put in one class when an operation may give a view of (or the very object of) its
operand. Numbers have no memory of their own.
"""

from __future__ import annotations

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Effect,
    Function,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Slice,
    Tuple,
    Var,
    names_in,
    phis_of,
    uses,
    walk,
)
from adxform.core.types import ANY, INERT, Array, Known, Scalar, Type
from adxform.rules.table import RULES

IN_PLACE = frozenset({"update", "append", "keep", "accumulate", "accumulate_at"})


def has_memory(t: Type) -> bool:
    """Whether a value can be changed in place, or be seen to change."""
    return not isinstance(t, Scalar | Known) and t is not INERT


def may_repeat(index: Operand, types: Types) -> bool:
    """Whether an index may name an element twice: only integer arrays and lists do."""
    parts = index.items if isinstance(index, Tuple) and not index.is_list else (index,)
    return any(_repeats(part, types) for part in parts)


def _repeats(part: Operand, types: Types) -> bool:
    if isinstance(part, Const | Slice):
        return False
    if isinstance(part, Tuple):
        return True
    known = types.get(part.name, ANY) if isinstance(part, Var) else ANY
    return not isinstance(known, Scalar) and getattr(known, "dtype", None) != "bool"


def writes(op: Primitive) -> bool:
    """Whether an operation may write into the memory of its first operand."""
    return op.name in IN_PLACE or op.name.startswith("augment.")


def _seen_through(stmt: Let, op: Primitive) -> list[Operand]:
    """The operands that a result may be a view of: of those of a linear operation, such as a
    reshape, what it is linear in, and not the shape or what only has the shape.
    """
    linear_in = RULES[op.name].linear_in
    pairs = zip(op.params, stmt.args, strict=True)
    return [arg for name, arg in pairs if name in linear_in or not linear_in]


class Aliases:
    """Classes of names that may share memory, as a forest of representatives."""

    def __init__(self, block: Block, types: Types) -> None:
        self.types = types
        self.parent: dict[str, str] = {}
        for stmt in walk(block):
            if isinstance(stmt, Let):
                self._operation(stmt)
            elif isinstance(stmt, Effect):
                read = [n for _, o in stmt.reads for n in names_in(o)]
                self._unite([name for _, name in stmt.writes] + (read if stmt.writes else []))
            for phi in phis_of(stmt):
                self._phi(phi)
        self._keep_stored(block)

    def of(self, name: str) -> str:
        """The representative of a name's class."""
        root = name
        while (up := self.parent.get(root, root)) != root:
            root = up
        while self.parent.get(name, name) != root:
            self.parent[name], name = root, self.parent.get(name, name)
        return root

    def _operation(self, stmt: Let) -> None:
        op = stmt.op
        if isinstance(op, Primitive):
            if writes(op):
                self._unite([stmt.target, *uses(stmt.args[:1])])
            elif op.name == "[]":
                if not self._copies(stmt.args[1]):
                    self._unite([stmt.target, *uses(stmt.args[:1])])
            elif not op.fresh:
                self._unite([stmt.target, *uses(_seen_through(stmt, op))])
        elif isinstance(op, Callee):
            self._unite([*stmt.targets, *uses(stmt.args)])
        elif isinstance(op, Opaque) and not op.boolean:
            self._unite([stmt.target, *uses(stmt.args)])

    def _copies(self, index: Operand) -> bool:
        """Whether an index is an array, so that NumPy gives a copy of the elements."""
        parts = index.items if isinstance(index, Tuple) and not index.is_list else (index,)
        return any(isinstance(type_of(part, self.types), Array) for part in parts)

    def _keep_stored(self, block: Block) -> None:
        """A list keeps the very object that is put in it (an array keeps a copy); that matters
        only if the object is written to.
        """
        written: set[str] = set()
        stored: list[Let] = []
        for stmt in walk(block):
            if isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and writes(stmt.op):
                written.update(self.of(n) for n in uses(stmt.args[:1]))
                container = self.types.get(stmt.target, ANY)
                if stmt.op.name in ("update", "append") and not isinstance(container, Array):
                    stored.append(stmt)
        for stmt in stored:
            if any(self.of(n) in written for n in uses(stmt.args[2:])):
                self._unite([stmt.target, *uses(stmt.args[2:])])

    def _phi(self, phi: Phi) -> None:
        self._unite([phi.target, *uses((phi.first, phi.second))])

    def _unite(self, names: list[str]) -> None:
        shared = [n for n in names if has_memory(self.types.get(n, ANY))]
        for name in shared[1:]:
            self.parent[self.of(name)] = self.of(shared[0])


def fresh_names(function: Function, types: Types) -> set[str]:
    """Names whose memory no parameter and nothing outside the function can see."""
    fresh: set[str] = set()
    for stmt in walk(function.body):
        if (
            isinstance(stmt, Let)
            and isinstance(stmt.op, Primitive)
            and (stmt.op.fresh or stmt.op.name in IN_PLACE)
        ):
            fresh.add(stmt.target)
    phis = [phi for stmt in walk(function.body) for phi in phis_of(stmt)]
    fresh.update(phi.target for phi in phis)
    moved = True
    while moved:
        moved = False
        for phi in phis:
            names = uses((phi.first, phi.second))
            if phi.target in fresh and not all(
                n in fresh or not has_memory(types.get(n, ANY)) for n in names
            ):
                fresh.discard(phi.target)
                moved = True
    return fresh
