"""Reading a rule's pattern, such as ``np.sum(a, axis=None)`` or ``x * y``, into a primitive."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import Const, Global, Operand, Primitive, Tuple

MODULES = frozenset({"np", "math", "scipy"})


def read_pattern(pattern: str, **properties: Any) -> Primitive:
    """The primitive that a pattern describes.

    >>> read_pattern("np.sum(a, axis=None)").params
    ('a', 'axis')
    >>> read_pattern("x * y")
    <op.Mult>
    """
    tree = ast.parse(pattern, mode="eval").body
    match tree:
        case ast.BinOp(ast.Name(x), op, ast.Name(y)):
            return _operator("infix", op, (x, y), properties)
        case ast.UnaryOp(op, ast.Name(x)):
            return _operator("unary", op, (x,), properties)
        case ast.Compare(ast.Name(x), [op], [ast.Name(y)]):
            return _operator("compare", op, (x, y), properties)
        case ast.Subscript(ast.Name(x), ast.Name(index)):
            return Primitive("[]", "subscript", "[]", (x, index), **properties)
        case ast.Attribute(ast.Name(x), attribute):
            return Primitive(f".{attribute}", "attribute", attribute, (x,), **properties)
        case ast.Call():
            return _call(tree, properties)
        case _:
            raise ValueError(f"not a pattern: {pattern!r}")


def _operator(style: str, op: ast.AST, params: tuple[str, ...], properties: Any) -> Primitive:
    text = type(op).__name__
    return Primitive(f"op.{text}", style, text, params, **properties)


def _call(tree: ast.Call, properties: dict[str, Any]) -> Primitive:
    text = ast.unparse(tree.func)
    params = [arg.id for arg in tree.args if isinstance(arg, ast.Name)]
    variadic = None
    for arg in tree.args:
        if isinstance(arg, ast.Starred) and isinstance(arg.value, ast.Name):
            variadic = arg.value.id
            params.append(variadic)
    defaults = tuple((kw.arg, literal(kw.value)) for kw in tree.keywords if kw.arg)
    params.extend(name for name, _ in defaults)
    head = text.split(".")[0]
    if "." in text and head not in MODULES:
        name = text.partition(".")[2]
        return Primitive(
            f".{name}()", "method", name, (head, *params), defaults, variadic=variadic, **properties
        )
    return Primitive(text, "call", text, tuple(params), defaults, variadic=variadic, **properties)


def literal(node: ast.expr) -> Operand:
    """A default value: a literal, or a dotted name such as ``np.float64``."""
    if isinstance(node, ast.Attribute | ast.Name):
        return Global(ast.unparse(node))
    value = ast.literal_eval(node)
    if isinstance(value, tuple):
        return Tuple(tuple(Const(v) for v in value))
    return Const(value)
