"""Activity analysis: the variables whose tangent or cotangent can be other than zero.

A variable is varied if it depends on an input and useful if an output depends on it; active means
both (Hascoët and Pascual 2013, section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from adxform.analysis.shifts import without_influence
from adxform.core.ir import (
    Block,
    Effect,
    For,
    Function,
    If,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    names_in,
    uses,
    walk,
)
from adxform.core.types import ANY, Type, differentiable
from adxform.rules.table import RULES

Types = dict[str, Type]


@dataclass(frozen=True, slots=True)
class Activity:
    """The names that are varied, and those that are useful."""

    varied: frozenset[str]
    useful: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name in self.varied and name in self.useful

    def operand(self, operand: Operand) -> bool:
        """Whether any name in an operand is active."""
        if type(operand) is Var:
            return operand.name in self.varied and operand.name in self.useful
        return any(name in self for name in names_in(operand))


def analyze(function: Function, wrt: tuple[str, ...], types: Types) -> Activity:
    """The activity of a function's names for the derivative in ``wrt``; an extremum that is taken
    out and put back is constant.
    """
    varied = _Varied(set(wrt), types, without_influence(function, types))
    varied.block(function.body)
    plain = not any(type(stmt) is Effect for stmt in walk(function.body))
    useful = _Useful(set(names_in(function.result)), plain)
    useful.block(function.body)
    return Activity(frozenset(varied.names), frozenset(useful.names))


def all_active(function: Function, types: Types) -> Activity:
    """What there is without the analysis: every name counts that depends on a parameter which can
    have a derivative.
    """
    wrt = {p.name for p in function.params if differentiable(types.get(p.name, ANY))}
    varied = _Varied(wrt, types)
    varied.block(function.body)
    return Activity(frozenset(varied.names), frozenset(varied.names))


def active_params(op: Primitive) -> tuple[str, ...]:
    """The parameters through which a derivative passes; none for an inactive primitive."""
    rule = RULES[op.name]
    return tuple(rule.pull)


def transparent(stmt: Let) -> list[str]:
    """The names that a Let reads through which a derivative may pass."""
    op = stmt.op
    if isinstance(op, Primitive):
        pull = RULES[op.name].pull
        if len(pull) == len(op.params):
            return stmt.reads
        return uses([arg for name, arg in zip(op.params, stmt.args, strict=True) if name in pull])
    if isinstance(stmt.op, Opaque):
        return [] if stmt.op.boolean else stmt.reads
    return stmt.reads


class _Varied:
    """A walk forward that collects the names that depend on an input."""

    def __init__(
        self, names: set[str], types: Types, constant: frozenset[str] = frozenset()
    ) -> None:
        self.names = names
        self.types = types
        self.constant = constant

    def block(self, block: Block) -> None:
        names = self.names
        for stmt in block:
            if type(stmt) is Let:  # as most are
                if not names.isdisjoint(transparent(stmt)):
                    for target in stmt.targets:
                        self._add(target)
            else:
                self.statement(stmt)

    def _add(self, name: str) -> None:
        if differentiable(self.types.get(name, ANY)) and name not in self.constant:
            self.names.add(name)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case If(then=then, orelse=orelse, phis=phis):
                self.block(then)
                self.block(orelse)
                self._phis(phis)
            case For(phis=phis, body=body):
                self._loop(phis, (body,))
            case While(phis=phis, head=head, body=body):
                self._loop(phis, (head, body))
            case Effect():
                if any(n in self.names for _, o in stmt.reads for n in names_in(o)):
                    for _, name in stmt.writes:
                        self._add(name)

    def _phis(self, phis: tuple[Phi, ...]) -> bool:
        before = len(self.names)
        for phi in phis:
            if any(name in self.names for name in uses((phi.first, phi.second))):
                self._add(phi.target)
        return len(self.names) > before

    def _loop(self, phis: tuple[Phi, ...], blocks: tuple[Block, ...]) -> None:
        self._phis(phis)
        moved = True
        while moved:
            for block in blocks:
                self.block(block)
            moved = self._phis(phis)


class _Useful:
    """A walk backward that collects the names that an output depends on; in what is ``plain``
    no statement changes what it reads.
    """

    def __init__(self, names: set[str], plain: bool) -> None:
        self.names = names
        self.plain = plain

    def block(self, block: Block) -> None:
        names = self.names
        for stmt in reversed(block):
            if type(stmt) is Let:  # as most are
                if not names.isdisjoint(stmt.targets):
                    names.update(transparent(stmt))
            else:
                self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case If(then=then, orelse=orelse, phis=phis):
                self._phis(phis)
                self.block(then)
                self.block(orelse)
            case For(phis=phis, body=body):
                self._loop(phis, (body,))
            case While(phis=phis, head=head, body=body):
                self._loop(phis, (body, head))
            case Effect():
                changed = [] if stmt.harmless else [n for _, o in stmt.reads for n in names_in(o)]
                if any(name in self.names for name in (*changed, *dict(stmt.writes).values())):
                    for _, operand in stmt.reads:
                        self.names.update(names_in(operand))

    def _phis(self, phis: tuple[Phi, ...]) -> None:
        for phi in phis:
            if phi.target in self.names:
                self.names.update(uses((phi.first, phi.second)))

    def _loop(self, phis: tuple[Phi, ...], blocks: tuple[Block, ...]) -> None:
        before, carried = -1, -1
        self._phis(phis)
        while len(self.names) != (carried if self.plain else before):
            before = len(self.names)
            for block in blocks:
                self.block(block)
            carried = len(self.names)
            self._phis(phis)
