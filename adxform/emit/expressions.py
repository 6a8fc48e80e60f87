"""Expressions: operands and operations of Core as trees of Python."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from keyword import iskeyword
from typing import Any, TypeGuard

import numpy as np

from adxform.core.forms import Form
from adxform.core.ir import (
    Callee,
    Const,
    Global,
    Let,
    Operand,
    Primitive,
    Slice,
    Tuple,
    Var,
)
from adxform.core.operands import is_power_of_two
from adxform.core.types import ANY, Type, wraps
from adxform.emit.nesting import Nested
from adxform.errors import InternalError

_LOAD, _STORE = ast.Load(), ast.Store()  # all nodes of a kind without fields are alike
_OPERATORS: dict[str, Any] = {
    kind.__name__: kind()
    for kinds in (ast.operator, ast.unaryop, ast.cmpop)
    for kind in kinds.__subclasses__()
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How names from outside are written: ``np`` under the user's alias, callees by name."""

    prefixes: dict[str, str]

    def __call__(self, text: str) -> str:
        if text in self.prefixes:
            return self.prefixes[text]
        head, _dot, last = text.rpartition(".")
        while head:
            if head in self.prefixes:
                return f"{self.prefixes[head]}.{last}"
            head, _, middle = head.rpartition(".")
            last = f"{middle}.{last}"
        return text


class Expressions:
    """Writes operands and operations; ``variable`` is what each name is called."""

    types: dict[str, Type]

    def __init__(self, nested: Nested, variable: dict[str, str], spell: Spelling) -> None:
        self.nested = nested
        self.variable = variable
        self.spell = spell

    def store(self, name: str) -> ast.Name:
        return ast.Name(self.variable[name], _STORE)

    def operand(self, operand: Operand) -> ast.expr:
        if isinstance(operand, Var):  # as most are
            name = operand.name
            let = self.nested.get(name)
            if let is None:
                return ast.Name(self.variable.get(name, name), _LOAD)
            return self.operation(let)
        match operand:
            case Const(value):
                return ast.Constant(value)
            case Global(text, canonical=canonical):
                spelled = self.spell(text) if canonical else text
                return dotted(spelled)
            case Tuple(items, form):
                return self.container(form, [self.operand(item) for item in items])
            case Slice(lower, upper, step):
                parts = (None if p is None else self.operand(p) for p in (lower, upper, step))
                return ast.Slice(*parts)

    def container(self, form: Form, items: list[ast.expr]) -> ast.expr:
        """A tuple, list or dictionary written out; an object by a call of its class."""
        match form.kind:
            case "tuple":
                return ast.Tuple(items, ast.Load())
            case "list":
                return ast.List(items, ast.Load())
            case "dict":
                return ast.Dict([ast.Constant(key) for key in form.keys], items)
            case _:
                assert form.maker is not None
                keywords = [ast.keyword(k, v) for k, v in zip(form.keys, items, strict=True)]
                return ast.Call(self.operand(form.maker), [], keywords)

    def operation(self, stmt: Let) -> ast.expr:
        op = stmt.op
        if isinstance(op, Primitive):
            made = self.primitive(op, stmt.args)
            if stmt.targets and wraps(self.types.get(stmt.target, ANY)):
                made._wraps = True  # type: ignore[attr-defined]  # it is no number of another order
                return made
            if op.style != "infix" or type(made) is not ast.BinOp:
                return made
            written = stmt.origin is not None and stmt.origin.role == "primal"
            return made if written else ordered(made)
        if isinstance(op, Callee):
            return self.called(op, [self.operand(a) for a in stmt.args])
        reads = {n: self.operand(a) for n, a in zip(op.reads, stmt.args, strict=True)}
        tree: ast.expr = Substitution(reads, {}).visit(copy.deepcopy(op.tree))
        return tree

    def called(self, op: Callee, args: list[ast.expr]) -> ast.expr:
        """A call of a function, by keyword where its parameters ask for that."""
        params = op.function.params if op.function is not None else ()
        named = [p.name if p.keyword_only else None for p in params] or [None] * len(args)
        pairs = list(zip(named, args, strict=True))
        keywords = [ast.keyword(name, arg) for name, arg in pairs if name is not None]
        return ast.Call(load(op.name), [arg for name, arg in pairs if name is None], keywords)

    def primitive(self, op: Primitive, args: tuple[Operand, ...]) -> ast.expr:
        special = _SPECIAL.get(op.name)
        if special is not None:
            return special(self, [self.operand(a) for a in args])
        if op.style == "infix":
            return infix(op.text, self.operand(args[0]), self.operand(args[1]))
        if op.style == "unary":
            return ast.UnaryOp(_OPERATORS[op.text], self.operand(args[0]))
        if op.style == "compare":
            left, right = (self.operand(a) for a in args)
            return ast.Compare(left, [_OPERATORS[op.text]], [right])
        if op.style == "subscript":
            return ast.Subscript(self.operand(args[0]), self.operand(args[1]), ast.Load())
        if op.style == "attribute":
            return ast.Attribute(self.operand(args[0]), op.text, ast.Load())
        if op.style == "method":
            function: ast.expr = ast.Attribute(self.operand(args[0]), op.text, ast.Load())
            return self.arguments_of(function, op, op.params[1:], args[1:])
        function = dotted(self.spell(op.text))
        return self.arguments_of(function, op, op.params, args)

    def arguments_of(
        self, function: ast.expr, op: Primitive, names: Sequence[str], args: Sequence[Operand]
    ) -> ast.expr:
        """A call; arguments that have a default are written by name, or not at all."""
        defaults = dict(op.defaults)
        positional: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for name, arg in zip(names, args, strict=True):
            if name == op.variadic and isinstance(arg, Tuple):
                positional.extend(self.operand(item) for item in arg.items)
            elif name not in defaults:
                positional.append(self.argument(arg))
            elif arg != defaults[name]:
                keywords.append(ast.keyword(name, self.keyword_value(op, name, arg)))
        return ast.Call(function, positional, keywords)

    def argument(self, arg: Operand) -> ast.expr:
        """An operand as an argument of a call: an index with stretches in it is made one."""
        index = self.operand(arg)
        parts = arg.items if isinstance(arg, Tuple) else (arg,)
        if not any(isinstance(part, Slice) for part in parts):
            return index
        s_ = dotted(self.spell("np.s_"))
        return ast.Subscript(s_, index, ast.Load())

    def keyword_value(self, op: Primitive, name: str, arg: Operand) -> ast.expr:
        """A dtype is written as Python's own where it has one, a tape's as Numba takes it."""
        if name == "dtype" and isinstance(arg, Const) and isinstance(arg.value, str):
            plain = {"bool": "bool", "int64": "int"}.get(arg.value)
            if plain and op.name != "np.empty":
                return load(plain)
            if arg.value not in np.sctypeDict or not hasattr(np, arg.value):
                return self.operand(arg)  # "d", "<f8"
            text = "np.bool_" if arg.value == "bool" else f"np.{arg.value}"
            return dotted(self.spell(text))
        return self.operand(arg)


def dotted(text: str) -> ast.expr:
    """A name from outside, reached through modules or not, or any other expression's text."""
    first, attributes = _parts(text)
    if not first:
        return ast.parse(text, mode="eval").body
    made: ast.expr = load(first)
    for attribute in attributes:
        made = ast.Attribute(made, attribute, _LOAD)
    return made


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[str, tuple[str, ...]]:
    """A dotted name's first part, and the others; nothing of what is none."""
    first, *others = text.split(".")
    named = all(part.isidentifier() and not iskeyword(part) for part in (first, *others))
    return (first, tuple(others)) if named else ("", ())


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, _LOAD)


def ordered(node: ast.expr) -> ast.expr:
    """A product or sum of our own with its constant first and as few parentheses as can be."""
    assert isinstance(node, ast.BinOp)
    left, right = node.left, node.right
    if isinstance(node.op, ast.Mult):
        if isinstance(right, ast.Constant) and not isinstance(left, ast.Constant):
            left, right = right, left
        if isinstance(left, ast.Constant) and _is_minus(right):
            return ast.UnaryOp(right.op, ordered(ast.BinOp(left, node.op, right.operand)))
        if isinstance(left, ast.Constant) and _chained(right, ast.Mult, ast.Div):
            return _scaled(left, right)
        if _chained(right, ast.Mult, ast.Div) and not _chained(left, ast.Mult, ast.Div):
            left, right = right, left
        return ast.BinOp(left, node.op, right)
    if isinstance(node.op, ast.Add) and (
        _chained(right, ast.Add, ast.Sub) and not _chained(left, ast.Add, ast.Sub)
    ):
        return ast.BinOp(right, node.op, left)
    return node


def _is_minus(node: ast.expr) -> TypeGuard[ast.UnaryOp]:
    """Whether an expression is another one with its sign changed."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _scaled(factor: ast.Constant, chain: ast.expr) -> ast.expr:
    """A factor put before a chain of products and quotients: ``2 * a * b``, not ``2 * (a * b)``;
    two numbers that make a whole one are one, and so are two of which one is a power of two.
    """
    if _chained(chain, ast.Mult, ast.Div) and not hasattr(chain, "_wraps"):
        assert isinstance(chain, ast.BinOp)
        return ast.BinOp(_scaled(factor, chain.left), chain.op, chain.right)
    if isinstance(chain, ast.Constant):
        product = factor.value * chain.value  # type: ignore[operator]
        numbers = (factor.value, chain.value)
        exact = any(isinstance(n, float) and is_power_of_two(n) for n in numbers)
        if isinstance(product, float) and (product.is_integer() or exact):
            return ast.Constant(product)
    return ast.BinOp(factor, ast.Mult(), chain)


def _chained(node: ast.expr, *ops: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ops)


def infix(text: str, left: ast.expr, right: ast.expr) -> ast.expr:
    """``left op right``."""
    return ast.BinOp(left, _OPERATORS[text], right)


class Substitution(ast.NodeTransformer):
    """Replaces the free names of a tree carried verbatim; an inner scope's own stay."""

    def __init__(self, reads: dict[str, ast.expr], writes: dict[str, str]) -> None:
        self.reads = reads
        self.writes = writes

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        args = node.args
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]
        self._inner([node], {a.arg for a in ast.walk(args) if isinstance(a, ast.arg)}, ("body",))
        return node

    def visit_ListComp(self, node: Any) -> ast.expr:
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        targets = [n for g in node.generators for n in ast.walk(g.target)]
        own = {n.id for n in targets if isinstance(n, ast.Name)}
        self._inner([first], own, ("ifs",))
        self._inner(node.generators[1:], own, ("iter", "ifs"))
        self._inner([node], own, ("elt", "key", "value"))
        return node  # type: ignore[no-any-return]

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _inner(self, nodes: Sequence[Any], own: set[str], fields: tuple[str, ...]) -> None:
        """Visit what stands in a scope of its own, in which some names are others."""
        outer = self.reads
        self.reads = {name: tree for name, tree in outer.items() if name not in own}
        for node in nodes:
            for field in (f for f in fields if hasattr(node, f)):
                held = getattr(node, field)
                self._refuse_hidden(held, own)
                many = isinstance(held, list)
                setattr(node, field, [self.visit(h) for h in held] if many else self.visit(held))
        self.reads = outer

    def _refuse_hidden(self, held: Any, own: set[str]) -> None:
        read = {n.id for h in ([held] if isinstance(held, ast.AST) else held) for n in ast.walk(h)
                if isinstance(n, ast.Name)}
        for name, tree in self.reads.items():
            names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            if name in read and names & own:
                raise InternalError(f"{name} is hidden in a scope that it is written into")

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            return copy.deepcopy(self.reads.get(node.id, node))
        return ast.Name(self.writes.get(node.id, node.id), node.ctx)


def _range_length(writer: Expressions, args: list[ast.expr]) -> ast.expr:
    bounds = args[0].elts if isinstance(args[0], ast.Tuple) else args
    return ast.Call(load("len"), [ast.Call(load("range"), list(bounds), [])], [])


def _for_each(writer: Expressions, text: str, over: ast.expr) -> ast.expr:
    """Zeros for each item v of a list."""
    made = ast.parse(text.format(writer.spell("np.zeros_like")), mode="eval").body
    return ast.ListComp(made, [ast.comprehension(ast.Name("v", ast.Store()), over, [], 0)])


_SPECIAL: dict[str, Callable[[Expressions, list[ast.expr]], ast.expr]] = {
    "copy": lambda writer, args: args[0],
    "rename": lambda writer, args: args[0],
    "number": lambda writer, args: args[0],
    "is_kind": lambda writer, args: ast.Call(ast.Name("isinstance", ast.Load()), [*args], []),
    "tape": lambda writer, args: args[0],
    "adxform.stop_gradient": lambda writer, args: args[0],
    "adxform.markers.stop_gradient": lambda writer, args: args[0],
    "loose_zero": lambda writer, args: ast.Constant(0.0),
    "empty_list": lambda writer, args: ast.List([], ast.Load()),
    "empty_stack": lambda writer, args: ast.BinOp(
        ast.List([args[0]], ast.Load()), ast.Mult(), ast.Constant(0)
    ),
    "list_of": lambda writer, args: ast.BinOp(
        ast.List([ast.Constant(None)], ast.Load()), ast.Mult(), args[0]
    ),
    "trip_count": _range_length,
    **dict.fromkeys(("joined_numbers", "joined_list"),
                    lambda writer, args: ast.BinOp(args[0], ast.Add(), args[1])),
    **dict.fromkeys(("repeated_numbers", "repeated_list"),
                    lambda writer, args: ast.BinOp(args[0], ast.Mult(), args[1])),
    "zero_numbers": lambda writer, args: ast.BinOp(
        ast.List([ast.Constant(0.0)], ast.Load()), ast.Mult(), ast.Call(load("len"), args, [])
    ),
    "zero_arrays": lambda writer, args: _for_each(writer, "{}(v)", args[0]),
    "zero_values": lambda writer, args: _for_each(writer, "{}(v) * 1.0", args[0]),
}
