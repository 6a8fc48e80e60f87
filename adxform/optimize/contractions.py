"""Contractions, in the order that costs least: sums and vectors before products of matrices."""

from __future__ import annotations

from collections import Counter
from typing import Any

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Const,
    Function,
    Let,
    Operand,
    Primitive,
    Slice,
    Tuple,
)
from adxform.core.reads import read_counts
from adxform.core.types import rank
from adxform.differentiate.common import names_for, primitive
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.walk import Remembering, is_derived, is_op, rewritten

PRODUCTS = frozenset({"op.MatMult", "np.matmul"})


def contracted(function: Function, types: Types) -> Function:
    """``np.sum(A @ B, axis=0)`` is ``np.sum(A, axis=0) @ B``, ``(A @ B) @ v`` is ``A @ (B @ v)``,
    and ``np.outer(u, v) @ A`` is ``np.outer(u, v @ A)``, in what the compiler itself makes.
    """
    if PRODUCTS.isdisjoint(index(function.body).names):
        return function
    body = eliminate_dead_code(function.body, (function.result,))
    reads = read_counts(body, function.result)
    builder = Builder(names_for(function, types), types, function.bases)
    return rewritten(function, _Contracting(builder, reads))


class _Contracting(Remembering):
    def __init__(self, builder: Builder, reads: Counter[str]) -> None:
        super().__init__(builder)
        self.reads = reads

    def block(self, block: Block) -> None:
        outer, self.made_by = self.made_by, {}  # what a loop does not change is made before it
        super().block(block)
        self.made_by = outer

    def let(self, stmt: Let) -> None:
        own = is_derived(stmt)
        self.builder.origin = stmt.origin
        value = None
        if own and is_op(stmt, "np.sum"):
            value = self._summed(stmt)
        elif own and is_op(stmt, *PRODUCTS):
            value = self._multiplied(stmt)
        elif own and is_op(stmt, ".T"):
            value = self._turned(stmt)
        if value is None:
            self.builder.append(stmt)
            self.remember(stmt)
        else:
            self.env[stmt.target] = value

    def _summed(self, stmt: Let) -> Operand | None:
        """A sum over the rows or the columns of a product, or over both."""
        assert isinstance(stmt.op, Primitive)
        args = dict(zip(stmt.op.params, stmt.args, strict=True))
        product = self._once(args.pop("a"), *PRODUCTS)
        axis = args.pop("axis")
        if product is None or args != _PLAIN or not isinstance(axis, Const):
            return None
        first, second = product.args
        ranks = [rank(self.builder.type_of(a)) for a in (first, second)]
        base = self.builder.bases.get(stmt.target)
        if ranks == [2, 2] and axis.value in (0, -2):
            return self._product(self._sum(first, 0), second, base)
        if ranks == [2, 2] and axis.value in (1, -1):
            return self._product(first, self._sum(second, 1), base)
        if ranks == [3, 3] and axis.value in (1, -2):
            row = self._product(self._sum(first, 1, keepdims=True), second)
            index = Tuple((Slice(), Const(0)))
            return self.made(primitive("[]"), (row, index), base)
        return None

    def _multiplied(self, stmt: Let) -> Operand | None:
        """A product of a product and a vector, or of an outer product and a matrix."""
        base = self.builder.bases.get(stmt.target)
        first, second = stmt.args
        left, right = (rank(self.builder.type_of(a)) for a in stmt.args)
        if left == 2 and right == 1:
            inner = self._once(first, *PRODUCTS)
            if inner is not None and self._ranks(inner) == [2, 2]:
                return self._product(inner.args[0], self._product(inner.args[1], second), base)
        if left == 1 and right == 2:
            inner = self._once(second, *PRODUCTS)
            if inner is not None and self._ranks(inner) == [2, 2]:
                return self._product(self._product(first, inner.args[0]), inner.args[1], base)
        if left == right == 2:
            return self._of_outer(first, second, base)
        return None

    def _of_outer(self, first: Operand, second: Operand, base: str | None) -> Operand | None:
        outer = self._own(first, "np.outer")
        if outer is not None and self._ranks(outer) == [1, 1]:
            row = self._product(outer.args[1], second)
            return self.made(primitive("np.outer"), (outer.args[0], row), base)
        outer = self._own(second, "np.outer")
        if outer is not None and self._ranks(outer) == [1, 1]:
            column = self._product(first, outer.args[0])
            return self.made(primitive("np.outer"), (column, outer.args[1]), base)
        return None

    def _turned(self, stmt: Let) -> Operand | None:
        """``(A.T @ B).T`` is ``B.T @ A``."""
        product = self._once(stmt.args[0], *PRODUCTS)
        if product is None or self._ranks(product) != [2, 2]:
            return None
        first = self.origin_of(product.args[0])
        if first is None or not is_op(first, ".T"):
            return None
        turned = self.made(primitive(".T"), product.args[1:])
        return self._product(turned, first.args[0], self.builder.bases.get(stmt.target))

    def _once(self, operand: Operand, *names: str) -> Let | None:
        """The operation behind an operand that nothing else reads, if it is one of these."""
        made = self._own(operand, *names)
        return made if made is not None and self.reads[made.target] == 1 else None

    def _own(self, operand: Operand, *names: str) -> Let | None:
        """The operation behind an operand, if it is one of these, here and the compiler's own."""
        made = self.origin_of(operand)
        return made if is_op(made, *names) and is_derived(made) else None

    def _ranks(self, stmt: Let) -> list[int | None]:
        return [rank(self.builder.type_of(a)) for a in stmt.args]

    def _sum(self, operand: Operand, axis: int, keepdims: bool = False) -> Operand:
        op = primitive("np.sum")
        given: dict[str, Any] = {"a": operand, "axis": Const(axis), **_PLAIN}
        given["keepdims"] = Const(keepdims)
        return self.made(op, tuple(given[name] for name in op.params))

    def _product(self, first: Operand, second: Operand, base: str | None = None) -> Operand:
        return self.made(primitive("op.MatMult"), (first, second), base)


_PLAIN: dict[str, Operand] = {"keepdims": Const(False), "dtype": Const(None), "where": Const(True)}
