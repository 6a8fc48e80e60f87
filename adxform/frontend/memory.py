"""Which names stand for one array: what is written through one of them is seen by the others.

Core has values, not memory. An array is a root whose current value has a name; a view of it
(``v = y[1:]``, ``z = y``, ``y.T``) is a path from the root. A write through a view gives the root
a new value, and every other name is read from that value when it is next used.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from adxform.core.builder import Builder, result_types
from adxform.core.ir import (
    Callee,
    Const,
    Global,
    If,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Slice,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.types import Array, Inert, Scalar, Type
from adxform.frontend.certainty import (
    is_array,
    keeps_arrays,
    may_be_array,
    numeric,
    shows_no_list,
)
from adxform.frontend.heap import Heap
from adxform.frontend.paths import Known
from adxform.frontend.views import Root, Step, View
from adxform.rules.table import RULES

SAME = frozenset({"copy", "rename", "np.asarray"})  # the very object
_NEW = frozenset({"np.zeros", "np.ones", "np.empty", "np.full", "np.arange", ".copy()"})
_ALIKE = frozenset(
    {"update", "np.copy", ".copy()", "np.zeros_like", "np.ones_like", "np.empty_like"}
)
_TURNED = frozenset({".T", "np.swapaxes"})
RESHAPED = frozenset({"np.reshape", ".reshape()", "np.ravel", ".ravel()"})


class Memory(Known):
    """The arrays of one function and of those that are lowered in the place of their calls."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: set[int] = set()  # roots that other functions see
        self.asked: set[int] = set()  # roots that are changed if they are arrays
        self.dispatching = False  # what may be an array is asked when it is read
        self.doubtful = False  # whether something was written that such a value may show
        self._numbers = itertools.count(1)
        self.heap = Heap()
        self.dirty: list[int] = []  # arrays that have changed, one change after the other

    def mark(self) -> tuple[int, int, int, int]:
        """What there is, and what has changed so far."""
        return next(self._numbers), len(self.dirty), *self.heap.mark()

    def changed_since(self, mark: tuple[int, int, int, int]) -> bool:
        """Whether an array or an object has changed that was there at a mark."""
        number, count, token, writes = mark
        arrays = any(root < number for root in self.dirty[count:])
        return arrays or any(t < token for t in self.heap.dirty[writes:])

    # --- what names stand for -----------------------------------------------------------------

    def view(self, operand: Operand, builder: Builder) -> View | None:
        """Where an array is (one not met before is a root), or None for anything else."""
        place = self.place(operand, builder)
        return None if place is None or self.is_unsure(operand) else place

    def known_view(self, operand: Operand) -> View | None:
        """Where an array is that was met before, or None for anything else."""
        return None if self.is_unsure(operand) else self.known_place(operand)

    def known_place(self, operand: Operand) -> View | None:
        """The same, of what may be an array, too."""
        return self.views.get(operand.name) if isinstance(operand, Var) else None

    def place(self, operand: Operand, builder: Builder) -> View | None:
        """Where a value is if it is an array."""
        known = builder.type_of(operand)
        if not isinstance(operand, Var) or not may_be_array(known):
            return None
        if operand.name not in self.views:
            self.add_root(operand, builder.bases.get(operand.name))
            if not isinstance(known, Array) or known.dims is None:
                self.unsure.add(operand.name, self.views)
        return self.views[operand.name]

    def is_unsure(self, operand: Operand) -> bool:
        """Whether a value may be no array."""
        return isinstance(operand, Var) and operand.name in self.unsure

    def add_root(self, value: Var, base: str | None, contiguous: bool = False) -> int:
        """A new array."""
        number, stamp = next(self._numbers), next(self._numbers)
        self.roots[number] = Root(value, stamp, base, contiguous)
        self.views[value.name] = View(number, (), stamp)
        return number

    def made(self, name: str, op: Primitive, args: tuple[Operand, ...], builder: Builder) -> None:
        """Note the array that an operation has made: a view of its first operand, or a new one."""
        known, place = builder.types.get(name), self.known_place(args[0]) if args else None
        if place is not None and not place.path and shows_no_list(op, args):
            self.arrays.add(place.root)
        if not may_be_array(known):
            return
        loose = not isinstance(known, Array) or known.dims is None
        unsure = loose and not self._surely(op, args, builder)
        source = self.place(args[0], builder) if args and self._shows(op, args, builder) else None
        if source is not None and self.is_unsure(args[0]) and not unsure:
            source = None  # that it may be a view, Core sees
        if source is None:
            new = op.name in _NEW
            number = self.add_root(Var(name), builder.bases.get(name), contiguous=new)
            if unsure:
                self.unsure.add(name, self.views)
            types = [builder.type_of(arg) for arg in args]
            if op.name in SAME and isinstance(args[0], Global):
                self.outside.add(number)
            if is_array(known) or numeric(op, types) or any(map(self.is_numeric, args)):
                self.arrays.add(number)
            return
        path = source.path if op.name in SAME else (*source.path, Step(op, args[1:]))
        self.views[name] = replace(source, path=path)
        if unsure:
            self.unsure.add(name, self.views)

    def _shows(self, op: Primitive, args: tuple[Operand, ...], builder: Builder) -> bool:
        """Whether an operation gives a view of its first operand."""
        if op.name == "np.asarray" and not is_array(builder.type_of(args[0])):
            return False  # a list is copied
        return _gives_view(op, args, builder)

    def is_numeric(self, operand: Operand) -> bool:
        """Whether a value of unknown type is known to be no list, nor an item of one."""
        view = self.views.get(operand.name) if isinstance(operand, Var) else None
        return view is not None and view.root in self.arrays

    def _surely(self, op: Primitive, args: tuple[Operand, ...], builder: Builder) -> bool:
        """Whether a result of unknown rank is an array for sure, not a number."""
        if op.name == "[]":
            known = is_array(builder.type_of(args[0])) or self.is_numeric(args[0])
            return known and any(isinstance(part, Slice) for part in parts_of(args[1]))
        if op.name in _NEW:
            return True
        if op.name in SAME or op.name in _ALIKE:
            return self.view(args[0], builder) is not None
        wide = (a for a in args if is_array(builder.type_of(a)) or self.is_numeric(a))
        return op.style == "infix" and op.text != "MatMult" and any(
            self.view(arg, builder) is not None for arg in wide
        )

    # --- values of unknown type ---------------------------------------------------------------

    def prove(self, operand: Operand, builder: Builder, *, array: bool) -> None:
        """Something is written to a value, by what only arrays understand or by any index: it is
        no number.
        """
        if not isinstance(operand, Var) or operand.name not in self.views:
            return
        view = self.views[operand.name]
        if array and all(keeps_arrays(step.op.name, step.args) for step in view.path):
            self.arrays.add(view.root)
            self.unsure.settle(view.root, sys.maxsize, lambda v: all(
                keeps_arrays(step.op.name, step.args) for step in v.path
            ), self.views)
        if not view.path or view.root in self.arrays:  # not an item of what may be a list
            begins = view.path.__getitem__
            self.unsure.settle(view.root, len(view.path),
                               lambda v: v.path == begins(slice(len(v.path))), self.views)

    def shown_elsewhere(self, operand: Operand, builder: Builder) -> bool:
        """Whether a value without a derivative, which Core takes to have no memory, has another
        name, or is held by one.
        """
        place = self.known_place(operand)
        root = None if place is None else self.roots.get(place.root)
        if place is None or root is None:
            return False
        if not isinstance(builder.type_of(root.current), Inert):
            return False
        if place.root in self.outside:
            return True
        alike = {builder.bases.get(n, n) for n, v in self.views.items() if v.root == place.root}
        return bool(place.path) or len(alike) > 1

    # --- what changes -------------------------------------------------------------------------

    def again(self, name: str, like: Operand, builder: Builder) -> None:
        """Another name for what ``like`` stands for, read from memory wherever it is used."""
        assert isinstance(like, Var)
        self.views[name] = replace(self.views[like.name], stamp=-1)
        builder.types[name] = builder.type_of(like)

    def wrote(self, root: int, value: Var) -> None:
        """A root has a new value."""
        stamp = next(self._numbers)
        self.roots[root] = replace(self.roots[root], current=value, stamp=stamp)
        self.dirty.append(root)
        self.views[value.name] = View(root, (), stamp)
        self.unsure.discard(value.name)
        self.doubtful = self.doubtful or self.unsure.any_of(root, self.views)

    def may_have_written(self, root: int, value: Var) -> None:
        """A root has a new value, which is in its memory if it is an array."""
        self.wrote(root, value)
        self.unsure.add(value.name, self.views)
        self.asked.add(root)

    def merged(self, root: int, value: Var, parts: tuple[Var, ...]) -> None:
        """A root has one of several values."""
        unsure = any(map(self.is_unsure, parts))
        self.wrote(root, value)
        if unsure:
            self.unsure.add(value.name, self.views)

    def forget(self, roots: set[int]) -> None:
        """Know nothing of some arrays any more: writes to them are checked in Core."""
        for name in [n for n, v in self.views.items() if v.root in roots]:
            del self.views[name]
        for root in roots:
            self.roots.drop(root)

    def untransposed(self, args: tuple[Operand, ...], builder: Builder) -> tuple[Operand, ...]:
        """``y.T[i]`` as ``y[:, i]``, where the transpose is that of the current value."""
        view = self.views.get(args[0].name) if isinstance(args[0], Var) else None
        root = None if view is None else self.roots.get(view.root)
        if view is None or root is None or view.stamp != root.stamp or self.is_unsure(args[0]):
            return args
        if len(view.path) != 1:
            return args
        path = (*view.path, Step(RULES["[]"].primitive, args[1:]))
        turned = untransposed(path, builder.type_of(root.current))
        return args if turned == path else (root.current, *turned[0].args)

    # --- reading ------------------------------------------------------------------------------

    def stale(self, operand: Operand) -> bool:
        """Whether an operand's name is not that of the current value any more."""
        if isinstance(operand, Tuple):
            return any(self.stale(item) for item in operand.items)
        if not isinstance(operand, Var) or operand.name not in self.views:
            return False
        view = self.views[operand.name]
        numeric = self.dispatching and view.root in self.arrays
        if self.is_unsure(operand) and view.path and not numeric:
            return False
        if view.root not in self.roots:  # an array of another branch
            return False
        return view.stamp != self.roots[view.root].stamp

    def now(self, operand: Operand, builder: Builder) -> Operand:
        """An operand with the arrays and the objects that it stands for as they are now."""
        return self.fresh(self.heap.current(operand), builder)

    def fresh(self, operand: Operand, builder: Builder) -> Operand:
        """An operand's current value, read again through its view where it was written to."""
        if not self.stale(operand):
            return operand
        if isinstance(operand, Tuple):
            return operand.with_items(self.fresh(item, builder) for item in operand.items)
        assert isinstance(operand, Var)
        view = self.views[operand.name]
        if operand.name in self.unsure and (view.path or view.root in self.asked):
            return self._fresh_if_array(operand, builder)
        return self._read_again(operand, builder)

    def _read_again(self, operand: Var, builder: Builder) -> Operand:
        """What an array is, in the current value of what it is a view of."""
        return self.shown(self.views[operand.name], builder, builder.bases.get(operand.name))

    def shown(self, view: View, builder: Builder, base: str | None) -> Operand:
        """What a view shows in the current value of what it is a view of."""
        value: Operand = self.roots[view.root].current
        for place, step in enumerate(view.path):
            last = place == len(view.path) - 1
            value = builder.emit(step.op, (value, *step.args), base if last else None)
        return value

    def is_an_array(self, operand: Operand, builder: Builder) -> Var:
        """Whether a value turns out to be an array."""
        kinds = Global("np.ndarray", np.ndarray, canonical=True)
        return Builder.emit(builder, RULES["is_kind"].primitive, (operand, kinds))

    def number(self, operand: Operand, builder: Builder) -> Var:
        """The value, where it is none."""
        return Builder.emit(builder, RULES["number"].primitive, (operand,))

    def stands_for(self, name: str, view: View) -> None:
        """A name shows an array through a view now, if it is one."""
        self.views[name] = replace(view, stamp=self.roots[view.root].stamp)
        self.unsure.add(name, self.views)

    def _fresh_if_array(self, operand: Var, builder: Builder) -> Operand:
        """The same of what is an array or a number, as it turns out."""
        view = self.views[operand.name]
        test = self.is_an_array(operand, builder)
        then, orelse = builder.nested(), builder.nested()
        seen, kept = self._read_again(operand, then), self.number(operand, orelse)
        name = builder.name(builder.bases.get(operand.name))
        phi = Phi(name, seen, kept)
        builder.append(If(test, then.block, orelse.block, (phi,), builder.origin))
        builder.types[name] = builder.type_of(operand)
        self.stands_for(name, view)
        return Var(name)


def _gives_view(op: Primitive, args: tuple[Operand, ...], builder: Builder) -> bool:
    if op.name == "[]":
        return is_basic(args[1], builder)
    if op.name == "np.asarray":
        return args[1] == Const(None)
    return op.name in SAME or op.name in _TURNED or op.name in RESHAPED


def is_basic(index: Operand, builder: Builder) -> bool:
    """Whether an index gives a view: numbers, slices, ``None`` and ``...`` do."""
    parts = parts_of(index)
    return all(
        isinstance(p, Slice)
        or (isinstance(p, Const) and not isinstance(p.value, bool))
        or (isinstance(p, Var) and isinstance(builder.type_of(p), Scalar))
        for p in parts
    )


def untransposed(path: tuple[Step, ...], known: Type) -> tuple[Step, ...]:
    """``A.T[i]`` as ``A[:, i]`` for a matrix and a number i."""
    if len(path) < 2 or path[0].op.name != ".T" or path[1].op.name != "[]":
        return path
    index = path[1].args[0]
    number = isinstance(index, Const) and type(index.value) is int
    if not number or not isinstance(known, Array) or len(known.dims or ()) != 2:
        return path
    return (Step(path[1].op, (Tuple((Slice(), index)),)), *path[2:])


class Remembering(Builder):
    """A builder that reads names through the memory, and tells it what operations make."""

    memory: Memory

    def nested(self) -> Remembering:
        inner = Remembering(self.names, self.types, self.bases)
        inner.origin, inner.declared, inner.memory = self.origin, self.declared, self.memory
        return inner

    def emit(self, op: Primitive | Opaque, args: Sequence[Operand], base: str | None = None) -> Var:
        current = tuple(self.memory.fresh(arg, self) for arg in args)
        if isinstance(op, Primitive) and op.name == "[]":
            current = self.memory.untransposed(current, self)
        made = super().emit(op, current, base)
        if isinstance(op, Primitive):
            self.memory.heap.put(self.types[made.name], args)
            self.memory.made(made.name, op, current, self)
        else:
            self.memory.view(made, self)
        return made

    def would_be(self, name: str, args: tuple[Operand, ...]) -> Type:
        """The type of what an operation would give."""
        return result_types(Let(("_",), RULES[name].primitive, args, None), self.types)[0]

    def call(
        self, callee: Callee, args: Sequence[Operand], bases: Sequence[str | None]
    ) -> tuple[Var, ...]:
        current = [self.memory.fresh(arg, self) for arg in args]
        return super().call(callee, current, bases)
