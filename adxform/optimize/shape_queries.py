"""What is asked for its shape alone is asked of an operand of that shape, and not computed."""

from __future__ import annotations

from collections import Counter

from adxform.analysis.aliasing import root_of, writes
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.ir import Function, Let, Primitive, Stmt, Var, uses, walk
from adxform.core.reads import read_counts
from adxform.core.types import ANY, Array, Dim, Scalar, dims_of
from adxform.differentiate.common import names_for
from adxform.differentiate.restoring import SHAPE_ONLY
from adxform.optimize.walk import Rewriter, rewritten
from adxform.rules.table import RULES


def without_shaped_values(function: Function, types: Types) -> Function:
    """``np.zeros_like(x)`` for ``np.zeros_like(x * 2.0)``, if nothing else reads the product."""
    asked = Counter(like.name for s in walk(function.body) if (like := _like(s)) is not None)
    if not asked:
        return function
    reads = read_counts(function.body, function.result)
    lets = [stmt for stmt in walk(function.body) if isinstance(stmt, Let)]
    written = {stmt.args[0] for stmt in lets if isinstance(stmt.op, Primitive) and writes(stmt.op)}
    replaced: dict[str, str] = {}
    for stmt in reversed(lets):  # what is asked of a result may be asked of an operand's operand
        if asked[stmt.target] == reads[stmt.target] > 0:
            shaped = _of_same_shape(stmt, types)
            if shaped is not None and shaped not in written:
                replaced[stmt.target] = shaped.name
                asked[shaped.name] += asked[stmt.target]
                reads[shaped.name] += asked[stmt.target]
                reads.subtract(uses(stmt.args))
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


def _like(stmt: Stmt) -> Var | None:
    """What a statement asks for its shape."""
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return None
    place = SHAPE_ONLY.get(stmt.op.name)
    asked = None if place is None else stmt.args[place]
    return asked if isinstance(asked, Var) else None


def _of_same_shape(stmt: Let, types: Types) -> Var | None:
    """An operand of an elementwise operation that has the shape and the dtype of its result, if
    the others must have that shape, too: where they have not, the operation fails.
    """
    rule = RULES[stmt.op.name] if isinstance(stmt.op, Primitive) else None
    if rule is None or not (rule.kind == "elementwise" or rule.broadcasts):
        return None
    known = types.get(stmt.target, ANY)
    if not isinstance(known, Array) or known.dtype is None:
        return None
    shaped = [(a, t) for a in stmt.args if not isinstance(t := type_of(a, types), Scalar)]
    alone = len(shaped) == 1
    if not alone and not all(_fits(dims_of(t), known.dims) for _, t in shaped):
        return None
    same = (a for a, t in shaped if t == known and isinstance(a, Var) and (alone or known.dims))
    return next(same, None)


def _fits(dims: tuple[Dim, ...] | None, whole: tuple[Dim, ...] | None) -> bool:
    """Whether an array is sure to be stretched to a shape."""
    if dims is None or whole is None or len(dims) > len(whole):
        return False
    return all(d in (1, w) for d, w in zip(dims[::-1], whole[::-1], strict=False))
