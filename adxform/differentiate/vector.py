"""Vector forward mode: several directions at once, along a last axis of each tangent.

Where a value has shape (p, q), its tangent has shape (p, q, m) for m directions. NumPy lines shapes
up at their ends, so tangents broadcast as their values do, and an index of a value is one of its
tangent; what depends on values alone is computed once for all directions.
"""

from __future__ import annotations

import ast
from functools import cache

from adxform.core.builder import Builder
from adxform.core.dims import Dim, Sym
from adxform.core.ir import (
    UNDEFINED,
    Const,
    For,
    Global,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Tuple,
    Var,
)
from adxform.core.trees import names
from adxform.core.types import INT, Array, Type, dims_of, is_float, was_broadcast
from adxform.differentiate.common import narrowed, primitive
from adxform.differentiate.directions import FORMS, Along, Widening
from adxform.differentiate.forward import Forward
from adxform.errors import Diagnostic, UnsupportedError
from adxform.rules.formulas import expand, formula_text
from adxform.rules.table import Rule

DIRECTIONS = Sym("directions of a tangent", not_one=True)


class OneAtATimeError(UnsupportedError):
    """A function whose directions are taken one after the other."""


def one_at_a_time(what: str) -> OneAtATimeError:
    """The refusal of something that a function does."""
    reason = f"several directions at once are not carried through {what}"
    return OneAtATimeError(Diagnostic(reason, hint="Take one direction after the other."))


class Vector(Forward):
    """Walks a function in order; ``count`` is how many directions there are."""

    count: Operand

    def begin(self, wrt: tuple[str, ...]) -> None:
        tangent = self.tangents[wrt[0]]
        rank = len(self.dims(self.builder.type_of(tangent))) - 1
        shape = self.builder.emit(primitive(".shape"), (tangent,))
        self.count = self.builder.emit(primitive("[]"), (shape, Const(rank)), "directions")

    def tangent_type(self, known: Type) -> Array:
        dims, dtype = dims_of(known), getattr(known, "dtype", None)
        if dims is None or dtype is None:
            raise one_at_a_time("a value whose rank or dtype is not known")
        if dtype.startswith("complex"):
            raise one_at_a_time("complex numbers")
        return Array(dtype if is_float(dtype) else "float64", (*dims, DIRECTIONS))

    def dims(self, known: Type) -> tuple[Dim, ...]:
        dims = dims_of(known)
        if dims is None:
            raise one_at_a_time("a value whose rank is not known")
        return dims

    def zero(self, builder: Builder, like: Operand) -> Operand:
        if isinstance(like, Tuple):
            return like.with_items(self.zero(builder, item) for item in like.items)
        return self.allocated(builder, "np.zeros", like)

    def still(self, operand: Operand) -> Operand:
        return self.zero(self.builder, operand)

    def allocated(
        self, builder: Builder, how: str, like: Operand, base: str | None = None
    ) -> Var:
        """An array of the shape and dtype of a value's tangent."""
        origin, builder.origin = builder.origin, None
        known = self.tangent_type(builder.type_of(like))
        shape = Tuple((*self.sizes(builder, like), self.count))
        given = shape if len(shape.items) > 1 else self.count
        plain = known.dtype == "float64"
        dtype = Const(None) if plain else Global(f"np.{known.dtype}", canonical=True)
        made = builder.emit(primitive(how), (given, dtype), base)
        builder.types[made.name] = known
        builder.origin = origin
        return made

    def sizes(self, builder: Builder, like: Operand) -> tuple[Operand, ...]:
        """The sizes of a value along its axes."""
        dims = self.dims(builder.type_of(like))
        if all(isinstance(dim, int) for dim in dims):
            return tuple(Const(dim) for dim in dims)
        shape = builder.emit(primitive(".shape"), (like,))
        return tuple(
            Const(dim) if isinstance(dim, int)
            else builder.emit(primitive("[]"), (shape, Const(axis)))
            for axis, dim in enumerate(dims)
        )

    def _merged(self, value: Operand, known: dict[str, Operand], inside: Builder) -> Operand:
        if value == UNDEFINED:
            return UNDEFINED
        if isinstance(value, Var) and value.name in known:
            return known[value.name]
        if isinstance(value, Var) and value.name in self.gaps.names | self.gaps.zeros:
            raise one_at_a_time("a variable that a path leaves unbound")
        return self.zero(inside, value)

    # --- operations ---------------------------------------------------------------------------

    def operation(self, stmt: Let) -> Operand | None:
        rule, args, active = self.operands(stmt)
        if not active:
            return None
        assert isinstance(stmt.op, Primitive)
        self.tangent_type(self.builder.type_of(Var(stmt.target)))  # or refused
        base = self.base(stmt.target)
        along = Along(stmt, args, active, base)
        form = FORMS.get(stmt.op.name)
        found = None if form is None else form(self.widening(), along)
        if found is None and rule.kind == "elementwise":
            found = self.elementwise(rule, along)
        if found is None:
            return self.in_turn(stmt, base)
        found = self.stretched(found, stmt, base)
        return self.named(narrowed(self.builder, found, stmt, base), base)

    def widening(self) -> Widening:
        return Widening(
            self.builder, self.count, self.tangent, self.zero, self.zeros_like, self.sizes
        )

    def zeros_like(self, like: Operand, base: str | None) -> Operand:
        """Zeros under the name of a variable of the user's."""
        return self.allocated(self.builder, "np.zeros", like, base)

    def elementwise(self, rule: Rule, along: Along) -> Operand | None:
        """A sum of partial derivatives, each the same for all directions, times tangents."""
        env = along.args | {"out": Var(along.stmt.target)}
        types = {name: self.builder.type_of(operand) for name, operand in env.items()}
        if any(isinstance(operand, Tuple) for operand in env.values()):
            return None
        texts = {}
        for param, g in along.active.items():
            given = types | {"g": self.builder.type_of(g)}
            texts[param] = formula_text(rule.pull[param], given)
        if not all(isinstance(text, str) and _plain_in_g(text) for text in texts.values()):
            return None
        total: Operand | None = None
        for param, text in texts.items():
            term = self.elementwise_term(str(text), env, along.active[param])
            total = term if total is None else self.sum(total, term)
        return total

    def elementwise_term(self, text: str, env: dict[str, Operand], g: Operand) -> Operand:
        """What a formula says; what of it does not depend on g is computed once."""
        wide = self.widening()
        tree, found = _split(text)
        values = {n: expand(self.builder, part, env) for n, part in found.items()}
        if tree is None:
            return self.builder.emit(primitive("op.Mult"), (wide.lifted(values["part0"]), g))
        lifted = {n: wide.lifted(value) for n, value in values.items()}
        return expand(self.builder, tree, lifted | {"g": g})

    def stretched(self, found: Operand, stmt: Let, base: str | None) -> Operand:
        """A tangent in the shape of its value's, where an operand that varies is smaller."""
        out = Var(stmt.target)
        wanted = self.tangent_type(self.builder.type_of(out))
        if was_broadcast(self.builder.type_of(found), wanted) is False:
            return found
        zeros = self.zero(self.builder, out)
        return self.builder.emit(primitive("op.Add"), (found, zeros), base)

    def in_turn(self, stmt: Let, base: str | None) -> Operand:
        """The tangent of an operation, one direction after the other."""
        builder = self.builder
        base = base or "tangent"
        whole = self.allocated(builder, "np.empty", Var(stmt.target), base)
        index = builder.names.fresh("direction")
        builder.types[index] = INT
        inner = builder.nested()
        single = Forward(inner, self.activity, self.tangent_of, self.gaps)
        for name in stmt.reads:
            if name in self.tangents:
                tangent = self.tangents[name]
                rank = len(self.dims(builder.types[name]))
                place = _at(Var(index), rank)
                single.tangents[name] = inner.emit(primitive("[]"), (tangent, place))
        found = single.operation(stmt)
        if found is None or isinstance(found, Tuple):
            raise one_at_a_time(f"{stmt.op}")
        before, after = builder.name(base), builder.name(base)
        known = builder.types[whole.name]
        builder.types.update({before: known, after: known})
        rank = len(self.dims(builder.types[stmt.target]))
        args = (Var(before), _at(Var(index), rank), found)
        inner.append(Let((after,), primitive("update"), args, builder.origin))
        phi = Phi(before, whole, Var(after))
        builder.append(For(index, (self.count,), (phi,), inner.block, origin=builder.origin))
        return Var(before)


def _at(direction: Var, rank: int) -> Operand:
    """The index of one direction."""
    return Tuple((*(Slice() for _ in range(rank)), direction)) if rank else direction


@cache
def _plain_in_g(text: str) -> bool:
    """Whether a formula does to its tangent, g, what it may do to many at once: no call but of
    ``np.where``.
    """
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return all(
        "g" not in names(call) or ast.unparse(call.func) == "np.where" for call in calls
    )


@cache
def _split(text: str) -> tuple[str | None, dict[str, str]]:
    """A formula in g and in parts that do not mention g, and these parts.

    >>> _split("-g * np.sin(x)")
    ('-g * part0', {'part0': 'np.sin(x)'})
    >>> _split("np.cos(x)")
    (None, {'part0': 'np.cos(x)'})
    """
    tree = ast.parse(text, mode="eval").body
    if "g" not in names(tree):
        return None, {"part0": text}
    parts = _Parts()
    return ast.unparse(parts.visit(tree)), parts.found


class _Parts(ast.NodeTransformer):
    """Gives each largest part that does not mention g a name; ``found`` are these, by name."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Call) and "g" in names(node):
            node.args = [self.visit(arg) for arg in node.args]  # type: ignore[misc]
            return node
        plain = not isinstance(node, ast.expr) or isinstance(node, ast.Constant)
        if plain or "g" in names(node):
            return self.generic_visit(node)
        text = ast.unparse(node)
        known = {part: name for name, part in self.found.items()}
        name = known.get(text, f"part{len(self.found)}")
        self.found[name] = text
        return ast.Name(name, ast.Load())
