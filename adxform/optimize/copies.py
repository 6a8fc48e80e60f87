"""Copies before loops: an array that a loop writes in place is copied once, where it must be.

A write begins with a copy where another name needs the memory, or where the memory is not the
function's own. Inside a loop that would be a copy in every iteration; made before the loop, the
copy is the loop's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from adxform.analysis.aliasing import IN_PLACE, REPLACING, Aliases, fresh_names, has_memory
from adxform.analysis.liveness import handed_over, liveness
from adxform.analysis.types import Types
from adxform.core.again import known_again
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    blocks_of,
    phis_of,
    walk,
)
from adxform.core.types import ANY
from adxform.differentiate.common import names_for, primitive


def copy_before_loops(function: Function, types: Types) -> Function:
    """A function whose loops write in place into memory of their own, where that is enough."""
    best = _Copied(function, set(), _copying(function, types))
    if not best.copying:
        return function
    foreign = _foreign(function, types, best.copying)
    tried = _first_headers(function, _headers(function, foreign))
    best = _tried(function, types, best, tried, _foreign)
    while headers := [h for h in _headers(best.made, best.copying) if h not in tried]:
        some = set(headers[-1 - len(tried) // 8 :])  # several at once, where there are many
        tried |= some  # a later loop's copy may be all that an earlier one needs
        best = _tried(function, types, best, some)
    return best.made


class _Copied(NamedTuple):
    """A function with copies before the loops of ``wanted`` headers; the writes in loops that begin
    with a copy all the same.
    """

    made: Function
    wanted: set[str]
    copying: list[Let]


def _tried(
    function: Function,
    types: Types,
    best: _Copied,
    some: set[str],
    concerned: Callable[[Function, Types, list[Let]], list[Let]] = lambda made, types, left: left,
) -> _Copied:
    """What becomes with copies before the loops of some more headers: of those through which come
    the arrays of no ``concerned`` write any more.
    """
    while some:
        wanted = best.wanted | some
        made = _with_copies(function, types, wanted)
        copying = _copying(made, types)
        useless = some.intersection(_headers(made, concerned(made, types, copying)))
        if not useless:
            return _Copied(made, wanted, copying)
        some = some - useless
    return best


def _foreign(function: Function, types: Types, writes: list[Let]) -> list[Let]:
    """The writes to memory that is not the function's own."""
    fresh = fresh_names(function, types)
    return [s for s in writes if isinstance(s.args[0], Var) and s.args[0].name not in fresh]


def _copying(function: Function, types: Types) -> list[Let]:
    """The writes inside loops that begin with a copy; those into a tape of our own never do."""
    held = index(function.body)
    top = set(function.body) if held.others else ()
    writes = [s for s in held.of(*REPLACING) if s not in top] if held.others else []
    fresh = fresh_names(function, types) if writes else set()
    if all(_fills_tape(stmt, function.bases, fresh) for stmt in writes):
        return []
    alone: set[Stmt] = set(handed_over(function.body, function.result, types))
    others = [o.name for s in writes if s not in alone and isinstance(o := s.args[0], Var)]
    if not fresh.isdisjoint(others):  # of which it takes more to know whether they are alone
        alone = _alone(function, types)
    return [
        stmt
        for stmt in writes
        if isinstance(stmt.args[0], Var)
        and (stmt.args[0].name not in fresh or stmt not in alone)
    ]


@known_again
def _alone(function: Function, types: Types) -> set[Stmt]:
    """The writes to memory that nothing else needs."""
    aliases, params = Aliases(function.body, types), [p.name for p in function.params]
    return liveness(params, function.body, function.result, aliases=aliases).exclusive


def _fills_tape(stmt: Let, bases: dict[str, str], fresh: set[str]) -> bool:
    tape = stmt.origin is None and bases.get(stmt.target, "").endswith("_tape")
    return tape and isinstance(stmt.args[0], Var) and stmt.args[0].name in fresh


def _headers(function: Function, writes: list[Let]) -> list[str]:
    """The headers of the outermost loops through which the arrays of writes come, in the order of
    the text.
    """
    if not writes:
        return []
    made = _passed_on(function)
    merged = {phi.target: (phi, s) for s in walk(function.body) for phi in phis_of(s)}
    found: set[str] = set()
    seen: set[Operand] = set()
    work: list[Operand] = [Var(stmt.target) for stmt in writes]
    while work:
        operand = work.pop()
        if not isinstance(operand, Var) or operand in seen:
            continue
        seen.add(operand)
        if operand.name in made:
            work.append(made[operand.name])
        elif operand.name in merged:
            phi, stmt = merged[operand.name]
            work.extend((phi.first, phi.second))
            if not isinstance(stmt, If):
                found.add(phi.target)
    inner = {
        p.target
        for name in found
        for block in blocks_of(merged[name][1])
        for s in walk(block)
        for p in phis_of(s)
    }
    return [name for name in merged if name in found - inner]


def _passed_on(function: Function) -> dict[str, Operand]:
    """By the names of arrays that operations give, what they are given of the same memory."""
    return {
        s.target: s.args[0]
        for s in index(function.body).of(*IN_PLACE, "copy")
    }


def _first_headers(function: Function, headers: list[str]) -> set[str]:
    """Those of the headers to which an array comes through none of the others."""
    made = _passed_on(function)
    merged = {phi.target: phi for s in walk(function.body) for phi in phis_of(s)}
    first, known = set(headers), set(headers)
    for header in headers:
        seen: set[Operand] = set()
        work = [merged[header].first]
        while work and header in first:
            operand = work.pop()
            if not isinstance(operand, Var) or operand in seen:
                continue
            seen.add(operand)
            if operand.name in known:
                first.discard(header)
            elif operand.name in made:
                work.append(made[operand.name])
            elif operand.name in merged:
                work += merged[operand.name].first, merged[operand.name].second
    return first


def _with_copies(function: Function, types: Types, wanted: set[str]) -> Function:
    bases = dict(function.bases)
    copying = _Copying(Builder(names_for(function, types), types, bases), wanted)
    return replace(function, body=copying.block(function.body), bases=bases)


class _Copying:
    """Rebuilds blocks with a copy before each loop that has one of the ``wanted`` headers."""

    def __init__(self, builder: Builder, wanted: set[str]) -> None:
        self.builder = builder
        self.wanted = wanted

    def block(self, block: Block) -> Block:
        made: list[Stmt] = []
        for stmt in block:
            match stmt:
                case If():
                    then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                    made.append(replace(stmt, then=then, orelse=orelse))
                case For() | While():
                    phis = tuple(self.copied(phi, made) for phi in stmt.phis)
                    made.append(replace(stmt, phis=phis, body=self.block(stmt.body)))
                case _:
                    made.append(stmt)
        return tuple(made)

    def copied(self, phi: Phi, made: list[Stmt]) -> Phi:
        first = phi.first
        if phi.target not in self.wanted or not isinstance(first, Var):
            return phi
        types, bases = self.builder.types, self.builder.bases
        if not has_memory(types.get(first.name, ANY)):
            return phi
        name = self.builder.name(bases.get(phi.target))
        types[name] = types.get(first.name, ANY)
        copy = primitive(".copy()")
        rest = tuple(default for _, default in copy.defaults)
        made.append(Let((name,), copy, (first, *rest), None))
        return Phi(phi.target, Var(name), phi.second)
