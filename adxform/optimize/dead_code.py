"""Dead-code elimination: statements and phis that no result and no effect depends on go."""

from __future__ import annotations

from dataclasses import replace

from adxform.core.calls import is_foreign
from adxform.core.constant import same_or
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Callee,
    Effect,
    For,
    If,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Stmt,
    While,
    binds_of,
    blocks_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
)


def eliminate_dead_code(block: Block, results: tuple[Operand, ...]) -> Block:
    """Drop what nothing later reads; ``results`` are what the function returns.

    Works on sweeps that are not joined yet, too: it follows names, not order.
    """
    marking = _Marking(block)
    for operand in results:
        for name in names_in(operand):
            marking.need(name)
    marking.run()
    return _sweep(block, marking)


def has_effect(stmt: Stmt) -> bool:
    """Whether a statement does more than give values to names."""
    if type(stmt) is Let:
        if type(stmt.op) is Primitive:  # as most are
            return False
        impure = isinstance(stmt.op, Opaque) and not stmt.op.pure
        return impure or (isinstance(stmt.op, Callee) and is_foreign(stmt))
    return isinstance(stmt, Effect)


def _is_marker(stmt: Stmt) -> bool:
    """Whether a statement only marks a place in a block: it stays if the block does."""
    return isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and stmt.op.name == "put_back"


_NOTHING = (None, None)


class _Marking:
    """Marks live names and statements, from the results back."""

    def __init__(self, block: Block) -> None:
        held = index(block)
        self.made_by = held.made_by
        self.others: dict[str, tuple[Stmt, Phi | None]] = {}  # what gives any other name
        self.parents: dict[Stmt, Stmt] = {}  # those of statements in blocks within
        self.live: set[str] = set()
        self.kept: set[Stmt] = set()
        self.work: list[str] = []
        for stmt in held.others:
            self.others.update((name, (stmt, None)) for name in binds_of(stmt))
            self.others.update((phi.target, (stmt, phi)) for phi in phis_of(stmt))
            for inner in blocks_of(stmt):
                self.parents.update(dict.fromkeys(inner, stmt))
        for let in held.special:
            self.others.update((name, (let, None)) for name in let.targets[1:])
        for stmt in (*held.special, *held.others):
            if has_effect(stmt):
                self.keep(stmt)

    def need(self, name: str) -> None:
        if name not in self.live:
            self.live.add(name)
            self.work.append(name)

    def keep(self, stmt: Stmt) -> None:
        """A statement is live: so is what it reads, and what decides whether it runs."""
        current: Stmt | None = stmt
        while current is not None and current not in self.kept:
            self.kept.add(current)
            if type(current) is Let:  # as most are
                read = current.reads
            else:
                read = [*reads_of(current), *tests_of(current)]
            if not self.live.issuperset(read):
                fresh = [name for name in read if name not in self.live]
                self.live.update(fresh)
                self.work += fresh
            current = self.parents.get(current) if self.parents else None

    def run(self) -> None:
        work, kept, live = self.work, self.kept, self.live
        made_by, around = self.made_by.get, self.parents.get
        while work:
            name = work.pop()
            let = made_by(name)
            if let is None:
                self.merged(name)
            elif let not in kept:
                parent = around(let)
                if parent is None or parent in kept:  # as most often
                    kept.add(let)
                    fresh = [name for name in let.reads if name not in live]
                    live.update(fresh)
                    work += fresh
                else:
                    self.keep(let)

    def merged(self, name: str) -> None:
        """A name is live that no Let gives as its first: what gives it is, and what it merges."""
        stmt, phi = self.others.get(name, _NOTHING)
        if stmt is not None:
            self.keep(stmt)
        for read in () if phi is None else uses((phi.first, phi.second)):
            self.need(read)


def _sweep(block: Block, marking: _Marking) -> Block:
    kept: list[Stmt] = []
    for stmt in block:
        if isinstance(stmt, Let):
            if stmt in marking.kept or _is_marker(stmt):
                kept.append(stmt)
            continue
        if stmt not in marking.kept:
            continue
        match stmt:
            case If():
                then, orelse = _sweep(stmt.then, marking), _sweep(stmt.orelse, marking)
                phis = _live(stmt.phis, marking)
                same = then is stmt.then and orelse is stmt.orelse and phis is stmt.phis
                parts = stmt.test, then, orelse, phis, stmt.origin, stmt.mirror
                kept.append(stmt if same else If(*parts))
            case For():
                body, phis = _sweep(stmt.body, marking), _live(stmt.phis, marking)
                own = stmt.reverse, stmt.origin, stmt.mirror, stmt.stop, stmt.parallel
                same = body is stmt.body and phis is stmt.phis
                kept.append(stmt if same else For(stmt.index, stmt.bounds, phis, body, *own))
            case While():
                kept.append(
                    replace(
                        stmt,
                        head=_sweep(stmt.head, marking),
                        body=_sweep(stmt.body, marking),
                        phis=_live(stmt.phis, marking),
                    )
                )
            case _:
                kept.append(stmt)
    return same_or(block, kept)


def _live(phis: tuple[Phi, ...], marking: _Marking) -> tuple[Phi, ...]:
    return same_or(phis, [phi for phi in phis if phi.target in marking.live])
