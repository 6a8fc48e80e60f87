"""Callees: the user's functions that are functions in Core, too; some of them call themselves.

A function that calls itself is known by name before its body is lowered. How many results it has
shows only afterwards: one is assumed, and everything is lowered again where it is found otherwise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adxform.core.builder import type_of
from adxform.core.ir import Callee, Const, Function, Global, Operand, Tuple, Var, leaves, uses
from adxform.core.types import ANY, Known, Object, Struct, Type, rank
from adxform.errors import AdxformError
from adxform.frontend.arguments import Arguments
from adxform.frontend.callables import Bound, Closure
from adxform.frontend.heap import is_sayable, references
from adxform.frontend.program import Again, new_containers
from adxform.frontend.signatures import general_type, result_type
from adxform.frontend.source import SourceFunction
from adxform.frontend.writes import changed_params
from adxform.rules.expressions import BindError

KINDS = 12  # of arguments that a function may call itself with in turn
LEVELS = 20  # calls of itself that a function is written out in with objects
DEPTH = 60  # calls inside calls that are lowered one in the other


class Callees(Arguments):
    """Calls functions that are lowered by themselves."""

    def lowered(self, function: SourceFunction, types: dict[str, Type]) -> Function:
        """A function in Core."""
        raise NotImplementedError

    # --- functions that call themselves -------------------------------------------------------

    def calls_itself(
        self, function: SourceFunction, bound: dict[str, Operand], node: ast.Call
    ) -> bool:
        """Whether a function may be called while it runs; found out when that happens first.

        A function that is given other functions to call is another for each of them.
        """
        given = [self.known_value(leaf) for operand in bound.values() for leaf in leaves(operand)]
        called = [v for v in given if callable(v) or isinstance(v, _CALLED)]
        key = (function.same, *map(_which, called))
        if key not in self.program.deep and any(any(references(o)) for o in bound.values()):
            if self.program.open.count(key) < LEVELS:  # that of the objects may end it
                self.program.next_key = key
                return False
            self.program.deep.add(key)
            raise Again
        if len(self.program.open) > DEPTH or self.program.open.count(key) > KINDS:
            raise self.unsupported(f"{function.name} calls itself with ever other arguments", node)
        if key in self.program.open and key not in self.program.recursive:
            self.program.recursive.add(key)
            raise Again
        self.program.next_key = key
        if key not in self.program.recursive:
            return False
        self._refuse_changes(function, bound, node)
        if any(map(_is_made_inside, called)):
            raise self.unsupported(
                f"{function.name}, which calls itself, is given a function made inside another",
                node,
                "Define that function at the top of the file.",
            )
        return True

    def _refuse_changes(
        self, function: SourceFunction, bound: dict[str, Operand], node: ast.Call
    ) -> None:
        """Refuse to call a function of Core that may change a list of the caller's."""
        for name in changed_params(function.node):
            if isinstance(bound.get(name), Tuple):
                raise self.unsupported(
                    f"{function.name} calls itself, and may change {name} in place",
                    node,
                    f"Make a new list or dictionary in {function.name}.",
                )

    def await_result(self, first: Operand, second: Operand) -> None:
        """Where paths give a tuple and the result of a function that is still being lowered: that
        function returns such a tuple.
        """
        for one, other in ((first, second), (second, first)):
            if isinstance(one, Var) and isinstance(other, Tuple):
                key = self.program.awaited.get((id(self.builder.names), one.name))
                if key is not None:
                    self.program.assume(key, other)

    # --- calls --------------------------------------------------------------------------------

    def call_callee(
        self,
        function: SourceFunction,
        bound: dict[str, Operand],
        base: str | None,
    ) -> Operand:
        """A call of a function of Core."""
        types = self.general_types(function, bound)
        callee, key = self.callee(function, types)
        args = [leaf for operand in bound.values() for leaf in leaves(self._in_parts(operand))]
        return self.call_keyed(key, callee, args, base)

    def _in_parts(self, operand: Operand) -> Operand:
        """Several results of a primitive one by one, as a callee takes them."""
        known = self.builder.type_of(operand)
        several = isinstance(known, Struct) and known.form.kind == "tuple"
        if isinstance(operand, Tuple) or not several:
            return operand
        assert isinstance(known, Struct)
        items = (self.emit("[]", operand, Const(i)) for i in range(len(known.items)))
        return Tuple(tuple(map(self._in_parts, items)), known.form)

    def call_keyed(
        self, key: Any, callee: Callee, args: list[Operand], base: str | None
    ) -> Operand:
        """A call of a callee, whose result may not be known yet."""
        if callee.function is not None and not is_sayable(callee.function.result):
            raise self.unsupported(f"{callee.name}, which calls itself, returns an object")
        if callee.function is not None:
            return self.call_core(callee, args, callee.function.result, base)
        made = self.call_core(callee, args, self.program.assumed.get(key, Var("_")), base)
        if isinstance(made, Var):
            self.program.awaited[id(self.builder.names), made.name] = key
        return made

    def call_core(
        self, callee: Callee, args: list[Operand], shape: Operand, base: str | None
    ) -> Operand:
        """A call with a name for each leaf of the result's shape."""
        count = len(leaves(shape))
        results = self.builder.call(callee, args, [base] if count == 1 else [None] * count)
        for result, known in zip(results, self._result_types(callee, shape), strict=False):
            self.builder.types[result.name] = result_type(result.name, known)
        for result in results:
            self.builder.memory.view(result, self.builder)  # it is there from here on
        made = new_containers(refilled(shape, iter(results)))
        self.builder.memory.heap.add(made)
        return made

    def _result_types(self, callee: Callee, shape: Operand) -> list[Type]:
        """What is known of a callee's results where it is lowered, or derived."""
        if callee.types:
            return [type_of(leaf, callee.types) for leaf in leaves(shape)]
        _, types = self.program.results.get(id(callee.function), (None, []))
        return types

    def gives_function(self, function: SourceFunction, bound: dict[str, Operand]) -> bool:
        """Whether a function returns one made inside it, which only its caller can call."""
        key = self.program.next_key
        callee, _ = self.callee(function, self.general_types(function, bound))
        self.program.next_key = key
        _, types = self.program.results.get(id(callee.function), (None, []))
        if callee.function is not None and not is_sayable(callee.function.result):
            return True
        return any(isinstance(t, Object) for t in types)

    def callee(self, function: SourceFunction, types: dict[str, Type]) -> tuple[Callee, Any]:
        """The callee for a function and arguments of these types, and its key."""
        key = (function.same, tuple(types.values()))
        return self.callee_for(key, function, lambda: self.lowered(function, types)), key

    def callee_for(
        self, key: Any, function: SourceFunction, lowering: Callable[[], Function]
    ) -> Callee:
        """The callee of a key, lowered when first asked for."""
        program = self.program
        if key not in program.callees:
            callee = program.callees[key] = Callee(
                program.part_name(function.name), file=function.text.file
            )
            program.origins[key] = function
            try:
                made = lowering()
            except (AdxformError, BindError):  # whoever asked may do without it, and ask again
                del program.callees[key]
                raise
            if key in program.assumed or key in program.awaited.values():
                program.assume(key, made.result)
            callee.function = _without_names(made)
        return program.callees[key]

    def general_types(
        self, function: SourceFunction, bound: dict[str, Operand]
    ) -> dict[str, Type]:
        """What types a callee is lowered for; all calls of one that calls itself share them."""
        types = {n: general_type(n, self.builder.type_of(operand)) for n, operand in bound.items()}
        if self.program.next_key not in self.program.recursive:
            return types
        group = (function.same, *map(_kind, types.values()))
        shared = self.program.shared.setdefault(group, types)
        common = {n: _common(shared[n], t) for n, t in types.items()}
        if common != shared:
            self.program.shared[group] = common
            raise Again
        return common


def _without_names(function: Function) -> Function:
    """A function without defaults that name what only its own module has: calls give them all."""
    if not any(isinstance(p.default, Global) for p in function.params):
        return function
    params = (replace(p, default=None) for p in function.params)
    return replace(function, params=tuple(params))


_CALLED = (Closure, Bound, SourceFunction)


def _is_made_inside(function: Any) -> bool:
    """Whether a function holds variables of another."""
    if isinstance(function, Bound):
        held = uses([*function.args, *function.keywords.values()])
        return bool(held) or _is_made_inside(function.function)
    return isinstance(function, Closure)


def _which(function: Any) -> object:
    """What tells a function from others; one made inside by what it is, for it is made anew."""
    match function:
        case Closure(source):
            return source.text.place(source.node)
        case Bound(inner, args, keywords):
            return _which(inner), args, *sorted(keywords.items())
    return id(function)


def _kind(t: Type) -> Any:
    """What of a type a function that calls itself is lowered anew for: rank, structure, value."""
    if isinstance(t, Struct):
        return t.form, *map(_kind, t.items)
    if isinstance(t, Known | Object):
        return t
    return rank(t)


def _common(a: Type, b: Type) -> Type:
    """What of two types of one kind a function may be lowered for that is called with both."""
    if isinstance(a, Struct) and isinstance(b, Struct):
        return Struct(tuple(map(_common, a.items, b.items)), a.form)
    return a if a == b else ANY


def refilled(shape: Operand, values: Any) -> Operand:
    """A structure with other operands for leaves."""
    if isinstance(shape, Tuple):
        return shape.with_items(refilled(item, values) for item in shape.items)
    value: Operand = next(values)
    return value
