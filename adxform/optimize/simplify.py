"""Simplification: helpers said in plain NumPy where types are known, exact algebra, folding.

Every rewrite gives the same value, shape and dtype; ``0 * x`` stays, because x may be NaN.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adxform.analysis.aliasing import IN_PLACE
from adxform.core.ir import Const, If, Let, Operand, Primitive, Slice, Tuple, leaves
from adxform.core.operands import is_power_of_two
from adxform.core.types import Array, Scalar, differentiable, wraps
from adxform.differentiate.common import primitive
from adxform.differentiate.conjugates import conjugate_of
from adxform.optimize.accumulation import accumulation, accumulation_at, alike, twice
from adxform.optimize.scaling import unscaled
from adxform.optimize.stretching import STRETCHES, unstretched
from adxform.optimize.walk import Remembering, is_derived, is_op, is_users
from adxform.optimize.widening import unwidened
from adxform.rules.expressions import static_item
from adxform.rules.formulas import expand
from adxform.rules.table import LOWERINGS, RULES

FOLDED: dict[str, Callable[..., Any]] = {
    "op.Add": operator.add,
    "op.Sub": operator.sub,
    "op.Mult": operator.mul,
    "op.USub": operator.neg,
    "op.Eq": operator.eq,
    "op.NotEq": operator.ne,
    "op.Lt": operator.lt,
    "op.Gt": operator.gt,
}


def _is_number(operand: Operand) -> bool:
    """Whether an operand is a number; what fails for others fails when it runs, if it does."""
    return isinstance(operand, Const) and isinstance(operand.value, int | float | complex)


class Simplify(Remembering):
    """Simplifies Let by Let."""

    def let(self, stmt: Let) -> None:
        if isinstance(stmt.op, Primitive):
            self.builder.origin = stmt.origin
            value = self.rewritten(stmt, stmt.op)
            if value is not None:
                self.env[stmt.target] = value
                return
        self.builder.stmts.append(stmt)
        self.remember(stmt)

    def rewritten(self, stmt: Let, op: Primitive) -> Operand | None:
        """What a Let is replaced by, or None where it stays."""
        name = op.name
        if name in ("rename", "number"):
            return stmt.args[0]
        if name in LOWERINGS:
            return self.lowered(stmt, op)
        if not stmt.reads and name in FOLDED and all(map(_is_number, stmt.args)):
            return Const(FOLDED[name](*(a.value for a in stmt.args if isinstance(a, Const))))
        if name == "[]" and isinstance(stmt.args[0], Tuple) and isinstance(stmt.args[1], Const):
            return static_item(stmt.args[0], stmt.args[1])
        rewrite = _REWRITES.get(name)
        if self.ops.isdisjoint(_TAKEN_OUT):  # as most often
            return None if rewrite is None else rewrite(self, stmt)
        found = unwidened(self, stmt, op)
        if found is None and rewrite is not None:
            found = rewrite(self, stmt)
        return unstretched(self, stmt, op) if found is None else found

    def lowered(self, stmt: Let, op: Primitive) -> Operand | None:
        """A helper as plain NumPy, where its operands' types say how."""
        env = dict(zip(op.params, stmt.args, strict=True))
        types = {name: self.builder.type_of(arg) for name, arg in env.items()}
        text = LOWERINGS[op.name](**types)
        if text is None:
            return None
        inner = Simplify(self.builder)
        inner.made_by, inner.ops, before = self.made_by, self.ops, len(self.builder.stmts)
        value = expand(self.builder, text, env, self.builder.bases.get(stmt.target))
        made = self.builder.stmts[before:]
        del self.builder.stmts[before:]
        for new in made:
            inner.statement(new)
        return inner.sub(value)

    def branch(self, stmt: If) -> None:
        test = self.sub(stmt.test)
        if not isinstance(test, Const):
            super().branch(stmt)
            return
        self.block(stmt.then if test.value else stmt.orelse)
        for phi in stmt.phis:
            self.env[phi.target] = self.sub(phi.first if test.value else phi.second)


def _is_one(operand: Operand) -> bool:
    return (
        isinstance(operand, Const) and type(operand.value) in (int, float) and (operand.value == 1)
    )


def _real(walk: Simplify, stmt: Let, operand: Operand) -> bool:
    """Whether an operand is no integer: times 1.0, that would be another number."""
    known = walk.builder.type_of(operand)
    unsure = isinstance(known, Array) and known.dtype is None
    return differentiable(known) and not (unsure and is_users(stmt))


def _product(walk: Simplify, stmt: Let) -> Operand | None:
    x, y = stmt.args
    if _is_one(y) and _real(walk, stmt, x):
        return x
    if _is_one(x) and _real(walk, stmt, y):
        return y
    return unscaled(walk, stmt) or _mask_out(walk, stmt, (0, 1)) or _minus_out(walk, stmt)


def _quotient(walk: Simplify, stmt: Let) -> Operand | None:
    x, y = stmt.args
    if _is_one(y) and _real(walk, stmt, x):
        return x
    numbers = all(isinstance(a, Const) and type(a.value) in (int, float) for a in stmt.args)
    if is_derived(stmt) and numbers and is_power_of_two(y.value):  # type: ignore[union-attr]
        return Const(x.value / y.value)  # type: ignore[union-attr]
    return _mask_out(walk, stmt, (0,)) or _minus_out(walk, stmt)


def _mask_out(walk: Simplify, stmt: Let, places: tuple[int, ...]) -> Operand | None:
    """``where(c, g, 0.0) * d`` is ``where(c, g * d, 0.0)``: no infinite d passes the mask."""
    if "np.where" not in walk.ops or stmt.origin is None or stmt.origin.role != "adjoint":
        return None
    for place in places:
        inner = walk.origin_of(stmt.args[place])
        if inner is None or not is_op(inner, "np.where") or Const(0.0) not in inner.args[1:]:
            continue
        if inner.origin is None or inner.origin.role != "adjoint":
            continue
        side = 2 if inner.args[1] == Const(0.0) else 1
        args = list(stmt.args)
        args[place] = inner.args[side]
        assert isinstance(stmt.op, Primitive)
        again = replace(stmt, args=tuple(args))
        product = walk.rewritten(again, stmt.op) or walk.made(stmt.op, again.args)
        masked = list(inner.args)
        masked[side] = product
        base = walk.builder.bases.get(stmt.target)
        return walk.made(RULES["np.where"].primitive, tuple(masked), base)
    return None


def _minus_out(walk: Simplify, stmt: Let) -> Operand | None:
    """``(-a) * b`` is ``-(a * b)``: signs that meet a sum turn it into a difference."""
    if "op.USub" not in walk.ops or not is_derived(stmt):
        return None
    found = [(i, walk.origin_of(a)) for i, a in enumerate(stmt.args)]
    minus = next(((i, let) for i, let in found if let and _is_minus(walk, let)), None)
    if minus is None:
        return None
    args = list(stmt.args)
    args[minus[0]] = minus[1].args[0]
    again = replace(stmt, args=tuple(args))
    assert isinstance(stmt.op, Primitive)
    product = walk.rewritten(again, stmt.op) or walk.made(stmt.op, again.args)
    base = walk.builder.bases.get(stmt.target)
    return walk.made(RULES["op.USub"].primitive, (product,), base)


def _is_minus(walk: Simplify, let: Let) -> bool:
    """Whether an operation gives minus its operand: not a large number instead."""
    minus = type(let.op) is Primitive and let.op.name == "op.USub"
    return minus and not wraps(walk.builder.type_of(let.args[0]))


def _negation(walk: Simplify, stmt: Let) -> Operand | None:
    inner = walk.origin_of(stmt.args[0])
    return inner.args[0] if is_op(inner, "op.USub") and inner is not None else None


def _less(operand: Operand) -> Operand | None:
    """A number without its sign, where that is a minus."""
    plain = isinstance(operand, Const) and type(operand.value) in (int, float)
    return Const(-operand.value) if plain and operand.value < 0 else None  # type: ignore[union-attr]


def _sum(walk: Simplify, stmt: Let) -> Operand | None:
    """``a + (-b)`` is ``a - b``, ``(-a) + b`` is ``b - a``, and ``a + -1`` is ``a - 1``."""
    less = _less(stmt.args[1])
    if less is not None:
        base = walk.builder.bases.get(stmt.target)
        return walk.made(RULES["op.Sub"].primitive, (stmt.args[0], less), base)
    if stmt.origin is not None and stmt.origin.role == "adjoint":
        again = _added_again(walk, stmt)
        if again is not None:
            return again
    first, second = (walk.origin_of(arg) for arg in stmt.args)
    pair: tuple[Operand, ...] = ()
    if second is not None and _is_minus(walk, second):
        pair = (stmt.args[0], second.args[0])
    elif first is not None and _is_minus(walk, first) and stmt.origin is not None:
        pair = (stmt.args[1], first.args[0]) if stmt.origin.role != "primal" else ()
    base = walk.builder.bases.get(stmt.target)
    return walk.made(RULES["op.Sub"].primitive, pair, base) if pair else None


def _added_again(walk: Simplify, stmt: Let) -> Operand | None:
    """``a + a`` is ``2 * a``, and so is what is added twice to something else."""
    base = walk.builder.bases.get(stmt.target)
    if alike(walk, *stmt.args):
        return twice(walk, stmt.args[0], base)
    inner = walk.origin_of(stmt.args[0])
    if inner is None or not is_op(inner, "op.Add") or inner.target in walk.builder.bases:
        return None
    if not alike(walk, inner.args[1], stmt.args[1]):
        return None
    total = RULES["op.Add"].primitive
    return walk.made(total, (inner.args[0], twice(walk, stmt.args[1])), base)


def _difference(walk: Simplify, stmt: Let) -> Operand | None:
    """``a - (-b)`` is ``a + b``, and ``(-a) - (-b)`` is ``b - a``; they differ in no bit."""
    more = _less(stmt.args[1])
    if more is not None:
        base = walk.builder.bases.get(stmt.target)
        return walk.made(RULES["op.Add"].primitive, (stmt.args[0], more), base)
    first, second = (walk.origin_of(arg) for arg in stmt.args)
    if not is_derived(stmt) or second is None:
        return None
    if not _is_minus(walk, second):
        return None
    base = walk.builder.bases.get(stmt.target)
    if first is not None and _is_minus(walk, first):
        parts = second.args[0], first.args[0]
        return walk.made(RULES["op.Sub"].primitive, parts, base)
    return walk.made(RULES["op.Add"].primitive, (stmt.args[0], second.args[0]), base)


def _total(walk: Simplify, stmt: Let) -> Operand | None:
    """``np.sum(-a)`` is ``-np.sum(a)``: rounding is symmetric."""
    if not is_derived(stmt):
        return None
    inner = walk.origin_of(stmt.args[0])
    if inner is None or not _is_minus(walk, inner) or not isinstance(stmt.op, Primitive):
        return None
    total = walk.made(stmt.op, (inner.args[0], *stmt.args[1:]))
    base = walk.builder.bases.get(stmt.target)
    return walk.made(RULES["op.USub"].primitive, (total,), base)


def _element(walk: Simplify, stmt: Let) -> Operand | None:
    """``np.sum(g, axis=1, keepdims=True)[:, 0]`` is ``np.sum(g, axis=1)``."""
    if _all(walk, stmt) and stmt.origin is not None and stmt.origin.role == "adjoint":
        return stmt.args[0]
    made = walk.origin_of(stmt.args[0])
    if made is not None and _is_minus(walk, made) and isinstance(stmt.op, Primitive):
        again = replace(stmt, targets=("",), args=(made.args[0], stmt.args[1]))  # nameless
        part = _element(walk, again) or walk.made(stmt.op, again.args)
        base = walk.builder.bases.get(stmt.target)
        return walk.made(RULES["op.USub"].primitive, (part,), base)
    if not is_op(made, "np.sum") or made is None or not isinstance(made.op, Primitive):
        return None
    args = dict(zip(made.op.params, made.args, strict=True))
    index = stmt.args[1]
    parts = index.items if isinstance(index, Tuple) else (index,)
    zeros = {i for i, p in enumerate(parts) if p == Const(0)}
    if (
        args["keepdims"] != Const(True)
        or zeros != _axes(args["axis"])
        or any(p not in (Const(0), Slice()) for p in parts)
    ):
        return None
    args["keepdims"] = Const(False)
    base = walk.builder.bases.get(stmt.target)
    return walk.made(made.op, tuple(args.values()), base)


def _all(walk: Simplify, stmt: Let) -> bool:
    """Whether an index is that of a whole array."""
    index = stmt.args[1]
    if type(index) is not Const or index != Const(Ellipsis):
        return False
    known = walk.builder.type_of(stmt.args[0])
    return isinstance(known, Array) and bool(known.dims)


def _copied(walk: Simplify, stmt: Let) -> Operand | None:
    """A copy of what is nobody's: of a new array that a cotangent's formula gives."""
    inner = walk.origin_of(stmt.args[0])
    if stmt.origin is None or stmt.origin.role != "adjoint" or inner is None:
        return None
    known = walk.builder.type_of(stmt.args[0])
    picked = is_op(inner, "[]") and isinstance(walk.builder.type_of(inner.args[1]), Array)
    new = isinstance(inner.op, Primitive) and inner.op.fresh and inner.op.name not in IN_PLACE
    new = new or picked
    return stmt.args[0] if new and isinstance(known, Array) and known.dims else None


def _recorded(walk: Simplify, stmt: Let) -> Operand | None:
    """What is recorded of a value whose type has become known."""
    known = walk.builder.type_of(stmt.args[0])
    if isinstance(known, Scalar):
        return stmt.args[0]
    if not isinstance(known, Array):
        return None
    return walk.made(primitive("np.copy"), stmt.args, walk.builder.bases.get(stmt.target))


def _update(walk: Simplify, stmt: Let) -> Operand | None:
    """``x_bar[...] = 0.0`` of a cotangent is a new zero."""
    adjoint = stmt.origin is not None and stmt.origin.role == "adjoint"
    if not adjoint or stmt.args[2] != Const(0.0) or not _all(walk, stmt):
        return None
    args = (stmt.args[0], Const(None))
    return walk.made(primitive("np.zeros_like"), args, walk.builder.bases.get(stmt.target))


def _no_zeros(walk: Simplify, stmt: Let) -> Operand | None:
    """Zeros for the items of an empty list are another one."""
    if not is_op(walk.origin_of(stmt.args[0]), "empty_list"):
        return None
    return walk.made(primitive("empty_list"), (), walk.builder.bases.get(stmt.target))


def _conjugate(walk: Simplify, stmt: Let) -> Operand | None:
    """In a derivative, the conjugate of a number, or of a conjugate."""
    if is_users(stmt):
        return None
    only = stmt.args[0]
    if isinstance(only, Const) and isinstance(only.value, complex):
        return Const(conjugate_of(only.value))
    inner = walk.origin_of(only)
    return inner.args[0] if inner is not None and is_op(inner, "np.conj") else None


def _extreme(walk: Simplify, stmt: Let) -> Operand | None:
    """The smallest of a value and itself."""
    values = [leaf for arg in stmt.args for leaf in leaves(arg)]
    return values[0] if all(v == values[0] for v in values) else None


def _axes(axis: Operand) -> set[Any]:
    parts = axis.items if isinstance(axis, Tuple) else (axis,)
    return {p.value for p in parts if isinstance(p, Const)}


_TAKEN_OUT = frozenset((".astype()", *STRETCHES))
_REWRITES: dict[str, Callable[[Any, Let], Operand | None]] = {
    "[]": _element,
    "np.copy": _copied,
    "recorded": _recorded,
    "np.conj": _conjugate,
    "update": _update,
    "min": _extreme,
    "np.sum": _total,
    "op.Mult": _product,
    "op.Div": _quotient,
    "op.USub": _negation,
    "op.Add": _sum,
    "op.Sub": _difference,
    "zero_numbers": _no_zeros,
    "zero_arrays": _no_zeros,
    "zero_values": _no_zeros,
    "accumulate": accumulation,
    "accumulate_at": accumulation_at,
}
