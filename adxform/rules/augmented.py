"""Rules for augmented assignment: those of the operators, whose values they have."""

from __future__ import annotations

from dataclasses import replace

from adxform.rules.table import RULES


def declare() -> None:
    """Add a rule for ``x += y`` beside that of ``x + y``, and so on; called once all are there."""
    for rule in [r for name, r in RULES.items() if name.startswith("op.")]:
        if rule.primitive.style == "infix":
            primitive = replace(rule.primitive, name=f"augment.{rule.primitive.text}")
            RULES[primitive.name] = replace(rule, primitive=primitive)
