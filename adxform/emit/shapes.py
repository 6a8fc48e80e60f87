"""The shape of a statement: all that its text depends on, but for its names and numbers.

The statements of generated code have few shapes. One of a kind is printed, and read back.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any

Shape = tuple[Any, ...]  # kinds of nodes in the order of the text, each with what it shows itself
Parts = Sequence[Any]  # of a node, the last first


class Unknown(Exception):
    """A statement or an expression that is left to astor."""


def shape(stmt: Any, named: set[str]) -> tuple[Shape, list[str]]:
    """The shape of a statement, and the names and numbers in it, in the order of its text.

    ``named`` are names that are known to be some; those that are found are added.

    >>> shape(ast.parse("x = y * 2.0").body[0], set())[1]
    ['x', 'y', '2.0']
    """
    key: list[Any] = [type(stmt)]
    words: list[str] = []
    rest: list[Any] = [*_part(_STATEMENTS, stmt)(stmt, key)]
    while rest:
        node = rest.pop()
        kind = type(node)
        if kind is ast.Name:
            if node.id not in named:
                named.add(_as_name(node.id))
            words.append(node.id)
            key.append(kind)
        elif kind is ast.BinOp:
            key.append(type(node.op))
            rest.append(node.right)
            rest.append(node.left)
        elif kind is ast.Constant:
            _constant(node.value, key, words)
        else:
            rest += _part(_EXPRESSIONS, node)(node, key)
    return tuple(key), words


def distinct_words(key: Shape) -> list[str]:
    """Names and numbers for a statement of some shape, none of them twice."""
    slots = [item for item in key if item in _WORDS]
    return [_WORDS[item].format(place) for place, item in enumerate(slots)]


_WORDS: dict[Any, str] = {ast.Name: "w{}", int: "{}", float: "{}.5"}
_Part = Callable[[Any, list[Any]], Parts]


def _part(known: dict[type[ast.AST], _Part], node: Any) -> _Part:
    try:
        return known[type(node)]
    except KeyError:
        raise Unknown from None


def _as_name(word: str) -> str:
    """A name that reads back as itself."""
    if not word.isascii() or not word.isidentifier() or iskeyword(word):
        raise Unknown
    return word


def _constant(value: object, key: list[Any], words: list[str]) -> None:
    """A number below 0 is what its text says: the opposite of one."""
    kind = type(value)
    if kind is int or kind is float:
        number: Any = value
        if kind is float and not math.isfinite(number):
            raise Unknown
        if number < 0 or (number == 0 and math.copysign(1, number) < 0):
            key.append(ast.USub)
            number = -number
        key.append(kind)
        words.append(repr(number))
    elif kind is str or kind is bool or value is None:
        key += (ast.Constant, value)
    else:
        raise Unknown


def _assignment(node: Any, key: list[Any]) -> Parts:
    (target,) = node.targets if len(node.targets) == 1 else (None,)
    if type(target) not in _TARGETS:
        raise Unknown
    return node.value, target


def _augmented(node: Any, key: list[Any]) -> Parts:
    key.append(type(node.op))
    return node.value, node.target


def _expression(node: Any, key: list[Any]) -> Parts:
    if type(node.value) is not ast.Call:
        raise Unknown
    return (node.value,)


def _unary(node: Any, key: list[Any]) -> Parts:
    if type(node.op) not in (ast.USub, ast.UAdd):
        raise Unknown
    key.append(type(node.op))
    return (node.operand,)


def _compare(node: Any, key: list[Any]) -> Parts:
    if len(node.ops) != 1:
        raise Unknown
    key.append(type(node.ops[0]))
    return *node.comparators, node.left


def _call(node: Any, key: list[Any]) -> Parts:
    keywords = node.keywords
    if any(keyword.arg is None for keyword in keywords):
        raise Unknown
    key += (ast.Call, len(node.args), *[keyword.arg for keyword in keywords], None)
    return *[keyword.value for keyword in reversed(keywords)], *reversed(node.args), node.func


def _attribute(node: Any, key: list[Any]) -> Parts:
    key += (ast.Attribute, node.attr)
    return (node.value,)


def _subscript(node: Any, key: list[Any]) -> Parts:
    key.append(ast.Subscript)
    if type(node.slice) is ast.Tuple and len(node.slice.elts) < 2:
        raise Unknown
    return node.slice, node.value


def _slice(node: Any, key: list[Any]) -> Parts:
    bounds = node.step, node.upper, node.lower
    key += (ast.Slice, *[bound is None for bound in bounds])
    return [bound for bound in bounds if bound is not None]


def _items(node: Any, key: list[Any]) -> Parts:
    key += (type(node), len(node.elts))
    return node.elts[::-1]  # type: ignore[no-any-return]


_TARGETS = frozenset({ast.Name, ast.Attribute, ast.Subscript})
_STATEMENTS: dict[type[ast.AST], _Part] = {
    ast.Assign: _assignment,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
}
_EXPRESSIONS: dict[type[ast.AST], _Part] = {
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Tuple: _items,
    ast.List: _items,
}
