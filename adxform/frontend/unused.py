"""What is not used: phis that nothing reads, and functions defined inside all of whose calls were
lowered.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from dataclasses import replace

from adxform.core.ir import (
    Block,
    Effect,
    For,
    If,
    Let,
    Opaque,
    Operand,
    Phi,
    Stmt,
    While,
    binds_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.types import Object, Type


def drop_unused(block: Block, result: Operand, types: dict[str, Type]) -> Block:
    """A block without phis and functions that nothing else reads."""
    return _without_phis(_without_functions(block, result, types), result)


def _without_phis(block: Block, result: Operand) -> Block:
    """A block without the phis that no statement reads, nor a phi that one reads."""
    sources = {
        phi.target: uses((phi.first, phi.second)) for s in walk(block) for phi in phis_of(s)
    }
    if not sources:
        return block
    work = list(names_in(result))
    for stmt in walk(block):
        work.extend(reads_of(stmt))
        work.extend(tests_of(stmt))
    live = set(work)
    while work:
        found = [n for n in sources.get(work.pop(), ()) if n not in live]
        live.update(found)
        work.extend(found)
    dead = sources.keys() - live
    return _without(block, dead) if dead else block


def _without_functions(block: Block, result: Operand, types: dict[str, Type]) -> Block:
    """A block without the functions, and phis of functions, that no other statement reads."""
    made = {n for stmt in walk(block) for n in binds_of(stmt) if _is_function(stmt, n, types)}
    phis = {phi.target: phi for stmt in walk(block) for phi in phis_of(stmt)}
    if not made:
        return block
    sources = {n: uses((phi.first, phi.second)) for n, phi in phis.items()}
    carried = {n for n, found in sources.items() if made.intersection(found)}
    while grown := {n for n, f in sources.items() if n not in carried and carried.intersection(f)}:
        carried |= grown
    live = set(names_in(result))
    for stmt in walk(block):
        function = isinstance(stmt, Let | Effect) and bool(binds_of(stmt))
        if not function or not made.issuperset(binds_of(stmt)):
            live.update(reads_of(stmt))
        live.update(tests_of(stmt))
        live.update(n for phi in phis_of(stmt) if phi.target not in carried
                    for n in sources[phi.target])
    work = list(live & (made | carried))
    owners = {n: stmt for stmt in walk(block) for n in binds_of(stmt) if n in made}
    while work:
        name = work.pop()
        for source in sources[name] if name in sources else reads_of(owners[name]):
            if source not in live:
                live.add(source)
                if source in made or source in carried:
                    work.append(source)
    return _without(block, (made | carried) - live)


def _is_function(stmt: Stmt, name: str, types: dict[str, Type]) -> bool:
    match stmt:
        case Effect(tree=ast.FunctionDef()):
            return True
        case Let(op=Opaque()):
            return isinstance(types.get(name), Object)
        case _:
            return False


def _without(block: Block, dead: AbstractSet[str]) -> Block:
    kept: list[Stmt] = []
    for stmt in block:
        match stmt:
            case If(then=then, orelse=orelse, phis=phis):
                then, orelse = _without(then, dead), _without(orelse, dead)
                kept.append(replace(stmt, then=then, orelse=orelse, phis=_live(phis, dead)))
            case For(body=body, phis=phis):
                kept.append(replace(stmt, body=_without(body, dead), phis=_live(phis, dead)))
            case While(head=head, body=body, phis=phis):
                head, body = _without(head, dead), _without(body, dead)
                kept.append(replace(stmt, head=head, body=body, phis=_live(phis, dead)))
            case _:
                bound = binds_of(stmt)
                if not bound or not dead >= set(bound):
                    kept.append(stmt)
    return tuple(kept)


def _live(phis: tuple[Phi, ...], dead: AbstractSet[str]) -> tuple[Phi, ...]:
    return tuple(phi for phi in phis if phi.target not in dead)
