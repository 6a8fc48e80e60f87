"""Sizes of values as formulas, from their types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from adxform.core.dims import Dim
from adxform.core.types import Array, Scalar, Type

Extent = int | str


def product(parts: Iterable[Extent]) -> Extent:
    """A product as a number, or as text.

    >>> product([8, "n", 2]), product([1, "n"]), product([])
    ('16 * n', 'n', 1)
    """
    number, names = 1, []
    for part in parts:
        if isinstance(part, int):
            number *= part
        else:
            names.append(part if part.replace(".", "").isidentifier() or part.endswith("]")
                         else f"({part})")
    if not names or number == 0:
        return number
    return " * ".join(names if number == 1 else [str(number), *names])


def extents(t: Type, known: Mapping[Dim, Extent] | None = None) -> tuple[Extent, ...] | None:
    """The shape of a value, or None where it has no name that is ``known`` or the user's own."""
    if isinstance(t, Scalar):
        return ()
    if not isinstance(t, Array) or t.dims is None:
        return None
    found = [_extent(dim, known or {}) for dim in t.dims]
    return None if None in found else tuple(extent for extent in found if extent is not None)


def _extent(dim: Dim, known: Mapping[Dim, Extent]) -> Extent | None:
    if dim in known:
        return known[dim]
    if isinstance(dim, int):
        return dim
    own = re.fullmatch(r"\w+(\.shape\[\d+\])?", dim.name)
    return dim.name if own else None


def size(t: Type) -> Extent | None:
    """How many numbers a value holds, or None where that is not known."""
    shape = extents(t)
    return None if shape is None else product(shape)


def item_size(t: Type) -> int | None:
    """The bytes of one number of a value, or None where the dtype is not known."""
    dtype = t.dtype if isinstance(t, Scalar | Array) else None
    return None if dtype is None else np.dtype(dtype).itemsize
