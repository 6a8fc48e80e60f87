"""Calls of libraries' functions: read in other words, and shown where the user calls them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from adxform.core.forms import LIST
from adxform.core.ir import UNKNOWN, Const, Let, Opaque, Operand, Primitive, Tuple, Var, leaves
from adxform.core.types import (
    Array,
    Inert,
    Known,
    ListOf,
    Object,
    Scalar,
    Struct,
    differentiable,
    is_sparse,
    rank,
)
from adxform.errors import UnsupportedError
from adxform.frontend.arguments import Keywords
from adxform.frontend.as_generators import groups_listed
from adxform.frontend.asked_sizes import with_sizes_named
from adxform.frontend.callables import Bound, function_of_each, is_library
from adxform.frontend.calls import Calls
from adxform.frontend.equivalents import EQUIVALENTS, Equivalent, interpolators
from adxform.frontend.equivalents.arrays import vectorized
from adxform.frontend.scope import Meaning, live_function, readable
from adxform.frontend.source import SourceFunction
from adxform.frontend.subscripts import with_letters
from adxform.frontend.writes import writes_params
from adxform.rules.core import STOP_GRADIENT
from adxform.rules.expressions import BindError, bind
from adxform.rules.iterations import HINTS
from adxform.rules.table import RULES

EQUIVALENTS_FOLDER = Path(__file__).parent / "equivalents"
#: What sparse matrices have that gives no matrix of their kind.
_DENSE = ("toarray", "todense", "sum", "mean", "max", "min", "diagonal", "trace", "dot", "matvec",
          "nonzero", "getnnz", "argmax", "argmin", "spsolve", "cg", "gmres", "norm", "eigsh")
_JOINS = {"r_": "np.concatenate", "c_": "np.column_stack"}


class Libraries(Calls):
    """Lowers calls of functions that are not the user's."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        meaning = self.meaning(node.func)
        name = "" if meaning is None else meaning.dotted or ""
        each = self._of_each(node)
        if each is not None:
            return self._function_value(node, base, each)
        each = self._of_each(node.func) if isinstance(node.func, ast.Call) else None
        if each is not None:
            return self.call_vectorized(each.args[0], node, base)
        if name in STOP_GRADIENT and len(node.args) == 1 and self._is_librarys(node.args[0]):
            held = self.opaque_call(node.args[0], None, "")  # type: ignore[arg-type]
            return self.emit(name, held, base=base)
        interpolated = self._interpolated(node, base)
        if interpolated is not None:
            return interpolated
        if self._makes_sparse(node.func) and name not in RULES:
            return self.opaque_call(node, base, "")  # as Python evaluates it, or refused
        if name in HINTS:
            return self.opaque_call(node, base, "")  # held constant, or refused with the hint
        if name == "np.einsum" and node.args and self.static(node.args[0]) is UNKNOWN:
            node = self._with_letters(node)
        found = EQUIVALENTS.get(name)
        own = "." not in name and (len(node.args) != 1 or node.keywords)  # sorted(x, key=f)
        if found is None or own:
            return super().on_Call(node, base)
        return self._in_other_words(found, node, base)

    def _with_letters(self, node: ast.Call) -> ast.Call:
        """Subscripts of ``np.einsum`` said as letters; what is no text is known, or refused."""
        if any(isinstance(arg, ast.Starred) for arg in node.args):
            return node
        made = with_letters(node, self._label_list)
        first = None if made else self.builder.type_of(self.operand(node.args[0]))
        if isinstance(first, Array | ListOf | Struct) and self.may_be_active(node):
            raise self.unsupported(
                "which axes np.einsum sums over is told by lists that are not known here", node,
                'Write the subscripts as a text, as in np.einsum("ij,jk->ik", x, y).')
        return made or node

    def _label_list(self, node: ast.expr) -> Any:
        """A list of constants, also of a variable's; else UNKNOWN."""
        known = self.static(node)
        held = self.operand(node) if known is UNKNOWN and isinstance(node, ast.Name) else None
        if not isinstance(held, Tuple) or not all(isinstance(i, Const) for i in held.items):
            return known
        return [item.value for item in held.items if isinstance(item, Const)]

    def _interpolated(self, node: ast.Call, base: str | None) -> Operand | None:
        """An interpolator that is made of constants, or a call of one where it is made."""
        interpolation = self._interpolation(node)
        if interpolation is not None:
            made = self.opaque_call(node, base, "")
            assert isinstance(made, Var)
            self.builder.types[made.name] = Object(Bound(interpolation, (made,)))
            return made
        interpolation = self._interpolation(node.func)
        if interpolation is None:
            return None
        held = self.opaque(node.func, None)
        args, keywords = self.arguments(node)
        return self.user_call(node, readable(interpolation), (held, *args), keywords, base)

    def _in_other_words(self, found: Equivalent, node: ast.Call, base: str | None) -> Operand:
        """A call of a function that has an equivalent: by its rule, if that knows the arguments."""
        primitive = self.primitive_named(found.name)
        if not self.may_be_active(node):
            return self.opaque_call(node, base, "") if primitive is None else (
                super().on_Call(node, base))
        args, keywords = self.arguments(node)
        if primitive is not None and not self._is_for(found, primitive, args, keywords):
            with suppress(BindError):
                return self.emit_call(primitive, args, keywords, base)
        return self.user_call(node, readable(found.function), args, keywords, base)

    def call_primitive(self, primitive: Primitive, node: ast.Call, base: str | None) -> Operand:
        """A call of what has a rule; of a method with more keywords, as NumPy's function."""
        more = {k.arg for k in node.keywords} - {*primitive.params, None}
        found = EQUIVALENTS.get(f"np.{primitive.text}") if primitive.style == "method" else None
        if not more or found is None or not isinstance(node.func, ast.Attribute):
            return super().call_primitive(primitive, node, base)
        receiver = self.operand(node.func.value)
        if isinstance(self.builder.type_of(receiver), Object | Known):  # it has its own
            return super().call_primitive(primitive, node, base)
        args, keywords = self.arguments(node)
        return self.user_call(node, readable(found.function), (receiver, *args), keywords, base)

    def _is_for(
        self, other: Equivalent, primitive: Primitive, args: Sequence[Operand], keywords: Keywords
    ) -> bool:
        """Whether an equivalent is for arguments of these types, whatever a rule says."""
        if other.when is None:
            return False
        try:
            bound = bind(primitive, args, keywords)
        except BindError:
            return False
        types = map(self.builder.type_of, bound)
        return other.when(**dict(zip(primitive.params, types, strict=True)))

    def call_of(self, value: Any, node: ast.Call, base: str | None) -> Operand | None:
        """A call of a value that is known; a function that ``np.vectorize`` decorates, too."""
        if isinstance(value, np.vectorize):
            if value.signature is not None or value.excluded:
                raise self.unsupported("np.vectorize is understood without signature=, excluded=",
                                       node, "Call the function in a loop.")
            inner = self.outer_value(ast.unparse(node.func), value.pyfunc)
            return self.call_vectorized(inner, node, base)
        compiled = function_of_each(value)
        if compiled is not None:
            return self._call_of_each(compiled, node, base)
        interpolation = interpolators.called(value)
        if interpolation is not None:
            args, keywords = self.arguments(node)
            held = self.operand(node.func)
            return self.user_call(node, readable(interpolation), (held, *args), keywords, base)
        return super().call_of(value, node, base)

    def _is_librarys(self, node: ast.expr) -> bool:
        """Whether an expression calls a function of a library, which has source."""
        meaning = self.meaning(node.func) if isinstance(node, ast.Call) else None
        function = None if meaning is None else meaning.function
        return function is not None and is_library(function.text.file)

    def _interpolation(self, node: ast.expr) -> Any:
        """What is read where an interpolator is called that an expression makes of constants."""
        if not isinstance(node, ast.Call):
            return None
        kind = self.static(node.func)
        found = interpolators.made_by(kind, len(node.args), [k.arg for k in node.keywords])
        return None if found is None or self.may_be_active(node) else found

    def _constants_first(self, node: ast.Call) -> ast.Call:
        """A call with each argument that is ``stop_gradient(...)`` given a name before it."""
        named = [self._held_constant(arg) for arg in node.args]
        if named == node.args:
            return node
        return ast.copy_location(ast.Call(node.func, named, node.keywords), node)

    def _held_constant(self, node: ast.expr) -> ast.expr:
        meaning = self.meaning(node.func) if isinstance(node, ast.Call) else None
        if meaning is None or meaning.dotted not in STOP_GRADIENT:
            return node
        name = f"constant {len(self.env)}"
        self.env[name] = self.operand(node)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def _of_each(self, node: ast.Call) -> Bound | None:
        """What ``np.vectorize(f)`` makes of a function that is known."""
        meaning = self.meaning(node.func)
        named = meaning is not None and meaning.dotted == "np.vectorize"
        if not named or len(node.args) != 1 or node.keywords:
            return None
        known = self.callable_value(node.args[0]) is not UNKNOWN
        return Bound(vectorized, (self.operand(node.args[0]),)) if known else None

    def call_vectorized(self, inner: Operand, node: ast.Call, base: str | None) -> Operand:
        """A call of a function for each element."""
        args, keywords = self.arguments(node)
        return self.user_call(node, readable(vectorized), (inner, *args), keywords, base)

    def _call_of_each(self, function: Any, node: ast.Call, base: str | None) -> Operand:
        """A call of what Numba's ``vectorize`` makes of a function: of numbers, that of itself."""
        args, keywords = self.arguments(node)
        found = live_function(function)
        if found is not None and all(isinstance(self.builder.type_of(a), Scalar) for a in args):
            return self.user_call(node, found, args, keywords, base)
        return self.call_vectorized(self.outer_value(function.__name__, function), node, base)

    def refuse_if_said(self, stmt: ast.stmt) -> None:
        """What an equivalent has no words for, it says by ``raise NotImplementedError(reason)``."""
        match stmt:
            case ast.Raise(ast.Call(ast.Name("NotImplementedError"), [ast.Constant(str(reason))])):
                if EQUIVALENTS_FOLDER in Path(self.source.text.file).parents:
                    raise self.unsupported(reason, stmt)

    def may_be_active(self, node: ast.expr) -> bool:
        """Whether what an expression reads may have a derivative."""
        raise NotImplementedError

    def on_BinOp(self, node: ast.BinOp, base: str | None) -> Operand:
        """Of sparse matrices and linear operators products are followed; ``*`` may be none."""
        made = super().on_BinOp(node, base)
        sides = [self._is_sparse(side) for side in (node.left, node.right)]
        if not any(sides):
            return made
        if all(sides) and isinstance(made, Var):
            self.builder.types[made.name] = Inert(sparse=True)
        elif self.may_be_active(node) and not isinstance(node.op, ast.MatMult):
            name = ast.unparse(node.left if sides[0] else node.right)
            raise self.unsupported(
                f"{name} is a sparse matrix or a linear operator, of which products by @ only are"
                " followed", node, "Write A @ x, or make an array of it first.")
        return made

    def _is_sparse(self, node: ast.expr) -> bool:
        """Whether an expression stands for a sparse matrix, or for a linear operator."""
        match node:
            case ast.Name(name):
                held = self.value(name) if self.is_local(name) else self.operand(node)
                return is_sparse(self.builder.type_of(held))
            case ast.Attribute(value, "T" | "H" | "real"):
                return self._is_sparse(value)
            case ast.Call(ast.Name()):
                return self._makes_sparse(node.func) and not self.may_be_active(node)
            case ast.Call(ast.Attribute(value, method)) if method not in _DENSE:
                made = self._makes_sparse(node.func) or self._is_sparse(value)
                return made and not self.may_be_active(node)
            case ast.BinOp(left, _, right):
                return self._is_sparse(left) and self._is_sparse(right)
            case _:
                return False

    def _makes_sparse(self, node: ast.expr) -> bool:
        """Whether an expression stands for a function or a class of ``scipy.sparse``."""
        known = self.static(node)
        module = getattr(known, "__module__", "") if isinstance(known, type | FunctionType) else ""
        return (module or "").startswith("scipy.sparse.")

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        if node.attr == "T" and self._is_sparse(node.value):
            return self.emit(".T", self.operand(node.value), base=base)
        return super().on_Attribute(node, base)

    def opaque_call(self, node: ast.Call, base: str | None, reason: str) -> Operand:
        if self.resolve(node.func) == "itertools.groupby":
            made_of = with_sizes_named(self, node)
            if isinstance(made_of, ast.Call) and not self.may_be_active(made_of):
                return self.opaque(groups_listed(made_of), base, "list", reason)
        made = super().opaque_call(self._constants_first(node), base, reason)
        if self._is_sparse(node) and isinstance(made, Var):
            last = self.builder.stmts[-1]
            assert isinstance(last, Let) and isinstance(last.op, Opaque)
            op = replace(last.op, known=Inert(sparse=True))
            self.builder.stmts[-1] = replace(last, op=op)
            self.builder.types[made.name] = op.known
        return made

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        """``np.r_[...]`` and ``np.c_[...]`` join what is in the brackets."""
        meaning = self.meaning(node.value)
        joins = None if meaning is None else _JOINS.get(_in_numpy(meaning))
        if joins is None or not self.may_be_active(node):
            return super().on_Subscript(node, base)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        items = [self._joined(part, joins) for part in parts]
        arrays = {t.dtype for item in items if isinstance(t := self.builder.type_of(item), Array)}
        if joins == "np.column_stack":
            return self.emit(joins, Tuple(tuple(items), LIST), base=base)
        lists = (self._listed(item, arrays) for item in items)
        return self.emit(joins, Tuple(tuple(lists), LIST), Const(0), base=base)

    def _joined(self, part: ast.expr, joins: str) -> Operand:
        """What is between two commas: an array, a number, or a range as a slice."""
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            raise self.unsupported("how np.r_ and np.c_ join is not told by a string here", part,
                                   "Write np.concatenate or np.stack.")
        if not isinstance(part, ast.Slice):
            item = self.operand(part)
            if joins == "np.column_stack" and (rank(self.builder.type_of(item)) or 0) > 2:
                raise self.unsupported("np.c_ joins vectors and matrices only", part,
                                       "Write np.concatenate(..., axis=-1).")
            return item
        start, stop, step = (None if p is None else self.operand(p)
                             for p in (part.lower, part.upper, part.step))
        bounds = (start or Const(0), stop or Const(None))
        if isinstance(step, Const) and isinstance(step.value, complex):
            return self.emit_call(RULES["np.linspace"].primitive,
                                  (*bounds, Const(int(abs(step.value)))), {}, None)
        return self.emit_call(RULES["np.arange"].primitive, (*bounds, step or Const(1)), {}, None)

    def _listed(self, item: Operand, dtypes: set[str | None]) -> Operand:
        """A number as a list of one, which widens no array of single precision."""
        known = rank(self.builder.type_of(item))
        if known is None and not isinstance(item, Tuple):
            return self.emit("np.atleast_1d", item)
        if known != 0:
            return item
        single = Tuple((item,), LIST)
        weak = isinstance(self.builder.type_of(item), Scalar) and dtypes == {"float32"}
        return self.emit("np.array", single, Const("float32")) if weak else single

    def user_call(
        self,
        node: ast.Call,
        function: SourceFunction,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        if is_library(function.text.file):
            here = self.source.text
            if here.called is not None:
                function = function.called_from(here.called)
            elif not is_library(here.file):
                function = function.called_from(here.place(node))
        before = len(self.builder.stmts)
        try:
            return super().user_call(node, function, args, keywords, base)
        except UnsupportedError:  # what no derivative flows through need not be understood
            self._bind(node, function, args, keywords)
            operands = (leaf for a in (*args, *keywords.values()) for leaf in leaves(a))
            if any(differentiable(self.builder.type_of(o)) for o in operands) or writes_params(
                    function.node) or any(isinstance(a, Tuple) for a in args):
                raise
        del self.builder.stmts[before:]
        said = getattr(node, "_said", None)
        return self.opaque_call(node, base, "") if said is None else self.opaque(said, base)


def _in_numpy(meaning: Meaning) -> str:
    """The name that NumPy has for ``np.r_`` or ``np.c_``; nothing for anything else."""
    live = {id(np.r_): "r_", id(np.c_): "c_"}
    dotted = {"np.r_": "r_", "np.c_": "c_"}
    return live.get(id(meaning.value)) or dotted.get(meaning.dotted or "", "")
