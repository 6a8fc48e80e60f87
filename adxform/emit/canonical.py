"""The tree as its own text would read back: a fresh copy of it, its literals, and the comparison.

astor writes notes on the nodes it prints, so a tree that shares nodes must be copied before it is
printed. And a ``Constant`` that no literal denotes (-1.0, nan, a NumPy scalar) must become the
expression that does.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
from types import EllipsisType, NoneType
from typing import cast

import numpy as np

from adxform.errors import InternalError

COMMENT = "_adx_comment"

_UNPRINTED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_EMPTY_WHEN_MISSING = frozenset(
    {"decorator_list", "type_params", "bases", "keywords", "orelse", "handlers", "finalbody", "ifs"}
    | {"posonlyargs", "args", "kwonlyargs", "kw_defaults", "defaults"}
)
_SHARED = frozenset(  # astor leaves these alone
    kind for kinds in (ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    for kind in kinds.__subclasses__()
)


class Lines(ast.stmt):
    """Statements one after the other that have their text already, which is known to say them."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines


_LITERALS = (str, bytes, bool, NoneType, EllipsisType)
_AS_PYTHON = (np.float64, np.complex128, np.intp, np.bool_, np.str_, np.bytes_)
_PRINTED: dict[type[ast.AST], tuple[str, ...]] = {}


def canonical(tree: ast.AST) -> ast.Module | ast.Expression:
    """A deep copy that shares no node, with constants written as the text will have them.

    >>> ast.unparse(canonical(ast.BinOp(ast.Constant(-1.0), ast.Pow(), ast.Constant(2))))
    '(-1.0) ** 2'
    """
    return cast(ast.Module | ast.Expression, _copy(_rooted(tree)))


def _rooted(tree: ast.AST) -> ast.Module | ast.Expression:
    if isinstance(tree, ast.Module | ast.Expression):
        return tree
    if isinstance(tree, ast.Interactive):
        return ast.Module(tree.body, [])
    if isinstance(tree, ast.stmt):
        return ast.Module([tree], [])
    if isinstance(tree, ast.expr):
        return ast.Expression(tree)
    raise InternalError(f"an ast.{type(tree).__name__} has no text of its own")


def _printed(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a node that its text shows."""
    if kind not in _PRINTED:
        _PRINTED[kind] = tuple(name for name in kind._fields if name not in _UNPRINTED)
    return _PRINTED[kind]


def _copy(node: ast.AST) -> ast.AST:
    kind = type(node)
    held = vars(node)
    if kind is ast.Constant:
        return _constant(held.get("value"))
    if kind in _SHARED or kind is Lines:
        return node
    new = kind.__new__(kind)  # calling it would warn, from Python 3.13, about what is set below
    fields = vars(new)
    if kind is ast.Name:  # as most are
        fields["id"] = held["id"]
        return new
    for name in _PRINTED.get(kind) or _printed(kind):
        value = held[name] if name in held else _default(node, name)
        if isinstance(value, ast.AST):
            value = _copy(value)
        elif isinstance(value, list):
            value = [_copy(item) if isinstance(item, ast.AST) else item for item in value]
        fields[name] = value
    if COMMENT in held:
        fields[COMMENT] = held[COMMENT]
    if kind is ast.Set and not fields["elts"]:
        fields["elts"] = [ast.Starred(ast.Tuple([], ast.Load()), ast.Load())]  # {} is a dict
    elif kind is ast.Module:
        fields["type_ignores"] = []
    elif kind is ast.ImportFrom:
        fields["level"] = fields["level"] or 0
    return new


def _default(node: ast.AST, name: str) -> object:
    """What a field means that the builder of the tree left out."""
    if name in _EMPTY_WHEN_MISSING:
        return []
    try:
        return getattr(node, name)  # optional fields are None on the class
    except AttributeError:
        raise InternalError(f"an ast.{type(node).__name__} was built without {name!r}") from None


def _constant(value: object) -> ast.expr:
    if isinstance(value, np.generic):
        return _numpy_scalar(value)
    if type(value) in (int, float):
        return _real(cast(float, value))
    if isinstance(value, _LITERALS) and type(value) in _LITERALS:
        return ast.Constant(value)
    if type(value) is complex:
        return _complex(value)
    if type(value) is tuple:
        return ast.Tuple([_constant(item) for item in value], ast.Load())
    raise InternalError(f"no literal denotes the constant {value!r} of type {type(value).__name__}")


def _real(value: float) -> ast.expr:
    if value < 0 or (value == 0 and math.copysign(1, value) < 0):
        return ast.UnaryOp(ast.USub(), _real(-value))
    if isinstance(value, float) and not math.isfinite(value):
        return _numpy("inf" if value == math.inf else "nan")
    return ast.Constant(value)


def _complex(value: complex) -> ast.expr:
    """The shortest expression that has this value, the signs of its zeros included."""
    size = complex(0.0, abs(value.imag))
    real, imaginary = _real(value.real), ast.Constant(size)
    shapes: tuple[tuple[complex, ast.expr], ...] = (
        (size, imaginary),
        (-size, ast.UnaryOp(ast.USub(), imaginary)),
        (value.real + size, ast.BinOp(real, ast.Add(), imaginary)),
        (value.real - size, ast.BinOp(real, ast.Sub(), imaginary)),
    )
    if math.isfinite(value.real) and math.isfinite(value.imag):
        for found, shape in shapes:
            if repr(found) == repr(value):
                return shape
    return _call(ast.Name("complex", ast.Load()), real, _real(value.imag))


def _numpy_scalar(value: np.generic) -> ast.expr:
    """Python's own number for NumPy's default types, else a call that keeps the type."""
    if isinstance(value, _AS_PYTHON):
        return _constant(value.item())
    name = "longdouble" if isinstance(value, np.longdouble) else value.dtype.name
    if isinstance(value, np.longdouble):
        return _call(_numpy(name), _constant(str(value)))
    if not isinstance(value, np.number) or isinstance(value, (np.clongdouble, np.timedelta64)):
        raise InternalError(f"no literal denotes the constant {value!r}")
    exact = value.item()
    if isinstance(value, np.floating) and type(value)(float(str(value))) == value:
        exact = float(str(value))  # 0.1 rather than 0.10000000149011612
    return _call(_numpy(name), _constant(exact))


def _numpy(name: str) -> ast.expr:
    return ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())


def _call(function: ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(function, list(arguments), [])


def first_difference(ours: ast.AST, read: ast.AST) -> tuple[ast.AST, ast.AST] | None:
    """The innermost pair of nodes in which two trees differ, positions and contexts aside."""
    kind = type(ours)
    if kind is Lines:  # for which this stands where the text around them is read back
        return None if type(read) is ast.Pass else (ours, read)
    if kind is not type(read):
        return ours, read
    if kind in _SHARED:  # which holds nothing
        return None
    left, right = vars(ours), vars(read)
    if kind is ast.Name:  # as most are
        return None if left["id"] == right["id"] else (ours, read)
    for name in _PRINTED.get(kind) or _printed(kind):
        mine, theirs = left.get(name), right.get(name)
        if mine is theirs:
            continue
        if isinstance(mine, ast.AST) and isinstance(theirs, ast.AST):
            found = first_difference(mine, theirs)
        elif type(mine) is not type(theirs):
            return ours, read
        elif isinstance(mine, list) and isinstance(theirs, list):
            found = _first_in_lists(mine, theirs, (ours, read))
        else:
            found = None if mine == theirs else (ours, read)
        if found is not None:
            return found
    return None


def _first_in_lists(
    ours: list[object], read: list[object], parents: tuple[ast.AST, ast.AST]
) -> tuple[ast.AST, ast.AST] | None:
    if len(ours) != len(read):
        return parents
    for mine, theirs in zip(ours, read, strict=True):
        if isinstance(mine, ast.AST) and isinstance(theirs, ast.AST):
            found = first_difference(mine, theirs)
            if found is not None:
                return found
        elif mine != theirs:
            return parents
    return None


def check(tree: ast.Module | ast.Expression, text: str) -> None:
    """Raise `InternalError` unless the text reads back as the canonical tree that it came from."""
    try:
        read = ast.parse(text, mode="exec" if isinstance(tree, ast.Module) else "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InternalError(f"the emitted text is not Python: {error}\n{text}") from error
    if (found := first_difference(tree, read)) is not None:
        ours, theirs = found
        line = text.split("\n")[getattr(theirs, "lineno", 1) - 1].strip()
        raise InternalError(
            f"the emitted text reads back differently: {line}\n"
            f"  meant {ast.dump(ours)}\n  reads {ast.dump(theirs)}"
        )


# Literals


def double_quoted(literal: str) -> str:
    """The literal in double quotes, as most people write them, where nothing need be escaped."""
    if '"' in literal or not literal.endswith("'") or literal.endswith("'''"):
        return literal
    prefix, _, text = literal[:-1].partition("'")
    return f'{prefix}"{text}"'


def triple_quoted(text: str) -> str:
    """The literal of a docstring."""
    text = text.replace("\\", r"\\")
    text = re.sub(r'"{3,}|"+\Z', lambda quotes: r"\"" * len(quotes[0]), text)
    shown = (c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
    return f'"""{"".join(shown)}"""'


def indented(docstring: str, indent: str) -> str:
    """A docstring of several lines without indentation moved to the code's; any other as it is."""
    lines = docstring.rstrip("\n").split("\n")
    several = len(lines) > 1 and lines[-1].strip()
    if not several or inspect.cleandoc(docstring).split("\n") != lines:
        return docstring
    return "\n".join([lines[0], *(line and indent + line for line in lines[1:]), indent])
