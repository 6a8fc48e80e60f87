"""Unseen writes: what is read after them lies elsewhere in the array."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Const,
    Function,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Var,
    names_in,
    parts_of,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Scalar
from adxform.differentiate.common import names_for
from adxform.optimize.walk import Rewriter


def without_unseen_writes(function: Function, types: Types) -> Function:
    """``z_bar[1:] = 0.0`` goes if only ``z_bar[0]`` is read after it; then what was taken of the
    array before it need not be a copy.
    """
    writes = [s for s in walk(function.body) if _is(s, "update") and not _users(s)]
    if not writes:
        return function
    readers: dict[str, list[Stmt]] = {}
    merged = set(names_in(function.result))
    for stmt in walk(function.body):
        for name in reads_of(stmt):
            readers.setdefault(name, []).append(stmt)
        merged.update(tests_of(stmt), *(uses((p.first, p.second)) for p in phis_of(stmt)))
    walker = Rewriter(Builder(names_for(function, types), types, function.bases))
    whole: set[Operand] = set()
    for write in reversed(writes):
        assert isinstance(write, Let)
        later = readers.get(write.target, [])
        if write.target in merged or not all(_elsewhere(s, write, types) for s in later):
            continue
        walker.env[write.target] = walker.sub(write.args[0])
        whole.add(write.args[0])
    if not walker.env:
        return function
    parts = {s.target for s in walk(function.body) if isinstance(s, Let) and _is(s, "[]")
             and s.args[0] in whole}
    for stmt in walk(function.body):
        if isinstance(stmt, Let) and _is(stmt, "np.copy") and parts & set(uses(stmt.args)):
            walker.env[stmt.target] = stmt.args[0]
    return _renamed(function, walker)


def _renamed(function: Function, walker: Rewriter) -> Function:
    """A function in which names stand for what they are in ``env``, to the end."""
    for name, operand in list(walker.env.items()):
        while isinstance(operand, Var) and operand.name in walker.env:
            operand = walker.env[operand.name]
        walker.env[name] = operand
    walker.block(function.body)
    return replace(function, body=walker.builder.block, result=walker.sub(function.result))


def _users(stmt: Stmt) -> bool:
    """Whether a statement is the user's own, which may raise an error."""
    return stmt.origin is not None and stmt.origin.role == "primal"


def _is(stmt: Stmt, name: str) -> bool:
    return isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and stmt.op.name == name


def _elsewhere(stmt: Stmt, write: Let, types: Types) -> bool:
    """Whether a statement only reads other elements of an array than those that were written."""
    if not isinstance(stmt, Let) or not _is(stmt, "[]") or stmt.args[0] != Var(write.target):
        return False
    read, written = parts_of(stmt.args[1]), parts_of(write.args[1])
    if not all(_is_place(part, types) for part in (*read, *written)):
        return False
    pairs = zip(read, written, strict=False)
    return any(_apart(a, b) or _apart(b, a) for a, b in pairs)


def _is_place(part: Operand, types: Types) -> bool:
    """Whether a part of an index says where along one axis."""
    if isinstance(part, Var):
        return isinstance(types.get(part.name), Scalar)
    return isinstance(part, Slice) or type(getattr(part, "value", None)) is int


def _apart(place: Operand, stretch: Operand) -> bool:
    """Whether a numbered place is outside a stretch, whatever the length of the array."""
    if not isinstance(place, Const) or type(place.value) is not int:
        return False
    if isinstance(stretch, Const) and type(stretch.value) is int:
        return place.value != stretch.value and (place.value < 0) == (stretch.value < 0)
    if not isinstance(stretch, Slice) or stretch.step is not None:
        return False
    low, high = (getattr(end, "value", None) for end in (stretch.lower, stretch.upper))
    if place.value >= 0:
        above = type(low) is int and low > place.value
        return above or (type(high) is int and 0 <= high <= place.value)
    above = type(low) is int and place.value < low < 0
    return above or (type(high) is int and high < 0 and place.value >= high)
