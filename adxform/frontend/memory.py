"""Which names stand for one array: what is written through one of them is seen by the others.

Core has values, not memory. An array is a root whose current value has a name; a view of it
(``v = y[1:]``, ``z = y``, ``y.T``) is a path from the root. A write through a view gives the root
a new value, and every other name is read from that value when it is next used.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adxform.core.builder import Builder, result_types
from adxform.core.ir import (
    Callee,
    Const,
    Let,
    Opaque,
    Operand,
    Primitive,
    Slice,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.types import Array, Scalar, Type
from adxform.rules.table import RULES

SAME = frozenset({"copy", "rename", "np.asarray"})  # the very object
_NEW = frozenset({"np.zeros", "np.ones", "np.empty", "np.full", "np.arange", ".copy()"})
_ALIKE = frozenset(
    {"update", "np.copy", ".copy()", "np.zeros_like", "np.ones_like", "np.empty_like"}
)
_TURNED = frozenset({".T", "np.swapaxes"})
RESHAPED = frozenset({"np.reshape", ".reshape()", "np.ravel", ".ravel()"})


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that gives a view of its first operand."""

    op: Primitive
    args: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A name's place in the memory of a root, as of the root's value number ``stamp``."""

    root: int
    path: tuple[Step, ...]
    stamp: int


@dataclass(frozen=True, slots=True)
class Root:
    """An array: the name of its current value, which is number ``stamp``, and its variable's.

    ``contiguous``: its elements lie in C order, so that a reshaped array is a view of it.
    """

    current: Var
    stamp: int
    base: str | None
    contiguous: bool = False


Roots = dict[int, Root]


class Memory:
    """The arrays of one function and of those that are lowered in the place of their calls."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.roots: Roots = {}
        self.unsure: set[str] = set()  # names of what may be a number: an element, not a row
        self._numbers = itertools.count(1)

    # --- what names stand for -----------------------------------------------------------------

    def view(self, operand: Operand, builder: Builder) -> View | None:
        """Where an array is (one not met before is a root), or None for anything else."""
        if not isinstance(operand, Var) or not is_array(builder.type_of(operand)):
            return None
        if operand.name in self.unsure:
            return None
        if operand.name not in self.views and builder.type_of(operand).dims is None:  # type: ignore[union-attr]
            return None
        if operand.name not in self.views:
            self.add_root(operand, builder.bases.get(operand.name))
        return self.views[operand.name]

    def add_root(self, value: Var, base: str | None, contiguous: bool = False) -> int:
        """A new array."""
        number, stamp = next(self._numbers), next(self._numbers)
        self.roots[number] = Root(value, stamp, base, contiguous)
        self.views[value.name] = View(number, (), stamp)
        return number

    def made(self, name: str, op: Primitive, args: tuple[Operand, ...], builder: Builder) -> None:
        """Note the array that an operation has made: a view of its first operand, or a new one."""
        if not is_array(builder.types.get(name)):
            return
        known = builder.types[name]
        if isinstance(known, Array) and known.dims is None and not self._surely(op, args, builder):
            self.unsure.add(name)
            return
        source = None
        if args and _gives_view(op, args, builder):
            source = self.view(args[0], builder)
        if source is None:
            self.add_root(Var(name), builder.bases.get(name), contiguous=op.name in _NEW)
            return
        path = source.path if op.name in SAME else (*source.path, Step(op, args[1:]))
        self.views[name] = replace(source, path=path)

    def _surely(self, op: Primitive, args: tuple[Operand, ...], builder: Builder) -> bool:
        """Whether a result of unknown rank is an array for sure, not a number."""
        if op.name == "[]":
            return any(isinstance(part, Slice) for part in parts_of(args[1]))
        if op.name in _NEW:
            return True
        alike = op.name in SAME or op.style == "infix" or op.name in _ALIKE
        wide = op.text != "MatMult" and any(self.view(arg, builder) is not None for arg in args)
        return alike and wide

    def again(self, name: str, like: Operand, builder: Builder) -> None:
        """Another name for what ``like`` stands for, read from memory wherever it is used."""
        assert isinstance(like, Var)
        self.views[name] = replace(self.views[like.name], stamp=-1)
        builder.types[name] = builder.type_of(like)

    def wrote(self, root: int, value: Var) -> None:
        """A root has a new value."""
        stamp = next(self._numbers)
        self.roots[root] = replace(self.roots[root], current=value, stamp=stamp)
        self.views[value.name] = View(root, (), stamp)

    def forget(self, roots: set[int]) -> None:
        """Know nothing of some arrays any more: writes to them are checked in Core."""
        self.views = {n: v for n, v in self.views.items() if v.root not in roots}
        for root in roots:
            self.roots.pop(root, None)

    def untransposed(self, args: tuple[Operand, ...], builder: Builder) -> tuple[Operand, ...]:
        """``y.T[i]`` as ``y[:, i]``, where the transpose is that of the current value."""
        view = self.views.get(args[0].name) if isinstance(args[0], Var) else None
        root = None if view is None else self.roots.get(view.root)
        if view is None or root is None or view.stamp != root.stamp or len(view.path) != 1:
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
        if view.root not in self.roots:  # an array of another branch
            return False
        return view.stamp != self.roots[view.root].stamp

    def fresh(self, operand: Operand, builder: Builder) -> Operand:
        """An operand's current value, read again through its view where it was written to."""
        if not self.stale(operand):
            return operand
        if isinstance(operand, Tuple):
            return operand.with_items(self.fresh(item, builder) for item in operand.items)
        assert isinstance(operand, Var)
        view = self.views[operand.name]
        root = self.roots[view.root]
        value: Operand = root.current
        for place, step in enumerate(view.path):
            last = place == len(view.path) - 1
            base = builder.bases.get(operand.name) if last else None
            value = builder.emit(step.op, (value, *step.args), base)
        return value


def is_array(t: Type | None) -> bool:
    """Whether a value is certainly an array, not a number."""
    return isinstance(t, Array) and t.dims != ()


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
