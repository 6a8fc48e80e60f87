"""Nesting: which operations are written inside the expression that uses them.

What the user named keeps a statement of its own. What the compiler named goes back into the one
place where it is used, unless something it reads is written in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from adxform.analysis.aliasing import IN_PLACE, Aliases
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    Effect,
    For,
    Function,
    Let,
    Opaque,
    Operand,
    Primitive,
    Stmt,
    Var,
    names_in,
    phis_of,
    reads_of,
    uses,
    walk,
)
from adxform.core.ir import If as Branch
from adxform.core.ir import While as WhileLoop
from adxform.emit.guards import unread
from adxform.optimize.walk import is_op

LARGEST = 9  # operations in one expression that the user has not written so

Nested = dict[str, Let]
Readers = defaultdict[str, list[str]]  # by class of memory, the names of what reads it


def nest(function: Function, aliases: Aliases) -> Nested:
    """The Let behind each name that is written where it is used."""
    nesting = _Nesting(use_counts(function), function, aliases)
    nesting.block(function.body, [function.result])
    return nesting.nested


def use_counts(function: Function) -> Counter[str]:
    """How often each name is written where it is read."""
    held = index(function.body)
    counts = held.reads.copy()
    counts.update(names_in(function.result))
    loops = [stmt for stmt in held.others if not isinstance(stmt, Branch)]
    twice = [phi.first for stmt in loops for phi in phis_of(stmt)]
    counts.update(uses(twice))  # before a loop nothing moves into a phi
    counts.subtract(unread(function))
    return counts


class _Nesting:
    def __init__(self, counts: Counter[str], function: Function, aliases: Aliases) -> None:
        self.counts = counts
        self.bases = function.bases
        self.aliases = aliases
        written = index(function.body).of(*IN_PLACE)
        self.written = aliases.shared.union(*(uses(s.args[:1]) for s in written))  # perhaps
        self.nested: Nested = {}
        self.sizes: dict[str, int] = {}

    def block(self, block: Block, results: Sequence[Operand]) -> None:
        """Nest within one block, which ends with ``results`` read; ``waiting`` holds what may
        still move down to its use.
        """
        waiting: dict[str, Let] = {}
        readers: Readers = defaultdict(list)
        for stmt in block:
            if isinstance(stmt, Let):  # as most are
                if waiting:
                    self._use(stmt, stmt.reads, waiting)
                    self._written(stmt, waiting, readers)
                if self._may_move(stmt):
                    waiting[stmt.target] = stmt
                    for name in self.written.intersection(self._leaves(stmt)):
                        readers[self.aliases.of(name)].append(stmt.target)
                continue
            self._use(stmt, reads_of(stmt), waiting)
            if isinstance(stmt, Branch):
                self.block(stmt.then, [p.first for p in stmt.phis])
                self.block(stmt.orelse, [p.second for p in stmt.phis])
            elif isinstance(stmt, WhileLoop):
                self.head(stmt)
                self.block(stmt.body, _results(stmt))
            elif not isinstance(stmt, Effect):
                self.block(stmt.body, _results(stmt))
            self._written(stmt, waiting, readers)
        for name in uses(results):
            if name in waiting and not self._is_named(waiting[name]):
                self._nest(waiting.pop(name), 1)

    def head(self, stmt: WhileLoop) -> None:
        """The whole head of a while loop, if it can be one expression, becomes its condition."""
        waiting: dict[str, Let] = {}
        readers: Readers = defaultdict(list)
        for inner in stmt.head:
            self._use(inner, reads_of(inner), waiting)
            self._written(inner, waiting, readers)
            if isinstance(inner, Let) and self._may_move(inner):
                waiting[inner.target] = inner
        for name in uses((stmt.test,)):
            if name in waiting:
                self._nest(waiting.pop(name), 1)

    def _may_move(self, stmt: Let) -> bool:
        if self.counts[stmt.target] != 1 or len(stmt.targets) > 1:
            return False
        if self._is_named(stmt) and not self._is_adjoint(stmt):
            return False
        op = stmt.op
        return not isinstance(op, Primitive) or (op.name not in IN_PLACE and op.name != "copy")

    def _use(self, stmt: Stmt, reads: list[str], waiting: dict[str, Let]) -> None:
        """Nest what a statement reads, the operands that Python evaluates last first."""
        size = 1
        for name in reads:
            let = waiting.get(name)
            if let is None:
                continue
            if isinstance(stmt, Effect) or (self._is_named(let) and not self._adds_to(stmt, let)):
                del waiting[name]
                continue
            grown = size + self.sizes.get(name, 1)
            if grown > LARGEST and not self._same_statement(let, stmt):
                continue
            size = grown
            self._nest(waiting.pop(name), size)
        if size > 1 and isinstance(stmt, Let):
            self.sizes[stmt.target] = size

    def _is_named(self, stmt: Let) -> bool:
        return stmt.target in self.bases and stmt.origin is not None

    def _is_adjoint(self, stmt: Let) -> bool:
        """Whether a statement makes a cotangent, by an operation."""
        made = isinstance(stmt.op, Primitive) and stmt.op.style in ("infix", "unary")
        return made and stmt.origin is not None and stmt.origin.role == "adjoint"

    def _adds_to(self, stmt: Stmt, let: Let) -> bool:
        """Whether a statement adds to a cotangent that the same line of the user's begins, or takes
        a multiple of it: ``x_bar = a; x_bar += b`` is ``x_bar = a + b``.
        """
        if not isinstance(stmt, Let) or stmt.origin != let.origin:
            return False
        if self.bases.get(stmt.target) != self.bases[let.target]:
            return False
        adds = is_op(stmt, "accumulate") and stmt.args[0] == Var(let.target)
        return adds or (is_op(stmt, "op.Mult") and isinstance(stmt.args[0], Const))

    def _same_statement(self, let: Let, stmt: Stmt) -> bool:
        origin = getattr(stmt, "origin", None)
        return let.origin is not None and let.origin == origin and let.origin.role == "primal"

    def _nest(self, let: Let, size: int) -> None:
        self.nested[let.target] = let

    def _leaves(self, stmt: Let) -> list[str]:
        """The names that an expression reads when it is written out."""
        found: list[str] = []
        for name in stmt.reads:
            inner = self.nested.get(name)
            if inner is None:
                found.append(name)
            else:
                found += self._leaves(inner)
        return found

    def _written(self, stmt: Stmt, waiting: dict[str, Let], readers: Readers) -> None:
        """What reads memory that a statement writes can move no further."""
        if type(stmt) is Let and type(stmt.op) is Primitive:
            if stmt.op.name in IN_PLACE:
                self._stop(uses(stmt.args[:1]), waiting, readers)
            return
        if isinstance(stmt, Let) and isinstance(stmt.op, Opaque) and stmt.op.pure:
            return
        if isinstance(stmt, Effect) and stmt.harmless:
            return
        if isinstance(stmt, Let | Effect):
            waiting.clear()
            return
        written = [
            n
            for inner in walk((stmt,))
            if isinstance(inner, Let)
            and isinstance(inner.op, Primitive)
            and inner.op.name in IN_PLACE
            for n in uses(inner.args[:1])
        ]
        self._stop(written, waiting, readers)
        if any(isinstance(inner, Effect) and not inner.harmless for inner in walk((stmt,))):
            waiting.clear()

    def _stop(self, written: list[str], waiting: dict[str, Let], readers: Readers) -> None:
        for name in written:
            for reader in readers.pop(self.aliases.of(name), ()):
                waiting.pop(reader, None)


def _results(loop: For | WhileLoop) -> list[Operand]:
    """What is read at the end of an iteration."""
    stop = () if loop.stop is None else (loop.stop,)
    return [*(phi.second for phi in loop.phis), *stop]


def written_out(operands: list[str], nested: Nested) -> list[str]:
    """The names that a statement reads once nested operations are written into it."""
    if nested.keys().isdisjoint(operands):  # as most often
        return operands
    found: list[str] = []
    for name in operands:
        let = nested.get(name)
        if let is None:
            found.append(name)
        else:
            found.extend(written_out(let.reads, nested))
    return found
