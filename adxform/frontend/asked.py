"""What is asked for where a derivative is called inside a function."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from adxform.core.ir import Operand, Tuple


@dataclass(frozen=True, eq=False, slots=True)
class Derived:
    """What ``grad(function, argnums)`` and the like give."""

    kind: str
    function: Any
    argnums: Any = 0
    has_aux: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Along:
    """A function's derivative in a direction, at certain arguments, in one of them."""

    function: Any
    bound: dict[str, Operand]
    place: int
    node: ast.Call


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a function of Core: a mode, the parameters, and the form of a gradient.

    ``outputs`` are the results that get a cotangent.
    """

    kind: str
    wrt: tuple[str, ...] = ()
    shapes: tuple[Operand, ...] = ()
    outputs: tuple[Operand, ...] = ()
    value: bool = False
    has_aux: bool = False
    several: bool = False

    def arranged(self, result: Operand) -> Operand:
        """``gradient`` or ``(value, gradient)``, the auxiliary result beside what it came with."""
        assert isinstance(result, Tuple)
        value, bars = result.items
        if self.several and len(self.shapes) == 1:
            bars = Tuple((bars,))
        if self.value:
            return Tuple((value, bars))
        if self.has_aux:
            assert isinstance(value, Tuple)
            return Tuple((bars, value.items[1]))
        return bars
