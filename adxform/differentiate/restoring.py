"""Restoring: what is overwritten is recorded and put back, where recording reads costs more.

In the reverse sweep an array is again what it was at each moment, as far as it matters: values that
were read from it can be read again, and what is cheap to compute from them is computed again
(Hascoët and Pascual 2013, section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from adxform.analysis.storage import Place, Storage, Storages, Write, axes_left
from adxform.analysis.types import Types
from adxform.core.ir import Let, Operand, Primitive, Slice, Stmt, Var, parts_of, walk
from adxform.core.types import ANY, Array, Scalar, Type
from adxform.differentiate.sweeps import Sweeps
from adxform.differentiate.tapes import Path

ITERATIONS = 1000  # what a loop, or an axis, is taken to multiply a cost by
SHAPE_ONLY = {
    "len": 0,
    ".shape": 0,
    "np.shape": 0,
    ".size": 0,
    "np.size": 0,
    ".ndim": 0,
    ".dtype": 0,
    "np.zeros_like": 0,
    "np.ones_like": 0,
    "np.empty_like": 0,
    "np.full_like": 0,
    "unbroadcast": 1,
    "broadcast_like": 1,
    "as_like": 1,
    "as_array_like": 1,
    "spread": 1,
}  # operations that ask one operand for no more than its shape and dtype


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """Elements that a value can be read from again: those it came from, or was written to (by the
    statement that binds ``written``).
    """

    array: str
    index: Operand | None
    place: Place
    path: Path
    written: str = ""


@dataclass(slots=True)
class Arrays:
    """The arrays of the reverse sweep: what each is called now, and which writes are undone; what
    each is called at the beginning, its ``last`` version.
    """

    storages: Storages
    now: dict[Storage, Operand] = field(default_factory=dict)
    restored: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    undoing: dict[Storage, list[Write]] = field(default_factory=dict)
    last: Callable[[Storage], Operand] = lambda storage: Var(storage.last)

    def restore(self, targets: set[str]) -> None:
        """Decide which writes are undone, by their targets."""
        self.restored = targets
        for storage in dict.fromkeys(self.storages.of[target] for target in targets):
            self.undoing[storage] = [w for w in storage.writes if w.stmt.target in targets]

    def current(self, name: str) -> Operand | None:
        """What the array that a name is a version of is called at this point."""
        storage = self.storages.of.get(name)
        return None if storage is None else self.now.get(storage) or self.last(storage)

    def written_in(self, loop: Stmt) -> list[Storage]:
        """The arrays that are restored in the reverse of a loop."""
        inside = _targets_in(loop) & self.restored
        return list(dict.fromkeys(self.storages.of[t] for t in sorted(inside)))

    def enter(self, loop: Stmt) -> None:
        """An iteration of a reverse loop begins: nothing in it is undone yet."""
        self.undone -= _targets_in(loop)

    def readable(self, read: Read, path: Path, view: bool) -> bool:
        """Whether at a point of the reverse sweep the array holds what was read."""
        storage = self.storages.of[read.array]
        conflicts = self.storages.conflicts(read.array, read.index, read.place)
        names = {write.stmt.target for write in conflicts}
        if not names <= self.restored or read.written in self.restored:
            return False
        if view:
            conflicts = self.undoing.get(storage, [])
        later = [write for write in conflicts if write.at > read.place.at]
        if not names and not later:
            return True
        if path[: len(read.path)] != read.path:
            return False
        around = {stmt for stmt, _ in path}
        own = len(read.place.loops)
        for write in later:
            if write.access.loops[:own] != read.place.loops:
                continue  # in loops that come after those of the read
            if write.stmt.target not in self.undone or around & set(write.access.loops[own:]):
                return False
        return True


def shape_operand(stmt: Let) -> str | None:
    """The name that an operation asks for its shape alone."""
    place = SHAPE_ONLY.get(stmt.op.name) if isinstance(stmt.op, Primitive) else None
    operand = stmt.args[place] if place is not None and place < len(stmt.args) else None
    return operand.name if isinstance(operand, Var) else None


def same_type(a: Type, b: Type) -> bool:
    """Whether an element keeps the value that is written to it, and its type."""
    match a, b:
        case Scalar(first), Scalar(second):
            return first == second
        case Array(first, dims), Array(second, other):
            return None not in (first, dims) and first == second and dims == other
        case _:
            return False


class Demand(NamedTuple):
    """A value of the reverse sweep, what is read from an array to have it again, and the writes
    that this asks to be undone.
    """

    value: str
    read: str
    writes: list[Write]


class Decision:
    """Chooses, array by array, the writes whose old elements are recorded and put back."""

    def __init__(
        self,
        sweeps: Sweeps,
        storages: Storages,
        reads_of: Callable[[str], list[Read]],
        is_cheap: Callable[[Let], bool],
        types: Types,
    ) -> None:
        self.storages = storages
        self.reads_of = reads_of
        self.is_cheap = is_cheap
        self.types = types
        self.marked = {
            stmt.args[0].name
            for stmt in walk(sweeps.reverse)
            if is_marker(stmt) and isinstance(stmt, Let) and isinstance(stmt.args[0], Var)
        }
        self.demands: dict[Storage, list[Demand]] = {}

    def restored(self, wanted: Iterable[str], depth: int) -> set[str]:
        """The targets of the writes to undo."""
        for name in sorted(wanted):
            self.demand(name, depth, name)
        chosen: set[str] = set()
        for demands in self.demands.values():
            served = [d for d in demands if all(w.stmt.target in self.marked for w in d.writes)]
            writes = {w.stmt.target: w for found in served for w in found.writes}
            undoing = sum(map(self.cost_of_write, writes.values()))
            recording = self.cost_of_recording(served)
            again = any(d.read != d.value for d in served)  # what is computed again costs as well
            if undoing < recording or (undoing == recording and not again):
                chosen.update(writes)
        return chosen

    def demand(self, name: str, depth: int, value: str) -> None:
        """Note what must be unchanged if a value, or what it is computed from, is not recorded."""
        place, let = self.storages.places.get(name), self.storages.regions.made.get(name)
        if place is None or not place.loops:
            return
        best: tuple[Storage, list[Write]] | None = None
        for read in self.reads_of(name):
            found = self.storages.conflicts(read.array, read.index, read.place)
            if best is None or len(found) < len(best[1]):
                best = self.storages.of[read.array], found
        if best is not None:
            if best[1]:
                self.demands.setdefault(best[0], []).append(Demand(value, name, best[1]))
            return
        if let is not None and depth and self.is_cheap(let):
            shape = shape_operand(let)
            for operand in let.reads:
                if operand != shape or operand not in self.storages.of:
                    self.demand(operand, depth - 1, value)

    def cost_of_recording(self, demands: list[Demand]) -> int:
        """The size of the values that are recorded where nothing is undone: of each as it is
        computed, if that is known.
        """
        costs: dict[str, int] = {}
        for demand in demands:
            value, known = demand.value, self.types.get(demand.value, ANY)
            if isinstance(known, Scalar) or (isinstance(known, Array) and known.dims is not None):
                costs[value] = _cost(len(self.storages.places[value].loops), None, known)
            else:
                costs[value] = max(self.cost_of(demand.read), costs.get(value, 0))
        return sum(costs.values())

    def cost_of_write(self, write: Write) -> int:
        target = self.types.get(write.stmt.target, ANY)
        return _cost(len(write.access.loops), write.access.index, target)

    def cost_of(self, name: str) -> int:
        """The size of a value, times how often it would be recorded."""
        loops = len(self.storages.places[name].loops)
        (first, *_) = self.reads_of(name)
        return _cost(loops, first.index, self.types.get(first.array, ANY))


def _cost(loops: int, index: Operand | None, array: Type) -> int:
    axes = axes_left(index)
    if isinstance(array, Array) and array.dims is not None:
        axes = len(array.dims) if index is None else max(axes, len(array.dims) - places(index))
    return int(ITERATIONS ** (loops + axes))


def places(index: Operand) -> int:
    """How many axes an index takes away."""
    parts = parts_of(index)
    return sum(not isinstance(p, Slice) for p in parts)


def _targets_in(loop: Stmt) -> set[str]:
    return {t for s in walk((loop,)) if isinstance(s, Let) for t in s.targets}


def is_marker(stmt: Stmt) -> bool:
    """Whether a statement of the reverse sweep says where a write may be undone."""
    return type(stmt) is Let and type(stmt.op) is Primitive and stmt.op.name == "put_back"
