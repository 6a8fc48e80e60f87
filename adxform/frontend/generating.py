"""Calls of generator functions, where all that they yield is gone over: they give lists."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adxform.core.ir import Operand, Tuple, Var, leaves
from adxform.core.types import ListOf
from adxform.frontend.callables import Closure
from adxform.frontend.elements import Elements
from adxform.frontend.heap import references, token_of
from adxform.frontend.lifting import versions_read
from adxform.frontend.source import SourceFunction
from adxform.frontend.views import Root


@dataclass(frozen=True, slots=True)
class Asked:
    """What a generator reads, as it was when it was called."""

    roots: dict[int, Root]
    objects: dict[int, Tuple]


class Generating(Elements):
    """Lowers calls of generator functions as calls of functions that return lists."""

    last_asked: Asked | None = None

    @cached_property
    def asked(self) -> dict[str, Asked]:
        """What generators read, by the names of what loops go over."""
        return {}

    def generator_of(self, node: ast.expr) -> SourceFunction | None:
        """The generator function that an expression calls, if it can be said as a list."""
        if not isinstance(node, ast.Call):
            return None
        meaning, known = self.meaning(node.func), self.static(node.func)
        found = None if meaning is None else meaning.function
        found = known.source if isinstance(known, Closure) else found
        return found if found is not None and self.yields(found) else None

    def user_call(self, node: ast.Call, function: Any, args: Any, keywords: Any, base: Any) -> Any:
        listed = self.listing_of(function) if self.yields(function) else None
        if listed is None:
            return super().user_call(node, function, args, keywords, base)
        given = Tuple((*args, *keywords.values()))
        return self._all_of(node, given, lambda: super(Generating, self).user_call(
            node, listed, args, keywords, base))

    def call_closure(
        self, closure: Closure, node: ast.Call, args: Any, keywords: Any, base: str | None
    ) -> Operand:
        listed = self.listing_of(closure.source) if self.yields(closure.source) else None
        if listed is None:
            return super().call_closure(closure, node, args, keywords, base)
        reads = [closure.home.used(v, node, self.builder) for v in versions_read(closure).values()]
        given = Tuple((*args, *keywords.values(), *reads))
        made = Closure(listed, closure.home, closure.reads, closure.rebound, closure.defaults)
        return self._all_of(node, given, lambda: super(Generating, self).call_closure(
            made, node, args, keywords, base))

    def _all_of(self, node: ast.Call, given: Tuple, call: Any) -> Operand:
        """All that a generator yields, which may change nothing: others run in between."""
        mark = self.memory.mark()
        made: Operand = call()
        if self.memory.changed_since(mark):
            raise self.unsupported(
                "this generator changes something as it goes on", node, "Return a list."
            )
        if isinstance(made, Var) and not isinstance(self.builder.type_of(made), ListOf):
            self.builder.types[made.name] = ListOf(None)  # whatever its items are
        self.last_asked = self._reading(given)
        return made

    def nothing_asked(self) -> None:
        """No generator has been called yet in the statement at hand."""
        self.last_asked = None

    def _reading(self, given: Tuple) -> Asked:
        views = (self.memory.known_place(leaf) for leaf in leaves(given))
        roots = {v.root: self.memory.roots[v.root] for v in views
                 if v is not None and v.root in self.memory.roots}
        tokens = {token_of(held) for held in references(given)}
        return Asked(roots, {t: self.heap.now[t] for t in tokens if t in self.heap.now})

    def require_unchanged(self, over: set[str], node: ast.expr) -> None:
        """Refuse a loop that changes what the generator reads that it goes over."""
        for asked in (self.asked[name] for name in over if name in self.asked):
            roots, objects = self.memory.roots, self.heap.now
            if any(roots.get(n) != r for n, r in asked.roots.items()) or any(
                objects.get(t) is not o for t, o in asked.objects.items()
            ):
                raise self.unsupported(
                    "this loop changes what the generator reads that it goes over", node,
                    "Go over a list of what it yields, made by list(...).",
                )

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        """``sum(g(x))``: what a generator gives is made before, under a name."""
        if not any(self.generator_of(a) is not None for a in node.args):
            return super().on_Call(node, base)
        args: list[ast.expr] = []
        for given in node.args:
            plain = isinstance(given, ast.Name | ast.Constant | ast.Lambda | ast.Starred)
            args.append(given if plain else self.held_once(given)[0])
        call = ast.copy_location(ast.Call(node.func, args, node.keywords), node)
        return super().on_Call(call, base)
