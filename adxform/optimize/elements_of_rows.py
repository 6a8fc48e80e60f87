"""Elements of rows are elements of the array: ``p[i, 0]`` for ``r[0]`` where ``r = p[i]``.

So are those of windows: ``x[i + 1]`` for ``w[1]`` where ``w = x[i : i + 2]``. The cotangent of such
an element is added to where it belongs, and no row of zeros is made for it. A row is a view: where
something may be written between it and an element of it, it stays.
"""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.aliasing import writes
from adxform.analysis.mutation import may_change
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.forms import TUPLE
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Function,
    Let,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    blocks_of,
    parts_of,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import Array, Scalar, Type, rank
from adxform.core.unread import unread_phis, without
from adxform.differentiate.common import names_for, primitive
from adxform.optimize.walk import Rewriter, is_op
from adxform.optimize.windows import Windows, is_window


def elements_of_rows(function: Function, types: Types) -> Function:
    """A function that reads elements of rows of arrays from the arrays, where it asks nothing else
    of the rows but their lengths; itself if there are none.
    """
    windows = Windows(function.body)
    rows = _Rows(types, windows)
    rows.block(function.body, set())
    if not any(rows.asked.values()):
        return function
    body = without(function.body, unread_phis(function.body, function.result))
    counts = read_counts(body, function.result)
    found = {name for name, asked in rows.asked.items() if asked and asked == counts[name]}
    if not found:
        return function
    builder = Builder(names_for(function, types), types, dict(function.bases))
    walker = _Elements(builder, found, windows, found & rows.measured)
    walker.block(body)
    return replace(function, body=walker.builder.block, bases=walker.builder.bases)


class _Elements(Rewriter):
    """Reads elements of rows from the arrays that have the rows."""

    def __init__(
        self, builder: Builder, rows: set[str], windows: Windows, measured: set[str]
    ) -> None:
        super().__init__(builder)
        self.rows = rows
        self.windows = windows
        self.measured = measured
        self.row: dict[str, Let] = {}

    def let(self, stmt: Let) -> None:
        read = stmt.args[0] if stmt.args else None
        of = self.row.get(read.name) if isinstance(read, Var) else None
        if of is not None:
            stmt = self._length(stmt, of) if is_op(stmt, "len") else self._joined(stmt, of)
        if stmt.target in self.rows:
            self.row[stmt.target] = stmt
        if stmt.target not in self.rows or (stmt.target in self.measured and is_window(stmt)):
            self.builder.append(stmt)

    def _length(self, stmt: Let, of: Let) -> Let:
        """The length of a row, as the size of the array along an axis; of a window, as it is."""
        if is_window(of):
            return stmt
        shape = self.builder.emit(primitive(".shape"), of.args[:1])
        axis = Const(len(parts_of(of.args[1])))
        return Let(stmt.targets, primitive("[]"), (shape, axis), stmt.origin)


    def _joined(self, stmt: Let, of: Let) -> Let:
        """An element of a row, by its place in the array."""
        if is_window(of):
            places = self.windows.joined(of.args[1], stmt.args[1], self.builder)
        else:
            places = Tuple((*parts_of(of.args[1]), *parts_of(stmt.args[1])), TUPLE)
        return Let(stmt.targets, stmt.op, (of.args[0], places), stmt.origin)


class _Rows:
    """``asked`` counts the reads of elements of each row, while nothing has been written;
    ``measured`` are those whose lengths are asked.
    """

    def __init__(self, types: Types, windows: Windows) -> None:
        self.types = types
        self.windows = windows
        self.indices: dict[str, Operand] = {}
        self.asked: dict[str, int] = {}
        self.measured: set[str] = set()

    def block(self, block: Block, around: set[str]) -> None:
        rows = set(around)
        for stmt in block:
            inner = blocks_of(stmt)
            if any(_may_write(s, self.types) for s in walk((stmt,))):
                rows.clear()
            for within in inner:
                self.block(within, rows)
            if isinstance(stmt, Let):
                self._let(stmt, rows)

    def _let(self, stmt: Let, rows: set[str]) -> None:
        read = stmt.args[0] if stmt.args else None
        if is_op(stmt, "[]", "len") and isinstance(read, Var) and read.name in rows and (
            is_op(stmt, "len") or self._is_element(self.indices[read.name], stmt.args[1])
        ):
            self.asked[read.name] += 1
            if is_op(stmt, "len"):
                self.measured.add(read.name)
        if is_op(stmt, "[]") and self._is_row(stmt):
            rows.add(stmt.target)
            self.asked[stmt.target] = 0
            self.indices[stmt.target] = stmt.args[1]

    def _is_row(self, stmt: Let) -> bool:
        held, index = type_of(stmt.args[0], self.types), stmt.args[1]
        if not isinstance(held, Array) or not isinstance(stmt.args[0], Var):
            return False
        windows = self.windows.of(index)
        more = (rank(held) or 0) - len(parts_of(index)) + len(windows)
        return more > 0 and self._numbered(index, len(windows))

    def _is_element(self, index: Operand, item: Operand) -> bool:
        """Whether ``array[index][item]`` is an element, or a row, that one index can name."""
        stretches = any(isinstance(part, Slice) for part in parts_of(index))
        return self._numbered(item) and (not stretches or self.windows.reads(index, item))

    def _numbered(self, index: Operand, windows: int = 0) -> bool:
        """Whether all that an index has, besides some windows, are numbers."""
        kinds = [_is_number(type_of(part, self.types)) for part in parts_of(index)]
        return kinds.count(False) == windows


def _is_number(known: Type) -> bool:
    return isinstance(known, Scalar) and known.dtype.startswith(("int", "uint"))


def _may_write(stmt: Stmt, types: Types) -> bool:
    if isinstance(stmt, Let) and isinstance(stmt.op, Primitive):
        return writes(stmt.op) and not isinstance(type_of(stmt.args[0], types), Scalar)
    return bool(may_change(stmt)) or (isinstance(stmt, Let) and isinstance(stmt.op, Callee))
