"""Casts to complex numbers that the operation which takes them makes by itself: taken out."""

from __future__ import annotations

from adxform.core.builder import result_types
from adxform.core.ir import Let, Operand, Primitive, Var
from adxform.core.types import Array, is_complex
from adxform.optimize.walk import Remembering, is_derived

WIDENING = frozenset({"op.Add", "op.Sub", "op.Mult", "op.Div", "op.MatMult"})
_TRANSFORMS = ("np.fft.", "scipy.fft.")


def unwidened(walk: Remembering, stmt: Let, op: Primitive) -> Operand | None:
    """The operation of a derivative on what was cast, if its result is the same."""
    if op.name not in WIDENING and not op.name.startswith(_TRANSFORMS):
        return None
    made = walk.builder.types.get(stmt.target)
    if not isinstance(made, Array) or not is_complex(made.dtype):
        return None
    for place, arg in enumerate(stmt.args):
        cast = walk.origin_of(arg)
        if cast is None or not _widens(walk, cast):
            continue
        args = (*stmt.args[:place], cast.args[0], *stmt.args[place + 1 :])
        again = Let(stmt.targets, op, args, stmt.origin)
        if result_types(again, walk.builder.types)[0] == made:
            return walk.made(op, args, walk.builder.bases.get(stmt.target))
    return None


def _widens(walk: Remembering, cast: Let) -> bool:
    """Whether a derivative's operation makes complex numbers of real ones."""
    if not isinstance(cast.op, Primitive) or cast.op.name != ".astype()":
        return False
    if not is_derived(cast):
        return False
    before, after = (walk.builder.type_of(x) for x in (cast.args[0], Var(cast.target)))
    known = isinstance(before, Array) and isinstance(after, Array) and before.dtype is not None
    return known and is_complex(after.dtype) and not is_complex(before.dtype)  # type: ignore[union-attr]
