"""Statements that fit on a line, as text: what astor would print of them, made at once.

Most statements of generated code are assignments of plain expressions. Any other, and one too long
for its line, is left to astor. A line is a template filled in: one for all statements of a shape,
which is read back with names and numbers of its own.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from adxform.core.trees import names
from adxform.emit.canonical import COMMENT, Lines, double_quoted
from adxform.emit.layout import INDENT, LINE_LENGTH
from adxform.emit.shapes import Shape, Unknown, distinct_words, shape
from adxform.errors import InternalError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # astor 0.8.1 asks for ast.Num, ast.Str
    from astor.op_util import Precedence, get_op_precedence, get_op_symbol

INFIX = {op: get_op_symbol(op(), " %s ") for op in ast.operator.__subclasses__()}
BINDING = {op: get_op_precedence(op()) for op in ast.operator.__subclasses__()}
_AUGMENTED = {op: get_op_symbol(op(), " %s= ") for op in ast.operator.__subclasses__()}
_PREFIX = {op: (get_op_symbol(op()), get_op_precedence(op())) for op in (ast.USub, ast.UAdd)}
_COMPARED = {op: (get_op_symbol(op(), " %s "), get_op_precedence(op()))
             for op in ast.cmpop.__subclasses__()}
_LOOSE, _TIGHT = Precedence.Comma, Precedence.highest
_POWER = (Precedence.Pow + 1, Precedence.PowRHS)
_TUPLE = get_op_precedence(ast.Tuple([], ast.Load()))
_SLOT = "%s"  # of a template, where a name or a number stands


_Tree = TypeVar("_Tree", ast.Module, ast.FunctionDef)


class Lined(NamedTuple, Generic[_Tree]):
    """A tree whose statements are lines where they can be, and the names that it mentions."""

    tree: _Tree
    names: set[str]


def lined(tree: _Tree) -> Lined[_Tree]:
    """A module, or a function at its top, in lines; the blocks that hold them are copied."""
    lining = _Lining()
    made: _Tree = lining.copied(tree, -1 if isinstance(tree, ast.Module) else 0)
    lining.check()
    return Lined(made, lining.named.union(names(made)))


def comment_lines(stmt: ast.stmt) -> list[str]:
    """The lines of the comment above a statement."""
    return [f"# {line}".rstrip() for line in getattr(stmt, COMMENT, "").splitlines()]


class _Lining:
    """Makes lines; ``templates`` are those of the shapes that were met."""

    def __init__(self) -> None:
        self.templates: dict[Shape, str] = {}
        self.named: set[str] = set()

    def copied(self, tree: Any, depth: int) -> Any:
        kind = type(tree)
        made = tree.__new__(kind)
        vars(made).update(vars(tree))
        for name in ("body", "orelse"):
            block = getattr(tree, name, None)
            if isinstance(block, list):
                setattr(made, name, self.block(block, depth + 1))
        return made

    def block(self, block: list[ast.stmt], depth: int) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        lines: list[str] | None = None  # of the statements before
        for stmt in block:
            text = None if type(stmt) in _BLOCKS else self.line(stmt, depth)
            if text is None:
                made.append(self.copied(stmt, depth) if type(stmt) in _BLOCKS else stmt)
                lines = None
                continue
            if lines is None:
                lines = []
                made.append(Lines(lines))
            if COMMENT in vars(stmt):
                lines += comment_lines(stmt)
            lines.append(text)
        return made

    def line(self, stmt: ast.stmt, depth: int) -> str | None:
        try:
            key, words = shape(stmt, self.named)
        except (Unknown, AttributeError):  # a field was left out that astor is told the meaning of
            return None
        template = self.templates.get(key)
        if template is None:
            template = self.templates[key] = _STATEMENTS[type(stmt)](stmt)
        text = _filled(template, words)
        return None if len(text) + INDENT * depth > LINE_LENGTH else text

    def check(self) -> None:
        """Raise `InternalError` unless each template reads back as the shape that it is for."""
        given = [(key, distinct_words(key)) for key in self.templates]
        lines = [_filled(self.templates[key], words) for key, words in given]
        try:
            read = ast.parse("\n".join(lines)).body
        except (SyntaxError, ValueError) as error:
            raise InternalError(f"an emitted line is not Python: {error}") from error
        for line, meant, stmt in zip(lines, given, read, strict=True):
            try:
                found = shape(stmt, set())
            except Unknown:
                found = None
            if found != meant:
                raise InternalError(f"an emitted line reads back differently: {line}")


def _filled(template: str, words: list[str]) -> str:
    try:
        return template % tuple(words)
    except TypeError:
        raise InternalError(f"an emitted line reads back differently: {template}") from None


_BLOCKS = frozenset({ast.FunctionDef, ast.If, ast.For, ast.While})


def _assign(stmt: Any) -> str:
    return f"{_text(stmt.targets[0], _LOOSE)} = {_text(stmt.value, 0)}"


def _augmented(stmt: Any) -> str:
    sign = _escaped(_AUGMENTED[type(stmt.op)])
    return f"{_text(stmt.target, _LOOSE)}{sign}{_text(stmt.value, 0)}"


def _expression(stmt: Any) -> str:
    return _text(stmt.value, 0)


_STATEMENTS: dict[type[ast.stmt], Callable[[Any], str]] = {
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
}


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _text(node: Any, place: int) -> str:
    """An expression's template where what is around it binds as tightly as ``place`` says."""
    return _SLOT if type(node) is ast.Name else _EXPRESSIONS[type(node)](node, place)


def _binary(node: Any, place: int) -> str:
    op = type(node.op)
    binding = BINDING[op]
    left, right = _POWER if op is ast.Pow else (binding, binding + 1)
    text = f"{_text(node.left, left)}{_escaped(INFIX[op])}{_text(node.right, right)}"
    return f"({text})" if binding < place else text


def _unary(node: Any, place: int) -> str:
    sign, binding = _PREFIX[type(node.op)]
    text = f"{sign}{_text(node.operand, binding)}"
    return f"({text})" if binding < place else text


def _compare(node: Any, place: int) -> str:
    symbol, binding = _COMPARED[type(node.ops[0])]
    left, right = node.left, node.comparators[0]
    text = f"{_text(left, binding + 1)}{symbol}{_text(right, binding + 1)}"
    return f"({text})" if binding < place else text


def _constant(node: Any, place: int) -> str:
    value = node.value
    kind = type(value)
    if kind is int or kind is float:
        if value < 0 or (value == 0 and math.copysign(1, value) < 0):
            sign, binding = _PREFIX[ast.USub]
            return f"({sign}{_SLOT})" if binding < place else f"{sign}{_SLOT}"
        return f"({_SLOT})" if place == _TIGHT else _SLOT
    return _escaped(double_quoted(repr(value)) if kind is str else repr(value))


def _call(node: Any, place: int) -> str:
    given = [_text(arg, _LOOSE) for arg in node.args]
    given += [f"{keyword.arg}={_text(keyword.value, _LOOSE)}" for keyword in node.keywords]
    return f"{_text(node.func, _TIGHT)}({', '.join(given)})"


def _attribute(node: Any, place: int) -> str:
    return f"{_text(node.value, _TIGHT)}.{node.attr}"


def _subscript(node: Any, place: int) -> str:
    index = node.slice
    if type(index) is ast.Tuple:
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
