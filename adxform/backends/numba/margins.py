"""Margins: of zeros that are written over next, only what is left of them is set to zero."""

from __future__ import annotations

from collections import Counter

from adxform.analysis.types import Types
from adxform.backends.numba.elements import dims_known, left_out
from adxform.core.ir import Block, Const, Let, Operand, Slice, Tuple, Var, parts_of
from adxform.core.types import ANY, Type
from adxform.optimize.walk import is_op

ZEROS = ("np.zeros", "np.zeros_like")

def margins(
    block: Block, types: Types, counts: Counter[str]
) -> dict[Let, tuple[Let, list[Operand]]]:
    """What writes over such zeros of a block, and the parts that stay zero, by the statement that
    makes them; ``counts`` are the reads of all names.
    """
    made = {s.target: s for s in block if isinstance(s, Let) and is_op(s, *ZEROS)}
    found: dict[Let, tuple[Let, list[Operand]]] = {}
    for stmt in block:
        if isinstance(stmt, Let) and is_op(stmt, "update") and isinstance(stmt.args[0], Var):
            array = stmt.args[0].name
            left = _left(types.get(array, ANY), stmt.args[1]) if counts[array] == 1 else None
            if array in made and left is not None:
                found[made[array]] = stmt, left
    return found


def _left(array: Type, index: Operand) -> list[Operand] | None:
    """The parts of an array that an index leaves alone: along one axis, or none at all."""
    dims = dims_known(array)
    cuts = [left_out(part) for part in parts_of(index)]
    if dims is None or len(cuts) > len(dims) or not array.dtype.startswith("float"):  # type: ignore[union-attr]
        return None
    short = [(axis, cut) for axis, cut in enumerate(cuts) if cut != (0, 0)]
    if None in cuts or len(short) > 1:
        return None
    found: list[Operand] = []
    for axis, cut in short:
        first, both = cut  # type: ignore[misc]
        ends = [Slice(upper=Const(first))] if first else []
        ends += [Slice(lower=Const(first - both))] if both > first else []
        found += [end if axis == 0 else Tuple((*[Slice()] * axis, end)) for end in ends]
    return found
