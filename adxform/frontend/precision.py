"""The precision of a derivative is that of its argument: a number of Python's widens no array."""

from __future__ import annotations

from adxform.core.builder import Builder
from adxform.core.ir import Operand, Var, leaves, substitute
from adxform.core.types import Array, Number, Type, Unknown, is_narrow, is_weak
from adxform.rules.table import RULES


def like_arguments(builder: Builder, made: Operand, args: list[Operand]) -> Operand:
    """The gradients, last in what was ``made``, in the precision of the arguments they are for; or
    tangents.
    """
    kept: dict[str, Operand] = {}
    for bar, arg in zip(leaves(made)[-len(args):], args, strict=False):
        known, own = builder.type_of(arg), builder.type_of(bar)
        if is_weak(known):
            if is_weak(own) or not any(map(_shows, builder.types.values())):
                continue
            cast = builder.emit(RULES["float"].primitive, (bar,))
        elif is_narrow(known) != is_narrow(own) or isinstance(known, Number):
            cast = builder.emit(RULES["as_like"].primitive, (bar, arg))
        else:
            continue
        if bar == made:
            return cast
        kept.update({bar.name: cast} if isinstance(bar, Var) else {})
    return substitute(made, kept)


def _shows(t: Type) -> bool:
    """Whether it shows beside such a value whether a number is of Python's or of NumPy's."""
    narrow = is_narrow(t) or (isinstance(t, Array) and t.dtype is None)
    return narrow or isinstance(t, Unknown | Number)
