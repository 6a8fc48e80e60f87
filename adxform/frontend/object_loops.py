"""Objects through loops: attributes that a loop changes are carried as its variables are.

Which they are is found by lowering the loop's body; then it is lowered again with a variable for
each. A variable that holds another object in each iteration is, at the loop's head, an object of
its own, which may be the one from before or one from the iteration before.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adxform.core.ir import Operand, Tuple, Var, leaves
from adxform.core.types import ListOf, Number, Scalar
from adxform.frontend.heap import (
    Contents,
    Heap,
    Moving,
    base_of,
    changed_fields,
    is_reference,
    references,
    same_value,
    token_of,
)
from adxform.frontend.heap import field as attribute
from adxform.frontend.joins import Joins
from adxform.frontend.memory import Remembering
from adxform.frontend.program import MIXED

Opened = list[tuple[str, Operand, Operand, str]]
_symbols = itertools.count(-1, -1).__next__  # objects of an iteration that has no tokens yet


@dataclass(frozen=True, slots=True)
class Slot:
    """An attribute of an object that a loop changes, and its versions before and in the loop."""

    token: int
    name: str
    target: str
    before: str
    after: str
    shared: str  # the target of the first slot that holds the same container


@dataclass
class Attributes:
    """What a loop does to objects that were there ``before``."""

    before: Contents
    slots: list[Slot] = field(default_factory=list)
    moving: Moving = field(default_factory=dict)
    begun: Contents = field(default_factory=dict)
    unlike: set[str] = field(default_factory=set)
    links: dict[tuple[str, str], int] = field(default_factory=dict)
    first: dict[Any, str] = field(default_factory=dict)
    grown: set[tuple[int, str]] = field(default_factory=set)


class ObjectLoops(Joins):
    """Carries objects through loops."""

    builder: Remembering
    attributes: list[Attributes]  # of the loops at hand, the innermost last

    @property
    def heap(self) -> Heap:
        return self.builder.memory.heap

    def listed(self, name: str, held: Tuple, owner: int | None = None) -> Operand:
        """A list of known items as a list of the generated code."""
        raise NotImplementedError

    def _open_slots(self, objects: Attributes) -> None:
        """Attributes have the values that the loop carries, at its head."""
        for slot in objects.slots:
            self._set(slot, self.value(slot.shared))
        objects.begun = dict(self.heap.now)

    def with_attributes(self, objects: Attributes, body: Callable[[], Any]) -> Any:
        """A loop's body, lowered with the attributes that the loop carries."""
        self._open_slots(objects)
        self.attributes.append(objects)
        try:
            return body()
        finally:
            self.attributes.pop()

    def _set(self, slot: Slot, value: Operand) -> None:
        held = self.heap.now[slot.token]
        self.heap.write(with_field(held, slot.name, value))

    def leave_slots(self) -> None:
        """What attributes are at the end of an iteration is what the loop carries on."""
        ends: dict[str, Operand] = {}
        for slot in self.attributes[-1].slots if self.attributes else ():
            end = attribute(self.heap.now[slot.token], slot.name)
            if slot.shared == slot.target:
                ends[slot.target] = self.env[slot.after] = end
            elif not same_value(ends[slot.shared], end):
                raise self.unsupported(
                    f"{slot.name} is a list or dictionary that has two names, of which one is "
                    "given another in this loop", hint="Make copies, by list(...) or dict(...).")

    def slot_owners(self) -> dict[str, int]:
        """The objects of which the loop at hand carries attributes, by the versions of these."""
        slots = self.attributes[-1].slots if self.attributes else []
        return {s.after: s.token for s in slots if s.shared == s.target}

    def require_same_objects(self, before: Contents, node: ast.expr) -> None:
        """Refuse a loop's test that changes objects: it is made once more than the loop's body."""
        if changed_fields(before, self.heap.now):
            raise self.unsupported(
                "this test of a loop changes something", node,
                "Say it in the loop: while True: if not ...: break.",
            )

    def _changed_slots(
        self, objects: Attributes, grown: tuple[tuple[int, str], ...] = ()
    ) -> list[Slot]:
        """Attributes that the body changes, and that are not carried yet; lists that have
        ``grown`` in it.
        """
        known = {(slot.token, slot.name) for slot in objects.slots}
        found = []
        for token, name in (*changed_fields(objects.begun, self.heap.now), *grown):
            if token in objects.before and (token, name) not in known:
                fresh = self.builder.names.fresh
                target = self.builder.name(base_of(name))
                key = self._container_key(attribute(objects.before[token], name))
                shared = target if key is None else objects.first.setdefault(key, target)
                found.append(Slot(token, name, target, fresh("_before"), fresh("_after"), shared))
                self.locals.add(target)
        self.growing = {
            slot.target for slot in found
            if (slot.token, slot.name) in grown
            or _grows(objects.before[slot.token], self.heap.now[slot.token], slot.name)
        }
        objects.slots += found
        return found

    def grows(self, token: int, name: str) -> bool:
        """Whether a loop at hand began with a list of known items as an attribute of an object."""
        return any(
            isinstance(held := field_before(objects, token, name), Tuple) and held.is_list
            and (token, name) not in objects.grown
            for lowerer in self.program.lowerers
            for objects in lowerer.attributes
        )

    def _container_key(self, held: Operand) -> Any:
        """What tells a container from others; None for anything else, or for one of several."""
        if isinstance(held, Tuple) and held.form.kind in ("list", "dict"):
            return held.tokens if len(held.tokens) == 1 else None
        listed = isinstance(held, Var) and isinstance(self.builder.type_of(held), ListOf)
        return held if listed else None

    def _begin(self, slot: Slot) -> Operand:
        """What an attribute is before the loop; a list that grows is one of the generated code."""
        value = self.present(self.present_field(self.heap.now[slot.token], slot.name))
        if value is MIXED:
            raise self.unsupported(
                f"{slot.name}, which is cached when it is first read, is read first in this loop",
                hint="Read it once before the loop.")
        if slot.target in self.growing and isinstance(value, Tuple):
            value = self.listed(slot.target, value, slot.token)
        self.builder.memory.place(value, self.builder)
        return value

    def _moved(self, objects: Attributes, opened: Opened, ends: dict[str, Operand]) -> bool:
        """Whether variables hold other objects after an iteration than was assumed."""
        heap, moving = self.heap, objects.moving
        last = {target: ends[after] for target, _, _, after in opened}
        grown = False
        for target, shape, _, _ in opened:
            if target not in moving and _moves(shape, last[target]):
                moving[target], grown = set(), True
        kept = {token for held in objects.before for token in heap.origin(held)}
        found = {
            target: {t for held in references(last[target]) for t in heap.origin(token_of(held))}
            for target in moving
        }
        for one, other in itertools.combinations(moving, 2):
            if found[one] & found[other] - kept:  # of an iteration: both may have it in the next
                link = objects.links.setdefault((one, other), _symbols())
                found[one].add(link)
                found[other].add(link)
        for target, tokens in found.items():
            alike = tokens & (kept | set(objects.links.values()))
            if not alike <= moving[target]:
                moving[target] |= alike
                grown = True
        return grown

    def _other_items(
        self, objects: Attributes, opened: Opened, ends: dict[str, Operand]
    ) -> bool:
        """Whether containers hold something else after an iteration where they held numbers."""
        found = set()
        for target, shape, _, after in opened:
            if not isinstance(shape, Tuple) or target in objects.unlike:
                continue
            pairs = zip(leaves(shape), leaves(ends[after]), strict=False)
            kinds = (Number, Scalar)
            if any(
                isinstance(self.builder.type_of(one), Number)
                and not isinstance(self.builder.type_of(last), kinds)
                for one, last in pairs
            ):
                found.add(target)
        objects.unlike |= found
        return bool(found)

    def _close_slots(self, objects: Attributes, opened: Opened) -> None:
        """Objects as they are after the loop: as at its head, when no iteration follows."""
        self.heap.now = dict(objects.before)
        for _, shape, _, _ in opened:
            for held in references(shape):
                self.heap.now.setdefault(token_of(held), held)
        for slot in objects.slots:
            self._set(slot, self.value(slot.shared))


def field_before(objects: Attributes, token: int, name: str) -> Operand | None:
    """An attribute of an object before a loop; None if there was no such object."""
    held = objects.before.get(token)
    return None if held is None else attribute(held, name)


def with_field(held: Tuple, name: str, value: Operand) -> Tuple:
    """An object with another value of an attribute."""
    place = held.place(name)
    if place is not None:
        return held.with_items((*held.items[:place], value, *held.items[place + 1 :]))
    form = held.form.with_key(name)
    return Tuple((*held.items, value), form, held.tokens)


def _grows(before: Tuple, after: Tuple, name: str) -> bool:
    one, two = attribute(before, name), attribute(after, name)
    if not isinstance(one, Tuple) or not one.is_list:
        return False
    if isinstance(two, Tuple):
        return two.is_list and len(one.items) != len(two.items)
    return two is MIXED or isinstance(two, Var)


def _moves(shape: Any, after: Any) -> bool:
    """Whether a variable, or what it holds, is another object after an iteration."""
    if is_reference(shape) and is_reference(after):
        return bool(shape.tokens != after.tokens)
    if isinstance(shape, Tuple) and isinstance(after, Tuple):
        return any(map(_moves, shape.items, after.items))
    return False

