"""Whole calls: a function goes forward and at once back, where its cotangents are known before.

That is so wherever what it gives is only added up, times something: a determinant by minors needs
the value of a minor for one cotangent, and none of what is computed of that value for the minor's
own. One call then gives a value and adds cotangents, and nothing is recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adxform.analysis.aliasing import writes
from adxform.core.ir import (
    Block,
    Callee,
    Function,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    binds_of,
    uses,
    walk,
)
from adxform.core.reads import read_counts
from adxform.differentiate.common import primitive
from adxform.optimize.chains import SUMS
from adxform.optimize.common_subexpressions import ASKING
from adxform.optimize.dead_code import eliminate_dead_code, has_effect
from adxform.optimize.walk import is_op, with_bodies


class Apart(Exception):
    """A call that has to come back later than it goes forward."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A user's function ``of`` which there is one that goes forward and back; until it is clear
    where it can be called, ``record`` and ``pull`` stand for its halves.
    """

    of: Callee
    record: Callee
    pull: Callee
    both: Callee
    names: tuple[str, ...]  # of the parameters whose cotangents it gives


def with_whole_calls(function: Function, wholes: Mapping[Callee, Whole]) -> Function:
    """A function that calls wholes in the place of halves.

    Raises
    ------
    Apart
        If it cannot.
    """
    called = [s.op for s in walk(function.body) if isinstance(s, Let)]
    if wholes.keys().isdisjoint(c for c in called if isinstance(c, Callee)):
        return function
    function = replace(function, body=eliminate_dead_code(function.body, (function.result,)))
    calls = _Calls(function, wholes)
    body = calls.block(function.body)
    return replace(function, body=body, bases={**calls.names, **function.bases})


class _Calls:
    def __init__(self, function: Function, wholes: Mapping[Callee, Whole]) -> None:
        self.reads = read_counts(function.body, function.result)
        self.wholes = wholes
        self.names: dict[str, str] = {}  # of cotangents that have none

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        for stmt in block:
            whole = self.of(stmt)
            if isinstance(stmt, Let) and whole is not None and stmt.op is whole.pull:
                self.back(stmt, whole, made)
            else:
                made.append(with_bodies(stmt, self.block))
        return tuple(map(self.only_forward, made))

    def of(self, stmt: Stmt) -> Whole | None:
        called = stmt.op if isinstance(stmt, Let) else None
        return self.wholes.get(called) if isinstance(called, Callee) else None

    def only_forward(self, stmt: Stmt) -> Stmt:
        """A call that nothing goes back for is the user's."""
        whole = self.of(stmt)
        if whole is None or not isinstance(stmt, Let) or stmt.op is not whole.record:
            return stmt
        if self.reads[stmt.targets[-1]]:
            raise Apart
        return Let(stmt.targets[:-1], whole.of, stmt.args, stmt.origin)

    def back(self, pull: Let, whole: Whole, made: list[Stmt]) -> None:
        """Put the call that goes back beside the one that went forward, with what it needs."""
        tape, *given = pull.args
        (name,) = uses((tape,))
        at = next((i for i, s in enumerate(made) if name in binds_of(s)), -1)
        first = made[at] if at >= 0 else None
        if not isinstance(first, Let) or first.op is not whole.record or self.reads[name] != 1:
            raise Apart
        later = _Later(made[at + 1 :], self.reads)
        targets = list(pull.targets)
        for place, source in whole.pull.takes:
            targets[place] = later.first_of_sums(uses(given[source - 1 : source]), targets[place])
        taken = [place for place, _ in whole.pull.takes]
        self.names |= {n: f"{whole.of.name}_{whole.names[i]}_bar"
                       for i, n in enumerate(pull.targets) if i not in taken}
        moved = later.taken_for(given, first)
        inner = whole.of.function
        if any(is_op(s, *ASKING) for s in moved) and (
            inner is None or any(map(has_effect, walk(inner.body)))
        ):
            raise Apart  # the call may change what they ask for
        moved = [Let(s.targets, s.op, s.args) for s in moved]
        both = (*first.targets[:-1], *targets), whole.both, (*first.args, *given), first.origin
        made[at:] = [*moved, Let(*both), *later.stmts]


class _Later:
    """The statements between a call that goes forward and the one that goes back."""

    def __init__(self, stmts: list[Stmt], reads: Counter[str]) -> None:
        self.stmts = stmts
        self.reads = reads
        self.made_by = {n: s for s in stmts for n in binds_of(s)}

    def first_of_sums(self, given: Sequence[str], target: str) -> str:
        """Let a call add to a cotangent before these statements do: it came last.

        Returns what is given by the call instead of its ``target``, which they give now.
        """
        own = self.made_by.get(given[0]) if given else None
        if not is_op(own, "own"):
            return target
        (last,) = own.reads
        name, sums = last, []
        while (before := self.added_to(name)) is not None:
            sums.append(self.made_by[name])
            if self.reads[name] != 1:
                raise Apart
            name = before
        if not sums:
            return target
        self.put(own, Let(own.targets, own.op, (Var(name),), own.origin))
        for stmt in {sums[0], sums[-1]}:  # names change places
            assert isinstance(stmt, Let)
            args = tuple(Var(last) if arg == Var(name) else arg for arg in stmt.args)
            targets = tuple(target if made == last else made for made in stmt.targets)
            op = primitive("accumulate_at") if is_op(stmt, "update") else stmt.op
            self.put(stmt, Let(targets, op, args, stmt.origin))
        return last

    def added_to(self, name: str) -> str | None:
        """The name of what a value is a sum of, with something added."""
        made = self.made_by.get(name)
        if is_op(made, *SUMS) and made.args[0] == Var(made.reads[0]):
            return made.reads[0]
        if is_op(made, "update") and is_op(self.made_by.get(made.reads[0]), "np.zeros_like"):
            return made.reads[0]
        if isinstance(made, Let) and isinstance(made.op, Callee):
            sources = [s for p, s in made.op.takes if made.targets[p] == name]
            return uses([made.args[s] for s in sources])[0] if sources else None
        return None

    def put(self, stmt: Let, other: Let) -> None:
        """Replace a statement by another."""
        self.stmts[self.stmts.index(stmt)] = other
        for name in stmt.targets:
            del self.made_by[name]
        self.made_by.update(dict.fromkeys(other.targets, other))

    def taken_for(self, given: Sequence[Operand], first: Let) -> list[Let]:
        """Take out what has to be computed before a call to which something is given."""
        needed: set[Stmt] = set()
        wanted = uses(given)
        while wanted:
            name = wanted.pop()
            stmt = self.made_by.get(name)
            if name in first.targets or (stmt is not None and not _only_computes(stmt)):
                raise Apart
            if isinstance(stmt, Let) and stmt not in needed:
                needed.add(stmt)
                wanted += stmt.reads
        moved = [s for s in self.stmts if isinstance(s, Let) and s in needed]
        self.stmts = [s for s in self.stmts if s not in needed]
        return moved


def _only_computes(stmt: Stmt) -> bool:
    return is_op(stmt, *SUMS) or (
        isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and not writes(stmt.op)
    )
