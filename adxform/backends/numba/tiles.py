"""The code of tiles: how many rows each has, what it takes of arrays, and what it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from adxform.analysis.types import Types
from adxform.backends.numba.accesses import Memory
from adxform.backends.numba.shapes import SIZES, raise_where
from adxform.core.builder import Builder
from adxform.core.dims import Dim, Sym, unknown_dim
from adxform.core.ir import (
    Block,
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.types import ANY, INT, Array, Scalar, dims_of
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter, is_op

NEAR, FEWEST = 65536, 128  # numbers that stay near the processor; the least rows of a tile


class UnsizedError(Exception):
    """How many columns an array of a tile has is not known before there is one."""


class Tile:
    """Makes the loop over tiles; arrays that are ``local`` are made anew in each."""

    def __init__(self, builder: Builder, memory: Memory, local: Iterable[str]) -> None:
        self.builder = builder
        self.types: Types = builder.types
        self.memory = memory
        self.local = set(local)
        self.phis: list[Phi] = []
        self.parts: dict[str, Operand] = {}

    def make(self, members: Sequence[tuple[str, Stmt]]) -> None:
        """Append the loop, with what it needs before it."""
        lets = [(kind, stmt) for kind, stmt in members if isinstance(stmt, Let)]
        loops = [stmt for _, stmt in members if isinstance(stmt, For)]
        for kind, let in lets:
            if kind == "rows":
                self.require_fit(*self.operands(let))
        begun = {let.target: self.zeros(let) for kind, let in lets if kind == "sum"}
        (rows,) = loops[0].bounds
        step = self.step(next(let for kind, let in lets if kind == "rows"))
        begin = self.builder.name("begin")
        self.types[begin] = INT
        outside, self.builder = self.builder, self.builder.nested()
        left = self.emit("op.Sub", rows, Var(begin))
        self.count = self.emit("min", step, left, base="count")
        self.begin, self.end = Var(begin), self.emit("op.Add", Var(begin), self.count, base="end")
        self.rows = {
            let.target: {Var(n) for n in let.reads if in_rows(n, let.target, self.types)}
            for kind, let in lets if kind == "each"
        }  # fmt: skip
        for name in self.local:
            known = self.types[name]
            assert isinstance(known, Array) and known.dims is not None
            self.types[name] = Array(known.dtype, (unknown_dim(), *known.dims[1:]))
        for kind, stmt in members:
            self.member(kind, stmt, begun)
        body, self.builder = self.builder.block, outside
        self.builder.append(For(begin, (Const(0), rows, step), tuple(self.phis), body))

    def emit(self, op: str, *args: Operand, base: str | None = None) -> Var:
        return self.builder.emit(primitive(op), args, base)

    def operands(self, let: Let) -> tuple[Var, Var]:
        a, b = let.args
        assert isinstance(a, Var) and isinstance(b, Var)
        return a, b

    # --- sizes --------------------------------------------------------------------------------

    def dims(self, array: Var) -> tuple[Dim, ...]:
        known = self.types[array.name]
        assert isinstance(known, Array) and known.dims is not None
        return known.dims

    def columns(self, array: Var, axis: int = 1) -> Operand:
        """How many columns an array of rows has, whether it is there yet or not."""
        dim = self.dims(array)[axis]
        if isinstance(dim, int):
            return Const(dim)
        made = self.memory.maker(array.name)
        if array.name in self.local and is_op(made, "np.empty", "np.zeros"):
            shape = made.args[0]
            assert isinstance(shape, Tuple)
            return shape.items[axis]
        if array.name in self.local and made is not None:  # a product, or element by element
            others = (arg for arg in made.args[::-1] if isinstance(arg, Var))
            sized = (a for a in others if dim in (dims_of(self.types[a.name]) or ()))
            other = next(sized, None)
            if other is None:
                raise UnsizedError(array.name)
            return self.columns(other, self.dims(other).index(dim))
        for stmt in self.builder.stmts:
            known = self.types.get(stmt.target) if is_op(stmt, "[]") else None
            if isinstance(known, Scalar) and known.value == dim:
                return Var(stmt.target)  # type: ignore[union-attr]
        return self.emit("[]", self.emit(".shape", array), Const(axis), base=SIZES[axis])

    def require_fit(self, a: Var, b: Var) -> None:
        """Raise what NumPy raises where the columns of one are no rows of the other."""
        if self.dims(a)[1] == self.dims(b)[0]:
            return
        sizes = self.columns(a), self.columns(b, 0)
        tests = {s.test for s in self.builder.stmts if isinstance(s, If)}
        unequal = (s for s in self.builder.stmts if is_op(s, "op.NotEq") and Var(s.target) in tests)
        if not any(set(s.args) == set(sizes) for s in unequal):
            raise_where(self.builder, ("op.NotEq", *sizes), "ValueError", "matmul: a mismatch")

    def step(self, product: Let) -> Var:
        """How many rows a tile has."""
        b = self.operands(product)[1]
        width: Operand = self.columns(b, 0)
        if len(self.dims(b)) == 2:
            width = self.emit("op.Add", width, self.columns(b))
        share = self.emit("op.FloorDiv", Const(NEAR), self.emit("op.Add", width, Const(1)))
        return self.emit("max", Const(FEWEST), share, base="step")

    def zeros(self, product: Let) -> Var:
        """What the products of all tiles are added to."""
        sizes = [self.columns(x) for x in self.over(product) if len(self.dims(x)) == 2]
        shape = Tuple(tuple(sizes)) if len(sizes) > 1 else sizes[0]
        base = self.builder.bases.setdefault(product.target, "product")
        return self.emit("np.zeros", shape, Const(None), base=base)

    def base(self, name: str) -> str | None:
        return self.builder.bases.get(name)

    # --- the statements of a tile -------------------------------------------------------------

    def member(self, kind: str, stmt: Stmt, begun: dict[str, Var]) -> None:
        if isinstance(stmt, For):
            self.loop(stmt)
            return
        assert isinstance(stmt, Let)
        if kind == "new":
            shape, *rest = stmt.args
            items = parts_of(shape)[1:]
            own = Tuple((self.count, *items)) if items else self.count
            self.builder.append(Let(stmt.targets, stmt.op, (own, *rest), stmt.origin))
        elif kind == "each":
            args = (self.part(a) if a in self.rows[stmt.target] else a for a in stmt.args)  # type: ignore[arg-type]
            self.builder.append(Let(stmt.targets, stmt.op, tuple(args), stmt.origin))
        elif kind == "rows":
            a, b = self.operands(stmt)
            self.builder.append(Let(stmt.targets, stmt.op, (self.part(a), b), stmt.origin))
        elif kind == "sum":
            self.sum(stmt, begun[stmt.target])

    def part(self, array: Var) -> Operand:
        """The rows at hand of an array."""
        if array.name in self.local:
            return array
        if array.name not in self.parts:
            index = Slice(self.begin, self.end)
            self.parts[array.name] = self.emit("[]", array, index, base=self.base(array.name))
        return self.parts[array.name]

    def over(self, product: Let) -> tuple[Var, Var]:
        """The arrays of rows whose product is summed over these."""
        a, b = self.operands(product)
        made = self.memory.made.get(a.name)
        if len(self.dims(a)) == 2 and is_op(made, ".T") and isinstance(made.args[0], Var):
            a = made.args[0]
        return a, b

    def sum(self, product: Let, begun: Var) -> None:
        assert isinstance(product.op, Primitive)
        first, second = self.over(product)
        a = self.part(first)
        if len(self.dims(first)) == 2:
            a = self.emit(".T", a)
        value = self.builder.emit(product.op, (a, self.part(second)))
        total = self.builder.name(self.base(product.target))
        self.types[total] = self.types[product.target]
        args = Var(product.target), value
        self.builder.append(Let((total,), primitive("accumulate"), args, product.origin))
        self.phis.append(Phi(product.target, begun, Var(total)))

    def loop(self, loop: For) -> None:
        """A loop over the rows of a tile: arrays that are not of the tile have them further on."""
        walk = _Rows(self.builder.nested(), self.local, loop.index)
        row = walk.builder.emit(primitive("op.Add"), (self.begin, Var(loop.index)), "row")
        walk.env[loop.index] = row
        phis = []
        for phi in loop.phis:
            if phi.target in self.local:
                phis.append(phi)
                continue
            name = self.builder.name(self.base(phi.target))
            self.types[name] = self.types[phi.target]
            walk.env[phi.target] = Var(name)
            phis.append(Phi(name, Var(phi.target), phi.second))
            self.phis.append(Phi(phi.target, phi.first, Var(name)))
        walk.block(loop.body)
        ends = (Phi(p.target, p.first, walk.sub(p.second)) for p in phis)
        made = replace(loop, bounds=(self.count,), phis=tuple(ends), body=walk.builder.block)
        self.builder.append(made)


class _Rows(Rewriter):
    """Statements of a loop over the rows of a tile: ``index`` counts those of ``local`` arrays."""

    def __init__(self, builder: Builder, local: set[str], index: str) -> None:
        super().__init__(builder)
        self.local = local
        self.index = index

    def substituted(self, stmt: Let) -> Let:
        first = stmt.args[0] if stmt.args else None
        if not isinstance(first, Var) or first.name not in self.local:
            return super().substituted(stmt)
        own, *places = parts_of(stmt.args[1])
        index = Tuple((own, *map(self.sub, places))) if places else own
        rest = map(self.sub, stmt.args[2:])
        return Let(stmt.targets, stmt.op, (first, index, *rest), stmt.origin)


def in_rows(name: str, target: str, types: Types) -> bool:
    """Whether an operand of an operation element by element has the rows of the result."""
    own, made = types.get(name), types[target]
    assert isinstance(made, Array) and made.dims is not None
    dims = own.dims if isinstance(own, Array) else None
    return dims is not None and len(dims) == len(made.dims) and dims[0] == made.dims[0]


def with_sizes(block: Block, builder: Builder, products: Iterable[str]) -> Block:
    """A block that asks for the shape of what products of matrices are made of, not of these."""
    walk = _Sizes(builder.nested(), products)
    walk.block(block)
    return walk.builder.block


class _Sizes(Rewriter):
    """Answers what is asked of the shapes of ``products``; ``known`` are sizes by dimension."""

    def __init__(self, builder: Builder, products: Iterable[str]) -> None:
        super().__init__(builder)
        self.products = set(products)
        self.made: dict[str, Let] = {}
        self.known: dict[Dim, Operand] = {}
        self.outer: list[dict[Dim, Operand]] = []

    def enter(self) -> None:
        self.outer.append(dict(self.known))

    def leave(self) -> None:
        self.known = self.outer.pop()

    def let(self, stmt: Let) -> None:
        if len(stmt.targets) == 1:
            self.made[stmt.target] = stmt
        whole, place = stmt.args[:2] if is_op(stmt, "[]") else (None, None)
        if isinstance(whole, Tuple) and isinstance(place, Const):
            self.env[stmt.target] = whole.items[place.value]
            return
        if is_op(stmt, ".shape") and isinstance(stmt.args[0], Var):
            array = stmt.args[0].name
            if is_op(self.made.get(array), *self.products) and self.dims(array):
                axes = range(len(self.dims(array)))
                self.env[stmt.target] = Tuple(tuple(self.size(array, axis) for axis in axes))
                return
        known = self.builder.types.get(stmt.target) if len(stmt.targets) == 1 else None
        if isinstance(known, Scalar) and isinstance(known.value, Sym):
            self.known.setdefault(known.value, Var(stmt.target))
        self.builder.append(stmt)

    def dims(self, name: str) -> tuple[Dim, ...]:
        return dims_of(self.builder.types.get(name, ANY)) or ()

    def size(self, name: str, axis: int) -> Operand:
        """A size along an axis, asked of what an array was made of."""
        dim = self.dims(name)[axis]
        if isinstance(dim, int):
            return Const(dim)
        if dim not in self.known:
            name, axis = self.source(name, axis)
            shape = self.builder.emit(primitive(".shape"), (Var(name),))
            base = "size" if len(self.dims(name)) == 1 else SIZES[min(axis, len(SIZES) - 1)]
            self.known[dim] = self.builder.emit(primitive("[]"), (shape, Const(axis)), base)
        return self.known[dim]

    def source(self, name: str, axis: int) -> tuple[str, int]:
        """The array whose axis an axis of a product comes from."""
        made = self.made.get(name)
        if is_op(made, ".T") and isinstance(made.args[0], Var):
            return self.source(made.args[0].name, len(self.dims(name)) - 1 - axis)
        if is_op(made, *self.products) and all(isinstance(a, Var) for a in made.args):
            a, b = (arg.name for arg in made.args)  # type: ignore[union-attr]
            ranks = len(self.dims(a)), len(self.dims(b))
            if max(ranks) <= 2 and min(ranks) > 0:
                return self.source(a, 0) if axis == 0 and ranks[0] == 2 else self.source(b, 1)
        return name, axis
