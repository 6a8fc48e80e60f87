"""What is asked for its shape alone is asked of an operand of that shape, and not computed."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from adxform.analysis.aliasing import root_of, writes
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.dims import Dim
from adxform.core.index import index
from adxform.core.ir import Function, Let, Primitive, Stmt, Var
from adxform.core.reads import read_counts
from adxform.core.types import ANY, Array, Scalar, dims_of
from adxform.differentiate.common import names_for
from adxform.differentiate.restoring import SHAPE_ONLY
from adxform.optimize.walk import Rewriter, rewritten
from adxform.rules.table import RULES

Unlike = frozenset[Dim]


def without_shaped_values(function: Function, types: Types) -> Function:
    """``np.zeros_like(x)`` for ``np.zeros_like(x * 2.0)``, if nothing else reads the product.

    Where operands may not go together, the operation stays, unless another one fails then, too.
    """
    held = index(function.body)
    asking = held.of(*SHAPE_ONLY)
    asked = Counter(like.name for s in asking if (like := _like(s)) is not None)
    reads = read_counts(function.body, function.result)
    if not any(reads[name] == times for name, times in asked.items()):
        return function
    written = {stmt.args[0] for stmt in held.where(writes)}
    compared = Counter(pair for stmt in function.body for pair in compared_in(stmt, types))
    top = set(function.body)
    replaced: dict[str, str] = {}
    for stmt in reversed(held.lets):  # what is asked of a result may be of an operand's operand
        if asked[stmt.target] == reads[stmt.target] > 0:
            unlike = compared_in(stmt, types)
            elsewhere = all(compared[pair] > (stmt in top) for pair in unlike)  # and fails there
            shaped = _of_same_shape(stmt, types) if elsewhere else None
            if shaped is not None and shaped not in written:
                compared.subtract(unlike if stmt in top else ())
                replaced[stmt.target] = shaped.name
                asked[shaped.name] += asked[stmt.target]
                reads[shaped.name] += asked[stmt.target]
                reads.subtract(stmt.reads)
    if not replaced:
        return function
    walker = _Shapes(Builder(names_for(function, types), types, function.bases))
    walker.env.update({name: Var(root_of(replaced, name)) for name in replaced})
    return rewritten(function, walker)


class _Shapes(Rewriter):
    """Replaces names where a shape is asked for; what made them is gone."""

    def let(self, stmt: Let) -> None:
        if stmt.target not in self.env:
            self.builder.append(stmt)


def _like(stmt: Let) -> Var | None:
    """What a statement asks for its shape."""
    assert isinstance(stmt.op, Primitive)
    asked = stmt.args[SHAPE_ONLY[stmt.op.name]]
    return asked if isinstance(asked, Var) else None


def _of_same_shape(stmt: Let, types: Types) -> Var | None:
    """An operand of an elementwise operation that has the shape and the dtype of its result."""
    if not isinstance(stmt.op, Primitive) or not RULES[stmt.op.name].by_element:
        return None
    known = types.get(stmt.target, ANY)
    if not isinstance(known, Array) or known.dtype is None:
        return None
    shaped = [(a, t) for a in stmt.args if not isinstance(t := type_of(a, types), Scalar)]
    alone = len(shaped) == 1
    if not alone and not (known.dims and all(dims_of(t) is not None for _, t in shaped)):
        return None
    return next((a for a, t in shaped if t == known and isinstance(a, Var)), None)


def compared_in(stmt: Stmt, types: Types) -> set[Unlike]:
    """The dimensions that are not known to be equal, and that a statement broadcasts together."""
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return set()
    if stmt.op.name != "accumulate" and not RULES[stmt.op.name].by_element:
        return set()
    shapes = [dims for arg in stmt.args if (dims := dims_of(type_of(arg, types))) is not None]
    return {
        frozenset(pair)
        for axis in range(max(map(len, shapes), default=0))
        for pair in combinations({s[-1 - axis] for s in shapes if axis < len(s)} - {1}, 2)
    }
