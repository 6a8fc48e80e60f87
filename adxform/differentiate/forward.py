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
    If,
    Let,
    Operand,
    Param,
    Phi,
    Primitive,
    Stmt,
    Tuple,
    Var,
    While,
    reads_of,
)
from adxform.core.types import ANY, Type, was_broadcast
from adxform.differentiate.common import (
    as_role,
    elementwise_term,
    names_for,
    narrowed,
    placed,
    primitive,
    widened,
    zeros,
)
from adxform.differentiate.conjugates import is_of_complex
from adxform.differentiate.formulas import expand
from adxform.differentiate.gaps import Gaps, gaps_of
from adxform.differentiate.lists import lists_as_arrays, tangents_as_arrays
from adxform.rules.table import RULES, Rule

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
    name: str | None = None,
) -> Function:
    """The function that computes the value and its tangent.

    Its parameters are those of ``function`` followed by a tangent for each of ``wrt``; its result
    is ``(value, tangent)``.
    """
    builder = Builder(names_for(function), types, dict(function.bases))
    gaps = gaps_of(function.body, tuple(p.name for p in function.params), types, activity)
    mode = Forward(builder, activity, tangent_of, gaps)
    tangents = []
    for p in wrt:
        fresh = builder.name(f"d{p}")
        types[fresh] = types.get(p, ANY)
        mode.tangents[p] = Var(fresh)
        tangents.append(Param(fresh))
    mode.block(function.body)
    tangent = mode.result(function.result)
    params = tuple(Param(p.name) for p in function.params)
    return replace(
        function,
        name=name or f"{function.name}_forward",
        params=(*params, *tangents),
        body=builder.block,
        result=Tuple((function.result, tangent)),
        derived=True,
        bases=builder.bases,
    )


class Forward:
    """Walks a function in order; ``tangents`` holds the tangent of each active name."""

    def __init__(
        self, builder: Builder, activity: Activity, tangent_of: TangentOf, gaps: Gaps
    ) -> None:
        self.builder = builder
        self.gaps = gaps
        self.activity = activity
        self.tangent_of = tangent_of
        self.tangents: dict[str, Operand] = {}

    def base(self, name: str) -> str | None:
        known = self.builder.bases.get(name)
        return None if known is None else f"d{known}"

    def result(self, operand: Operand) -> Operand:
        """The tangent of the result, with zeros where nothing active arrives."""
        if isinstance(operand, Tuple):
            return operand.with_items(self.result(item) for item in operand.items)
        if operand == NONE:  # what has no derivative has no tangent
            return NONE
        return self.tangent(operand) or zeros(self.builder, operand)

    def tangent(self, operand: Operand) -> Operand | None:
        """The tangent of an operand, or None for zero."""
        if isinstance(operand, Var):
            return self.tangents.get(operand.name)
        if isinstance(operand, Tuple):
            parts = [self.tangent(item) for item in operand.items]
            if all(p is None for p in parts):
                return None
            filled = (
                p if p is not None else zeros(self.builder, item)
                for p, item in zip(parts, operand.items, strict=True)
            )
            return operand.with_items(filled)
        return None

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
        with placed(stmt.origin):
            found = self.operation(stmt)
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

    # --- operations ---------------------------------------------------------------------------

    def operation(self, stmt: Let) -> Operand | None:
        """The tangent of one operation."""
        assert isinstance(stmt.op, Primitive)
        rule = RULES[stmt.op.name]
        args = dict(zip(stmt.op.params, stmt.args, strict=True))
        active = {p: t for p in rule.pull if (t := self.tangent(args[p])) is not None}
        if not active:
            return None
        base = self.base(stmt.target)
        if rule.linear_in:
            return self.linear(stmt, rule, args, active, base)
        given = args
        args = lists_as_arrays(self.builder, rule, given)
        active = tangents_as_arrays(self.builder, given, args, active)
        terms = [
            (param, part)
            for param, tangent in active.items()
            for part in (
                self.replacements(args[param], tangent, given[param])
                if rule.kind == "bilinear"
                else (tangent,)
            )
        ]
        total: Operand | None = None
        for place, (param, tangent) in enumerate(terms):
            last = place == len(terms) - 1
            term = self.term(stmt, rule, args, param, tangent, base if last and not total else None)
            if total is not None:
                term = self.sum(total, term, base if last else None)
            total = term
        assert total is not None
        if rule.broadcasts:
            total = self.spread(total, stmt, active, base)
        return self.named(narrowed(self.builder, total, stmt, base), base)

    def sum(self, first: Operand, second: Operand, base: str | None = None) -> Operand:
        """The sum of two tangents; of several results', one by one."""
        if isinstance(first, Tuple) and isinstance(second, Tuple):
            pairs = zip(first.items, second.items, strict=True)
            return Tuple(tuple(self.sum(a, b) for a, b in pairs))
        return self.builder.emit(primitive("op.Add"), (first, second), base)

    def replacements(self, arg: Operand, tangent: Operand, given: Operand) -> tuple[Operand, ...]:
        """What takes an argument's place in a product: its tangent, item by item in a list.

        ``given`` is the argument as the primal has it.
        """
        if not (isinstance(arg, Tuple) and isinstance(tangent, Tuple) and isinstance(given, Tuple)):
            return (tangent,)
        items = arg.items
        return tuple(
            arg.with_items((*items[:i], tangent.items[i], *items[i + 1 :]))
            for i, item in enumerate(given.items)
            if self.tangent(item) is not None
        )

    def named(self, value: Operand, base: str | None) -> Operand:
        """A tangent under the name of the user's variable, where there is one."""
        if base is None or (isinstance(value, Var) and self.builder.bases.get(value.name) == base):
            return value
        return self.builder.emit(primitive("rename"), (value,), base)

    def term(
        self,
        stmt: Let,
        rule: Rule,
        args: dict[str, Operand],
        param: str,
        tangent: Operand,
        base: str | None,
    ) -> Operand:
        """What one parameter's tangent adds to the result's."""
        assert isinstance(stmt.op, Primitive)
        env = args | {"out": Var(stmt.target)}
        if f"d{param}" in rule.of_complex and is_of_complex(self.builder, stmt):
            formula = rule.of_complex[f"d{param}"]
            return expand(self.builder, formula, env | {f"d{param}": tangent}, base)
        if rule.kind == "bilinear":
            replaced = tuple(tangent if p == param else a for p, a in args.items())
            return self.builder.emit(stmt.op, replaced, base)
        if rule.kind == "elementwise":
            return elementwise_term(
                self.builder, rule.pull[param], env, tangent, partial_first=True, base=base
            )
        return expand(self.builder, rule.push[param], env | {f"d{param}": tangent}, base)

    def linear(
        self,
        stmt: Let,
        rule: Rule,
        args: dict[str, Operand],
        active: dict[str, Operand],
        base: str | None,
    ) -> Operand:
        """The operation itself, applied to tangents."""
        assert isinstance(stmt.op, Primitive)
        if stmt.op.name == "accumulate" and len(active) == 1:
            (only,) = active.values()
            whole = self.builder.type_of(args["bar"])
            if was_broadcast(self.builder.type_of(only), whole) is not False:
                return self.builder.emit(primitive("broadcast_like"), (only, args["bar"]), base)
            return self.named(only, base)
        if stmt.op.name == "accumulate_at" and "value" not in active:
            return self.named(active["bar"], base)
        filled = []
        for param, arg in args.items():
            if param not in rule.linear_in:
                filled.append(arg)
            else:
                filled.append(active[param] if param in active else zeros(self.builder, arg))
        return self.builder.emit(stmt.op, filled, base)

    def spread(
        self, total: Operand, stmt: Let, active: dict[str, Operand], base: str | None
    ) -> Operand:
        """A tangent grown to the shape of the result, where an operand outgrows it."""
        out = Var(stmt.target)
        stretched = was_broadcast(self.builder.type_of(total), self.builder.type_of(out))
        if stretched is False:
            return total
        assert isinstance(stmt.op, Primitive)
        others = [
            a
            for p, a in zip(stmt.op.params, stmt.args, strict=True)
            if p not in active and isinstance(a, Var)
        ]
        if stretched is None and (not others or stmt.op.text in ("Mult", "multiply")):
            return total
        return self.builder.emit(primitive("broadcast_like"), (total, out), base)

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
            return zeros(inside, value)
        if value.name in known:
            return known[value.name]
        if value.name in self.gaps.zeros:
            return self.gaps.zero(inside, value.name, None)
        return self.gaps.shaped_zero(inside, value.name, None) or zeros(inside, value)

    def _tangent_phi(self, phi: Phi, first: Operand, second: Operand) -> Phi:
        target = self.builder.name(self.base(phi.target))
        self.tangents[phi.target] = Var(target)
        if phi.target in self.builder.types:
            self.builder.types[target] = self.builder.types[phi.target]
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
            if target in self.builder.types:
                self.builder.types[name] = self.builder.types[target]
            names.append(name)
        directions = [t for i in active if (t := self.tangent(stmt.args[i])) is not None]
        self.builder.append(
            Let((*stmt.targets, *names), tangent.callee, (*stmt.args, *directions), stmt.origin)
        )
