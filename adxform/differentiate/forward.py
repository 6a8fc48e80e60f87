"""Forward mode: after each active statement, the statement of its tangent.

The derivative of ``w = f(x)`` in the direction ``dx`` is ``dw = f'(x) dx`` (Griewank and Walther
2008, table 3.4); branches and loops keep their form and carry tangents beside values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adxform.analysis.activity import Activity
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    NONE,
    UNDEFINED,
    Block,
    Callee,
    For,
    Function,
    Global,
    If,
    Let,
    Operand,
    Param,
    Phi,
    Stmt,
    Tuple,
    Var,
    While,
    reads_of,
)
from adxform.core.types import ANY, Inert, Known, ListOf, Object, Struct, Type, Unknown
from adxform.differentiate.common import as_role, names_for, placed, primitive, widened
from adxform.differentiate.gaps import Gaps, gaps_of
from adxform.differentiate.tangents import Operations
from adxform.errors import AdxformError

_ANYTHING = Unknown | Inert | Known | Object | Struct

TangentOf = Callable[[Callee, tuple[int, ...], list[Type]], "Tangent"]


@dataclass(frozen=True, slots=True)
class Tangent:
    """A user's function with its tangent: results are the values, then ``varied``'s tangents."""

    callee: Callee
    varied: tuple[int, ...]


def forward(
    function: Function,
    wrt: tuple[str, ...],
    activity: Activity,
    types: Types,
    tangent_of: TangentOf,
    how: type[Forward] | None = None,
) -> Function:
    """The function that computes the value and its tangent.

    Its parameters are those of ``function`` followed by a tangent for each of ``wrt``; its result
    is ``(value, tangent)``. It is made by a walk of the kind ``how``.
    """
    builder = Builder(names_for(function), types, dict(function.bases))
    gaps = gaps_of(function.body, tuple(p.name for p in function.params), types, activity)
    mode = (how or Forward)(builder, activity, tangent_of, gaps)
    tangents = []
    for p in wrt:
        fresh = builder.name(f"d{p}")
        types[fresh] = mode.tangent_type(types.get(p, ANY))
        mode.tangents[p] = Var(fresh)
        tangents.append(Param(fresh))
    mode.begin(wrt)
    mode.block(function.body)
    tangent = mode.result(function.result)
    params = tuple(Param(p.name) for p in function.params)
    return replace(
        function,
        name=f"{function.name}_forward",
        params=(*params, *tangents),
        body=builder.block,
        result=Tuple((function.result, tangent)),
        derived=True,
        bases=builder.bases,
    )


class Forward(Operations):
    """Walks a function in order."""

    def __init__(
        self, builder: Builder, activity: Activity, tangent_of: TangentOf, gaps: Gaps
    ) -> None:
        super().__init__(builder)
        self.gaps = gaps
        self.activity = activity
        self.tangent_of = tangent_of

    def begin(self, wrt: tuple[str, ...]) -> None:
        """The walk begins, with tangents of these parameters."""

    def result(self, operand: Operand) -> Operand:
        """The tangent of the result, with zeros where nothing active arrives."""
        if isinstance(operand, Tuple):
            return operand.with_items(self.result(item) for item in operand.items)
        if operand == NONE:  # what has no derivative has no tangent
            return NONE
        return self.tangent(operand) or self.still(operand)

    def still(self, operand: Operand) -> Operand:
        """The tangent of a result that does not vary, which may be anything: text, a set."""
        known = self.builder.type_of(operand)
        held = known.item if isinstance(known, ListOf) else known
        if isinstance(operand, Var | Global) and isinstance(held, _ANYTHING):
            return self.builder.emit(primitive("zeros_in"), (operand,))
        return self.zero(self.builder, operand)

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def nested(self, block: Block) -> Builder:
        """Transform an inner block; its builder is given back still open."""
        outer = self.builder
        self.builder = inner = outer.nested()
        self.block(block)
        self.builder = outer
        return inner

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case If():
                self.branch(stmt)
            case For() | While():
                self.loop(stmt)
            case Let(op=Callee()):
                self.call(stmt)
            case Let():
                self.let(stmt)
            case _:
                self.builder.append(stmt)

    def let(self, stmt: Let) -> None:
        """An operation, and then its tangent; first its tangent, if that needs the old value of
        the variable that takes a new one.
        """
        before = len(self.builder.stmts)
        self.builder.append(stmt)
        if stmt.target not in self.activity:
            return
        self.builder.origin = as_role(stmt.origin, "tangent")
        try:
            found = self.operation(stmt)
        except AdxformError as error:
            raise placed(error, stmt.origin) from error.__cause__
        if found is None:
            return
        self.tangents[stmt.target] = widened(self.builder, found, stmt, self.base(stmt.target))
        made = self.builder.stmts[before + 1 :]
        if self.needs_old(stmt.target, made):
            self.builder.stmts[before:] = [*made, stmt]

    def needs_old(self, target: str, made: list[Stmt]) -> bool:
        """Whether statements read another value of a variable than the new one."""
        base = self.builder.bases.get(target)
        reads = {name for stmt in made for name in reads_of(stmt)}
        return target not in reads and any(
            base is not None and self.builder.bases.get(name) == base for name in reads
        )

    # --- structure ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> None:
        outer = dict(self.tangents)
        then = self.nested(stmt.then)
        after_then, self.tangents = self.tangents, dict(outer)
        orelse = self.nested(stmt.orelse)
        after_else, self.tangents = self.tangents, outer
        self.builder.origin = as_role(stmt.origin, "tangent")
        phis = list(stmt.phis)
        for phi in stmt.phis:
            if phi.target not in self.activity:
                continue
            first = self._merged(phi.first, after_then, then)
            second = self._merged(phi.second, after_else, orelse)
            phis.append(self._tangent_phi(phi, first, second))
        self.builder.append(replace(stmt, then=then.block, orelse=orelse.block, phis=tuple(phis)))

    def _merged(self, value: Operand, known: dict[str, Operand], inside: Builder) -> Operand:
        if value == UNDEFINED:
            return UNDEFINED
        if not isinstance(value, Var):
            return self.zero(inside, value)
        if value.name in known:
            return known[value.name]
        if value.name in self.gaps.zeros:
            return self.gaps.zero(inside, value.name, None)
        if value.name not in self.gaps.names:
            return self.zero_written(inside, value)
        return self.gaps.shaped_zero(inside, value.name, None) or self.zero(inside, value)

    def _tangent_phi(self, phi: Phi, first: Operand, second: Operand) -> Phi:
        target = self.builder.name(self.base(phi.target))
        self.tangents[phi.target] = Var(target)
        self.type_like(target, phi.target)
        return Phi(target, first, second)

    def loop(self, stmt: For | While) -> None:
        active = [phi for phi in stmt.phis if phi.target in self.activity]
        self.builder.origin = as_role(stmt.origin, "tangent")
        opened = []
        for phi in active:
            before = self._merged(phi.first, self.tangents, self.builder)
            opened.append((phi, before))
        made = {phi.target: self._tangent_phi(phi, UNDEFINED, UNDEFINED) for phi in active}
        head = self.nested(stmt.head) if isinstance(stmt, While) else None
        body = self.nested(stmt.body)
        phis = list(stmt.phis)
        for phi, before in opened:
            after = self._merged(phi.second, self.tangents, body)
            phis.append(Phi(made[phi.target].target, before, after))
        if isinstance(stmt, While):
            assert head is not None
            self.builder.append(replace(stmt, phis=tuple(phis), head=head.block, body=body.block))
        else:
            self.builder.append(replace(stmt, phis=tuple(phis), body=body.block))

    def call(self, stmt: Let) -> None:
        """A call of a user's function becomes a call of its tangent function."""
        assert isinstance(stmt.op, Callee) and stmt.op.function is not None
        active = tuple(i for i, arg in enumerate(stmt.args) if self.tangent(arg) is not None)
        if not active or not any(t in self.activity for t in stmt.targets):
            self.builder.append(stmt)
            return
        types = [self.builder.type_of(arg) for arg in stmt.args]
        tangent = self.tangent_of(stmt.op, active, types)
        if not tangent.varied:
            self.builder.append(stmt)
            return
        self.builder.origin = as_role(stmt.origin, "tangent")
        names = []
        for place in tangent.varied:
            target = stmt.targets[place]
            name = self.builder.name(self.base(target))
            self.tangents[target] = Var(name)
            self.type_like(name, target)
            names.append(name)
        directions = [t for i in active if (t := self.tangent(stmt.args[i])) is not None]
        self.builder.append(
            Let((*stmt.targets, *names), tangent.callee, (*stmt.args, *directions), stmt.origin)
        )
