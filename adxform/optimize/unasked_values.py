"""A gradient without its value: what only the value needs goes, if none of it can fail.

What fails in the function fails in its gradient: a logarithm of Python's, a division of Python's
numbers, or operands whose shapes do not go together. A loop is taken to end.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.ir import (
    NONE,
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Tuple,
    While,
    blocks_of,
    walk,
)
from adxform.core.types import Array, Scalar, Type, rank
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.shape_queries import Unlike, compared_in
from adxform.optimize.walk import is_op
from adxform.rules.table import RULES

SUMS = ("np.sum", ".sum()", "np.mean", ".mean()")
TOTAL = ("Add", "Sub", "Mult", "USub")  # of Python's numbers, too


def without_value(function: Function, types: Types) -> Function:
    """A reverse function that says None in the place of a value that is a number, where it can."""
    assert isinstance(function.result, Tuple)
    value, bars = function.result.items
    if rank(type_of(value, types)) != 0:
        return function
    result = Tuple((NONE, bars))
    body = eliminate_dead_code(function.body, (result,))
    kept = {stmt for stmt in walk(body) if isinstance(stmt, Let)}
    compared = {pair for stmt in body if stmt in kept for pair in compared_in(stmt, types)}
    twice = _read_twice(function.body, kept)
    gone = (stmt for stmt in walk(function.body) if stmt not in kept and stmt not in twice)
    if all(_is_safe(stmt, types, compared) for stmt in gone):
        return replace(function, body=body, result=result)
    return function


def _read_twice(block: Block, kept: Set[Stmt]) -> set[Stmt]:
    """The statements that read an element which one that is ``kept`` beside them reads, too."""
    reads = [stmt for stmt in block if is_op(stmt, "[]")]
    found = {stmt.args for stmt in reads if stmt in kept}
    twice: set[Stmt] = {stmt for stmt in reads if stmt.args in found}
    return twice.union(*(_read_twice(b, kept) for s in block for b in blocks_of(s)))


def _is_safe(stmt: Stmt, types: Types, compared: set[Unlike]) -> bool:
    """Whether a statement cannot fail, if shapes that are ``compared`` elsewhere go together."""
    if isinstance(stmt, For):  # what is within is asked for itself
        return all(_is_integer(b, types) for b in stmt.bounds)
    if isinstance(stmt, If | While):
        return isinstance(type_of(stmt.test, types), Scalar)
    if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
        return False
    known = [type_of(arg, types) for arg in stmt.args]
    name, rule = stmt.op.name, RULES[stmt.op.name]
    if name in ("rename", "copy"):
        return True
    if stmt.op.style == "compare" or name == "np.full_like":
        return all(map(_is_number, known[1:2] if name == "np.full_like" else known))
    if name == "op.Div" and _is_number(known[0], ("float",)) and _is_factor(stmt.args[1]):
        return True
    if name in SUMS:
        return isinstance(known[0], Array) and stmt.args[1] == Const(None)
    if not rule.by_element or not all(map(_is_plain, known)):
        return False
    if name.startswith("augment."):  # of a number it is no write
        return isinstance(known[0], Scalar) and name.removeprefix("augment.") in TOTAL
    of_numpy = any(isinstance(t, Array) or (isinstance(t, Scalar) and not t.weak) for t in known)
    operator = name.removeprefix("op.") if name.startswith("op.") else ""
    total = name.startswith("np.") or operator in TOTAL or bool(operator and of_numpy)
    return total and compared_in(stmt, types) <= compared


def _is_plain(t: Type) -> bool:
    """Whether a number or an array has a dtype and a rank that are known."""
    return isinstance(t, Scalar | Array) and t.dtype is not None and t.dims is not None


def _is_number(t: Type, kinds: tuple[str, ...] = ("float", "int", "bool")) -> bool:
    return isinstance(t, Scalar) and t.dtype.startswith(kinds)


def _is_factor(operand: Operand) -> bool:
    """Whether a number is divided by one that is written out, and not 0."""
    return isinstance(operand, Const) and type(operand.value) is float and operand.value != 0.0


def _is_integer(operand: Operand, types: Types) -> bool:
    known = type_of(operand, types)
    return isinstance(known, Scalar) and known.dtype.startswith("int")
