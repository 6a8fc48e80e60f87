"""Texts of floating numbers, of which Numba makes others than Python: plain NumPy runs instead."""

from __future__ import annotations

import ast

from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Block, Const, Effect, Let, Opaque, Operand, walk
from adxform.core.raising import raise_if
from adxform.core.types import Known, Scalar

TEXTS = frozenset({"str", "repr", "ascii", "format"})
REASON = "Numba does not write floating numbers as Python does"


def with_texts_refused(block: Block, builder: Builder) -> Block:
    """A function's body, behind an error if it writes numbers as texts that are no integers."""
    if any(_writes(stmt, builder.types) for stmt in walk(block)):
        raise_if(builder, Const(True), "TypeError", REASON)
        return (*builder.block, *block)
    return block


def _writes(stmt: object, types: Types) -> bool:
    if isinstance(stmt, Effect):
        if isinstance(stmt.tree, ast.Raise | ast.Assert):  # the plain function says it, too
            return False
        reads: dict[str, Operand] = dict(stmt.reads)
        tree: ast.AST = stmt.tree
    elif isinstance(stmt, Let) and isinstance(stmt.op, Opaque):
        reads, tree = dict(zip(stmt.op.reads, stmt.args, strict=True)), stmt.op.tree
    else:
        return False
    return any(not _is_plain(part, reads, types) for part in map(_written, ast.walk(tree)) if part)


def _written(node: ast.AST) -> ast.expr | None:
    """What is made a text, if something is."""
    match node:
        case ast.FormattedValue(value):
            return value
        case ast.Call(ast.Name(name), [value, *_]) if name in TEXTS:
            return value
        case _:
            return None


def _is_plain(node: ast.expr, reads: dict[str, Operand], types: Types) -> bool:
    """Whether an expression reads nothing but integers and what is no number."""
    used = [reads[n.id] for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in reads]
    kinds = [type_of(operand, types) for operand in used]
    return all(
        isinstance(t, Known) or (isinstance(t, Scalar) and t.dtype == "int64") for t in kinds
    )
