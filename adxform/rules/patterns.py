"""Reading a rule's pattern, such as ``np.sum(a, axis=None)`` or ``x * y``, into a primitive."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.ir import Const, Global, Operand, Primitive, Tuple

MODULES = frozenset({"np", "math", "scipy", "adxform"})


def read_pattern(pattern: str, **properties: Any) -> Primitive:
    """The primitive that a pattern describes.

    >>> read_pattern("np.sum(a, axis=None)").params
    ('a', 'axis')
    >>> read_pattern("x * y")
    <op.Mult>
    """
    if pattern.endswith(")"):
        return _call(pattern, properties)
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
        case _:
            raise ValueError(f"not a pattern: {pattern!r}")


def _operator(style: str, op: ast.AST, params: tuple[str, ...], properties: Any) -> Primitive:
    text = type(op).__name__
    return Primitive(f"op.{text}", style, text, params, **properties)


def _call(pattern: str, properties: dict[str, Any]) -> Primitive:
    """A call, read as a signature: ``np.sum(a, axis=None, *, keepdims=False)``."""
    text, _, signature = pattern.partition("(")
    definition = ast.parse(f"def _({signature}: ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    args, name = definition.args, properties.pop("name", None)
    params = [arg.arg for arg in args.args]
    defaults = list(zip(params[len(params) - len(args.defaults):], args.defaults, strict=True))
    if args.vararg is not None:
        params.append(args.vararg.arg)
    keywords = [arg.arg for arg in args.kwonlyargs]
    defaults += [(k, v) for k, v in zip(keywords, args.kw_defaults, strict=True) if v is not None]
    properties = properties | {
        "defaults": tuple((name, literal(node)) for name, node in defaults),
        "keyword_only": frozenset(keywords),
        "variadic": args.vararg.arg if args.vararg else None,
    }
    params += keywords
    head, _, method = text.partition(".")
    if method and head not in MODULES:
        return Primitive(f".{method}()", "method", method, (head, *params), **properties)
    return Primitive(name or text, "call", text, tuple(params), **properties)


def literal(node: ast.expr) -> Operand:
    """A default value: a literal, or a dotted name such as ``np.float64``."""
    if isinstance(node, ast.Attribute | ast.Name):
        return Global(ast.unparse(node), canonical=True)
    value = ast.literal_eval(node)
    if isinstance(value, tuple):
        return Tuple(tuple(Const(v) for v in value))
    return Const(value)
