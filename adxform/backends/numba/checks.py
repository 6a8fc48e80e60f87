"""Checks of sizes that are the same in all iterations come before the loop, which then computes
only: such loops fuse, tile, and run in parallel.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Stmt,
    Var,
    While,
    phis_of,
    walk,
)
from adxform.core.types import Array, Dim, Scalar, Sym
from adxform.differentiate.common import primitive
from adxform.optimize.dead_code import has_effect
from adxform.optimize.walk import Rewriter, is_op

QUERIES = (".shape", "len", "[]")
COMPARISONS = ("op.NotEq", "op.Eq", "op.Lt", "op.Gt", "op.LtE", "op.GtE")


def with_checks_first(function: Function, builder: Builder) -> Block:
    """A function's block whose loops check nothing that could be checked before them."""
    loops = (s for s in walk(function.body) if isinstance(s, For))
    if not any(_is_check(s) for loop in loops for s in loop.body):
        return function.body
    walker = _ChecksFirst(builder)
    for param in function.params:
        walker.knows(param.name)
    walker.block(function.body)
    return walker.builder.block


def _is_check(stmt: Stmt) -> bool:
    """Whether a statement raises an error where sizes are as they may not be, and does no more."""
    return isinstance(stmt, If) and not (stmt.orelse or stmt.phis) and all(
        (isinstance(s, Effect) and s.harmless and not s.writes and not s.reads)
        or is_op(s, *QUERIES, *COMPARISONS)
        or _is_check(s)
        for s in stmt.then
    )


class _ChecksFirst(Rewriter):
    """Knows, of each size, an array that is there and has it."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.sized: dict[Dim, tuple[str, int]] = {}
        self.sizes: dict[Dim, Var] = {}
        self.bound: set[str] = set()

    def knows(self, name: str) -> None:
        """A name is bound from here on."""
        self.bound.add(name)
        known = self.builder.types.get(name)
        if isinstance(known, Array):
            for axis, dim in enumerate(known.dims or ()):
                if isinstance(dim, Sym):
                    self.sized.setdefault(dim, (name, axis))

    def let(self, stmt: Let) -> None:
        self.builder.append(stmt)
        for name in stmt.targets:
            self.knows(name)

    def within(self, block: Block) -> Block:
        kept = set(self.bound), dict(self.sized), dict(self.sizes)
        made = super().within(block)
        self.bound, self.sized, self.sizes = kept
        return made

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)
            for phi in phis_of(stmt):
                self.knows(phi.target)

    def loop(self, stmt: For | While) -> None:
        place = len(self.builder.stmts)
        super().loop(stmt)
        (loop,) = self.builder.stmts[place:]
        if not isinstance(loop, For) or loop.stop is not None or loop.step != Const(1):
            return
        self.builder.stmts.pop()
        body = _Early(self, loop).body()
        self.builder.append(replace(loop, body=body))

    def size(self, dim: Dim) -> Var:
        """A size, asked of an array that is there."""
        if dim not in self.sizes:
            array, axis = self.sized[dim]
            shape = self.builder.emit(primitive(".shape"), (Var(array),))
            self.sizes[dim] = self.builder.emit(primitive("[]"), (shape, Const(axis)), "size")
        return self.sizes[dim]


class _Early:
    """Takes checks out of a loop, where what they ask is known before it."""

    def __init__(self, walk: _ChecksFirst, loop: For) -> None:
        self.walk = walk
        self.loop = loop
        self.made: dict[str, Let] = {}
        self.sizes: dict[str, Operand] = {}

    def body(self) -> Block:
        """The loop's body without checks that come before all else which has an effect; they are
        appended, for where there is an iteration.
        """
        rest, checks = [], self.walk.builder.nested()
        first = True
        for stmt in self.loop.body:
            check = self._moved(stmt, checks) if first and isinstance(stmt, If) else None
            if check is not None:
                checks.append(check)
                continue
            rest.append(stmt)
            if isinstance(stmt, Let):
                self.made.update(dict.fromkeys(stmt.targets, stmt))
            first = first and not any(map(has_effect, walk((stmt,))))
        if not checks.stmts:
            return self.loop.body
        self._where_it_runs(checks.block)
        rewriter = Rewriter(self.walk.builder)
        rewriter.env.update(self.sizes)
        return rewriter.within(tuple(rest))

    def _where_it_runs(self, checks: Block) -> None:
        """Append checks for the case that there is an iteration."""
        builder, first, last = self.walk.builder, self.loop.start, self.loop.bounds[:2][-1]
        if isinstance(first, Const) and isinstance(last, Const):
            if first.value < last.value:
                builder.stmts.extend(checks)
            return
        test = builder.emit(primitive("op.Lt"), (first, last))
        builder.append(If(test, checks, ()))

    def _moved(self, stmt: If, builder: Builder) -> If | None:
        """A check before the loop; None if it is none, or cannot be there."""
        if not _is_check(stmt):
            return None
        test = self._outside(stmt.test, builder)
        then = builder.nested()
        for inner in stmt.then:
            if isinstance(inner, Let):
                self.made.update(dict.fromkeys(inner.targets, inner))
                continue
            moved = self._moved(inner, then) if isinstance(inner, If) else inner
            if moved is None:
                return None
            then.append(moved)
        return None if test is None else replace(stmt, test=test, then=then.block)

    def _outside(self, operand: Operand, builder: Builder) -> Operand | None:
        """A size, or a comparison of sizes, before the loop."""
        if not isinstance(operand, Var) or operand.name in self.walk.bound:
            return operand
        let = self.made.get(operand.name)
        if is_op(let, *COMPARISONS):
            args = [self._size(arg) for arg in let.args]
            return builder.emit(let.op, args) if None not in args else None  # type: ignore[arg-type]
        return self._size(operand)

    def _size(self, operand: Operand) -> Operand | None:
        if not isinstance(operand, Var) or operand.name in self.walk.bound:
            return operand
        if operand.name not in self.sizes:
            known = self.walk.builder.types.get(operand.name)
            dim = known.value if isinstance(known, Scalar) else None
            let = self.made.get(operand.name)
            if not is_op(let, "len", "[]") or dim not in self.walk.sized:
                return None
            self.sizes[operand.name] = self.walk.size(dim)
        return self.sizes[operand.name]
