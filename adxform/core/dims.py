"""Dimensions of arrays: numbers, or symbols of which little is known."""

from __future__ import annotations

import itertools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sym:
    """A dimension (or an integer) that is known by name only."""

    name: str
    not_one: bool = False


Dim = int | Sym
_numbers = itertools.count()


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
    if minus and before.isdigit():
        return Sym(f"{name}-{int(before) + by}")
    return Sym(f"{dim.name}-{by}")


def may_be_one(dim: Dim) -> bool:
    """Whether NumPy may stretch along a dimension."""
    return dim == 1 if isinstance(dim, int) else not dim.not_one
