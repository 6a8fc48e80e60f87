"""Where arrays are: roots, and the views of them that names stand for."""

from __future__ import annotations

from dataclasses import dataclass

from adxform.core.constant import constant_by_value
from adxform.core.ir import Operand, Primitive, Var


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that gives a view of its first operand."""

    op: Primitive
    args: tuple[Operand, ...]


@constant_by_value
class View:
    """A name's place in the memory of a root, as of the root's value number ``stamp``."""

    root: int
    path: tuple[Step, ...]
    stamp: int


@constant_by_value
class Root:
    """An array: the name of its current value, which is number ``stamp``, and its variable's.

    ``contiguous``: its elements lie in C order, so that a reshaped array is a view of it.
    """

    current: Var
    stamp: int
    base: str | None
    contiguous: bool = False
