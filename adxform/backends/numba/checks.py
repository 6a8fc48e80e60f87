"""Checks of sizes that are the same in all iterations come before the loop.

A loop that computes only can be fused with others, made by tiles, and run in parallel. What was
checked is not checked again.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.backends.numba.tiling import PRODUCTS
from adxform.core.builder import Builder
from adxform.core.dims import Dim, Sym
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Var,
    While,
    phis_of,
    walk,
)
from adxform.core.raising import raises
from adxform.core.types import Array, Scalar
from adxform.differentiate.common import primitive
from adxform.optimize.dead_code import has_effect
from adxform.optimize.walk import Rewriter, is_op

QUERIES = (".shape", "len", "[]")
COMPARISONS = ("op.NotEq", "op.Eq", "op.Lt", "op.Gt", "op.LtE", "op.GtE")


def with_checks_first(function: Function, builder: Builder) -> Block:
    """A function's block whose loops check nothing that could be checked before them; what can be
    checked of its arguments is checked first of all.
    """
    if not any(map(_is_check, walk(function.body))):
        return function.body
    walker = _ChecksFirst(builder)
    for param in function.params:
        walker.knows(param.name)
    walker.given.update(walker.sized)
    walker.block(function.body)
    walker.call_equal()
    return (*walker.head.block, *walker.builder.block)


def _is_check(stmt: Stmt) -> bool:
    """Whether a statement raises an error where sizes are as they may not be, and does no more."""
    return isinstance(stmt, If) and not (stmt.orelse or stmt.phis) and all(
        _is_error(s)
        or is_op(s, *QUERIES, *COMPARISONS)
        or _is_check(s)
        for s in stmt.then
    )


def _is_error(stmt: Stmt) -> bool:
    return raises(stmt) and not stmt.reads


class _ChecksFirst(Rewriter):
    """Knows, of each size, an array that is there and has it."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.sized: dict[Dim, tuple[str, int]] = {}
        self.sizes: dict[Dim, Var] = {}
        self.bound: set[str] = set()
        self.made: dict[str, Let] = {}
        self.first, self.head = builder, builder.nested()
        self.given: dict[Dim, tuple[str, int]] = {}  # the sizes of arguments
        self.asked: dict[Dim, Var] = {}  # those that are asked where the function begins
        self.equal: dict[Dim, Dim] = {}
        self.only_computed, self.multiplied = True, False  # so far
        self.checked: set[tuple[str, tuple[Operand | Sym, ...]]] = set()

    def knows(self, name: str) -> None:
        """A name is bound from here on."""
        self.bound.add(name)
        known = self.builder.types.get(name)
        if isinstance(known, Array):
            for axis, dim in enumerate(known.dims or ()):
                if isinstance(dim, Sym):
                    self.sized.setdefault(dim, (name, axis))

    def let(self, stmt: Let) -> None:
        size = self.size_of(Var(stmt.target)) if is_op(stmt, "len", "[]") else None
        if isinstance(size, Sym) and size in self.asked:
            self.env[stmt.target] = self.asked[size]
            return
        self.multiplied |= is_op(stmt, *PRODUCTS)
        self.builder.append(stmt)
        for name in stmt.targets:
            self.knows(name)
            self.made[name] = stmt

    def branch(self, stmt: If) -> None:
        raises = _is_check(stmt) and any(map(_is_error, stmt.then))
        if not raises or not (self.known(stmt.test) or self.at_once(stmt)):
            super().branch(stmt)

    def at_once(self, stmt: If) -> bool:
        """Whether a check that stands behind a product is made where the function begins: products
        and loops are made by tiles only where nothing stands between.
        """
        let = self.made.get(stmt.test.name) if isinstance(stmt.test, Var) else None
        early = self.builder is self.first and self.only_computed and self.multiplied
        if not early or not is_op(let, "op.NotEq") or not all(map(_is_error, stmt.then)):
            return False
        sizes = [self.size_of(arg) for arg in let.args]
        if not all(isinstance(size, Const) or size in self.given for size in sizes):
            return False
        pairs = zip(let.args, sizes, strict=True)
        asked = [self.of_argument(s, a) if isinstance(s, Sym) else s for a, s in pairs]
        self.env.update((a.name, b) for a, b in zip(let.args, asked, strict=True) if type(a) is Var)
        assert isinstance(let.op, Primitive)
        self.head.append(replace(stmt, test=self.head.emit(let.op, asked)))
        if all(isinstance(size, Sym) for size in sizes):
            one, other = sizes
            self.equal[other] = self.equal.get(one, one)  # type: ignore[index, arg-type]
        return True

    def call_equal(self) -> None:
        """Sizes that are refused where they differ are one in all types."""
        types = self.builder.types
        for name, known in types.items() if self.equal else ():
            if isinstance(known, Array) and not self.equal.keys().isdisjoint(known.dims or ()):
                dims = tuple(self.equal.get(dim, dim) for dim in known.dims or ())
                types[name] = replace(known, dims=dims)
            elif isinstance(known, Scalar) and isinstance(known.value, Sym):
                types[name] = replace(known, value=self.equal.get(known.value, known.value))

    def of_argument(self, dim: Dim, known: Operand) -> Operand:
        """The size of an argument, which is not asked again; ``known`` is what it was."""
        if dim not in self.asked:
            array, axis = self.given[dim]
            shape = self.head.emit(primitive(".shape"), (Var(array),))
            base = self.builder.bases.get(known.name) if isinstance(known, Var) else None
            self.asked[dim] = self.head.emit(primitive("[]"), (shape, Const(axis)), base)
        return self.asked[dim]

    def known(self, test: Operand) -> bool:
        """Whether a comparison of sizes raised an error before where it holds; it does from here
        on.
        """
        let = self.made.get(test.name) if isinstance(test, Var) else None
        if not is_op(let, *COMPARISONS) or not isinstance(let.op, Primitive):
            return False
        key = let.op.name, tuple(map(self.size_of, let.args))
        found = key in self.checked
        self.checked.add(key)
        return found

    def size_of(self, operand: Operand) -> Operand | Sym:
        """What says which size an operand is."""
        known = self.builder.type_of(operand)
        sized = isinstance(known, Scalar) and isinstance(known.value, Sym)
        return known.value if sized else operand  # type: ignore[union-attr]

    def within(self, block: Block) -> Block:
        kept = set(self.bound), dict(self.sized), dict(self.sizes), set(self.checked)
        made = super().within(block)
        self.bound, self.sized, self.sizes, self.checked = kept
        return made

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)
            self.only_computed &= _is_check(stmt) or not any(map(has_effect, walk((stmt,))))
            for phi in phis_of(stmt):
                self.knows(phi.target)

    def loop(self, stmt: For | While) -> None:
        place = len(self.builder.stmts)
        super().loop(stmt)
        (loop,) = self.builder.stmts[place:]
        if not isinstance(loop, For) or loop.stop is not None or loop.step != Const(1):
            return
        self.builder.stmts.pop()
        body = _Early(self, loop).body()
        self.builder.append(replace(loop, body=body))

    def size(self, dim: Dim) -> Var:
        """A size, asked of an array that is there."""
        if dim not in self.sizes:
            array, axis = self.sized[dim]
            shape = self.builder.emit(primitive(".shape"), (Var(array),))
            self.sizes[dim] = self.builder.emit(primitive("[]"), (shape, Const(axis)), "size")
        return self.sizes[dim]


class _Early:
    """Takes checks out of a loop, where what they ask is known before it."""

    def __init__(self, walk: _ChecksFirst, loop: For) -> None:
        self.walk = walk
        self.loop = loop
        self.made: dict[str, Let] = {}
        self.sizes: dict[str, Operand] = {}

    def body(self) -> Block:
        """The loop's body without checks that come before all else which has an effect; they are
        appended, for where there is an iteration.
        """
        rest, checks = [], self.walk.builder.nested()
        first, checked = True, set(self.walk.checked)
        for stmt in self.loop.body:
            if first and isinstance(stmt, If) and self._moves(stmt, checks):
                continue
            rest.append(stmt)
            if isinstance(stmt, Let):
                self.made.update(dict.fromkeys(stmt.targets, stmt))
            first = first and not any(map(has_effect, walk((stmt,))))
        self.walk.checked = checked
        if len(rest) == len(self.loop.body):
            return self.loop.body
        if any(isinstance(stmt, If) for stmt in checks.stmts):
            self._where_it_runs(checks.block)
        rewriter = Rewriter(self.walk.builder)
        rewriter.env.update(self.sizes)
        return rewriter.within(tuple(rest))

    def _where_it_runs(self, checks: Block) -> None:
        """Append checks for the case that there is an iteration."""
        builder, first, last = self.walk.builder, self.loop.start, self.loop.bounds[:2][-1]
        if isinstance(first, Const) and isinstance(last, Const):
            if first.value < last.value:
                builder.stmts.extend(checks)
            return
        test = builder.emit(primitive("op.Lt"), (first, last))
        builder.append(If(test, checks, ()))

    def _moves(self, stmt: If, checks: Builder) -> bool:
        """Whether a statement is a check that can be before the loop; it is appended there."""
        if not _is_check(stmt):
            return False
        test, then = self._outside(stmt.test, checks), checks.nested()
        raises = any(map(_is_error, stmt.then))
        if test is None or (raises and self.walk.known(test)):
            return test is not None
        checked = set(self.walk.checked)
        for inner in stmt.then:
            if isinstance(inner, Let):
                self.made.update(dict.fromkeys(inner.targets, inner))
            elif not isinstance(inner, If):
                then.append(inner)
            elif not self._moves(inner, then):
                return False
        self.walk.checked = checked
        checks.append(replace(stmt, test=test, then=then.block))
        return True

    def _outside(self, operand: Operand, builder: Builder) -> Operand | None:
        """A size, or a comparison of sizes, before the loop."""
        if not isinstance(operand, Var) or operand.name in self.walk.bound:
            return operand
        let = self.made.get(operand.name)
        if is_op(let, *COMPARISONS):
            args = [size for arg in let.args if (size := self._size(arg)) is not None]
            if len(args) < len(let.args) or not isinstance(let.op, Primitive):
                return None
            test = builder.emit(let.op, args)
            self.walk.made[test.name] = replace(let, targets=(test.name,), args=tuple(args))
            return test
        return self._size(operand)

    def _size(self, operand: Operand) -> Operand | None:
        if not isinstance(operand, Var) or operand.name in self.walk.bound:
            return operand
        if operand.name not in self.sizes:
            known = self.walk.builder.types.get(operand.name)
            dim = known.value if isinstance(known, Scalar) else None
            let = self.made.get(operand.name)
            if not is_op(let, "len", "[]") or dim not in self.walk.sized:
                return None
            self.sizes[operand.name] = self.walk.size(dim)
        return self.sizes[operand.name]
