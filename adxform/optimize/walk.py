"""A walk that rebuilds a block, replacing names as it goes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

from adxform.core.builder import Builder
from adxform.core.constant import same_or
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    substitute,
)


def is_op(stmt: Stmt | None, *names: str) -> TypeGuard[Let]:
    """Whether a statement is one of some operations."""
    return type(stmt) is Let and type(stmt.op) is Primitive and stmt.op.name in names


def is_users(stmt: Let) -> bool:
    """Whether a statement is the user's own."""
    return stmt.origin is not None and stmt.origin.role == "primal"


def is_derived(stmt: Let) -> bool:
    """Whether a statement was made of one of the user's: of its tangent or its cotangent."""
    return stmt.origin is not None and stmt.origin.role != "primal"


class Rewriter:
    """Rebuilds statements in order; subclasses say what becomes of a Let.

    ``env`` maps names to what they are replaced by; a Let that reads none of them stays as it is.
    """

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.env: dict[str, Operand] = {}

    def let(self, stmt: Let) -> None:
        """Handle a Let whose operands are up to date already."""
        self.builder.stmts.append(stmt)

    def enter(self) -> None:
        """A block within begins."""

    def leave(self) -> None:
        """A block within ends."""

    def block(self, block: Block) -> None:
        replaced, let = self.env.keys(), self.let
        for stmt in block:
            if type(stmt) is not Let:
                self.statement(stmt)
            elif replaced.isdisjoint(stmt.reads):
                let(stmt)
            else:
                let(self.substituted(stmt))

    def nested(self, block: Block) -> Block:
        self.enter()
        made = self.within(block)
        self.leave()
        return made

    def within(self, block: Block) -> Block:
        """What becomes of a block within."""
        outer = self.builder
        self.builder = outer.nested()
        self.block(block)
        made, self.builder = self.builder.stmts, outer
        return same_or(block, made)

    def sub(self, operand: Operand) -> Operand:
        return substitute(operand, self.env) if self.env else operand

    def renamed(self, names: dict[str, str]) -> dict[str, str]:
        """Pairs of names, as they are called after the walk; a number has none."""
        found: dict[str, str] = {}
        replaced = self.env.keys()
        for pair in names.items():
            if replaced.isdisjoint(pair):
                found.setdefault(*pair)
                continue
            first, second = (self.sub(Var(name)) for name in pair)
            if isinstance(first, Var) and isinstance(second, Var):
                found.setdefault(first.name, second.name)
        return found

    def statement(self, stmt: Stmt) -> None:
        if type(stmt) is Let:
            self.let(self.substituted(stmt))
            return
        match stmt:
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case Effect():
                reads = tuple((name, self.sub(o)) for name, o in stmt.reads)
                self.builder.append(replace(stmt, reads=reads))

    def substituted(self, stmt: Let) -> Let:
        """A Let with operands up to date; the Let itself where they are."""
        if self.env.keys().isdisjoint(stmt.reads):
            return stmt
        args = tuple([substitute(arg, self.env) for arg in stmt.args])
        if all(map(operator.is_, args, stmt.args)):
            return stmt
        return Let(stmt.targets, stmt.op, args, stmt.origin)

    def branch(self, stmt: If) -> None:
        test = self.sub(stmt.test)
        then, orelse = self.nested(stmt.then), self.nested(stmt.orelse)
        phis = same_or(stmt.phis, self.merged(stmt.phis))
        parts = test, then, orelse, phis
        same = all(map(operator.is_, parts, (stmt.test, stmt.then, stmt.orelse, stmt.phis)))
        self.builder.append(stmt if same else If(*parts, stmt.origin, stmt.mirror))

    def merged(self, phis: tuple[Phi, ...]) -> tuple[Phi, ...]:
        """A branch's phis; one whose values agree is no phi."""
        kept = []
        for phi in phis:
            first, second = self.sub(phi.first), self.sub(phi.second)
            if first == second:
                self.env[phi.target] = first
            else:
                kept.append(_phi(phi, first, second))
        return tuple(kept)

    def loop(self, stmt: For | While) -> None:
        kept = []
        for phi in stmt.phis:
            if _is_needless(phi):
                self.env[phi.target] = self.sub(phi.first)
            else:
                kept.append(_phi(phi, self.sub(phi.first), phi.second))
        if isinstance(stmt, For):
            bounds = same_or(stmt.bounds, [self.sub(b) for b in stmt.bounds])
            body = self.nested(stmt.body)
            stop, phis = self._stop(stmt), same_or(stmt.phis, self._closed(kept))
            own = stmt.reverse, stmt.origin, stmt.mirror
            before = stmt.bounds, stmt.phis, stmt.body, stmt.stop
            same = all(map(operator.is_, (bounds, phis, body, stop), before))
            self.builder.append(
                stmt if same else For(stmt.index, bounds, phis, body, *own, stop, stmt.parallel)
            )
            return
        self.enter()  # what the head computes is known in the body
        head = self.within(stmt.head)
        test = self.sub(stmt.test)
        body = self.nested(stmt.body)
        self.leave()
        phis, stop = same_or(stmt.phis, self._closed(kept)), self._stop(stmt)
        self.builder.append(While(phis, head, test, body, stmt.origin, stop))

    def _stop(self, stmt: For | While) -> Operand | None:
        """What ends a loop early; what never does is none."""
        stop = None if stmt.stop is None else self.sub(stmt.stop)
        return None if stop == Const(False) else stop

    def _closed(self, phis: list[Phi]) -> list[Phi]:
        return [_phi(p, p.first, self.sub(p.second)) for p in phis]


def _phi(phi: Phi, first: Operand, second: Operand) -> Phi:
    """A phi with operands up to date; the phi itself where they are."""
    same = first is phi.first and second is phi.second
    return phi if same else Phi(phi.target, first, second)


def is_tidy(block: Block) -> bool:
    """Whether a rewriter that replaces nothing leaves a block as it is: all phis are needed."""
    return all(map(_is_tidy, index(block).others))


def _is_tidy(stmt: Stmt) -> bool:
    match stmt:
        case If(phis=phis):
            return all(phi.first != phi.second for phi in phis)
        case For(phis=phis, stop=stop) | While(phis=phis, stop=stop):
            return stop != Const(False) and not any(map(_is_needless, phis))
        case _:
            return True


def _is_needless(phi: Phi) -> bool:
    """Whether a loop's phi gives the value before the loop in each iteration."""
    second = phi.second
    return (type(second) is Var and second.name == phi.target) or second == phi.first


def with_bodies(stmt: Stmt, made: Callable[[Block], Block]) -> Stmt:
    """A statement with what is made of the blocks within, but for the test of a loop."""
    match stmt:
        case If():
            return replace(stmt, then=made(stmt.then), orelse=made(stmt.orelse))
        case For() | While():
            return replace(stmt, body=made(stmt.body))
        case _:
            return stmt


def rewritten(function: Function, walk: Rewriter) -> Function:
    """A function whose whole body a rewriter has gone over."""
    walk.block(function.body)
    body = same_or(function.body, walk.builder.stmts)
    if body is function.body and not walk.env:
        return function
    return replace(
        function,
        body=body,
        result=walk.sub(function.result),
        cotangents=walk.renamed(function.cotangents),
    )


class Remembering(Rewriter):
    """A rewriter that knows the operation behind each name; ``ops`` are those that it has met."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.made_by: dict[str, Let] = {}
        self.ops: set[str] = set()

    def remember(self, stmt: Let) -> None:
        if len(stmt.targets) == 1:
            self.made_by[stmt.target] = stmt
            if type(stmt.op) is Primitive:
                self.ops.add(stmt.op.name)

    def made(self, op: Primitive, args: tuple[Operand, ...], base: str | None = None) -> Operand:
        """Append an operation and remember it."""
        value = self.builder.emit(op, args, base)
        last = self.builder.stmts[-1]
        assert isinstance(last, Let)
        self.remember(last)
        return value

    def origin_of(self, operand: Operand) -> Let | None:
        """The operation that made an operand, if it is known."""
        return self.made_by.get(operand.name) if type(operand) is Var else None
