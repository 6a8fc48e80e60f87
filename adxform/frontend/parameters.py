"""Parameters that are containers: each thing that they hold becomes a parameter of Core's."""

from __future__ import annotations

import re
from keyword import iskeyword

from adxform.core.builder import Builder
from adxform.core.ir import Operand, Param, Tuple, Var
from adxform.core.types import ANY, Struct, Type
from adxform.frontend.program import signature_of
from adxform.frontend.source import SourceFunction


def spread(name: str, known: Type, builder: Builder, params: list[Param]) -> Operand:
    """The structure of a parameter; its leaves are appended to ``params``, with their types."""
    if isinstance(known, Struct):
        keys = known.form.keys or tuple(range(len(known.items)))
        items = zip(keys, known.items, strict=True)
        return Tuple(
            tuple(spread(_leaf_name(name, key, builder), t, builder, params) for key, t in items),
            known.form,
        )
    params.append(Param(name))
    builder.types[name] = known
    builder.bases[name] = name
    return Var(name)


def _leaf_name(name: str, key: object, builder: Builder) -> str:
    if isinstance(key, str) and key.isidentifier() and not iskeyword(key):
        return builder.names.fresh(key)
    return builder.names.fresh(re.sub(r"\W", "_", f"{name}_{key}"))


def spread_parameters(
    source: SourceFunction, builder: Builder, types: dict[str, Type]
) -> tuple[tuple[tuple[Param, Operand], ...], list[Param], dict[str, Operand]]:
    """The user's parameters with their structures, Core's, and what containers stand for."""
    given: list[tuple[Param, Operand]] = []
    params: list[Param] = []
    env: dict[str, Operand] = {}
    for p in signature_of(source):
        before = len(params)
        shape = spread(p.name, types.get(p.name, ANY), builder, params)
        given.append((p, shape))
        if isinstance(shape, Tuple):
            env[p.name] = shape
        else:
            params[before:] = [p]
    return tuple(given), params, env
