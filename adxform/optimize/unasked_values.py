"""A gradient without its value: what only the value needs goes, if none of it can fail.

What fails in the function fails in its gradient: a logarithm of Python's, a division of Python's
numbers, or operands whose shapes do not go together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import (
    NONE,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Tuple,
    walk,
)
from adxform.core.types import Array, Dim, Scalar, Type, dims_of, rank
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.rules.table import RULES, Rule

SUMS = ("np.sum", ".sum()", "np.mean", ".mean()")
TOTAL = ("Add", "Sub", "Mult", "USub")  # of Python's numbers, too
Unlike = frozenset[Dim]


def without_value(function: Function, types: Types) -> Function:
    """A reverse function that says None in the place of a value that is a number, where it can."""
    assert isinstance(function.result, Tuple)
    value, bars = function.result.items
    if rank(type_of(value, types)) != 0:
        return function
    result = Tuple((NONE, bars))
    body = eliminate_dead_code(function.body, (result,))
    kept = {stmt for stmt in walk(body) if isinstance(stmt, Let)}
    compared = {pair for stmt in body if stmt in kept for pair in _compared(stmt, types)}
    gone = (stmt for stmt in walk(function.body) if stmt not in kept)
    if all(_is_safe(stmt, types, compared) for stmt in gone):
        return replace(function, body=body, result=result)
    return function


def _is_safe(stmt: Stmt, types: Types, compared: set[Unlike]) -> bool:
    """Whether a statement cannot fail, if shapes that are ``compared`` elsewhere go together."""
    if isinstance(stmt, For | If):  # what is within is asked for itself
        return isinstance(stmt, If) or all(_is_integer(b, types) for b in stmt.bounds)
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return False
    known = [type_of(arg, types) for arg in stmt.args]
    name, rule = stmt.op.name, RULES[stmt.op.name]
    if name in ("rename", "copy"):
        return True
    if name in SUMS:
        return isinstance(known[0], Array) and stmt.args[1] == Const(None)
    if not _by_element(rule) or not all(map(_is_plain, known)):
        return False
    if name.startswith("augment."):  # of a number it is no write
        return isinstance(known[0], Scalar) and name.removeprefix("augment.") in TOTAL
    of_numpy = any(isinstance(t, Array) or (isinstance(t, Scalar) and not t.weak) for t in known)
    operator = name.removeprefix("op.") if name.startswith("op.") else ""
    total = name.startswith("np.") or operator in TOTAL or bool(operator and of_numpy)
    return total and _compared(stmt, types) <= compared


def _by_element(rule: Rule) -> bool:
    return rule.broadcasts or rule.kind == "elementwise"


def _is_plain(t: Type) -> bool:
    """Whether a number or an array has a dtype and a rank that are known."""
    return isinstance(t, Scalar | Array) and t.dtype is not None and t.dims is not None


def _is_integer(operand: Operand, types: Types) -> bool:
    known = type_of(operand, types)
    return isinstance(known, Scalar) and known.dtype.startswith("int")


def _compared(stmt: Stmt, types: Types) -> set[Unlike]:
    """The dimensions that are not known to be equal, and that a statement broadcasts together."""
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return set()
    if not _by_element(RULES[stmt.op.name]):
        return set()
    shapes = [dims for arg in stmt.args if (dims := dims_of(type_of(arg, types))) is not None]
    return {
        frozenset(pair)
        for axis in range(max(map(len, shapes), default=0))
        for pair in _pairs({s[-1 - axis] for s in shapes if axis < len(s)} - {1})
    }


def _pairs(dims: Iterable[Dim]) -> Iterable[tuple[Dim, Dim]]:
    listed = list(dims)
    return ((a, b) for i, a in enumerate(listed) for b in listed[i + 1 :])
