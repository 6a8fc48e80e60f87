"""Names that nothing reads: found among phis, and taken out of a block."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from adxform.core.index import index
from adxform.core.ir import (
    Block,
    For,
    If,
    Operand,
    Phi,
    Stmt,
    While,
    binds_of,
    names_in,
    reads_of,
    tests_of,
    uses,
)


def unread_phis(block: Block, result: Operand) -> set[str]:
    """The phis that no statement reads, nor a phi that one reads."""
    sources = {p.target: uses((p.first, p.second)) for p in index(block).phis}
    live = set(names_in(result))
    for let in index(block).lets if sources else ():
        live.update(let.reads)
    for stmt in index(block).others if sources else ():
        live.update((*reads_of(stmt), *tests_of(stmt)))
    work = list(live)
    while work:
        found = [n for n in sources.get(work.pop(), ()) if n not in live]
        live.update(found)
        work.extend(found)
    return sources.keys() - live


def without(block: Block, names: AbstractSet[str]) -> Block:
    """A block without what binds some names that nothing reads."""
    kept: list[Stmt] = []
    for stmt in block:
        match stmt:
            case If(then=then, orelse=orelse, phis=phis):
                then, orelse = without(then, names), without(orelse, names)
                kept.append(replace(stmt, then=then, orelse=orelse, phis=_others(phis, names)))
            case For(body=body, phis=phis):
                kept.append(replace(stmt, body=without(body, names), phis=_others(phis, names)))
            case While(head=head, body=body, phis=phis):
                head, body = without(head, names), without(body, names)
                kept.append(replace(stmt, head=head, body=body, phis=_others(phis, names)))
            case _:
                bound = set(binds_of(stmt))
                if not bound or not bound <= names:
                    kept.append(stmt)
    return tuple(kept)


def _others(phis: tuple[Phi, ...], names: AbstractSet[str]) -> tuple[Phi, ...]:
    return tuple(phi for phi in phis if phi.target not in names)
