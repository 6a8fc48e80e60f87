"""Cotangents through operations on complex numbers: formulas of the table, conjugated.

The cotangent of z is the w for which the loss moves by Re(sum(conj(w) dz)). Of a linear map the
pullback is then the conjugate transpose, where the table's formulas say the transpose: f(g) stands
for conj(f(conj(g))), and conj goes inward, through sums and products, to the factors. What goes
back to a real operand is the real part.
"""

from __future__ import annotations

import ast

from adxform.analysis.complex_values import holds_complex
from adxform.core.builder import Builder
from adxform.core.ir import Const, Let, Operand, Tuple
from adxform.core.types import ANY, Array, Scalar, is_complex
from adxform.differentiate.common import mentions_g, primitive
from adxform.rules.expressions import FormulaExpressions
from adxform.rules.formulas import expand, formula_text
from adxform.rules.table import RULES, Rule, Statements

_THROUGH = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.USub)


def is_of_complex(builder: Builder, stmt: Let) -> bool:
    """Whether an operation takes or gives complex numbers."""
    if holds_complex(builder.types.get(stmt.target, ANY)):
        return True
    return any(map(holds_complex, [builder.type_of(arg) for arg in stmt.args]))


def conjugate(builder: Builder, operand: Operand, base: str | None = None) -> Operand:
    """The conjugate of an operand: the operand itself where it is real."""
    if not holds_complex(builder.type_of(operand)):
        return operand
    if isinstance(operand, Const):
        return Const(conjugate_of(operand.value))
    if isinstance(operand, Tuple):
        return operand.with_items(conjugate(builder, item) for item in operand.items)
    return builder.emit(primitive("np.conj"), (operand,), base)


def conjugate_of(number: complex) -> complex:
    """The conjugate of a number; of an imaginary one it is written as one."""
    return -number if number.real == 0 else number.conjugate()


def real_part(builder: Builder, value: Operand, base: str | None = None) -> Operand:
    """The real part of an operand: the operand itself where it is real."""
    if not holds_complex(builder.type_of(value)):
        return value
    return builder.emit(primitive("np.real"), (value,), base)


def pulled_back(
    builder: Builder,
    rule: Rule,
    param: str,
    env: dict[str, Operand],
    operand: Operand,
    base: str | None = None,
) -> Operand:
    """What an operation on complex numbers hands back to an operand; ``env`` has ``out_bar``."""
    real = not holds_complex(builder.type_of(operand))
    named = None if real else base
    if param in rule.of_complex:
        value = expand(builder, rule.of_complex[param], env, named)
    elif rule.kind == "linear":  # its coefficients are real
        bar = real_part(builder, env["out_bar"]) if real else env["out_bar"]
        value = expand(builder, rule.pull[param], env | {"out_bar": bar}, base)
    else:
        if real and rule.kind == "bilinear":  # helpers give what is like the operand
            name = "item" if "item" in env else param
            env = env | {name: _as_complex(builder, env[name], env["out_bar"])}
        value = _conjugated(builder, rule, param, env, named)
    return real_part(builder, value, base) if real else value


def _as_complex(builder: Builder, operand: Operand, like: Operand) -> Operand:
    """A real number, or an array of them, as a complex one."""
    own, wide = builder.type_of(operand), getattr(builder.type_of(like), "dtype", None)
    if isinstance(own, Scalar):
        return builder.emit(primitive("op.Add"), (operand, Const(0j)))
    if not isinstance(own, Array) or not is_complex(wide):
        return operand
    cast = primitive(".astype()")
    rest = tuple(default for _, default in cast.defaults)
    return builder.emit(cast, (operand, Const(wide), *rest))


def _conjugated(
    builder: Builder, rule: Rule, param: str, env: dict[str, Operand], base: str | None
) -> Operand:
    cotangent = "g" if rule.kind == "elementwise" else "out_bar"
    env = env | {cotangent: env["out_bar"]}
    types = {name: builder.type_of(operand) for name, operand in env.items()}
    text = formula_text(rule.pull[param], types)
    if isinstance(text, Statements):
        turned = {cotangent: conjugate(builder, env[cotangent])}
        return conjugate(builder, expand(builder, text, env | turned), base)
    if rule.kind == "elementwise" and not mentions_g(text):
        text = f"g * ({text})"
    return Conjugated(builder, env, cotangent).operand(ast.parse(text, mode="eval").body, base)


class Conjugated(FormulaExpressions):
    """Lowers a formula to the conjugate of what it gives for the conjugate of the cotangent."""

    def __init__(self, builder: Builder, env: dict[str, Operand], cotangent: str) -> None:
        super().__init__(builder, env)
        self.cotangent = cotangent
        self.plain = _Plain(builder, env, cotangent)

    def operand(self, node: ast.expr, base: str | None = None) -> Operand:
        """Lower ``node``: conj goes inward as long as it may."""
        match node:
            case ast.Constant() | ast.Tuple() | ast.List():
                return super().operand(node, base)
            case ast.BinOp(op=op) | ast.UnaryOp(op=op) if isinstance(op, _THROUGH):
                return super().operand(node, base)
            case ast.Subscript(value=value) if not isinstance(self.given(value), Tuple):
                container, index = self.operand(value), self.plain.operand(node.slice)
                return self.emit("[]", container, index, base=base)
            case ast.Attribute(attr="T"):
                return super().operand(node, base)
            case ast.Call():
                through = self.passing(node)
                if through:
                    return self.through(node, through, base)
        if isinstance(node, ast.Name) and node.id == self.cotangent:
            return self.env[node.id]
        return conjugate(self.builder, self.plain.operand(node), base)

    def given(self, node: ast.expr) -> Operand | None:
        """The operand that a name in a formula stands for."""
        return self.env.get(node.id) if isinstance(node, ast.Name) else None

    def passing(self, node: ast.Call) -> tuple[str, ...]:
        """The parameters of a function that conj goes through to, if it does."""
        called = self.called_primitive(node)
        rule = None if called is None else RULES[called.name]
        if rule is None or rule.of_complex:
            return ()
        if rule.kind == "linear":
            return rule.linear_in
        return tuple(rule.pull) if rule.kind == "bilinear" or called in _rational() else ()

    def through(self, node: ast.Call, params: tuple[str, ...], base: str | None) -> Operand:
        """A call with conjugated operands."""
        called = self.called_primitive(node)
        assert called is not None
        order, rest = list(called.params), called.variadic
        args: list[Operand] = []
        if called.style == "method":
            assert isinstance(node.func, ast.Attribute)
            args.append(self.lowered(node.func.value, order[0] in params))
        for arg in node.args:
            several = rest is not None and len(args) >= order.index(rest)
            name = rest if several else order[len(args)]
            args.append(self.lowered(arg, name in params))
        keywords = {
            k.arg: self.lowered(k.value, k.arg in params) for k in node.keywords if k.arg
        }
        return self.emit_call(called, args, keywords, base)

    def lowered(self, node: ast.expr, conjugated: bool) -> Operand:
        return self.operand(node) if conjugated else self.plain.operand(node)


class _Plain(FormulaExpressions):
    """Lowers a formula as it is, for the conjugate of the cotangent."""

    def __init__(self, builder: Builder, env: dict[str, Operand], cotangent: str) -> None:
        super().__init__(builder, env)
        self.cotangent = cotangent

    def name(self, node: ast.Name) -> Operand:
        found = super().name(node)
        return conjugate(self.builder, found) if node.id == self.cotangent else found


def _rational() -> tuple[object, ...]:
    """Functions whose conjugate is that of the conjugates of their operands, everywhere."""
    return tuple(RULES[name].primitive for name in _RATIONAL)


_RATIONAL = ("np.linalg.solve", "np.linalg.inv")
