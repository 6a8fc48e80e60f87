"""Composed rules: a primitive said in others, which take its place where it is active.

Where it is not, the call stays as it was written. There is nothing to differentiate by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adxform.core.builder import Builder, Names
from adxform.core.ir import Const, Operand, Primitive, Tuple, Var
from adxform.core.types import ANY, Known, Struct, Type
from adxform.errors import AdxformError
from adxform.rules.formulas import expand
from adxform.rules.patterns import read_pattern
from adxform.rules.table import RULES, Formula, insert_composed


def composed(
    pattern: str, formula: Formula, *, of: tuple[str, ...], sample: Any = None, fresh: bool = True,
    infer: Callable[..., Type] | None = None,
) -> None:
    """A primitive said by a formula; ``of`` are the parameters that it may be active in."""
    params = read_pattern(pattern).params
    inferred = infer or _by_expansion(formula, params)
    insert_composed(read_pattern(pattern, infer=inferred, fresh=fresh), formula, of, sample)


def _by_expansion(formula: Formula, params: tuple[str, ...]) -> Callable[..., Type]:
    """The type of what a formula gives, found by writing it out."""

    def found(*types: Type) -> Type:
        builder = Builder(Names(params))
        env = {name: _standing_for(t, name, builder) for name, t in zip(params, types, strict=True)}
        try:
            return builder.type_of(expand(builder, formula, env))
        except AdxformError:  # it is refused where it is written out in earnest
            return ANY

    return found


def _standing_for(t: Type, name: str, builder: Builder) -> Operand:
    """An operand of a type, whose parts a formula may look at."""
    match t:
        case Known(value) if value is None or isinstance(value, bool | int | float | str):
            return Const(value)
        case Struct(items, form):
            parts = (_standing_for(item, f"{name}_{i}", builder) for i, item in enumerate(items))
            return Tuple(tuple(parts), form)
    builder.types[name] = t
    return Var(name)


def is_composed(op: object) -> bool:
    """Whether an operation is a primitive that others say."""
    return isinstance(op, Primitive) and RULES[op.name].kind == "composed"
