"""Operations said by others, of which the elements can be told."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import reduce

from adxform.backends.numba.elements import dims_known, reduced_axes
from adxform.core.builder import Builder, type_of
from adxform.core.dims import may_be_one
from adxform.core.ir import (
    Const,
    For,
    Let,
    Opaque,
    Operand,
    Primitive,
    Slice,
    Tuple,
    Var,
    While,
)
from adxform.core.types import Array, ListOf, Scalar, Type
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES

DOTS = frozenset({"op.MatMult", "np.matmul", "np.dot", ".dot()", "np.inner", "np.vdot"})
SPREADS = {"np.var": False, ".var()": False, "np.std": True, ".std()": True}


class Respell(Rewriter):
    """Writes a mean as a sum and a division, what is made of means and sums of squares likewise,
    bounds as a maximum and a minimum, and choices one in the other.

    ``items`` says for each list that is filled later what it will hold.
    """

    def __init__(self, builder: Builder, items: dict[str, Type]) -> None:
        super().__init__(builder)
        self.items = items
        self.depth = 0  # of loops around

    def loop(self, stmt: For | While) -> None:
        self.depth += 1
        super().loop(stmt)
        self.depth -= 1

    def let(self, stmt: Let) -> None:
        self.builder.origin = stmt.origin
        name = stmt.op.name if isinstance(stmt.op, Primitive) else ""
        if name in ("np.mean", ".mean()") and self._mean(stmt):
            return
        if name == "list_of" and self._list(stmt):
            return
        if name in ("np.clip", ".clip()") and self._clip(stmt):
            return
        if name in SPREADS and self._spread(stmt, SPREADS[name]):
            return
        if name == "np.linalg.norm" and self._norm(stmt):
            return
        if name in DOTS and self._dot(stmt):
            return
        if name in ("np.squeeze", ".squeeze()") and self._squeezed(stmt):
            return
        if name in ("np.array", "np.asarray", "row") and self._of_rows(stmt):
            return
        if name == "np.select" and self._select(stmt):
            return
        self.builder.append(stmt)

    def emit(self, name: str, *args: Operand) -> Operand:
        return self.builder.emit(RULES[name].primitive, args)

    def becomes(self, stmt: Let, name: str, *args: Operand) -> bool:
        """A statement as another operation."""
        self.builder.append(Let(stmt.targets, RULES[name].primitive, args, stmt.origin))
        return True

    def _mean(self, stmt: Let) -> bool:
        operand, axis, keepdims = stmt.args[:3]
        dims = dims_known(type_of(operand, self.builder.types))
        axes = None if dims is None else reduced_axes(axis, len(dims))
        if dims is None or axes is None or keepdims not in (Const(True), Const(False)):
            return False
        total = self._sum(operand, axis, keepdims)
        return self.becomes(stmt, "op.Div", total, self._count(operand, axes, len(dims)))

    def _sum(self, operand: Operand, axis: Operand, keepdims: Operand) -> Operand:
        return self.emit("np.sum", operand, axis, keepdims, Const(None), Const(True))

    def _count(self, operand: Operand, axes: tuple[int, ...], rank: int) -> Operand:
        """How many elements there are along some axes."""
        if len(axes) == rank:
            return self.emit(".size", operand)
        shape = self.emit(".shape", operand)
        sizes = [self.emit("[]", shape, Const(a)) for a in axes]
        return reduce(lambda a, b: self.emit("op.Mult", a, b), sizes)

    def _spread(self, stmt: Let, root: bool) -> bool:
        """A variance, or standard deviation, along axes or with fewer degrees of freedom."""
        operand, axis, ddof, keepdims = stmt.args
        known = type_of(operand, self.builder.types)
        dims = dims_known(known)
        axes = None if dims is None else reduced_axes(axis, len(dims))
        freedom = isinstance(ddof, Const) and type(ddof.value) is int
        if (
            dims is None or axes is None or not freedom
            or keepdims not in (Const(True), Const(False))
            or getattr(known, "dtype", None) not in ("float64", "float32")
            or (len(axes) == len(dims) and ddof == Const(0) and keepdims == Const(False))
        ):  # fmt: skip
            return False  # Numba has it
        count = self._count(operand, axes, len(dims))
        mean = self.emit("op.Div", self._sum(operand, axis, Const(True)), count)
        away = self.emit("op.Sub", operand, mean)
        total = self._sum(self.emit("op.Mult", away, away), axis, keepdims)
        if ddof != Const(0):
            count = self.emit("max", self.emit("op.Sub", count, ddof), Const(0))
        if self.builder.types.get(stmt.target) == Scalar("float32"):  # Numba divides in float64
            found = self.emit("op.Div", total, count)
            found = self.emit("np.sqrt", found) if root else found
            return self.becomes(stmt, "np.float32", found)
        if not root:
            return self.becomes(stmt, "op.Div", total, count)
        return self.becomes(stmt, "np.sqrt", self.emit("op.Div", total, count))

    def _norm(self, stmt: Let) -> bool:
        """The lengths of vectors along an axis."""
        operand, order, axis, keepdims = stmt.args
        known = type_of(operand, self.builder.types)
        dims = dims_known(known)
        if (order, axis) == (Const("fro"), Const(None)) and len(dims or ()) == 2:
            return self.becomes(stmt, "np.linalg.norm", operand, Const(None), axis, keepdims)
        one = isinstance(axis, Const) and type(axis.value) is int
        axes = None if dims is None or not one else reduced_axes(axis, len(dims))
        if axes is None or order not in (Const(None), Const(2)) or not (
            getattr(known, "dtype", None) in ("float64", "float32")
            and keepdims in (Const(True), Const(False))
        ):
            return False
        squares = self.emit("op.Mult", operand, operand)
        return self.becomes(stmt, "np.sqrt", self._sum(squares, axis, keepdims))

    def _dot(self, stmt: Let) -> bool:
        """The product of two vectors of one length in a loop, which others are computed beside."""
        if not self.depth:
            return False  # where all of it is one product, BLAS is as fast
        known = [type_of(arg, self.builder.types) for arg in stmt.args[:2]]
        dims = [dims_known(t) for t in known]
        plain = all(getattr(t, "dtype", None) == "float64" for t in known)
        if not plain or any(d is None or len(d) != 1 for d in dims):
            return False
        if dims[0] != dims[1] and any(may_be_one(d[0]) for d in dims if d):
            return False  # which NumPy would stretch
        product = self.emit("op.Mult", *stmt.args[:2])
        rest = (Const(None), Const(False), Const(None), Const(True))
        return self.becomes(stmt, "np.sum", product, *rest)

    def _of_rows(self, stmt: Let) -> bool:
        """Rows that are written out, of floating numbers alone: to Numba lists in a list have one
        type, and a row of integers another than one of floating numbers.
        """
        made, rows = type_of(Var(stmt.target), self.builder.types), stmt.args[0]
        nested = isinstance(rows, Tuple) and any(isinstance(item, Tuple) for item in rows.items)
        if not nested or not isinstance(made, Array) or made.dtype != "float64":
            return False
        args = (self._floating(rows), *stmt.args[1:])
        self.builder.append(Let(stmt.targets, stmt.op, args, stmt.origin))
        return True

    def _floating(self, item: Operand) -> Operand:
        if isinstance(item, Tuple):
            return replace(item, items=tuple(map(self._floating, item.items)))
        if isinstance(item, Const) and isinstance(item.value, int):
            return Const(float(item.value))
        known = type_of(item, self.builder.types)
        whole = isinstance(known, Scalar) and known.dtype.startswith(("int", "uint", "bool"))
        return self.emit("float", item) if whole else item

    def _squeezed(self, stmt: Let) -> bool:
        """An array without the axes that are gone: their only places are taken."""
        dims = dims_known(type_of(stmt.args[0], self.builder.types))
        axis = stmt.args[1]
        if dims is None or any(may_be_one(dim) and dim != 1 for dim in dims):
            return False
        axes = reduced_axes(axis, len(dims))
        gone = {i for i, dim in enumerate(dims) if dim == 1} if axis == Const(None) else axes
        if gone is None or len(gone) == len(dims) or any(dims[i] != 1 for i in gone):
            return False
        parts = tuple(Const(0) if i in gone else Slice() for i in range(len(dims)))
        return self.becomes(stmt, "[]", stmt.args[0], Tuple(parts))

    def _select(self, stmt: Let) -> bool:
        """The first choice whose condition holds, by asking one condition after the other."""
        conditions, choices, made = stmt.args
        if not isinstance(conditions, Tuple) or not isinstance(choices, Tuple):
            return False
        types, target = self.builder.types, self.builder.types.get(stmt.target)
        booleans = (getattr(type_of(c, types), "dtype", None) == "bool" for c in conditions.items)
        if dims_known(target or Scalar("int64")) is None or not all(booleans):
            return False
        pairs = list(zip(conditions.items, choices.items, strict=True))
        if not pairs or any(getattr(type_of(c, types), "dtype", None) != getattr(target, "dtype", 0)
                            for _, c in pairs):
            return False
        for condition, choice in pairs[:0:-1]:
            made = self.emit("np.where", condition, choice, made)
        return self.becomes(stmt, "np.where", *pairs[0], made)

    def _list(self, stmt: Let) -> bool:
        """``[None] * n``, to be filled, as a list of what says of which type that will be."""
        item = _first_item(self.items.get(stmt.target))
        if item is None:
            return False
        count = stmt.args[0]
        name = count.name if isinstance(count, Var) else "n"
        text = f"[{item} for _ in range({name})]"
        op = Opaque(ast.parse(text, mode="eval").body, (name,), pure=True)
        self.builder.append(Let(stmt.targets, op, (count,), stmt.origin))
        return True

    def _clip(self, stmt: Let) -> bool:
        operand, low, high = stmt.args
        types = self.builder.types
        bounds = [b for b in (low, high) if b != Const(None)]
        if dims_known(types.get(stmt.target, Scalar("int64"))) is None or not all(
            isinstance(type_of(b, types), Scalar) for b in bounds
        ):
            return False
        made = operand
        for bound, how in ((low, "np.maximum"), (high, "np.minimum")):
            if bound != Const(None):
                made = self.builder.emit(RULES[how].primitive, (made, bound))
        self.builder.append(Let(stmt.targets, RULES["rename"].primitive, (made,), stmt.origin))
        return True


def _first_item(item: Type | None) -> str | None:
    """An empty array, or a list of such or of numbers, in the place of one of a list's items."""
    if isinstance(item, ListOf):
        if isinstance(item.item, Scalar):
            kind = "bool_" if item.item.dtype == "bool" else item.item.dtype
            return f"[np.{kind}(0)]"
        inner = _first_item(item.item)
        return None if inner is None else f"[{inner} for _ in range(0)]"
    if not isinstance(item, Array) or item.dims is None or item.dtype is None:
        return None
    zeros = repr((0,) * len(item.dims)) if len(item.dims) > 1 else "0"
    dtype = "" if item.dtype == "float64" else f", dtype=np.{item.dtype}"
    return f"np.empty({zeros}{dtype})"
