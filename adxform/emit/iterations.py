"""The bodies of loops, with their early ends where a person would write them."""

from __future__ import annotations

import ast
from collections import Counter

from adxform.core.ir import Block, Const, For, Operand, While
from adxform.emit.expressions import Expressions
from adxform.emit.guards import guard

Move = tuple[str, Operand]


class Iterations(Expressions):
    """Writes what a loop does in each iteration."""

    counts: Counter[str]

    def block(self, block: Block) -> list[ast.stmt]:
        """The statements of a block."""
        raise NotImplementedError

    def copies(self, pairs: list[Move]) -> list[ast.stmt]:
        """What phis need where their variables differ."""
        raise NotImplementedError

    def iteration(self, loop: For | While) -> list[ast.stmt]:
        """A loop's body: its statements, the next values of what it carries, its early end."""
        pairs = [(p.target, p.second) for p in loop.phis]
        return self.ended(loop.body, [pairs], loop.stop or Const(False))

    def ended(self, block: Block, moves: list[list[Move]], stop: Operand) -> list[ast.stmt]:
        """A block at the end of an iteration, then the ``moves`` in order; a ``break`` where
        ``stop`` is true.
        """
        decided = guard(block, stop)
        if decided is None:
            return self.block(block) + self.ending(moves, stop)
        branch = decided.branch
        phis = [p for p in branch.phis if self.counts[p.target] > 0]
        then = [[(p.target, p.first) for p in phis], *moves]
        orelse = [[(p.target, p.second) for p in phis], *moves]
        before, test = self.block(block[:-1]), self.operand(branch.test)
        first = self.ended(branch.then, then, decided.stops[0])
        second = self.ended(branch.orelse, orelse, decided.stops[1])
        if first and isinstance(first[-1], ast.Break):
            return [*before, ast.If(test, first, []), *second]
        if second and isinstance(second[-1], ast.Break):
            return [*before, ast.If(negated(test), second, []), *first]
        if not first:
            test, first, second = negated(test), second, []
        return [*before, ast.If(test, first, second)] if first else before

    def ending(self, moves: list[list[Move]], stop: Operand) -> list[ast.stmt]:
        """The next values of what a loop carries, and its early end where ``stop`` is true."""
        moved = [made for pairs in moves for made in self.copies(pairs)]
        if isinstance(stop, Const):
            return [*moved, ast.Break()] if stop.value else moved
        test = self.operand(stop)
        written = {n.id for m in moved for n in ast.walk(m) if isinstance(n, ast.Name)}
        if any(isinstance(n, ast.Name) and n.id in written for n in ast.walk(test)):
            again = [made for pairs in moves for made in self.copies(pairs)]
            return [ast.If(test, [*again, ast.Break()], []), *moved]
        return [*moved, ast.If(test, [ast.Break()], [])]


def negated(test: ast.expr) -> ast.expr:
    """``not test``; a double negation goes."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)
