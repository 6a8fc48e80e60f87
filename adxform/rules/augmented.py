"""Rules for augmented assignment: those of the operators, whose values they have."""

from __future__ import annotations

from dataclasses import replace

from adxform.core.ir import Primitive
from adxform.rules.table import RULES

for _name in [name for name in RULES if name.startswith("op.")]:
    _rule = RULES[_name]
    if _rule.primitive.style == "infix":
        _text = _rule.primitive.text
        _primitive: Primitive = replace(_rule.primitive, name=f"augment.{_text}")
        RULES[_primitive.name] = replace(_rule, primitive=_primitive)
