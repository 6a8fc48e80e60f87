"""What forward and reverse mode share: zeros, names, and the terms of a rule."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from adxform.core.builder import Builder, LateNames, Names, all_names
from adxform.core.forms import LIST
from adxform.core.ir import (
    Const,
    Effect,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Origin,
    Primitive,
    Tuple,
    Var,
    walk,
)
from adxform.core.trees import names
from adxform.core.types import (
    ANY,
    Array,
    Known,
    ListOf,
    Taped,
    Type,
    is_complex,
    is_float,
    is_number,
    is_numeric,
    promote,
    was_broadcast,
)
from adxform.errors import AdxformError
from adxform.rules.formulas import expand, formula_text
from adxform.rules.table import RULES, Formula


def primitive(name: str) -> Primitive:
    """A primitive of the rule table."""
    return RULES[name].primitive


def copying(known: Type) -> Primitive:
    """What copies a value that is written to: numbers stay Python's, arrays have new memory."""
    return primitive("np.copy" if isinstance(known, Array) else "recorded")


def names_for(function: Function, types: Iterable[str] = ()) -> Names:
    """A supply of names that a function neither binds nor takes from outside; nor are they among
    those with ``types``, which other parts of a derivative have in common with it.
    """

    def taken() -> set[str]:
        given = [param.name for param, _ in function.given]
        return all_names(function).union(outside_names(function), given, types)

    return LateNames(taken, function.bases.values())


def outside_names(function: Function) -> set[str]:
    """The names that a function's text takes from outside."""
    found: set[str] = {spelled.split(".")[0] for spelled in function.spellings.values()}
    for stmt in walk(function.body):
        if type(stmt) is Effect:
            read, bound = (name for name, _ in stmt.reads), (name for name, _ in stmt.writes)
            found.update({*names(stmt.tree)}.difference(read, bound))
        if type(stmt) is not Let:
            continue
        if not _PLAIN.issuperset(map(type, stmt.args)):  # as few are
            for arg in stmt.args:
                found.update(_globals(arg))
        if type(stmt.op) is Opaque:
            found.update({*names(stmt.op.tree)} - {*stmt.op.reads})
    return found


_PLAIN = frozenset((Var, Const))


def _globals(operand: Operand) -> Iterable[str]:
    if isinstance(operand, Global):
        yield operand.text.split(".")[0]
    elif isinstance(operand, Tuple):
        for item in operand.items:
            yield from _globals(item)


def placed(error: AdxformError, origin: Origin | None) -> AdxformError:
    """A refusal with the user's line, which a rule does not know; itself if it has one."""
    if origin is None or all(d.location is not None for d in error.diagnostics):
        return error
    located = (replace(d, location=d.location or origin.location) for d in error.diagnostics)
    return type(error)(*located)


def as_role(origin: Origin | None, role: str) -> Origin | None:
    """The origin of what is made of a statement."""
    return None if origin is None else Origin(origin.text, origin.location, role)


def zeros(builder: Builder, like: Operand, base: str | None = None) -> Operand:
    """Zeros of an operand's shape and dtype; they belong to no statement of the user's."""
    origin, builder.origin = builder.origin, None
    made = _zeros(builder, like, base)
    builder.origin = origin
    return made


def _zeros(builder: Builder, like: Operand, base: str | None) -> Operand:
    if isinstance(like, Tuple):
        return like.with_items(_zeros(builder, item, None) for item in like.items)
    known = builder.type_of(like)
    if is_number(known) or not isinstance(like, Var | Global):
        return Const(0.0)
    if holds_tapes(known):
        return builder.emit(primitive("zeros_in"), (like,), base)
    if isinstance(known, ListOf) and known.size is not None and is_number(known.item or ANY):
        one = Tuple((Const(0.0),), LIST)
        return builder.emit(primitive("repeated_numbers"), (one, Const(known.size)), base)
    if isinstance(known, ListOf):
        return builder.emit(primitive(_zeros_of_items(known.item)), (like,), base)
    whole = isinstance(known, Array) and not is_float(known.dtype)
    dtype = Const("float64" if whole else None)  # what is real later has a real tangent
    return builder.emit(primitive("np.zeros_like"), (like, dtype), base)


def _zeros_of_items(item: Type | None) -> str:
    """What makes zeros for the items of a list; those of integers are real all the same."""
    if item is not None and is_number(item):
        return "zero_numbers"
    real = item is None or (isinstance(item, Array) and is_float(item.dtype))
    return "zero_arrays" if real else "zero_values"


def holds_tapes(known: Type) -> bool:
    """Whether a value is a tape, or a list of tapes."""
    return isinstance(known.item if isinstance(known, ListOf) else known, Taped)


def holds_lists(known: Type) -> bool:
    """Whether a value is a list of what is, or may be, no number or array."""
    if not isinstance(known, ListOf) or known.item is None or holds_tapes(known):
        return False
    return not is_numeric(known.item)


def narrowed(builder: Builder, tangent: Operand, stmt: Let, base: str | None) -> Operand:
    """An operation's tangent in the dtype of its operands and of its value: one that a mask made
    of a plain number is wider.
    """
    own, wanted = builder.type_of(tangent), builder.type_of(Var(stmt.target))
    if not isinstance(own, Array) or not isinstance(wanted, Array) or own.dtype is None:
        return tangent
    given = [t for a in stmt.args if is_numeric(t := builder.type_of(a))]
    if own.dtype == wanted.dtype or promote(given) != wanted.dtype or not is_float(wanted.dtype):
        return tangent
    cast = primitive(".astype()")
    rest = tuple(default for _, default in cast.defaults)
    return builder.emit(cast, (tangent, Const(wanted.dtype), *rest), base)


def widened(builder: Builder, tangent: Operand, stmt: Let, base: str | None) -> Operand:
    """The tangent of an array of complex numbers, which is one where it happens to be real, too."""
    own, wanted = builder.type_of(tangent), builder.type_of(Var(stmt.target))
    if not isinstance(own, Array) or not isinstance(wanted, Array) or own.dtype is None:
        return tangent
    if not is_complex(wanted.dtype) or is_complex(own.dtype):
        return tangent
    cast = primitive(".astype()")
    rest = tuple(default for _, default in cast.defaults)
    return builder.emit(cast, (tangent, Const(wanted.dtype), *rest), base)


def may_stretch(builder: Builder, operand: Operand, stmt: Let) -> bool:
    """Whether an operation may have stretched an operand to the shape of its result."""
    own, whole = builder.type_of(operand), builder.types.get(stmt.target, ANY)
    if is_number(own) and is_number(whole):
        return False
    written = isinstance(stmt.op, Primitive) and stmt.op.augments
    if written and operand == stmt.args[0] and isinstance(own, Array):
        return False
    others = [a for a in stmt.args if a != operand]
    if all(is_number(t) or isinstance(t, Known) for t in map(builder.type_of, others)):
        return False
    return was_broadcast(own, whole) is not False


def mentions_g(formula: Formula) -> bool:
    """Whether an elementwise formula says itself where the tangent or cotangent goes."""
    return isinstance(formula, str) and _names_g(formula)


@cache
def _names_g(text: str) -> bool:
    return "g" in names(ast.parse(text))


def elementwise_term(
    builder: Builder,
    formula: Formula,
    env: dict[str, Operand],
    g: Operand,
    *,
    partial_first: bool,
    base: str | None,
) -> Operand:
    """``g`` times the partial derivative that a formula gives."""
    text: object = formula
    if not isinstance(formula, str):
        types = {name: builder.type_of(operand) for name, operand in env.items()}
        text = formula_text(formula, types | {"g": builder.type_of(g)})
    if not isinstance(text, str):
        raise ValueError("an elementwise formula is text")
    if mentions_g(text):
        return expand(builder, text, env | {"g": g}, base)
    partial = expand(builder, text, env)
    factors = (partial, g) if partial_first else (g, partial)
    return builder.emit(primitive("op.Mult"), factors, base)
