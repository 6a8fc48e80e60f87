"""Results of one's own: a cotangent handed out shares memory with no argument and no other."""

from __future__ import annotations

from dataclasses import replace

from adxform.analysis.aliasing import Aliases, fresh_names, made_by
from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.index import index
from adxform.core.ir import (
    Callee,
    Const,
    Function,
    Let,
    Operand,
    Primitive,
    Tuple,
    Var,
)
from adxform.core.types import ANY, Array, Type
from adxform.differentiate.common import names_for, primitive


def own_results(function: Function, wrt: tuple[str, ...], types: Types) -> Function:
    """A reverse function whose cotangent arrays are new; a stretched one is filled in."""
    assert isinstance(function.result, Tuple)
    value, bars = function.result.items
    items = bars.items if isinstance(bars, Tuple) else (bars,)
    arrays = [item for item in items if isinstance(_type(item, types), Array)]
    if not arrays:
        return function
    fresh = fresh_names(function, types) | _made_by_calls(function)
    if len(arrays) == 1 and isinstance(arrays[0], Var) and arrays[0].name in fresh:
        return function  # it is new, and there is no other
    aliases = Aliases(function.body, types)
    builder = Builder(names_for(function, types), types, function.bases)
    builder.stmts = list(function.body)
    seen: set[str] = set()
    made: list[Operand] = []
    for param, item in zip(wrt, items, strict=True):
        if not isinstance(item, Var) or not isinstance(_type(item, types), Array):
            made.append(item)
            continue
        family = aliases.of(item.name)
        if item.name in fresh and family not in seen:
            seen.add(family)
            made.append(item)
        else:
            made.append(_copied(builder, item, param))
    result = Tuple(tuple(made)) if isinstance(bars, Tuple) else made[0]
    return replace(function, body=builder.block, result=Tuple((value, result)))


def _made_by_calls(function: Function) -> set[str]:
    """The names of arrays that a part of the derivative makes, and keeps no hold of."""
    return {
        name
        for stmt in index(function.body).special
        if isinstance(stmt.op, Callee)
        for name in made_by(stmt, stmt.op)
    }


def _type(item: Operand, types: Types) -> Type:
    return types.get(item.name, ANY) if isinstance(item, Var) else ANY


def _copied(builder: Builder, item: Var, param: str) -> Operand:
    base = f"{param}_bar"
    for place, stmt in enumerate(builder.stmts):
        if isinstance(stmt, Let) and stmt.target == item.name and _is_stretched(stmt):
            filled = primitive("np.full_like")
            args = (Var(param), stmt.args[0], *(Const(None) for _ in filled.params[2:]))
            builder.stmts[place] = replace(stmt, op=filled, args=args)
            return item
    return builder.emit(primitive("np.copy"), (item,), base)


def _is_stretched(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and stmt.op.name == "np.broadcast_to"
