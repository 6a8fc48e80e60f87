"""The tangent of one operation, from the tangents of its operands and its rule."""

from __future__ import annotations

from adxform.analysis.aliasing import STORES
from adxform.core.builder import Builder
from adxform.core.ir import Const, Let, Operand, Primitive, Tuple, Var
from adxform.core.types import Inert, ListOf, Type, Unknown, was_broadcast
from adxform.differentiate.common import elementwise_term, narrowed, primitive, zeros
from adxform.differentiate.conjugates import is_of_complex
from adxform.differentiate.lists import lists_as_arrays, tangents_as_arrays
from adxform.rules.formulas import expand
from adxform.rules.table import RULES, Rule


class Operations:
    """Appends tangents of operations; ``tangents`` holds the tangent of each active name."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.tangents: dict[str, Operand] = {}

    def base(self, name: str) -> str | None:
        known = self.builder.bases.get(name)
        return None if known is None else f"d{known}"

    def zero(self, builder: Builder, like: Operand) -> Operand:
        """The tangent of an operand that does not vary; a list's is filled, and has its name."""
        if isinstance(like, Var) and isinstance(builder.type_of(like), ListOf):
            return zeros(builder, like, self.base(like.name))
        return zeros(builder, like)

    def zero_written(self, builder: Builder, like: Operand) -> Operand:
        """The same of one that is written to: it may be a list of integers."""
        if not isinstance(like, Var) or not isinstance(builder.type_of(like), Unknown | Inert):
            return self.zero(builder, like)
        origin, builder.origin = builder.origin, None
        made = builder.emit(primitive("np.zeros_like"), (like, Const("float64")))
        builder.origin = origin
        return made

    def type_like(self, name: str, like: str) -> None:
        """Give a tangent the type that it has as that of a name."""
        if like in self.builder.types:
            self.builder.types[name] = self.tangent_type(self.builder.types[like])

    def tangent_type(self, known: Type) -> Type:
        """The type of the tangent of a value of a type."""
        return known

    def tangent(self, operand: Operand) -> Operand | None:
        """The tangent of an operand, or None for zero."""
        if isinstance(operand, Var):
            return self.tangents.get(operand.name)
        if isinstance(operand, Tuple):
            parts = [self.tangent(item) for item in operand.items]
            if all(p is None for p in parts):
                return None
            filled = (
                p if p is not None else self.zero(self.builder, item)
                for p, item in zip(parts, operand.items, strict=True)
            )
            return operand.with_items(filled)
        return None

    def operands(self, stmt: Let) -> tuple[Rule, dict[str, Operand], dict[str, Operand]]:
        """An operation's rule, its operands by name, and the tangents of those that have one."""
        assert isinstance(stmt.op, Primitive)
        rule = RULES[stmt.op.name]
        args = dict(zip(stmt.op.params, stmt.args, strict=True))
        active = {p: t for p in rule.pull if (t := self.tangent(args[p])) is not None}
        return rule, args, active

    def operation(self, stmt: Let) -> Operand | None:
        """The tangent of one operation."""
        rule, args, active = self.operands(stmt)
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
        zero = self.zero_written if stmt.op.name in STORES else self.zero
        filled = []
        for param, arg in args.items():
            if param not in rule.linear_in:
                filled.append(arg)
            else:
                filled.append(active[param] if param in active else zero(self.builder, arg))
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
