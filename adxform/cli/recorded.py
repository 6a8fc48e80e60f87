"""What a derivative records: its tapes, with the bytes that each iteration adds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from adxform.analysis.types import Types
from adxform.cli.sizes import Extent, extents, item_size, product
from adxform.core.dims import Dim
from adxform.core.ir import (
    For,
    Function,
    Let,
    Operand,
    Origin,
    Primitive,
    Var,
    While,
    parts_of,
    phis_of,
    walk,
)
from adxform.core.types import ANY, Array, ListOf, Type
from adxform.emit.python import Writer, writer_of

MADE = frozenset({"np.empty", "list_of", "empty_list"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """A tape: of which variable, in which loop, and how much in each iteration; ``shape`` and
    ``bytes`` are None where they are not known before the derivative runs.
    """

    tape: str
    variable: str
    loop: Origin | None
    dtype: str | None
    shape: tuple[Extent, ...] | None
    listed: bool

    @property
    def bytes(self) -> Extent | None:
        """The bytes of one iteration."""
        if self.dtype is None or self.shape is None:
            return None
        return product((item_size(Array(self.dtype, ())) or 0, *self.shape))


def recorded(function: Function, types: Types) -> list[Recorded]:
    """The tapes of a derivative, called as they are in its text."""
    writer = writer_of(function, types)
    _nest_sizes(writer)
    made = [
        stmt
        for stmt in walk(writer.function.body)
        if isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and stmt.op.name in MADE
        if stmt.origin is None and function.bases.get(stmt.target, "").endswith("_tape")
    ]
    lengths = dict(pair for stmt in made for pair in _lengths(stmt, writer))
    return [_recorded(stmt, writer, lengths) for stmt in made]


def _recorded(made: Let, writer: Writer, lengths: dict[Dim, Extent]) -> Recorded:
    name, base = made.target, writer.function.bases[made.target]
    loops = (s for s in walk(writer.function.body) if isinstance(s, For | While))
    loop = next((s for s in loops if any(p.first == Var(name) for p in phis_of(s))), None)
    known = writer.types.get(name, ANY)
    item = (known.item or ANY) if isinstance(known, ListOf) else _item(known)
    return Recorded(
        writer.variable.get(name, name),
        base.removesuffix("_tape"),
        getattr(loop, "origin", None),
        getattr(item, "dtype", None),
        extents(item, lengths),
        isinstance(known, ListOf),
    )


def _item(known: Type) -> Type:
    """The type of what an iteration records on a tape that is an array."""
    if not isinstance(known, Array) or known.dims is None:
        return ANY
    return Array(known.dtype, known.dims[1:])


def _lengths(made: Let, writer: Writer) -> Iterator[tuple[Dim, Extent]]:
    """The lengths of a tape, as they are asked for where it is made."""
    known = writer.types.get(made.target)
    parts = parts_of(made.args[0]) if isinstance(known, Array) else ()
    dims = known.dims if isinstance(known, Array) and known.dims is not None else ()
    if len(parts) == len(dims):
        yield from ((d, _extent(p, writer)) for d, p in zip(dims, parts, strict=True))


def _extent(part: Operand, writer: Writer) -> Extent:
    tree = writer.operand(part)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int):
        return tree.value
    return ast.unparse(tree)


def _nest_sizes(writer: Writer) -> None:
    """Have lengths written out that the user has no name for."""
    for stmt in walk(writer.function.body):
        if isinstance(stmt, Let) and stmt.target not in writer.function.bases:
            writer.nested.setdefault(stmt.target, stmt)
