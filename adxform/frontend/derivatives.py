"""Derivatives that are called inside: ``grad(g)(x)``, ``jvp(g, (x,), (v,))`` and the like.

The derivative of g is one more function of Core; a function defined inside has what it captures
for parameters, which are held constant. Each derivative has names of its own, so that none of
them can be taken for another.
"""

from __future__ import annotations

import ast
from types import FunctionType
from typing import Any

from adxform.core.ir import (
    NONE,
    UNKNOWN,
    Callee,
    Const,
    Function,
    Let,
    Operand,
    Primitive,
    Tuple,
    Var,
    leaves,
    substitute,
)
from adxform.core.types import Array, Object, Scalar, Type, differentiable, rank
from adxform.frontend.arguments import Keywords
from adxform.frontend.asked import Along, Asked, Derived
from adxform.frontend.callables import Closure, function_behind, unwrapped
from adxform.frontend.columns import columns
from adxform.frontend.named_attributes import NamedAttributes
from adxform.frontend.precision import like_arguments
from adxform.frontend.scope import readable
from adxform.frontend.signatures import general_type
from adxform.frontend.source import SourceFunction

MAKERS = frozenset({"grad", "value_and_grad", "jacobian", "hessian"})
AT_ONCE = frozenset({"jvp", "hvp"})
REFUSED = frozenset({"vjp", "check_grads", "forward", "reverse", "source"})
HOMES = frozenset({"adxform", "adxform.api", "adxform.jacobians", "adxform.products"})
INLINE_OPERATIONS = 16


class Derivatives(NamedAttributes):
    """Lowers calls of derivatives."""

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        name = self.derivative_named(node.func)
        if name in MAKERS:
            return self._function_value(node, base, self._derived(node))
        if name in AT_ONCE:
            return self._at_once(name, node, base)
        if name in REFUSED:
            raise self.unsupported(
                f"{name} is not supported inside a function that is differentiated",
                node,
                "Use grad, value_and_grad, jvp, hvp, jacobian or hessian.",
            )
        return super().on_Call(node, base)

    def derivative_named(self, node: ast.expr) -> str | None:
        """The name of the function of adxform's that an expression means."""
        meaning = self.meaning(node)
        if meaning is None:
            return None
        if isinstance(meaning.value, FunctionType) and meaning.value.__module__ in HOMES:
            return meaning.value.__name__
        package, _, name = (meaning.dotted or "").rpartition(".")
        return name if package in HOMES else None

    def callable_value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Call) and self.derivative_named(node.func) in MAKERS:
            return self._derived(node)
        meaning = self.meaning(node)
        if meaning is not None and isinstance(meaning.derived, Derived):
            return meaning.derived
        return super().callable_value(node)

    def call_of(self, value: Any, node: ast.Call, base: str | None) -> Operand | None:
        derived = _as_derived(unwrapped(value))
        if derived is not None:
            return self._call_derived(derived, node, *self.arguments(node), base)
        if isinstance(value, Along):
            (direction,), _ = self.arguments(node)
            return self._pushed(value.function, value.bound, {value.place: direction}, node)[1]
        return super().call_of(value, node, base)

    def _call_value(
        self,
        value: Any,
        node: ast.Call,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand | None:
        derived = _as_derived(unwrapped(value))
        if derived is not None:
            return self._call_derived(derived, node, args, keywords, base)
        return super()._call_value(value, node, args, keywords, base)

    # --- what is differentiated ---------------------------------------------------------------

    def _derived(self, node: ast.Call) -> Derived:
        """What a call such as ``grad(g, argnums=1)`` gives."""
        given = dict(zip(("f", "argnums"), node.args, strict=False))
        given.update({k.arg: k.value for k in node.keywords if k.arg is not None})
        if "f" not in given or len(node.args) > 2:
            raise self.unsupported("which function is differentiated is not known here", node)
        kind = self.derivative_named(node.func)
        assert kind is not None
        function = self._function_of(given.pop("f"), node)
        facts = {name: self.static(value) for name, value in given.items()}
        if facts.keys() - {"argnums", "has_aux"} or any(v is UNKNOWN for v in facts.values()):
            raise self.unsupported(f"these arguments of {kind} are not known here", node)
        return Derived(kind, function, **facts)

    def _function_of(self, expression: ast.expr, node: ast.Call) -> Any:
        """The function that an expression stands for."""
        meaning = self.meaning(expression)
        if meaning is not None and meaning.function is not None:
            return meaning.function
        value = unwrapped(self.callable_value(expression))
        if isinstance(value, Closure):
            return value
        known = _as_derived(value)
        if known is not None:
            return known
        function, receiver = (None, False) if value is UNKNOWN else function_behind(value)
        if function is None or receiver:
            raise self.unsupported(
                f"what {ast.unparse(expression)} is cannot be told here", node,
                "Define the function with def, here or at the top of a file.",
            )
        return function

    def definition_of(self, function: Any) -> SourceFunction:
        while isinstance(function, Derived):
            function = function.function
        source: SourceFunction = function.source if isinstance(function, Closure) else function
        return source

    def _bound(
        self, function: Any, node: ast.Call, args: tuple[Operand, ...], keywords: Keywords
    ) -> dict[str, Operand]:
        inner = function
        while isinstance(inner, Derived):
            inner = inner.function
        defaults = inner.defaults if isinstance(inner, Closure) else None
        return self._bind(node, self.definition_of(function), args, keywords, defaults)

    def _places(self, derived: Derived, bound: dict[str, Operand], node: ast.Call) -> list[int]:
        """The places of the parameters to differentiate in."""
        several = isinstance(derived.argnums, tuple | list)
        asked = derived.argnums if several else (derived.argnums,)
        names = list(bound)
        try:
            return [names.index(a) if isinstance(a, str) else range(len(names))[a] for a in asked]
        except (ValueError, IndexError):
            reason = f"there is no such parameter: {derived.argnums!r}"
            raise self.unsupported(reason, node) from None

    # --- derivatives in Core ------------------------------------------------------------------

    def core_of(
        self, function: Any, bound: dict[str, Operand], node: ast.Call
    ) -> tuple[Function, list[Operand]]:
        """A function in Core for certain arguments, and what it is given after them."""
        if isinstance(function, Derived):
            callee, extra = self._gradient(function, bound, node)
        elif isinstance(function, Closure):
            self.calls_itself(function.source, bound, node)
            callee, extra, _ = self.lifted(function, bound, node)
        else:
            self.calls_itself(function, bound, node)
            callee, _ = self.callee(function, self.general_types(function, bound))
            extra = []
        if callee.function is None:
            raise self.unsupported(f"{callee.name} is differentiated inside itself", node)
        return callee.function, extra

    def _flat(self, bound: dict[str, Operand], extra: list[Operand]) -> list[Operand]:
        return [*(leaf for operand in bound.values() for leaf in leaves(operand)), *extra]

    def _types(
        self, function: Function, bound: dict[str, Operand], extra: list[Operand]
    ) -> dict[str, Type]:
        """The types of a function's parameters."""
        pairs = zip(function.params, self._flat(bound, extra), strict=True)
        return {p.name: general_type(p.name, self.builder.type_of(o)) for p, o in pairs}

    def _wrt(
        self, function: Function, place: int, types: dict[str, Type], name: str, node: ast.Call
    ) -> list[str]:
        """What a parameter holds that can have a derivative."""
        found = [n for n in function.leaves_of(place) if differentiable(types[n])]
        if not found:
            raise self.unsupported(
                f"a derivative is asked for in {name}, which is no real number or array", node
            )
        return found

    def _gradient(
        self, derived: Derived, bound: dict[str, Operand], node: ast.Call
    ) -> tuple[Callee, list[Operand]]:
        """The gradient as a function of Core, and what it is given after its arguments."""
        if derived.kind not in ("grad", "value_and_grad"):
            raise self.unsupported(f"a derivative of {derived.kind} is not supported here", node)
        function, extra = self.core_of(derived.function, bound, node)
        types = self._types(function, bound, extra)
        names = list(bound)
        places = self._places(derived, bound, node)
        wrt = [n for i in places for n in self._wrt(function, i, types, names[i], node)]
        value = function.result
        if derived.has_aux:
            if not isinstance(value, Tuple) or len(value.items) != 2:
                raise self.unsupported("with has_aux=True (value, aux) must be returned", node)
            value = value.items[0]
        outputs = leaves(value)
        self._require_number(outputs, node)
        asked = Asked(
            "reverse",
            tuple(wrt),
            tuple(function.shape_of(i) for i in places),
            tuple(outputs),
            derived.kind == "value_and_grad",
            derived.has_aux,
            isinstance(derived.argnums, tuple | list),
        )
        callee: Callee = self.program.derive(asked, function, types)
        (result,) = leaves(value)
        known = callee.types.get(result.name) if isinstance(result, Var) else None
        if known is not None and (rank(known) or not differentiable(known)):
            raise self.unsupported(
                f"grad needs one real result; {function.name} returns something else", node,
                "Return a number (np.sum, np.mean, ...), or ask for the jacobian.",
            )
        return callee, extra

    def _require_number(self, outputs: list[Operand], node: ast.Call) -> None:
        if len(outputs) != 1 or outputs[0] == NONE:
            raise self.unsupported("grad needs one real result", node)

    def _call_derived(
        self,
        derived: Derived,
        node: ast.Call,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        bound = self._bound(derived, node, args, keywords)
        if derived.kind in ("jacobian", "hessian"):
            return self._matrix(derived, bound, node, base)
        callee, extra = self._gradient(derived, bound, node)
        made, given = self._call_core(callee, self._flat(bound, extra), base), [*bound.values()]
        own = [leaf for i in self._places(derived, bound, node) for leaf in leaves(given[i])]
        return like_arguments(self.builder, made, own)

    def _call_core(self, callee: Callee, args: list[Operand], base: str | None) -> Operand:
        """A call of a derivative; the statements of a short one take its place."""
        function = callee.function
        assert function is not None
        if not self.program.inline or not _is_short(function):
            return self.call_core(callee, args, function.result, base)
        env = {p.name: arg for p, arg in zip(function.params, args, strict=True)}
        for stmt in function.body:
            assert isinstance(stmt, Let) and isinstance(stmt.op, Primitive)
            named = function.bases.get(stmt.target)
            given = [substitute(arg, env) for arg in stmt.args]
            env[stmt.target] = self.builder.emit(stmt.op, given, named)
        return substitute(function.result, env)

    # --- directions ---------------------------------------------------------------------------

    def _pushed(
        self, function: Any, bound: dict[str, Operand], directions: dict[int, Operand],
        node: ast.Call,
    ) -> tuple[Operand, Operand]:
        """A function's value, and its derivative along directions in some of its arguments."""
        core, extra = self.core_of(function, bound, node)
        types = self._types(core, bound, extra)
        names, wrt, given = list(bound), [], []
        for place, direction in sorted(directions.items()):
            own = leaves(bound[names[place]])
            triples = zip(core.leaves_of(place), leaves(direction), own, strict=False)
            self._wrt(core, place, types, names[place], node)
            if len(core.leaves_of(place)) != len(leaves(direction)):
                raise self.unsupported("a tangent has not the structure of its argument", node)
            for name, leaf, x in triples:
                if differentiable(types[name]):
                    self._require_likeness(types[name], self.builder.type_of(leaf), node)
                    wrt.append(name)
                    given.append(like_arguments(self.builder, leaf, [x]))
        callee = self.program.derive(Asked("forward", tuple(wrt)), core, types)
        made = self._call_core(callee, [*self._flat(bound, extra), *given], None)
        assert isinstance(made, Tuple)
        return made.items[0], made.items[1]

    def _require_likeness(self, primal: Type, tangent: Type, node: ast.Call) -> None:
        ranks = rank(primal), rank(tangent)
        if None not in ranks and ranks[0] != ranks[1]:
            raise self.unsupported("a tangent has not the shape of its argument", node)

    def _at_once(self, name: str, node: ast.Call, base: str | None) -> Operand:
        """``jvp(f, primals, tangents)``, or ``hvp``."""
        given = dict(zip(("f", "primals", "tangents"), node.args, strict=False))
        given.update({k.arg: k.value for k in node.keywords if k.arg is not None})
        if set(given) != {"f", "primals", "tangents"}:
            raise self.unsupported(f"{name} takes a function, primals and tangents", node)
        function = self._function_of(given["f"], node)
        primals, tangents = self.operand(given["primals"]), self.operand(given["tangents"])
        if not isinstance(primals, Tuple) or not isinstance(tangents, Tuple) or (
            len(primals.items) != len(tangents.items)
        ):
            raise self.unsupported(
                "primals and tangents are tuples with one item for each argument", node
            )
        directions = {i: t for i, t in enumerate(tangents.items) if t != NONE}
        if name == "hvp":
            places = tuple(directions)
            function = Derived("grad", function, places[0] if len(places) == 1 else places)
        bound = self._bound(function, node, primals.items, {})
        value, tangent = self._pushed(function, bound, directions, node)
        return tangent if name == "hvp" else Tuple((value, tangent))

    def _matrix(
        self, derived: Derived, bound: dict[str, Operand], node: ast.Call, base: str | None
    ) -> Operand:
        """A jacobian or hessian in one argument, a number or a vector."""
        function = derived.function
        if derived.kind == "hessian":
            function = Derived("grad", function, derived.argnums)
        (place, *more) = self._places(derived, bound, node)
        x = list(bound.values())[place]
        known = self.builder.type_of(x)
        if more or not (isinstance(known, Scalar) or rank(known) == 1):
            raise self.unsupported(
                f"the {derived.kind} is supported here in one argument that is known to be a "
                "number or a vector", node,
            )
        if isinstance(known, Scalar):
            return self._pushed(function, bound, {place: Const(1.0)}, node)[1]
        value = x if derived.kind == "hessian" else self._value(function, bound, node)
        if isinstance(self.builder.type_of(value), Scalar):
            gradient = Derived("grad", function, derived.argnums)
            callee, extra = self._gradient(gradient, bound, node)
            return self._call_core(callee, self._flat(bound, extra), base)
        if not isinstance(self.builder.type_of(value), Array):
            raise self.unsupported("what the function returns is not known to be an array", node)
        along = Var(self.builder.name(None))
        self.builder.types[along.name] = Object(Along(function, bound, place, node))
        return self._inline(readable(columns), {"along": along, "value": value, "x": x}, base, {})

    def _value(self, function: Any, bound: dict[str, Operand], node: ast.Call) -> Operand:
        core, extra = self.core_of(function, bound, node)
        types = self._types(core, bound, extra)
        callee = self.program.derive(Asked("primal"), core, types)
        return self.call_core(callee, self._flat(bound, extra), core.result, None)


def _as_derived(value: Any) -> Derived | None:
    """A derivative: one made inside, or a gradient that exists already, of a function or of such
    a gradient.
    """
    if isinstance(value, Derived):
        return value
    if not hasattr(value, "__adxform__") or isinstance(value, type):
        return None
    inner: Any = _as_derived(value.primal)
    if inner is None:
        inner, receiver = function_behind(value.primal)
        if inner is None or receiver:
            return None
    return Derived(
        "value_and_grad" if value.value else "grad", inner, value.argnums, value.has_aux
    )


def _is_short(function: Function) -> bool:
    """Whether a function is a few operations, one after the other."""
    return len(function.body) <= INLINE_OPERATIONS and all(
        isinstance(stmt, Let) and isinstance(stmt.op, Primitive) for stmt in function.body
    )
