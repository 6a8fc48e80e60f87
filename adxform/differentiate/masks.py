"""Masked cotangents: the side that ``np.where`` did not take stays zero, whatever slope follows.

``unbroadcast(where(c, g, 0.0), w) * d`` is NaN where the mask meets an infinite d. An operation
that acts by element on w may multiply first, ``unbroadcast(where(c, g, 0.0) * d, w)``, since d
stretches as w does; simplification then draws the product into the mask.
"""

from __future__ import annotations

from adxform.core.ir import Operand, Var
from adxform.rules.table import Rule

BY_NUMBER = "math."  # functions of numbers, which take no array in place of one


class Masks:
    """The masked cotangents, each as it was before it was summed to its operand's shape."""

    def __init__(self) -> None:
        self.wide: dict[str, Operand] = {}

    def before_sum(self, rule: Rule, out_bar: Operand) -> Operand | None:
        """What to hand on instead of ``out_bar``; None where it is not masked or must be summed."""
        if not self.wide or not rule.by_element or rule.primitive.text.startswith(BY_NUMBER):
            return None
        return self.wide.get(out_bar.name) if isinstance(out_bar, Var) else None

    def remember(self, rule: Rule, masked: bool, summed: Operand, wide: Operand) -> None:
        """Keep the cotangent that a mask makes, or that is made of a masked one."""
        if isinstance(summed, Var) and (masked or rule.primitive.name == "np.where"):
            self.wide[summed.name] = wide
