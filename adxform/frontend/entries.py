"""Which tables made as lists of lists are arrays (see ``grids``): what their entries are decides.

A table is asked for as an array where an entry is a real number, or where lowering fails; then all
is lowered again. One whose entries may be something else stays a list of lists.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from adxform.core.ir import Const, Operand, Tuple, leaves
from adxform.core.trees import nodes
from adxform.core.types import Array, ListOf, Scalar, Type, differentiable
from adxform.errors import Diagnostic
from adxform.frontend.looping import Looping
from adxform.frontend.program import Again

_REAL = ("abs", "cos", "exp", "float", "log", "max", "min", "sin", "sqrt", "sum", "tanh")


class Entries(Looping):
    """Asks for tables as arrays, and sees to it that these hold what the lists would."""

    def ask_for_grids(self, *stmts: ast.AST) -> None:
        """Ask for tables of lists as arrays where an entry is known to be a real number."""
        for node in nodes(*stmts):
            place = getattr(node, "_entry", None)
            if place is not None and place not in self.program.contexts and self._is_real(node):
                self.program.contexts[place] = None
                raise Again

    def _is_real(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(name) if name in self.env or name in self.builder.types:
                return _known_real(self.known_type(node))
            case ast.Subscript(value):
                return self._is_real(value)
            case ast.UnaryOp(ast.USub(), value):
                return self._is_real(value)
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right):
                return self._is_real(left) or self._is_real(right)
            case ast.IfExp(_, first, second):
                return self._is_real(first) or self._is_real(second)
            case ast.Call(ast.Attribute(ast.Name(), name) | ast.Name(name), args):
                return name in _REAL and any(map(self._is_real, args))
            case _:
                return False

    def item_assignment(self, name: str, args: list[ast.expr]) -> None:
        self.ask_for_grids(args[2])
        index = self._of_places(args[1])
        self._refuse_unsure(self.known_type(args[0]), self.known_type(index))
        super().item_assignment(name, [args[0], index, *args[2:]])

    def nested_item_replaced(self, name: str, args: list[ast.expr]) -> bool:
        self.ask_for_grids(args[-1])
        return super().nested_item_replaced(name, args)

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        match node:
            case ast.Call(ast.Name("__grid__"), [rows, columns, number], []):
                return self._grid(node, self.operands([rows, columns, number]), base)
            case ast.Call(ast.Name("__entry__"), [value], []):
                held = self.operand(value, base)
                if not _is_entry(self.builder.type_of(held)):
                    self._no_grid(node, "what this table of lists holds may be no number in "
                                  "double precision")
                return held
        return super().on_Call(node, base)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """``a[tuple(places)]`` is no ``a[places]``, and has no derivative in its places."""
        index = self._of_places(node.slice)
        if index is not node.slice:
            node = ast.copy_location(ast.Subscript(node.value, index, node.ctx), node)
        return super().on_Subscript(node, base)

    def _of_places(self, index: ast.expr) -> ast.expr:
        """An index ``tuple(places)``, of places that are not known one by one, under a name."""
        match index:
            case ast.Call(ast.Name("tuple") as function, [over], []) if (
                self.resolve(function) == "tuple" and self.container(over) is None
            ):
                name = self.builder.names.fresh("_places")
                self.env[name] = self.opaque(index, None, "tuple")
                return ast.copy_location(ast.Name(name, ast.Load()), index)
        return index

    def emit(self, name: str, *args: Operand, base: str | None = None) -> Operand:
        if name == "[]":
            self._refuse_unsure(*(self.builder.type_of(arg) for arg in args[:2]))
        return super().emit(name, *args, base=base)

    def _refuse_unsure(self, held: Type | None, index: Type | None) -> None:
        """Refuse an index that is a list in Core, and may be a tuple."""
        listed = isinstance(index, ListOf) and not isinstance(held, ListOf)
        if listed and self.program.tuples:
            raise self.unsupported("whether this index is a tuple or a list is not known", None,
                                   "Write a[tuple(places)], or make an array of a list.")

    def on_List(self, node: ast.List, base: str | None) -> Operand:
        return self._row(node, super().on_List(node, base), base)

    def on_Tuple(self, node: ast.Tuple, base: str | None) -> Operand:
        return self._row(node, super().on_Tuple(node, base), base)

    def _row(self, node: ast.expr, held: Operand, base: str | None) -> Operand:
        """A row of a list that NumPy takes as one array: an array, if it holds numbers."""
        read: bool | None = getattr(node, "_row", None)  # whether its numbers are read, too
        known = [self.builder.type_of(leaf) for leaf in leaves(held)]
        if read is None or not any(map(differentiable, known)):
            return held
        whole = [isinstance(t, Scalar) and np.dtype(t.dtype).kind in "iub" for t in known]
        if read and any(whole):  # it would be no integer any more
            return held
        return self.emit("row", held, Const(None), base=base)

    def _grid(self, node: ast.Call, made: Sequence[Operand], base: str | None) -> Operand:
        """The array that a list of lists becomes, which all hold the same number."""
        *sizes, number = made
        for size in sizes:
            known = self.builder.type_of(size)
            if not (isinstance(known, Scalar) and np.dtype(known.dtype).kind in "iu"):
                self._no_grid(node, "how large this table of lists is may be no integer")
        if not _is_entry(self.builder.type_of(number)):
            self._no_grid(node, "what this table of lists is filled with may be no number")
        value = self.known_value(number)
        if value == 0:
            return self.emit("np.zeros", Tuple((*sizes,)), Const(None), base=base)
        filled = Const(float(value)) if isinstance(value, int) else number
        return self.emit("np.full", Tuple((*sizes,)), filled, Const(None), base=base)

    def _no_grid(self, node: ast.Call, reason: str) -> None:
        where = self.source.text.location(node)
        hint = "Make the table by np.zeros((m, n)), and write t[i, j]."
        self.program.contexts[node._place] = Diagnostic(reason, where, hint)  # type: ignore[attr-defined]
        raise Again


def _known_real(known: Type | None) -> bool:
    """Whether it is a number in double precision, or an array of such."""
    return isinstance(known, Scalar | Array) and known.dtype == "float64"


def _is_entry(known: Type) -> bool:
    """Whether it is a number that an array in double precision holds as it is."""
    return isinstance(known, Scalar) and (
        known.dtype == "float64" or (known.weak and np.dtype(known.dtype).kind in "if"))
