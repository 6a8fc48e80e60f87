"""Joins: the phis after branches and at the heads of loops, tuples merged item by item."""

from __future__ import annotations

import ast
import functools
import inspect

from adxform.core.forms import Form
from adxform.core.ir import (
    UNDEFINED,
    If,
    Operand,
    Phi,
    Tuple,
    Var,
    leaves,
    names_in,
)
from adxform.core.types import ListOf, Number, Scalar, join, unvalued
from adxform.frontend.callables import object_class
from adxform.frontend.comprehensions import Comprehensions
from adxform.frontend.heap import (
    Contents,
    Moving,
    base_of,
    field,
    is_reference,
    references,
    same_value,
)
from adxform.frontend.program import MIXED


class Joins(Comprehensions):
    """Merges what a variable is on two paths.

    ``taken`` is the side that the branch just lowered takes in every call, None if that is open.
    """

    taken: bool | None = None
    sides: tuple[dict[str, Operand], dict[str, Operand]]  # what variables are at their ends
    changed: set[str]  # versions of lists that methods may change

    def phi_after_branch(self, target: str, first: Operand, second: Operand) -> None:
        """Add a phi to the branch just lowered; tuples are merged item by item."""
        if self.taken is not None:
            self.env[target] = first if self.taken else second
            return
        if self._same_array(first, second):
            self.builder.memory.again(target, first, self.builder)
            return
        last = self.builder.stmts[-1]
        assert isinstance(last, If)
        phis = list(last.phis)
        self.env_or_name(target, self._merge(target, first, second, phis))
        self.builder.stmts[-1] = If(
            last.test, last.then, last.orelse, tuple(phis), last.origin, last.mirror
        )

    def _same_array(self, first: Operand, second: Operand) -> bool:
        """Whether two names stand for one array, whatever was written to it on the way."""
        a, b = (self.builder.memory.known_view(o) for o in (first, second))
        return a is not None and b is not None and (a.root, a.path) == (b.root, b.path)

    def env_or_name(self, target: str, merged: Operand) -> None:
        if merged != Var(target):
            self.env[target] = merged

    def _merge(self, target: str, first: Operand, second: Operand, phis: list[Phi]) -> Operand:
        if MIXED in (first, second):
            return MIXED
        first, second = _unbound_items(first, second), _unbound_items(second, first)
        if is_reference(first) and is_reference(second):
            assert isinstance(first, Tuple) and isinstance(second, Tuple)
            return self._one_of_objects(target, first, second, phis)
        if isinstance(first, Tuple) and isinstance(second, Tuple):
            if len(first.items) != len(second.items) or first.form != second.form:
                return MIXED
            pairs = zip(first.items, second.items, strict=True)
            items = (self._merge(self._item_name(target), a, b, phis) for a, b in pairs)
            return Tuple(tuple(items), first.form, first.tokens | second.tokens)
        self.await_result(first, second)
        if isinstance(first, Tuple) or isinstance(second, Tuple):
            return MIXED
        phis.append(Phi(target, first, second))
        self.note_merge(phis[-1])
        if UNDEFINED not in (first, second):
            both = [self.builder.type_of(side) for side in (first, second)]
            self.builder.types[target] = unvalued(join(both[0], both[1]))
            if any(isinstance(t, ListOf) for t in both):
                self.builder.memory.heap.same_list(target, first, second)
            self.builder.memory.view(Var(target), self.builder)
        return Var(target)

    def _one_of_objects(
        self, target: str, first: Tuple, second: Tuple, phis: list[Phi]
    ) -> Operand:
        """An object that is the one or the other, by the path taken."""
        if first.tokens == second.tokens:
            return first
        if first.form != second.form:
            return MIXED
        pairs = zip(first.items, second.items, strict=True)
        items = [self._merge(self._item_name(target), a, b, phis) for a, b in pairs]
        return self.builder.memory.heap.one_of(Tuple(tuple(items), first.form), first, second)

    def merge_objects(self, before: Contents, first: Contents, second: Contents) -> None:
        """The attributes of objects after the branch just lowered, which leaves them as ``first``
        and as ``second``.
        """
        heap, phis = self.builder.memory.heap, list[Phi]()
        heap.now = {}  # what a path has made is another object after it
        for token, held in before.items():
            one, two = first[token], second[token]
            if one is two:
                heap.now[token] = one
                continue
            names = dict.fromkeys((*held.form.keys, *one.form.keys, *two.form.keys))
            both = [(n, self.present_field(one, n), self.present_field(two, n)) for n in names]
            items = [self._merged_field(n, a, b, phis) for n, a, b in both]
            form = Form("object", tuple(names), held.form.maker)
            heap.now[token] = Tuple(tuple(items), form, held.tokens)
        if phis:
            last = self.builder.stmts[-1]
            assert isinstance(last, If)
            self.builder.stmts[-1] = If(
                last.test, last.then, last.orelse, (*last.phis, *phis), last.origin, last.mirror
            )

    def present_field(self, held: Tuple, name: str) -> Operand:
        """An attribute of an object, or of its class; a property that is not cached yet is none."""
        raw = inspect.getattr_static(object_class(held), name, UNDEFINED)
        if held.place(name) is not None or raw is UNDEFINED:
            return field(held, name)
        if isinstance(raw, functools.cached_property):
            return MIXED
        return UNDEFINED if hasattr(type(raw), "__get__") else self.outer_value(name, raw)

    def _merged_field(self, name: str, one: Operand, two: Operand, phis: list[Phi]) -> Operand:
        if same_value(one, two):
            return one
        target = self.builder.name(base_of(name))
        if self._same_array(one, two):
            self.builder.memory.again(target, one, self.builder)
            return Var(target)
        return self._merge(target, one, two, phis)

    def _item_name(self, target: str) -> str:
        """A name for an item of a tuple: of the tuple's variable, as that of each version is."""
        return self.builder.name(self.builder.bases.get(target))

    def _open_headers(
        self,
        headers: list[tuple[str, str, str]],
        begins: dict[str, Operand],
        moving: Moving,
        unlike: set[str],
    ) -> list[tuple[str, Operand, Operand, str]]:
        """What each header name stands for in the body; the items of a tuple are names, too.

        ``moving`` are the variables that hold other objects in each iteration, with these. What a
        container holds that is a number is one in the loop, but for the variables in ``unlike``.
        """
        opened: list[tuple[str, Operand, Operand, str]] = []
        for target, before, after in headers:
            value = begins[before]
            shape = self._header_shape(target, value, target in moving)
            if isinstance(shape, Tuple) and target not in unlike:
                for leaf, begin in zip(leaves(shape), leaves(value), strict=True):
                    if isinstance(leaf, Var) and isinstance(self.builder.type_of(begin), Scalar):
                        self.builder.types[leaf.name] = Number()
            self.env_or_name(target, shape)
            opened.append((target, shape, value, after))
        shapes = {target: shape for target, shape, _, _ in opened}
        for target, same in moving.items():
            for held in references(shapes[target]):
                self.builder.memory.heap.may_be(held, frozenset(same))
        return opened

    def _header_shape(self, target: str, value: Operand, moves: bool) -> Operand:
        if is_reference(value) and not moves:
            return value
        if not isinstance(value, Tuple):
            return Var(target)
        names = [self._item_name(target) for _ in value.items]
        pairs = zip(names, value.items, strict=True)
        items = tuple(self._header_shape(n, i, moves) for n, i in pairs)
        if not is_reference(value):
            return value.with_items(items)
        return self.builder.memory.heap.one_of(Tuple(items, value.form), value)

    def _close_headers(
        self, opened: list[tuple[str, Operand, Operand, str]], ends: dict[str, Operand]
    ) -> tuple[Phi, ...]:
        phis: list[Phi] = []
        for target, shape, before, after in opened:
            self._close(target, shape, before, ends[after], phis)
        return tuple(phis)

    def _close(
        self, target: str, shape: Operand, before: Operand, after: Operand, phis: list[Phi]
    ) -> None:
        """The phis of a variable, or of an item; one that becomes something else, and that nothing
        in the loop has read before, may not be read after it.
        """
        if is_reference(shape) and shape is before:
            return
        if isinstance(shape, Tuple):
            before_items = before.items if isinstance(before, Tuple) else (before,)
            if isinstance(after, Tuple) and len(after.items) == len(shape.items):
                for s, b, a in zip(shape.items, before_items, after.items, strict=True):
                    self._close(target, s, b, a, phis)
                return
            if not self.read.isdisjoint(names_in(shape)):
                raise self.unsupported(
                    "a tuple changes its length, or becomes something else, in the loop"
                )
            for leaf in leaves(shape):
                self._close(target, leaf, UNDEFINED, MIXED, phis)
            self.env[target] = MIXED
            return
        assert isinstance(shape, Var)
        if isinstance(after, Tuple) or after is MIXED:
            if shape.name in self.read:
                raise self.unsupported("a variable becomes a tuple inside the loop")
            self.env[target] = self.env[shape.name] = MIXED
            after = UNDEFINED  # phis inside, which nothing reads, may still mention the name
        phis.append(Phi(shape.name, before, after))
        self.note_merge(phis[-1])


def _unbound_items(value: Operand, other: Operand) -> Operand:
    """``value``; where it is unbound and ``other`` a tuple, a tuple of that length, unbound; where
    that is an object, another one.
    """
    if value != UNDEFINED or not isinstance(other, Tuple):
        return value
    items = (UNDEFINED,) * len(other.items)
    return Tuple(items, other.form) if is_reference(other) else other.with_items(items)


def split_phis(body: list[ast.stmt]) -> tuple[list[tuple[str, str, str]], list[ast.stmt]]:
    """The phis at a loop's head as (target, before, next), and the rest of its body."""
    headers: list[tuple[str, str, str]] = []
    for place, stmt in enumerate(body):
        match stmt:
            case ast.Assign(
                targets=[ast.Name(target)],
                value=ast.Call(func=ast.Name("__phi__"), args=[ast.Name(before), ast.Name(after)]),
            ):
                headers.append((target, before, after))
            case _:
                return headers, body[place:]
    return headers, []
