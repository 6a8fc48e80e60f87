"""Inlining: functions that a kernel calls become part of it, where it stays short.

What is computed in one and read in the other can then be computed in one loop, and what several
calls compute alike is computed once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from adxform.analysis.types import Types, infer
from adxform.core.builder import Builder, type_of
from adxform.core.calls import is_foreign, is_recursive
from adxform.core.dims import Dim, Sym, may_be_one
from adxform.core.ir import (
    Block,
    Callee,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Phi,
    Stmt,
    Var,
    While,
    leaves,
    substitute,
    walk,
)
from adxform.core.types import Array, ListOf, Scalar, Struct, Type
from adxform.differentiate.common import names_for
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.needless_copies import without_needless_copies
from adxform.optimize.simplify import Simplify
from adxform.optimize.walk import Rewriter, is_op, rewritten

SHORT = 200  # statements that a function called more than once may have
LONGEST = 2000  # statements that a function may have with those of others


def inlined(function: Function, types: Types) -> tuple[Function, Types]:
    """A function with those that it calls written in their place, where that is short enough."""
    if not any(isinstance(s, Let) and isinstance(s.op, Callee) for s in walk(function.body)):
        return function, types
    types, bases = dict(types), dict(function.bases)
    builder = Builder(names_for(function, types), types, bases)
    inlining = _Inlining(builder, dict(function.cotangents))
    inlining.size = len(walk(function.body))
    made = rewritten(replace(function, bases=bases), inlining)
    made = replace(made, cotangents=inlining.cotangents)
    types = {**types, **_known(infer(made, types))}
    for make in (Simplify, _Fitting, _Shared):
        made = rewritten(made, make(Builder(builder.names, types, bases)))
    made = without_needless_copies(made, types)
    return replace(made, body=eliminate_dead_code(made.body, (made.result,))), types


def _known(types: Types) -> Types:
    """The types that say all of an array or a number."""
    return {n: t for n, t in types.items()
            if isinstance(t, Scalar) or (isinstance(t, Array) and t.dims is not None and t.dtype)}


class _Fitting(Rewriter):
    """Leaves out what fits a cotangent to a value of which the call tells that it fits already."""

    def let(self, stmt: Let) -> None:
        if is_op(stmt, "unbroadcast"):
            made, like = (type_of(arg, self.builder.types) for arg in stmt.args)
            if isinstance(made, Array) and isinstance(like, Array) and _fits(made, like):
                self.env[stmt.target] = stmt.args[0]
                return
        self.builder.append(stmt)


def _fits(made: Array, like: Array) -> bool:
    """Whether an array has the dtype of another, and its shape where NumPy could stretch that."""
    if None in (made.dims, like.dims, made.dtype) or made.dtype != like.dtype:
        return False
    pairs = list(zip(made.dims or (), like.dims or (), strict=False))
    same = len(made.dims or ()) == len(like.dims or ())
    return same and all(one == other or not may_be_one(other) for one, other in pairs)


class _Shared(CommonSubexpressions):
    """Computes once what two calls compute alike, under whatever names."""

    def named(self, seen: str, stmt: Let) -> bool:
        return True


class _Inlining(Rewriter):
    """Writes functions in the place of their calls."""

    def __init__(self, builder: Builder, cotangents: dict[str, str]) -> None:
        super().__init__(builder)
        self.cotangents = cotangents
        self.calls: Counter[int] = Counter()
        self.size = 0

    def block(self, block: Block) -> None:
        if not self.calls:
            ops = (s.op for s in walk(block) if isinstance(s, Let))
            self.calls.update(id(op) for op in ops if isinstance(op, Callee))
        super().block(block)

    def let(self, stmt: Let) -> None:
        op = stmt.op
        if not isinstance(op, Callee) or not self.takes(stmt, op):
            self.builder.append(stmt)
            return
        assert op.function is not None
        function, known = inlined(op.function, op.types)
        self.size += len(walk(function.body))
        copying = _Copying(self.builder, function, known, stmt.args)
        for inner in copying.block(function.body):
            self.builder.append(inner)
        self.cotangents.update(copying.cotangents())
        results = (copying.sub(leaf) for leaf in leaves(function.result))
        self.env.update(zip(stmt.targets, results, strict=True))

    def takes(self, stmt: Let, callee: Callee) -> bool:
        """Whether a function is written in the place of its call."""
        function = callee.function
        if function is None or is_foreign(stmt) or is_recursive(callee) or not callee.types:
            return False
        if len(stmt.args) != len(function.params):
            return False
        size = len(walk(function.body))
        once = self.calls[id(callee)] == 1
        return (once or size <= SHORT) and self.size + size <= LONGEST


class _Copying:
    """Copies a function's statements under new names, for certain arguments."""

    def __init__(
        self, builder: Builder, function: Function, known: Types, args: Sequence[Operand]
    ) -> None:
        self.builder = builder
        self.function = function
        self.known = known
        self.scope = builder.names.fresh(f"{function.name}:")
        self.env: dict[str, Operand] = {}
        self.dims: dict[Sym, Dim] = {}
        for param, arg in zip(function.params, args, strict=True):
            self.env[param.name] = arg
            self.fit(known.get(param.name), type_of(arg, builder.types))

    def fit(self, param: Type | None, arg: Type) -> None:
        """Note the sizes that a parameter has by its argument."""
        if not isinstance(param, Array) or not isinstance(arg, Array):
            return
        for own, given in zip(param.dims or (), arg.dims or (), strict=False):
            if isinstance(own, Sym):
                self.dims.setdefault(own, given)

    def sub(self, operand: Operand) -> Operand:
        return substitute(operand, self.env)

    def cotangents(self) -> dict[str, str]:
        pairs = ((self.sub(Var(a)), self.sub(Var(b))) for a, b in self.function.cotangents.items())
        return {a.name: b.name for a, b in pairs if isinstance(a, Var) and isinstance(b, Var)}

    # --- types and names ----------------------------------------------------------------------

    def new(self, name: str) -> str:
        """The name by which a statement's copy calls what it gives a name."""
        made = self.builder.name(self.function.bases.get(name))
        if name in self.known:
            self.builder.types[made] = self.here(self.known[name])
        self.env[name] = Var(made)
        return made

    def here(self, t: Type) -> Type:
        """A type with the sizes that are known by name called what they are here."""
        match t:
            case Array(dtype, dims) if dims is not None:
                return Array(dtype, tuple(map(self.dim, dims)))
            case Scalar(dtype, weak, Sym() as value):
                return Scalar(dtype, weak, self.dim(value))
            case Struct(items, form):
                return Struct(tuple(map(self.here, items)), form)
            case ListOf(item) if item is not None:
                return ListOf(self.here(item))
            case _:
                return t

    def dim(self, dim: Dim) -> Dim:
        if not isinstance(dim, Sym) or dim.name.startswith("?"):
            return dim
        return self.dims.setdefault(dim, Sym(f"{self.scope}{dim.name}", dim.not_one, dim.least))

    # --- statements ---------------------------------------------------------------------------

    def block(self, block: Block) -> Block:
        return tuple(map(self.statement, block))

    def statement(self, stmt: Stmt) -> Stmt:
        match stmt:
            case Let():
                args = tuple(map(self.sub, stmt.args))
                return Let(tuple(map(self.new, stmt.targets)), stmt.op, args, stmt.origin)
            case If():
                test = self.sub(stmt.test)
                then, orelse = self.block(stmt.then), self.block(stmt.orelse)
                merged = [(self.sub(p.first), self.sub(p.second)) for p in stmt.phis]
                phis = tuple(Phi(self.new(p.target), *pair)
                             for p, pair in zip(stmt.phis, merged, strict=True))
                return replace(stmt, test=test, then=then, orelse=orelse, phis=phis, mirror=None)
            case For():
                bounds, begun = tuple(map(self.sub, stmt.bounds)), self.begun(stmt.phis)
                index = self.new(stmt.index)
                body = self.block(stmt.body)
                stop = None if stmt.stop is None else self.sub(stmt.stop)
                phis = self.ended(begun, stmt.phis)
                return replace(stmt, index=index, bounds=bounds, phis=phis, body=body, stop=stop,
                               mirror=None)
            case While():
                begun = self.begun(stmt.phis)
                head, test, body = self.block(stmt.head), self.sub(stmt.test), ()
                body = self.block(stmt.body)
                stop = None if stmt.stop is None else self.sub(stmt.stop)
                phis = self.ended(begun, stmt.phis)
                return replace(stmt, phis=phis, head=head, test=test, body=body, stop=stop)
            case Effect():
                reads = tuple((name, self.sub(o)) for name, o in stmt.reads)
                writes = tuple((name, self.new(own)) for name, own in stmt.writes)
                known = tuple((self.sub(Var(n)).name, t) for n, t in stmt.known)  # type: ignore[union-attr]
                return replace(stmt, reads=reads, writes=writes, known=known)

    def begun(self, phis: tuple[Phi, ...]) -> list[tuple[str, Operand]]:
        firsts = [self.sub(p.first) for p in phis]
        return [(self.new(p.target), first) for p, first in zip(phis, firsts, strict=True)]

    def ended(self, begun: list[tuple[str, Operand]], phis: tuple[Phi, ...]) -> tuple[Phi, ...]:
        return tuple(Phi(name, first, self.sub(p.second))
                     for (name, first), p in zip(begun, phis, strict=True))
