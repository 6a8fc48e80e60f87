"""Operations said by others, of which the elements can be told."""

from __future__ import annotations

import ast
from functools import reduce

from adxform.backends.numba.elements import dims_known, reduced_axes
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Const, Let, Opaque, Operand, Primitive, Var
from adxform.core.types import Array, Scalar, Type
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES


class Respell(Rewriter):
    """Writes a mean as a sum and a division, and bounds as a maximum and a minimum.

    ``items`` says for each list that is filled later what it will hold.
    """

    def __init__(self, builder: Builder, items: dict[str, Type]) -> None:
        super().__init__(builder)
        self.items = items

    def let(self, stmt: Let) -> None:
        self.builder.origin = stmt.origin
        name = stmt.op.name if isinstance(stmt.op, Primitive) else ""
        if name in ("np.mean", ".mean()") and self._mean(stmt):
            return
        if name == "list_of" and self._list(stmt):
            return
        if name in ("np.clip", ".clip()") and self._clip(stmt):
            return
        self.builder.append(stmt)

    def _mean(self, stmt: Let) -> bool:
        operand, axis, keepdims = stmt.args[:3]
        dims = dims_known(type_of(operand, self.builder.types))
        axes = None if dims is None else reduced_axes(axis, len(dims))
        if dims is None or axes is None or keepdims not in (Const(True), Const(False)):
            return False
        rest = (Const(None), Const(True))
        total = self.builder.emit(RULES["np.sum"].primitive, (operand, axis, keepdims, *rest))
        if len(axes) == len(dims):
            count: Operand = self.builder.emit(RULES[".size"].primitive, (operand,))
        else:
            shape = self.builder.emit(RULES[".shape"].primitive, (operand,))
            item, times = RULES["[]"].primitive, RULES["op.Mult"].primitive
            sizes = [self.builder.emit(item, (shape, Const(a))) for a in axes]
            count = reduce(lambda a, b: self.builder.emit(times, (a, b)), sizes)
        self.builder.append(
            Let(stmt.targets, RULES["op.Div"].primitive, (total, count), stmt.origin)
        )
        return True

    def _list(self, stmt: Let) -> bool:
        """``[None] * n``, to be filled with arrays, as a list of empty ones."""
        item = self.items.get(stmt.target)
        if not isinstance(item, Array) or item.dims is None or item.dtype is None:
            return False
        zeros = repr((0,) * len(item.dims)) if len(item.dims) > 1 else "0"
        dtype = "" if item.dtype == "float64" else f", dtype=np.{item.dtype}"
        count = stmt.args[0]
        name = count.name if isinstance(count, Var) else "n"
        text = f"[np.empty({zeros}{dtype}) for _ in range({name})]"
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
