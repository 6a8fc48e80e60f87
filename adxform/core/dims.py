"""Dimensions of arrays: numbers, or symbols of which little is known."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sym:
    """A dimension (or an integer) that is known by name only, and of which ``least`` is."""

    name: str
    not_one: bool = False
    least: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class Stop(Sym):
    """An integer that ends slices which begin at ``first``, and leave a ``dim`` of elements."""

    first: int = 0
    dim: int | Sym = 0


Dim = int | Sym
MANY = 6  # elements: what slices leave of so many is not one
_numbers = itertools.count()


def dim_of(name: str, size: int) -> Dim:
    """The dimension of a size, as far as a specialisation depends on it.

    >>> dim_of("n", 1), dim_of("n", 2).not_one, shorter(dim_of("n", 9), 2).not_one
    (1, True, True)
    """
    return 1 if size == 1 else Sym(name, not_one=True, least=MANY if size >= MANY else 0)


def unknown_dim(*, not_one: bool = False) -> Sym:
    """A dimension of which nothing (or only that it is not 1) is known: like no other."""
    return Sym(f"?{next(_numbers)}", not_one)


def shorter(dim: Dim, by: int) -> Dim:
    """A dimension less a number, but not less than 0.

    >>> shorter(5, 2), shorter(shorter(Sym("n"), 1), 1)
    (3, Sym(name='n-2', not_one=False))
    """
    if by == 0:
        return dim
    if isinstance(dim, int):
        return max(dim - by, 0)
    name, minus, before = dim.name.rpartition("-")
    least = max(dim.least - by, 0)
    if minus and before.isdigit():
        return Sym(f"{name}-{int(before) + by}", least > 1, least)
    return Sym(f"{dim.name}-{by}", least > 1, least)


def may_be_one(dim: Dim) -> bool:
    """Whether NumPy may stretch along a dimension."""
    return dim == 1 if isinstance(dim, int) else not dim.not_one
