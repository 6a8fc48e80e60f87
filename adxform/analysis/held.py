"""Arrays that objects hold: through which attributes names were read, and what changes them."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from adxform.core.changes import outside_keys
from adxform.core.ir import (
    Callee,
    Effect,
    Function,
    Global,
    Let,
    Opaque,
    Primitive,
    Stmt,
    leaves,
    phis_of,
    uses,
    walk,
)
from adxform.core.trees import nodes


def changes_held(stmt: Stmt, met: tuple[Function, ...] = ()) -> frozenset[str]:
    """The attributes whose arrays a statement, or a function that it calls, may change in place."""
    if isinstance(stmt, Effect):
        return stmt.changes
    op = stmt.op if isinstance(stmt, Let) else None
    if isinstance(op, Opaque):
        return op.changes
    inner = op.function if isinstance(op, Callee) else None
    if inner is None or inner in met:
        return frozenset()
    return frozenset().union(*(changes_held(part, (*met, inner)) for part in walk(inner.body)))


def attributes_behind(stmts: Iterable[Stmt]) -> dict[str, frozenset[str]]:
    """The attributes of objects that names were read from, or what they are views of."""
    found: dict[str, frozenset[str]] = {}
    for _ in range(2):  # what loops carry
        for stmt in stmts:
            pairs = [(phi.target, uses((phi.first, phi.second)), "") for phi in phis_of(stmt)]
            match stmt:
                case Let(op=Opaque(tree=ast.Attribute() | ast.Subscript() as tree)):
                    read = [n.attr for n in nodes(tree) if isinstance(n, ast.Attribute)]
                    pairs.extend((stmt.target, stmt.reads, attr) for attr in read or [""])
                case Let(op=Primitive(fresh=True)):
                    continue
                case Let():
                    pairs.extend((target, stmt.reads, "") for target in stmt.targets)
            outside = outside_in(stmt) if isinstance(stmt, Let) else set()
            for target, reads, own in pairs:
                behind = (found.get(name, frozenset()) for name in (target, *reads))
                among = outside.union({own} - {""}, *behind)
                if among:
                    found[target] = frozenset(among)
    return found


def outside_in(stmt: Let) -> set[str]:
    """What an operation reads from outside, as ``outside_keys`` tell it."""
    read = (leaf for arg in stmt.args for leaf in leaves(arg) if isinstance(leaf, Global))
    return {key for leaf in read for key in outside_keys(leaf.text, leaf.value)}


def spoken(key: str) -> str:
    """An attribute, or what is outside, for a message."""
    return key[1:] if key.startswith("#") else f"an object's {key}"
