"""What statements that are carried verbatim may change, under all names that it may go by.

A set that a loop adds to has one name in Core, whatever is in it: what is asked of it may not be
asked again in the reverse sweep, when it holds all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from adxform.analysis.aliasing import root_of
from adxform.analysis.held import changes_held
from adxform.analysis.mutation import may_change
from adxform.analysis.types import Types
from adxform.core.changes import ANY_ATTRIBUTE, OUTSIDE, REBOUND, outside_keys
from adxform.core.ir import (
    Block,
    Callee,
    Effect,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Primitive,
    Stmt,
    leaves,
    phis_of,
    uses,
    walk,
)
from adxform.core.trees import names, nodes
from adxform.core.types import ANY, Known, Number, Object, Scalar

_UNCHANGING = (Scalar, Number, Known, Object)


def changed_names(block: Block, types: Types) -> set[str]:
    """The names, of variables and from outside, of what verbatim statements may change."""
    stmts = walk(block)
    special = [s for s in stmts if type(s) is not Let or type(s.op) is not Primitive]
    changed = {name for stmt in special for name in _may_change(stmt, [])}
    if not changed:
        return changed
    parent: dict[str, str] = {}
    shared: set[str] = set()

    def unite(targets: Iterable[str], operands: Iterable[Operand]) -> None:
        together = [n for n in (*targets, *_mentioned(operands))
                    if not isinstance(types.get(n, ANY), _UNCHANGING)]
        shared.update(together)
        for name in together[1:]:
            parent[root_of(parent, name)] = root_of(parent, together[0])

    for stmt in stmts:
        if isinstance(stmt, Let) and not (isinstance(stmt.op, Primitive) and stmt.op.fresh):
            unite(stmt.targets, stmt.args)
        elif isinstance(stmt, Effect):
            unite((n for _, n in stmt.writes), (o for _, o in stmt.reads))
        for phi in phis_of(stmt):
            unite((phi.target,), (phi.first, phi.second))
    roots = {root_of(parent, name) for name in changed}
    return changed | {name for name in shared if root_of(parent, name) in roots}


def reads_changed(let: Let, changed: set[str]) -> bool:
    """Whether an operation reads what may have changed since."""
    if not changed:
        return False
    inside = [*names(let.op.tree), *_attributes(let.op)] if isinstance(let.op, Opaque) else []
    return not changed.isdisjoint((*_mentioned(let.args), *inside))


def _attributes(op: Opaque) -> list[str]:
    """The attributes that an expression reads, as they are said to be assigned."""
    read = [node.attr for node in nodes(op.tree) if isinstance(node, ast.Attribute)]
    return [REBOUND + name for name in (*read, *([ANY_ATTRIBUTE] if read else []))]


def _mentioned(operands: Iterable[Operand]) -> list[str]:
    """The names that operands read, those from outside among them."""
    given = list(operands)
    outside = [leaf for o in given for leaf in leaves(o) if isinstance(leaf, Global)]
    keys = (key for leaf in outside for key in outside_keys(leaf.text, leaf.value))
    heads = (leaf.text.partition(".")[0] for leaf in outside)
    return [*uses(given), *heads, *(key for key in keys if key[0] == OUTSIDE)]


def _may_change(stmt: Stmt, met: list[Function | None]) -> list[str]:
    """What a statement may change, or a function that it calls; ``met`` are those around."""
    if isinstance(stmt, Let) and isinstance(stmt.op, Callee):
        inner = stmt.op.function
        if inner in met:  # what it changes is known from its other statements
            return []
        body = walk(inner.body) if inner is not None else []
        inside = [name for s in body for name in _may_change(s, [*met, inner])]
        return [*uses(stmt.args), *inside] if inside or inner is None else []
    outside = (key for key in changes_held(stmt) if key[0] in (REBOUND, OUTSIDE))
    found = [*may_change(stmt), *outside]
    tree = stmt.tree if isinstance(stmt, Effect) and not stmt.harmless else None
    return found if tree is None else [*found, *names(tree)]
