"""Rules for augmented assignment: those of the operators, in the dtype of what is assigned to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adxform.core.types import Array, Number, Scalar, Type
from adxform.rules.table import RULES


def declare() -> None:
    """Add a rule for ``x += y`` beside that of ``x + y``, and so on; called once all are there."""
    for rule in [r for name, r in RULES.items() if name.startswith("op.")]:
        if rule.primitive.style == "infix":
            name, infer = f"augment.{rule.primitive.text}", rule.primitive.infer
            assert infer is not None
            primitive = replace(rule.primitive, name=name, infer=_in_place(infer))
            RULES[name] = replace(rule, primitive=primitive)


def _in_place(infer: Callable[..., Type]) -> Callable[..., Type]:
    """An array keeps its dtype, whatever is added to it; one without axes stays one."""

    def found(x: Type, y: Type) -> Type:
        result = infer(x, y)
        if isinstance(x, Array) and x.dims == () and isinstance(result, Scalar | Number):
            return Array(x.dtype if result.dtype == x.dtype else None, ())
        if isinstance(x, Array) and x.dtype is not None and isinstance(result, Array):
            return Array(x.dtype, result.dims)
        return result

    return found
