"""Statements that fit on a line, as text: what astor would print of them, made at once.

Most statements of generated code are assignments of plain expressions. Any other, and one too long
for its line, is left to astor.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable
from typing import Any

from adxform.emit.canonical import COMMENT, Line, double_quoted
from adxform.emit.layout import LINE_LENGTH

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # astor 0.8.1 asks for ast.Num, ast.Str
    from astor.op_util import Precedence, get_op_precedence, get_op_symbol

_INDENT = 4
INFIX = {op: get_op_symbol(op(), " %s ") for op in ast.operator.__subclasses__()}
BINDING = {op: get_op_precedence(op()) for op in ast.operator.__subclasses__()}
_AUGMENTED = {op: get_op_symbol(op(), " %s= ") for op in ast.operator.__subclasses__()}
_PREFIX = {op: (get_op_symbol(op()), get_op_precedence(op())) for op in (ast.USub, ast.UAdd)}
_COMPARED = {op: (get_op_symbol(op(), " %s "), get_op_precedence(op()))
             for op in ast.cmpop.__subclasses__()}
_LOOSE, _TIGHT = Precedence.Comma, Precedence.highest
_POWER = (Precedence.Pow + 1, Precedence.PowRHS)
_TUPLE = get_op_precedence(ast.Tuple([], ast.Load()))


class _Unknown(Exception):
    """An expression that is left to astor."""


def lined(tree: Any, depth: int = -1) -> Any:
    """A tree whose statements are lines where they can be, in the blocks of copied statements."""
    kind = type(tree)
    made = tree.__new__(kind)
    vars(made).update(vars(tree))
    inner = depth + 1
    for name in ("body", "orelse"):
        block = getattr(tree, name, None)
        if isinstance(block, list):
            setattr(made, name, [_LINED.get(type(s), _same)(s, inner) for s in block])
    return made


def _same(stmt: ast.stmt, depth: int) -> ast.stmt:
    return stmt


def _line(stmt: ast.stmt, depth: int) -> ast.stmt:
    try:
        text = _STATEMENTS[type(stmt)](stmt)
    except (_Unknown, AttributeError):  # a field was left out that astor is told the meaning of
        return stmt
    if len(text) + _INDENT * depth > LINE_LENGTH:
        return stmt
    made = Line(stmt, text)
    if COMMENT in vars(stmt):
        setattr(made, COMMENT, getattr(stmt, COMMENT))
    return made


def _assign(stmt: Any) -> str:
    if len(stmt.targets) != 1 or type(stmt.targets[0]) not in _TARGETS:
        raise _Unknown
    return f"{_text(stmt.targets[0], _LOOSE)} = {_text(stmt.value, 0)}"


def _augmented(stmt: Any) -> str:
    return f"{_text(stmt.target, _LOOSE)}{_AUGMENTED[type(stmt.op)]}{_text(stmt.value, 0)}"


def _expression(stmt: Any) -> str:
    if type(stmt.value) is not ast.Call:
        raise _Unknown
    return _text(stmt.value, 0)


_TARGETS = frozenset({ast.Name, ast.Attribute, ast.Subscript})
_STATEMENTS: dict[type[ast.stmt], Callable[[Any], str]] = {
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
}
_LINED: dict[type[ast.AST], Callable[[Any, int], ast.stmt]] = {
    **dict.fromkeys(_STATEMENTS, _line),
    **dict.fromkeys((ast.FunctionDef, ast.If, ast.For, ast.While), lined),
}


def _text(node: Any, place: int) -> str:
    """An expression where what stands around it binds as tightly as ``place`` says."""
    kind = type(node)
    if kind is ast.Name:
        return node.id  # type: ignore[no-any-return]
    make = _EXPRESSIONS.get(kind)
    if make is None:
        raise _Unknown
    return make(node, place)


def _binary(node: Any, place: int) -> str:
    op = type(node.op)
    binding = BINDING[op]
    left, right = _POWER if op is ast.Pow else (binding, binding + 1)
    text = f"{_text(node.left, left)}{INFIX[op]}{_text(node.right, right)}"
    return f"({text})" if binding < place else text


def _unary(node: Any, place: int) -> str:
    if type(node.op) not in _PREFIX:
        raise _Unknown
    sign, binding = _PREFIX[type(node.op)]
    text = f"{sign}{_text(node.operand, binding)}"
    return f"({text})" if binding < place else text


def _compare(node: Any, place: int) -> str:
    if len(node.ops) != 1:
        raise _Unknown
    symbol, binding = _COMPARED[type(node.ops[0])]
    left, right = node.left, node.comparators[0]
    text = f"{_text(left, binding + 1)}{symbol}{_text(right, binding + 1)}"
    return f"({text})" if binding < place else text


def _constant(node: Any, place: int) -> str:
    value = node.value
    kind = type(value)
    if kind is int or kind is float:
        if kind is float and not math.isfinite(value):
            raise _Unknown
        if value < 0 or (value == 0 and math.copysign(1, value) < 0):
            sign, binding = _PREFIX[ast.USub]
            return f"({sign}{-value!r})" if binding < place else f"{sign}{-value!r}"
        return f"({value!r})" if place == _TIGHT else repr(value)
    if kind is str:
        return double_quoted(repr(value))
    if value is None or kind is bool:
        return repr(value)
    raise _Unknown


def _call(node: Any, place: int) -> str:
    given = [_text(arg, _LOOSE) for arg in node.args]
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _Unknown
        given.append(f"{keyword.arg}={_text(keyword.value, _LOOSE)}")
    return f"{_text(node.func, _TIGHT)}({', '.join(given)})"


def _attribute(node: Any, place: int) -> str:
    return f"{_text(node.value, _TIGHT)}.{node.attr}"


def _subscript(node: Any, place: int) -> str:
    index = node.slice
    if type(index) is ast.Tuple:
        if len(index.elts) < 2:
            raise _Unknown
        inner = ", ".join([_text(part, _LOOSE) for part in index.elts])
    else:
        inner = _text(index, _LOOSE)
    return f"{_text(node.value, _TIGHT)}[{inner}]"


def _slice(node: Any, place: int) -> str:
    """Like ``1:n``, but ``i + 1 : n``."""
    lower, upper, step = node.lower, node.upper, node.step
    space = "" if is_short(lower) and is_short(upper) and is_short(step) else " "
    before = f"{_text(lower, _LOOSE)}{space}:" if lower else ":"
    text = f"{before}{space}{_text(upper, _LOOSE)}" if upper else before
    if step is None:
        return text
    return f"{text}{space if upper else ''}:{space}{_text(step, _LOOSE)}"


def is_short(bound: ast.expr | None) -> bool:
    """Whether a bound of a slice stands there without spaces around it."""
    if isinstance(bound, ast.UnaryOp):
        bound = bound.operand
    return bound is None or isinstance(bound, ast.Name | ast.Constant | ast.Attribute)


def _tuple(node: Any, place: int) -> str:
    items = [_text(item, _LOOSE) for item in node.elts]
    text = f"{items[0]}," if len(items) == 1 else ", ".join(items)
    return text if place <= _TUPLE and len(items) > 1 else f"({text})"


def _list(node: Any, place: int) -> str:
    return f"[{', '.join([_text(item, _LOOSE) for item in node.elts])}]"


_EXPRESSIONS: dict[type[ast.AST], Callable[[Any, int], str]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Tuple: _tuple,
    ast.List: _list,
}
