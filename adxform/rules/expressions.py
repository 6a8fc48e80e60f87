"""A Python expression, made into Core operations one by one.

Used for formulas and for users' functions alike; what names mean is the subclass's affair.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from adxform.core.builder import Builder
from adxform.core.forms import LIST
from adxform.core.ir import UNKNOWN, Const, Global, Operand, Primitive, Slice, Tuple
from adxform.rules.table import RULES

OPERATIONS = {kind: f"op.{kind.__name__}" for kind in ast.operator.__subclasses__()}
CONSTANTS = {"np.pi": math.pi, "math.pi": math.pi}  # those that formulas mention


@cache
def _method_for(kind: type) -> str:
    return f"on_{kind.__name__}"


class BindError(Exception):
    """Arguments that a primitive's pattern does not know; the message names them."""


def bind(
    primitive: Primitive, args: Sequence[Operand], keywords: dict[str, Operand]
) -> tuple[Operand, ...]:
    """The arguments of a call in the order of the primitive's parameters, defaults filled in."""
    plain = not keywords and primitive.variadic is None and not primitive.keyword_only
    if plain and len(args) == len(primitive.params):  # as most often
        return tuple(args)
    given: dict[str, Operand] = {}
    names = list(primitive.params)
    if primitive.variadic is not None:
        at = names.index(primitive.variadic)
        given[primitive.variadic] = Tuple(tuple(args[at:]))
        args = args[:at]
    elif len(args) > (most := len(names) - len(primitive.keyword_only)):
        plural = "argument" if most == 1 else "arguments"
        raise BindError(f"{primitive.text} takes {most} {plural} here, not {len(args)}")
    given.update(zip(names, args, strict=False))
    for name, value in keywords.items():
        if name not in names:
            raise BindError(f"{primitive.text} is not known here with {name}=")
        if name in given:
            raise BindError(f"{primitive.text} is given {name} twice here")
        given[name] = value
    for name, default in primitive.defaults:
        given.setdefault(name, default)
    missing = [name for name in names if name not in given]
    if missing:
        raise BindError(f"{primitive.text} needs {', '.join(missing)}")
    return tuple(given[name] for name in names)


class Expressions:
    """Lowers expressions; each method takes one kind of node and gives an operand."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        """Lower ``node``; ``base`` names the variable that takes its value."""
        kind: Any = type(node)
        method: Callable[..., Operand] | None = getattr(self, _method_for(kind), None)
        return self.other(node, base) if method is None else method(node, base)

    def name(self, node: ast.Name) -> Operand:
        """What a name stands for."""
        raise NotImplementedError

    def other(self, node: ast.expr, base: str | None) -> Operand:
        """Lower an expression that Core does not know."""
        raise NotImplementedError

    def resolve(self, node: ast.expr) -> str | None:
        """The canonical dotted name of a function or module attribute, if ``node`` is one."""
        raise NotImplementedError

    def emit(self, name: str, *args: Operand, base: str | None = None) -> Operand:
        """Append an operation by the name of its primitive."""
        return self.builder.emit(RULES[name].primitive, args, base)

    def on_Constant(self, node: ast.Constant, base: str | None) -> Operand:
        return Const(node.value)

    def on_Name(self, node: ast.Name, base: str | None) -> Operand:
        return self.name(node)

    def on_Tuple(self, node: ast.Tuple, base: str | None) -> Operand:
        return Tuple(self.operands(node.elts))

    def on_List(self, node: ast.List, base: str | None) -> Operand:
        return Tuple(self.operands(node.elts), LIST)

    def operands(self, nodes: Sequence[ast.expr]) -> tuple[Operand, ...]:
        """Lower several expressions, spreading ``*tuple`` where the tuple is known."""
        found: list[Operand] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                inner = self.spread(node.value)
                if not isinstance(inner, Tuple):
                    raise BindError("*arguments of unknown length")
                found.extend(inner.items)
            else:
                found.append(self.operand(node))
        return tuple(found)

    def spread(self, node: ast.expr) -> Operand:
        """What stands behind a star."""
        return self.operand(node)

    def on_Slice(self, node: ast.Slice, base: str | None) -> Operand:
        parts = (node.lower, node.upper, node.step)
        return Slice(*(None if p is None else self.operand(p) for p in parts))

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        left, right = self.operand(node.left), self.operand(node.right)
        return self.emit(OPERATIONS[type(node.op)], left, right, base=base)

    def on_UnaryOp(self, node: ast.UnaryOp, base: str | None) -> Operand:
        inner = self.operand(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(inner, Const):
            return Const(-inner.value)
        return self.emit(f"op.{type(node.op).__name__}", inner, base=base)

    def on_Compare(self, node: ast.Compare, base: str | None) -> Operand:
        if len(node.ops) > 1:
            return self.other(node, base)
        left, right = self.operand(node.left), self.operand(node.comparators[0])
        return self.emit(f"op.{type(node.ops[0]).__name__}", left, right, base=base)

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        dotted = self.resolve(node)
        if dotted is not None:
            return self.on_global(node, dotted, base)
        rule = RULES.get(f".{node.attr}")
        if rule is None:
            return self.other(node, base)
        return self.builder.emit(rule.primitive, (self.operand(node.value),), base)

    def on_global(self, node: ast.expr, dotted: str, base: str | None) -> Operand:
        """A module's attribute that is not called."""
        return Global(dotted, canonical=True)

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        container, index = self.operand(node.value), self.operand(node.slice)
        if isinstance(container, Tuple) and isinstance(index, Const | Slice):
            return static_item(container, index)
        return self.emit("[]", container, index, base=base)

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        primitive = self.called_primitive(node)
        if primitive is None:
            return self.other(node, base)
        return self.call_primitive(primitive, node, base)

    def call_primitive(self, primitive: Primitive, node: ast.Call, base: str | None) -> Operand:
        """A call of a primitive, its arguments lowered."""
        args = self.operands(node.args)
        if primitive.style == "method" and isinstance(node.func, ast.Attribute):
            args = (self.operand(node.func.value), *args)
        keywords = {kw.arg: self.operand(kw.value) for kw in node.keywords if kw.arg is not None}
        if len(keywords) < len(node.keywords):
            raise BindError("**keywords in a call")
        return self.emit_call(primitive, args, keywords, base)

    def emit_call(
        self,
        primitive: Primitive,
        args: Sequence[Operand],
        keywords: dict[str, Operand],
        base: str | None,
    ) -> Operand:
        """A call of a primitive with operands."""
        return self.builder.emit(primitive, bind(primitive, args, keywords), base)

    def primitive_named(self, dotted: str) -> Primitive | None:
        """The primitive of a canonical name, if there is one."""
        rule = RULES.get(dotted)
        return None if rule is None else rule.primitive

    def called_primitive(self, node: ast.Call) -> Primitive | None:
        """The primitive that a call means, if it means one."""
        dotted = self.resolve(node.func)
        if dotted is not None and dotted.startswith("ndarray."):  # of an array from outside
            rule = RULES.get(f".{dotted.removeprefix('ndarray.')}()")
        elif dotted is not None:
            rule = RULES.get(dotted)
        elif isinstance(node.func, ast.Attribute):
            rule = RULES.get(f".{node.func.attr}()")
        else:
            rule = None
        return None if rule is None else rule.primitive


def static_item(container: Tuple, index: Const | Slice) -> Operand:
    """An item, or a slice, of a tuple whose items are known."""
    if isinstance(index, Const):
        place = container.place(index.value)
        if place is None:
            raise IndexError(index.value)
        return container.items[place]
    bounds = []
    for part in (index.lower, index.upper, index.step):
        if part is not None and not isinstance(part, Const):
            raise BindError("a slice of a tuple whose bounds are not numbers")
        bounds.append(None if part is None else part.value)
    return Tuple(container.items[slice(*bounds)], container.form)


class FormulaExpressions(Expressions):
    """Formulas: names are parameters given as operands, or the helpers of the rule table."""

    def __init__(self, builder: Builder, env: dict[str, Operand]) -> None:
        super().__init__(builder)
        self.env = env

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        kind = type(node)
        if kind is ast.Name:
            return self.name(node)  # type: ignore[arg-type]
        if kind is ast.BinOp:
            return self.on_BinOp(node, base)  # type: ignore[arg-type]
        if kind is ast.Call:
            return self.on_Call(node, base)  # type: ignore[arg-type]
        return super().operand(node, base)

    def name(self, node: ast.Name) -> Operand:
        return self.env[node.id]

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """``np.s_[...]`` is an index by itself, as an argument of a helper."""
        if _dotted(node.value) == "np.s_":
            return self.operand(node.slice)
        return super().on_Subscript(node, base)

    def other(self, node: ast.expr, base: str | None) -> Operand:
        raise ValueError(f"a formula may not say {ast.unparse(node)!r}")

    def on_global(self, node: ast.expr, dotted: str, base: str | None) -> Operand:
        return Global(dotted, CONSTANTS.get(dotted, UNKNOWN), canonical=True)

    def resolve(self, node: ast.expr) -> str | None:
        text = _dotted(node)
        if text is None or text.split(".")[0] in self.env:
            return None
        return text


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None
