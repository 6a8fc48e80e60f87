"""Unseen writes: what is read after them lies elsewhere in the array."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.regions import Regions
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Function,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
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
    regions = Regions(function.body, types)
    whole: set[Operand] = set()
    for write in reversed(writes):
        assert isinstance(write, Let)
        later = readers.get(write.target, [])
        if write.target in merged or not all(_elsewhere(s, write, regions) for s in later):
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


def _elsewhere(stmt: Stmt, write: Let, regions: Regions) -> bool:
    """Whether a statement only reads other elements of an array than those that were written."""
    if not isinstance(stmt, Let) or not _is(stmt, "[]") or stmt.args[0] != Var(write.target):
        return False
    return regions.apart(write.args[1], stmt.args[1])
