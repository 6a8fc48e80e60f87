"""Arrays through branches and loops: what is written on one path, or in one iteration.

A loop is lowered on the assumption that its variables stand for the arrays that they stood for
before it. Which arrays it writes to is found by lowering it; then it is lowered again with those
carried. Where the assumption fails (two arrays are swapped), the arrays are followed no further,
and writes to them are checked in Core.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

from adxform.core.dims import Sym, may_be_one
from adxform.core.ir import (
    Block,
    If,
    Operand,
    Origin,
    Phi,
    Tuple,
    Var,
    leaves,
    names_in,
    reads_of,
    tests_of,
    walk,
)
from adxform.core.trees import nodes
from adxform.core.types import ANY, Array, ListOf, Type, join, rank
from adxform.frontend.assignments import AUGMENT, NEST, STORE, UPDATE
from adxform.frontend.certainty import is_array
from adxform.frontend.memory import Memory, Remembering
from adxform.frontend.object_loops import Attributes, ObjectLoops, Opened, Slot, field_before
from adxform.frontend.paths import Marks, Path
from adxform.frontend.program import Grows
from adxform.frontend.views import View

Header = tuple[str, str, str]  # target, before, after
ATTEMPTS = 16
_T = TypeVar("_T")


class Carried(ObjectLoops):
    """Lowers loops and branches with the arrays that they write to."""

    builder: Remembering
    ends: dict[str, Operand]  # what variables are at the end of the loop's body just lowered
    unrolling: int  # loops at hand that are written out

    @property
    def memory(self) -> Memory:
        return self.builder.memory


    # --- branches -----------------------------------------------------------------------------

    def branched(
        self, test: Operand, then: Callable[[], _T], orelse: Callable[[], _T], origin: Origin | None
    ) -> tuple[_T, _T]:
        """A branch of two blocks, with what lowering each gives; phis may be added to it."""
        marks, objects = self.memory.marks(), dict(self.heap.now)
        block, found = self._block_of(then)
        first = self.memory.back(marks)
        held, self.heap.now = self.heap.now, dict(objects)
        other, found_there = self._block_of(orelse)
        self.builder.append(If(test, block, other, (), origin))
        self.memory.weaken(marks, first)
        self.merge_roots(marks, first)
        self.merge_objects(objects, held, self.heap.now)
        self.taken = None
        return found, found_there

    def one_of_two(
        self, test: Operand, first: list[Operand], second: list[Operand]
    ) -> list[Operand]:
        """The first of two lists of values where a test holds, else the second."""
        self.branched(test, dict, dict, self.builder.origin)
        found = []
        for one, other in zip(first, second, strict=True):
            name = self.builder.names.fresh("_one")
            self.locals.add(name)
            self.phi_after_branch(name, one, other)
            found.append(self.value(name))
        return found

    def _block_of(self, lowering: Callable[[], _T]) -> tuple[Block, _T]:
        """The statements that lowering appends, as a block, and what it gives."""
        outer, objects = self.builder, dict(self.heap.now)
        self.builder = outer.nested()
        found = lowering()
        self.heap.settle(objects, lambda held: self.memory.fresh(held, self.builder))
        block, self.builder = self.builder.block, outer
        return block, found

    def settled(self, names: list[str]) -> dict[str, Operand]:
        """What versions of variables are in memory as it is here, at the end of a block."""
        return {name: self.present(self.value(name)) for name in names}

    def merge_roots(self, marks: Marks, first: Path) -> None:
        """After a branch whose sides leave arrays as ``first`` and as they are now."""
        last = self.builder.stmts[-1]
        assert isinstance(last, If)
        phis, roots = list(last.phis), self.memory.roots
        before = {n: roots.get(n) for n in first.roots} | roots.before(marks.roots)
        ends = {n: (first.roots.get(n, before[n]), roots.get(n)) for n in sorted(before)}
        for number, (one, two) in ends.items():
            if before[number] is None:
                continue
            if one is None or two is None:
                self.memory.forget({number})
                continue
            if one.current == two.current:
                continue
            name = self.builder.name(one.base)
            types = [self.builder.type_of(root.current) for root in (one, two)]
            self.builder.types[name] = join(types[0], types[1])
            phis.append(Phi(name, one.current, two.current))
            self.note_merge(phis[-1])
            self.memory.merged(number, Var(name), (one.current, two.current))
        lost = {n: one for n, (one, _) in ends.items() if one is not None and n not in roots}
        roots.put(lost.items())
        self.builder.stmts[-1] = If(
            last.test, last.then, last.orelse, tuple(phis), last.origin, last.mirror
        )

    # --- loops --------------------------------------------------------------------------------

    def carried(
        self,
        headers: list[Header],
        statements: list[ast.stmt],
        lists: dict[str, Operand],
        body: Callable[[], Any],
    ) -> tuple[Any, tuple[Phi, ...]]:
        """A loop's body, lowered as often as it takes, and the loop's phis.

        ``lists`` are versions of variables that are other lists here than before.
        """
        begins = {**self.settled([before for _, before, _ in headers]), **lists}
        start = {target: begins[before] for target, before, _ in headers}
        for value in start.values():
            self.memory.place(value, self.builder)  # one first met here was there before the loop
        env, marks, objects = dict(self.env), self.memory.marks(), Attributes(dict(self.heap.now))
        written = set[int]()  # arrays that are written to
        other = set[str]() if may_write(statements) else set(start)  # variables that change theirs
        covers: dict[str, Type] = {}  # types of these, before and after
        for _ in range(ATTEMPTS):
            self._note_lists(start)
            opened = self._open_headers(headers, begins, objects.moving, objects.unlike)
            assumed = self._assume(start, other, covers, opened)
            heads = self._open_roots(assumed, written)
            begun = self.memory.roots.mark()
            made = self._attempted(objects, body)
            if isinstance(made, Grows):
                self._reset(objects, env, marks)
                self._add_slots(self._grown_slots(objects, made), headers, env, begins, start)
                continue
            ends = self.ends
            changed = self.memory.changed(begun)
            if changed:
                before = self.memory.roots.before(marks.roots)
                changed = {n for n in changed if before[n] is not None}
            after = {target: ends[last] for target, _, last in headers}
            broken = {name for name, v in assumed.items() if not self._holds(name, v, after[name])}
            wrong = {n for n, t in covers.items() if not _covers(t, self._type(after[n]))}
            slots = self._changed_slots(objects)
            known = not slots and not self._moved(objects, opened, ends)
            known = not self._other_items(objects, opened, ends) and known
            if known and changed <= written and not broken and not wrong:
                self.mark_read(_names_read(made))
                self.memory.weaken(marks)
                phis = self._close_headers(opened, ends)
                closed = self._close_roots(phis, heads, marks)
                items = (p.target for p in phis if p.target in self.memory.views)
                for target in dict.fromkeys((*start, *items)):
                    if target not in assumed:
                        self._renew(target)
                self._close_slots(objects, opened)
                return made, closed
            covers = {n: t for n, t in covers.items() if n not in wrong} | {
                n: _cover(n, self._type(start[n]), self._type(after[n])) for n in broken
            }
            self._reset(objects, env, marks)
            self._add_slots(slots, headers, env, begins, start)
            other = broken if changed and not written else other | broken
            written = written | changed
        raise self.unsupported("which arrays and objects this loop changes cannot be settled")

    def _meet_items(self, opened: Opened) -> None:
        """Arrays in the containers that a loop carries are met before a branch in it meets them."""
        items = (o for _, shape, _, _ in opened if isinstance(shape, Tuple) for o in leaves(shape))
        for item in (o for o in items if isinstance(o, Var)):
            view = self.memory.known_place(item)
            if view is not None and view.root not in self.memory.roots:  # of an earlier attempt
                self._renew(item.name)
            self.memory.place(item, self.builder)

    def _attempted(self, objects: Attributes, body: Callable[[], Any]) -> Any:
        """A loop's body, lowered once; where that is broken off, all is as it was."""
        before = self.builder, self.depth, self.unrolling
        try:
            return self.with_attributes(objects, body)
        except Grows as grows:
            self.builder, self.depth, self.unrolling = before
            return grows

    def _add_slots(
        self, slots: list[Slot], headers: list[Header], *known: dict[str, Operand]
    ) -> None:
        """Carry attributes from here on; their values before the loop are known under the names of
        these, ``known`` being variables, begins by versions, and begins by targets.
        """
        env, begins, start = known
        for slot in (s for s in slots if s.shared == s.target):
            env[slot.before] = begins[slot.before] = start[slot.target] = self._begin(slot)
            headers.append((slot.target, slot.before, slot.after))

    def _note_lists(self, start: dict[str, Operand]) -> None:
        """What a loop carries may be the list that there was before."""
        for target, value in start.items():
            if isinstance(self.builder.type_of(value), ListOf):
                self.heap.same_list(target, value)

    def _grown_slots(self, objects: Attributes, grows: Grows) -> list[Slot]:
        """A list that grows as one of the generated code, from before the loop on."""
        held = field_before(objects, *grows.slot)
        if not isinstance(held, Tuple) or not held.is_list or grows.slot in objects.grown:
            raise grows
        objects.grown.add(grows.slot)
        objects.begun = dict(self.heap.now)
        return self._changed_slots(objects, (grows.slot,))

    def _reset(self, objects: Attributes, env: dict[str, Operand], marks: Marks) -> None:
        """All is as it was before the loop."""
        self.env = dict(env)
        self.memory.views.back(marks.views)
        self.memory.back(marks)
        self.heap.now = dict(objects.before)

    def _type(self, value: Operand) -> Type:
        return self.builder.type_of(value)

    def _assume(
        self, start: dict[str, Operand], other: set[str], covers: dict[str, Type], opened: Opened
    ) -> dict[str, View]:
        """What variables stand for at the head of a loop: what they stand for before it."""
        assumed: dict[str, View] = {}
        for target, value in start.items():
            view = None if target in other else self.memory.place(value, self.builder)
            if view is None:
                self._retype(target, value)
                self.builder.types.update((n, t) for n, t in covers.items() if n == target)
                self._renew(target)
                continue
            assumed[target] = view
            self.builder.types[target] = self.builder.type_of(value)
            self.memory.views[target] = view
            if self.memory.is_unsure(value):
                self.memory.unsure.add(target, self.memory.views)
        self._meet_items(opened)
        return assumed

    def _renew(self, target: str) -> None:
        """A variable stands for an array of its own from here on."""
        self.memory.views.drop(target)
        self.memory.unsure.discard(target)
        self.memory.view(Var(target), self.builder)

    def _retype(self, target: str, value: Operand) -> None:
        """Take back the type that an earlier attempt gave; a list stays one."""
        self.builder.types.pop(target, None)
        if isinstance(self.builder.type_of(value), ListOf):
            self.builder.types[target] = ListOf(None)

    def _open_roots(self, assumed: dict[str, View], written: set[int]) -> dict[int, str]:
        """The names that written arrays have at the head of a loop."""
        heads: dict[int, str] = {}
        for target, view in assumed.items():
            unsure = view.root in self.memory.asked and self.memory.is_unsure(Var(target))
            if view.root in written and not view.path and not unsure:
                heads.setdefault(view.root, target)
        for number in sorted(written - set(heads)):
            root = self.memory.roots[number]
            heads[number] = self.builder.name(root.base)
            self.builder.types[heads[number]] = self.builder.type_of(root.current)
        for number, name in heads.items():
            self.memory.merged(number, Var(name), (self.memory.roots[number].current,))
        return heads

    def _holds(self, target: str, view: View, value: Operand) -> bool:
        """Whether a variable stands for the same array, of the same type, after an iteration."""
        found = self.memory.known_place(value)
        if found is None or (found.root, found.path) != (view.root, view.path):
            return False
        return self.builder.type_of(value) == self.builder.type_of(Var(target))

    def _close_roots(
        self, phis: tuple[Phi, ...], heads: dict[int, str], marks: Marks
    ) -> tuple[Phi, ...]:
        """The phis of a loop with those of the arrays that it writes to."""
        made = {phi.target: phi for phi in phis}
        begun = self.memory.roots.before(marks.roots) if heads else {}
        for number, name in heads.items():
            root = begun[number]
            assert root is not None
            both = root.current, self.memory.roots[number].current
            made[name] = Phi(name, *both)
            self.note_merge(made[name])
            self.memory.merged(number, Var(name), both)
        return tuple(made.values())


def _names_read(made: tuple[Any, ...]) -> set[str]:
    """The names that statements of a loop's blocks read, and its tests; phis do not count."""
    found: set[str] = set()
    for part in made:
        if not isinstance(part, tuple):
            found.update(() if part is None else names_in(part))
            continue
        for stmt in walk(part):
            found.update((*reads_of(stmt), *tests_of(stmt)))
    return found


def _cover(target: str, before: Type, after: Type) -> Type:
    """The type of an array that may be another in each iteration."""
    if not is_array(before) or not _alike(before, after):
        return ANY
    assert isinstance(before, Array) and isinstance(after, Array) and before.dims and after.dims
    pairs = enumerate(zip(before.dims, after.dims, strict=True))
    dims = (Sym(f"{target}.shape[{i}]", not any(map(may_be_one, pair))) for i, pair in pairs)
    return Array(before.dtype, tuple(dims))


def _covers(t: Type, after: Type) -> bool:
    """Whether the type given to a variable is right after an iteration."""
    if not isinstance(t, Array):
        return True
    assert t.dims is not None
    return _alike(t, after) and not any(
        may_be_one(b) and not may_be_one(a) for a, b in zip(t.dims, after.dims, strict=True)  # type: ignore[union-attr, arg-type]
    )


def _alike(a: Type, b: Type) -> bool:
    """Whether two types are those of arrays of one dtype and rank, which are known."""
    if not isinstance(a, Array) or not isinstance(b, Array):
        return False
    return a.dtype is not None and a.dtype == b.dtype and None is not rank(a) == rank(b)


def may_write(statements: list[ast.stmt]) -> bool:
    """Whether statements may write to an array: by an index, ``+=``, or in a call."""
    for stmt in statements:
        for node in nodes(stmt):
            kind = type(node)
            if kind is ast.Expr or kind is ast.AugAssign:
                return True
            if kind is ast.Name and node.id in (UPDATE, AUGMENT, STORE, NEST):  # type: ignore[attr-defined]
                return True
    return False

