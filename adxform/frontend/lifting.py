"""Lifting: a function defined inside another as a function of Core's own.

What it reads of the variables around it becomes parameters after its own; so does what functions
read that it reads. A function that is inlined needs none of this.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from adxform.core.builder import Builder
from adxform.core.ir import Callee, Function, Operand, Param, Tuple, Var, leaves
from adxform.core.types import Object, Type, value_of
from adxform.frontend.asked import Derived
from adxform.frontend.callables import Bound, Closure
from adxform.frontend.callees import Callees
from adxform.frontend.signatures import general_type
from adxform.frontend.ssa import free_names

Around = tuple[Closure, dict[str, str]]  # a function that is inlined, and what it read then
Place = tuple[int, str]  # a variable's version, and the number of the function that it is one of


@dataclass(frozen=True, slots=True)
class Captured:
    """What a function inside reads: the operand of each variable, by its place."""

    operands: dict[Place, Operand]
    types: dict[str, Type]  # of the names in them

    @property
    def names(self) -> list[str]:
        """The names of numbers, arrays and the like among them, once each."""
        found = [n.name for o in self.operands.values() for n in leaves(o) if isinstance(n, Var)]
        return [n for n in dict.fromkeys(found) if not isinstance(self.types.get(n), Object)]

    def signature(self) -> tuple[object, ...]:
        """What a function is lowered for: types of variables, and all that is known of them."""
        names = {name: place for place, name in enumerate(self.names)}
        known = tuple(general_type(f"v{i}", self.types[n]) if n in self.types else None
                      for n, i in names.items())
        return known, tuple(self._sign(o, names) for o in self.operands.values())

    def _sign(self, operand: Operand, names: dict[str, int]) -> object:
        if isinstance(operand, Tuple):
            return operand.form, *(self._sign(item, names) for item in operand.items)
        if not isinstance(operand, Var):
            return operand
        value = value_of(self.types[operand.name]) if operand.name not in names else None
        return names[operand.name] if operand.name in names else _made_of(value)


def _made_of(value: Any) -> object:
    """What a callable is, but for the operands that it holds."""
    match value:
        case Closure():
            return value.source.text.place(value.source.node)
        case Bound(function, args, keywords):
            return _made_of(function), len(args), *keywords
        case Derived(kind, function, argnums, has_aux):
            return kind, _made_of(function), repr(argnums), has_aux
        case _:
            return id(value)


def versions_read(closure: Closure) -> dict[str, str]:
    """The versions of variables that a function inside reads where it is called."""
    now: Mapping[str, str] = closure.home.seen
    return {n: now.get(closure.rebound.get(n, ""), v) for n, v in closure.reads.items()}


class Inward:
    """What a function inside sees, while it is lowered by itself, of the functions around it."""

    def __init__(self, closure: Closure, captured: Captured, builder: Builder) -> None:
        self.root = closure
        self.builder = builder
        self.outer = captured
        self.params: list[Param] = []
        self.inner: dict[str, Operand] = {}
        self.moved: dict[int, Closure] = {}
        for name in captured.names:
            base = name.rstrip("0123456789").rstrip("_") or name
            fresh = builder.names.fresh(base if base.isidentifier() else "value")
            builder.bases[fresh] = fresh
            builder.types[fresh] = general_type(fresh, captured.types[name])
            self.inner[name] = Var(fresh)
            self.params.append(Param(fresh))

    def seen(self) -> dict[str, Operand]:
        """What the names that the function reads stand for."""
        home = Home(self, self.root.home)
        node = self.root.source.node
        reads = {n: home.used(v, node) for n, v in versions_read(self.root).items()}
        return {**home.captured, **reads}

    def operand(self, operand: Operand) -> Operand:
        """An operand of the function around, as it is called inside."""
        if isinstance(operand, Tuple):
            return operand.with_items(map(self.operand, operand.items))
        if not isinstance(operand, Var) or operand.name in self.inner:
            return self.inner[operand.name] if isinstance(operand, Var) else operand
        known = self.outer.types[operand.name]
        name = self.builder.names.fresh(operand.name)
        self.inner[operand.name] = Var(name)
        inside = isinstance(value_of(known), Closure | Bound | Derived)
        self.builder.types[name] = Object(self.callable(value_of(known))) if inside else known
        return Var(name)

    def callable(self, value: Any) -> Any:
        """What is called in the function around, as it is known inside."""
        match value:
            case Closure():
                return self.closure(value)
            case Bound(function, args, keywords):
                given = {k: self.operand(o) for k, o in keywords.items()}
                return Bound(self.callable(function), tuple(map(self.operand, args)), given)
            case Derived():
                return replace(value, function=self.callable(value.function))
            case _:
                return value

    def closure(self, closure: Closure) -> Closure:
        """A function of the function around, as it is known inside."""
        if id(closure) not in self.moved:
            home = Home(self, closure.home)
            made = self.moved[id(closure)] = replace(closure, home=home, defaults={})
            made.defaults.update({k: self.operand(v) for k, v in closure.defaults.items()})
        return self.moved[id(closure)]


class Home:
    """The function around one that is lowered by itself."""

    def __init__(self, inward: Inward, home: Any) -> None:
        self.inward = inward
        self.home = home
        self.number = home.number
        self.builder = inward.builder
        self.seen = home.seen
        self.around: Around | None = home.around

    def used(self, version: str, node: ast.AST, at: Builder | None = None) -> Operand:
        """What a version of a variable is."""
        return self.inward.operand(self.inward.outer.operands[self.number, version])

    @property
    def captured(self) -> dict[str, Operand]:
        """The variables of the functions around this one."""
        found = self.inward.outer.operands
        return {n: self.inward.operand(found[-self.number, n]) for n in self.home.captured
                if (-self.number, n) in found}


class Lifting(Callees):
    """Makes functions of Core of functions defined inside."""

    number: int
    seen: Mapping[str, str] = MappingProxyType({})  # what functions inside read now
    around: Around | None = None

    def lowered_inside(
        self, closure: Closure, types: dict[str, Type], captured: Captured
    ) -> Function:
        """A function inside in Core: its own parameters, then what it has from around it."""
        raise NotImplementedError

    def captured_by(self, closure: Closure, node: ast.AST) -> Captured:
        """What a function inside, and those that it reads, have from the functions around them."""
        found = Captured({}, {})
        self._capture(closure, node, found, set())
        return found

    def _capture(
        self, closure: Closure, node: ast.AST, found: Captured, seen: set[int]
    ) -> None:
        if id(closure) in seen:
            return
        seen.add(id(closure))
        home = closure.home
        self.refuse_unseen(closure, node)
        free = free_names(closure.source.node)
        around = {(-home.number, n): o for n, o in home.captured.items() if n in free}
        read = {(home.number, v): home.used(v, node, self.builder)
                for v in versions_read(closure).values()}
        given = {(home.number, f"={closure.source.name}.{k}"): o
                 for k, o in closure.defaults.items()}
        for place, operand in {**around, **read, **given}.items():
            self._capture_operand(place, operand, home.builder, node, found, seen)

    def _capture_operand(
        self,
        place: Place,
        operand: Operand,
        builder: Builder,
        node: ast.AST,
        found: Captured,
        seen: set[int],
    ) -> None:
        found.operands[place] = operand
        for leaf in leaves(operand):
            if not isinstance(leaf, Var):
                continue
            found.types[leaf.name] = known = builder.type_of(leaf)
            value = value_of(known)
            while isinstance(value, Bound | Derived):
                if isinstance(value, Bound):
                    places = (*map(str, range(len(value.args))), *value.keywords)
                    held = (*value.args, *value.keywords.values())
                    for key, given in zip(places, held, strict=True):
                        inner = place[0], f"={leaf.name}.{id(value)}.{key}"
                        self._capture_operand(inner, given, builder, node, found, seen)
                value = value.function
            if isinstance(value, Closure):
                self._capture(value, node, found, seen)

    def refuse_unseen(self, closure: Closure, node: ast.AST) -> None:
        """Refuse a call of a function inside where it is not known what its variables are now."""
        changed = set(closure.rebound.values()) - closure.home.seen.keys()
        around: Around | None = closure.home.around
        while around is not None:  # what it reads of functions further out is that of their call
            outer, then = around
            changed |= {n for n, v in versions_read(outer).items() if v != then[n]}
            around = outer.home.around
        if changed:
            name = min(changed)
            raise self.unsupported(
                f"{name}, which {closure.source.name} uses, is assigned again after its definition",
                node,
                f"Pass {name} as an argument.",
            )

    def lifted(
        self, closure: Closure, bound: dict[str, Operand], node: ast.AST
    ) -> tuple[Callee, list[Operand], Any]:
        """The function of Core, what it is given besides its arguments, and its key."""
        captured = self.captured_by(closure, node)
        types = self.general_types(closure.source, bound)
        key = (closure.source.same, tuple(types.values()), captured.signature())
        callee = self.callee_for(
            key, closure.source, lambda: self.lowered_inside(closure, types, captured)
        )
        return callee, [Var(n) for n in captured.names], key

    def call_lifted(
        self,
        closure: Closure,
        bound: dict[str, Operand],
        node: ast.AST,
        base: str | None,
    ) -> Operand:
        """A call of a function inside that is a function of Core."""
        callee, extra, key = self.lifted(closure, bound, node)
        args = [leaf for operand in bound.values() for leaf in leaves(operand)]
        return self.call_keyed(key, callee, [*args, *extra], base)
