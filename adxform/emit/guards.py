"""Early ends of loops, written where they are decided: ``if c: break``, and then what follows.

Core tests what ends a loop at the end of an iteration, after a branch around what the user wrote
below the ``break``. Where that branch comes last in the block and decides the test, the ``break``
goes back into it. What the branch then no longer has to say, its ``silent`` phis, is not written.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from adxform.core.index import index
from adxform.core.ir import Block, Const, Function, If, Operand, Var


@dataclass(frozen=True, slots=True)
class Guard:
    """A branch at the end of a block that decides whether a loop ends, and how on each side."""

    branch: If
    stops: tuple[Operand, Operand]


def guard(block: Block, stop: Operand | None) -> Guard | None:
    """The branch at the end of a block that decides ``stop``, if there is one."""
    last = block[-1] if block else None
    if not isinstance(last, If) or not isinstance(stop, Var):
        return None
    if stop == last.test:
        return Guard(last, (Const(True), Const(False)))
    for phi in last.phis:
        if phi.target == stop.name:
            return Guard(last, (phi.first, phi.second))
    return None


def unread(function: Function) -> Counter[str]:
    """How many uses of each name are not written, because guards say the same."""
    found: Counter[str] = Counter()

    def visit(block: Block, stop: Operand) -> None:
        decided = guard(block, stop)
        if decided is None:
            return
        assert isinstance(stop, Var)
        found[stop.name] += 1
        if stop != decided.branch.test:
            visit(decided.branch.then, decided.stops[0])
            visit(decided.branch.orelse, decided.stops[1])

    for stmt in index(function.body).others:
        stop = getattr(stmt, "stop", None)
        if stop is not None:
            visit(stmt.body, stop)  # type: ignore[union-attr]
    return found
