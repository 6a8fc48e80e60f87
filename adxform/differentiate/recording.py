"""What is to be recorded, and where: decided by where a value is bound and what it costs."""

from __future__ import annotations

from functools import cached_property

from adxform.analysis.changed import changed_names, reads_changed
from adxform.core.builder import Builder, Names, type_of
from adxform.core.ir import (
    UNDEFINED,
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    parts_of,
    substitute,
    uses,
    walk,
)
from adxform.core.labels import label
from adxform.core.types import ANY, Array, ListOf, Scalar
from adxform.differentiate.common import primitive
from adxform.differentiate.gaps import maybe_unbound
from adxform.differentiate.keeping import Keeping
from adxform.differentiate.restoring import Read, same_type, shape_operand
from adxform.differentiate.sweeps import Sweeps, counts_trips
from adxform.differentiate.tape_shapes import TapeShapes
from adxform.differentiate.tapes import Definition, Path, Plan, Tape, paths_of, tape_type
from adxform.rules.infer import getitem

ARITHMETIC = frozenset({"op.Add", "op.Sub", "op.Mult", "op.Div", "op.USub"})

BOUNDS = frozenset({"op.Add", "op.Sub", "op.FloorDiv", "len", ".size", "copy"})


class Recording(TapeShapes):
    """Plans tapes and exports for the values of the forward sweep that are asked for."""

    def fetch(
        self, names: list[str], path: Path, env: dict[str, Operand], builder: Builder
    ) -> None:
        """Bring names of the forward sweep within reach."""
        raise NotImplementedError

    def __init__(
        self, sweeps: Sweeps, absent: Operand, *, tbr: bool = True, packed: bool = True
    ) -> None:
        super().__init__(sweeps)
        self.absent = absent
        self.tbr = tbr
        self.packed = packed
        self.builder = sweeps.builder
        self.names: Names = sweeps.builder.names
        self._replaced_bindings()
        self.plan = Plan()
        self.written_to = self._find_written()
        self.tape_of: dict[tuple[str, Stmt, Path], Tape] = {}
        self.wanted: set[str] = set()
        self.gaps = maybe_unbound(sweeps.forward)
        self.copies: dict[str, Operand] = {}
        self.overwritten: dict[str, str] = {}  # what a write overwrote, and its target
        self.changed = changed_names(sweeps.forward, self.types)  # what is read of it is recorded
        self.header_of = {
            phi.target: phi
            for stmt in walk(sweeps.forward)
            if type(stmt) is not Let and isinstance(stmt, For | While)
            for phi in stmt.phis
        }

    @cached_property
    def keeping(self) -> Keeping:
        return Keeping(self.sweeps.forward, self.types, self.defined)

    def _replaced_bindings(self) -> None:
        """Names that are bound only by what replaces a statement, and trip counts."""
        if not self.sweeps.replaced and not self.sweeps.counters:
            return
        paths = paths_of(self.sweeps.forward)
        for old, new in self.sweeps.replaced.items():
            for name in binds_of(new):
                self.defined.setdefault(name, Definition(paths.get(old, ()), old))
        for loop, name in self.sweeps.counters.items():
            outer = paths.get(loop, ())
            self.defined[name] = Definition((*outer, (loop, len(blocks_of(loop)) - 1)), None)

    def counts(self, name: str) -> bool:
        """Whether a loop's header counts its iterations: from 0, by 1."""
        phi = self.header_of.get(name)
        if phi is None or not isinstance(phi.second, Var):
            return False
        made = self.defined.get(phi.second.name)
        return made is not None and counts_trips(phi, made.stmt)

    def _find_written(self) -> dict[str, Let]:
        """The write that puts each value into an array, right where the value is made."""
        return {
            write.stmt.args[2].name: write.stmt
            for write in self.arrays.storages.found
            if isinstance(write.stmt.op, Primitive)
            and write.stmt.op.name in ("update", "keep")
            and isinstance(write.stmt.args[2], Var)
            and write.stmt.target in self.arrays.storages.of
            and self.definition_path(write.stmt.args[2].name)
            == self.definition_path(write.stmt.target)
        }

    def reads_of(self, name: str) -> list[Read]:
        """From which elements of an array a value can be read again."""
        storages, found = self.arrays.storages, []
        if name not in self.defined:
            return []
        path = self.defined[name].path
        write = self.written_to.get(name)
        if write is not None:
            x, index, _ = write.args
            element = getitem(type_of(x, self.types), type_of(index, self.types))
            if same_type(self.types.get(name, ANY), element):
                place = storages.places[write.target]
                found.append(Read(write.target, index, place, path, write.target))
        let = storages.regions.made.get(name)
        if name in storages.of:
            found.append(Read(name, None, storages.places[name], path))
        elif let is not None and isinstance(let.op, Primitive) and let.op.name == "[]":
            x, index = let.args
            if isinstance(x, Var) and x.name in storages.of:
                found.append(Read(x.name, index, storages.places[name], path))
        return found

    def read_again(
        self, name: str, path: Path, env: dict[str, Operand], depth: int
    ) -> Read | None:
        """Elements that hold a value at this point of the reverse sweep."""
        view = not isinstance(self.types.get(name, ANY), Scalar)
        for read in self.reads_of(name):
            if self.arrays.readable(read, path, view) and all(
                self.recomputable(n, path, env, depth - 1)
                for n in ([] if read.index is None else names_in(read.index))
            ):
                return read
        return None

    def visible(self, name: str, path: Path) -> Definition:
        """A name's definition as seen from ``path``: a loop's header seen from after the loop
        is its last value.
        """
        definition = self.defined[name]
        around = {id(stmt) for stmt, _ in path}
        if definition.path:
            loop, _ = definition.path[-1]
            if definition.stmt is None and id(loop) not in around:
                return Definition(definition.path[:-1], loop)
        return definition

    def within_reach(self, definition: Definition) -> bool:
        """Whether the reverse sweep sees a value where it is bound: outside loops and branches."""
        return not definition.path

    def is_far(self, name: str, definition: Definition) -> bool:
        """Whether a name may not be within reach of the reverse sweep, as what it was bound to."""
        near = self.within_reach(definition) and name not in self.gaps
        return not near or self.changes_later(name)

    def changes_later(self, name: str) -> bool:
        """Whether a value is a part of an array that is written to after it was read."""
        let = self.arrays.storages.regions.made.get(name)
        if let is None or not self.reads_storage(let) or isinstance(self.types.get(name), Scalar):
            return False
        (read, *_) = self.reads_of(name)
        return self.arrays.storages.of[read.array].last_write > read.place.at

    def where_read(self, name: str, path: Path) -> Definition:
        """A name's definition as seen from ``path``; of one that may be unbound, the block that
        reads it: only there is it known to have a value.
        """
        definition = self.visible(name, path)
        near = not definition.path and self.absent is UNDEFINED  # the reverse sweep sees it
        if name in self.gaps and not near and len(definition.path) < len(path):
            return Definition(path, None)
        return definition

    def recomputable(self, name: str, path: Path, env: dict[str, Operand], depth: int) -> bool:
        if name in env or name not in self.defined:
            return True
        definition = self.visible(name, path)
        if self.within_reach(definition):
            return True
        if name in self.overwritten:
            return False
        if definition.stmt is None and self.counts(name):
            return True
        if self.read_again(name, path, env, depth) is not None:
            return True
        stmt = definition.stmt
        if self.reads_storage(stmt):
            return False
        if depth == 0 or not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        if not self.is_cheap(stmt) or reads_changed(stmt, self.changed):
            return False
        if self.trims(stmt):  # the whole array is recorded, once for all its parts
            return True
        element = stmt.op.style == "subscript" and isinstance(self.types.get(name, ANY), Scalar)
        return all(  # an element is recorded rather than its array, which may be written to
            (n in self.wanted and not (element and isinstance(self.types.get(n), Array | ListOf)))
            or self.recomputable(n, path, env, depth - 1)
            for n in self.values_read(stmt)
        )

    def values_read(self, stmt: Let) -> list[str]:
        """The names whose values an operation needs; of an array written in place, the shape
        alone is the same at any time.
        """
        written = self.arrays.storages.of
        shape = shape_operand(stmt) if written else None
        if shape is None or shape not in written:
            return stmt.reads
        return [n for n in stmt.reads if n != shape]

    def is_cheap(self, stmt: Let) -> bool:
        """Whether an operation costs no more than reading a tape."""
        return isinstance(stmt.op, Primitive) and (stmt.op.cheap or self._cheap_here(stmt))

    def trims(self, stmt: Let) -> bool:
        """Whether an operation only leaves out ends of an array: ``x[1:-1]``."""
        if not isinstance(stmt.op, Primitive) or stmt.op.name != "[]":
            return False
        whole = type_of(stmt.args[0], self.types)
        known = isinstance(whole, Array) and whole.dims is not None and whole.dtype is not None
        return known and all(
            isinstance(part, Slice)
            and part.step is None
            and (part.lower is None or _counts_from(part.lower, start=True))
            and (part.upper is None or _counts_from(part.upper, start=False))
            for part in parts_of(stmt.args[1])
        )

    def _cheap_here(self, stmt: Let) -> bool:
        """Arithmetic is as cheap as reading a tape; so is reading an element."""
        assert isinstance(stmt.op, Primitive)
        if self.trims(stmt):
            return True
        if stmt.op.name in ARITHMETIC or (stmt.op.name == "op.Pow" and stmt.args[1] == Const(2)):
            return True
        scalar = isinstance(self.types.get(stmt.target, ANY), Scalar)
        return scalar and (
            stmt.op.style in ("infix", "unary", "compare", "subscript") and stmt.op.text != "Pow"
        )

    def nest(
        self, name: str, definition: Definition, place: int
    ) -> tuple[int, tuple[For | While, ...]]:
        """The loops around a value that one tape can serve, outermost first: those whose inner
        trip counts are known before the outermost begins.
        """
        path = definition.path
        first = path[place][0]
        assert isinstance(first, For | While)
        loops: tuple[For | While, ...] = (first,)
        for outer in range(place - 1, -1, -1):
            stmt = path[outer][0]
            if isinstance(stmt, If):
                continue
            inner = [loop for loop in loops if isinstance(loop, For)]
            bounds = uses([b for loop in inner for b in loop.bounds])
            known = all(self.known_before(n, outer) for n in bounds)
            array = (
                isinstance(stmt, For)
                and self.storage_of(self.types.get(name, ANY), stmt, definition)[0] == "array"
            )
            if not isinstance(stmt, For) or len(inner) < len(loops) or not known or not array:
                break
            loops, place = (stmt, *loops), outer
        return place, loops

    def known_before(self, name: str, depth: int) -> bool:
        """Whether a bound has its value before a loop: it comes from outside, or is arithmetic with
        numbers from outside and with lengths of arrays that are only written to inside.
        """
        if len(self.definition_path(name)) <= depth:
            return True
        let = self.arrays.storages.regions.made.get(name)
        return (
            let is not None
            and isinstance(let.op, Primitive)
            and let.op.name in BOUNDS
            and all(self.known_before(n, depth) for n in self.values_read(let))
        )

    def place(
        self, tape: Tape, builder: Builder, env: dict[str, Operand], path: Path | None
    ) -> Operand:
        """The index of the current iteration on a tape."""
        parts = [self.position(loop, builder, env, path) for loop in (tape.loop, *tape.inner)]
        return parts[0] if len(parts) == 1 else Tuple(tuple(parts))

    def export(self, name: str, path: Path) -> str:
        """The name under which a value leaves the branches that it is defined in."""
        current = name
        for stmt, side in reversed(path):
            assert isinstance(stmt, If)
            merged = [
                p
                for p in (*stmt.phis, *self.plan.exports[stmt])
                if (p.first, p.second)[side] == Var(current)
                and p.target not in self.gaps
            ]
            if merged:  # it leaves the branch already
                current = merged[0].target
                continue
            target = self.builder.name(self.builder.bases.get(name))
            self.types[target] = self.types.get(name, ANY)
            absent = self.absent
            if absent is not UNDEFINED and isinstance(self.types[target], Scalar):
                absent = Const(0)  # fits in a tape of any dtype
            pair = (Var(current), absent) if side == 0 else (absent, Var(current))
            self.plan.exports[stmt].append(Phi(target, *pair))
            current = target
        return current

    def position(
        self, loop: For | While, builder: Builder, env: dict[str, Operand], path: Path | None
    ) -> Operand:
        """The number of the iteration, counted from 0, inside the loop; at ``path`` of the reverse
        sweep, or in the forward sweep, where every name is within reach.
        """
        if isinstance(loop, While):
            return Var(self.counter(loop))
        index: Operand = Var(loop.index)
        start, step = loop.start, loop.step
        if path is not None:
            self.fetch(uses((start, step)), path, env, builder)
        index, start, step = (substitute(o, env) for o in (index, start, step))
        if step == Const(-1):
            return builder.emit(primitive("op.Sub"), (start, index))
        if start != Const(0):
            index = builder.emit(primitive("op.Sub"), (index, start))
        if step != Const(1):
            index = builder.emit(primitive("op.FloorDiv"), (index, step))
        return index

    def counter(self, loop: While) -> str:
        if loop not in self.sweeps.counters:
            self.sweeps.counters[loop] = self.names.fresh("trips")
        return self.sweeps.counters[loop]

    def label_of(self, definition: Definition) -> str:
        """What a value is called that the user has no name for."""
        made = definition.stmt
        return label(made, self.builder.bases) if isinstance(made, Let) else "t"

    def can_be_kept(self, name: str, loop: Stmt, definition: Definition) -> bool:
        """Whether a list of the very arrays serves: there is one in each iteration of a loop that
        no other is around, and none is ever written to, and so copied.
        """
        if self.packed or not isinstance(self.types.get(name), Array):
            return False
        loops = [stmt for stmt, _ in definition.path if isinstance(stmt, For | While)]
        each = loops == [loop] and definition.path[-1][0] is loop
        return each and name not in self.overwritten and not self.keeping.is_written(name)

    def tape(self, name: str, loops: tuple[For | While, ...], definition: Definition) -> Tape:
        """The tape of a value in a nest of loops, made at its first request."""
        loop, inner = loops[0], tuple(s for s in loops[1:] if isinstance(s, For))
        key = (name, loop, definition.path)
        if key not in self.tape_of:
            base = self.builder.bases.get(name) or self.label_of(definition)
            t = self.types.get(name, ANY)
            kind, shape = self.storage_of(t, loop, definition)
            if kind == "array" and self.can_be_kept(name, loop, definition):
                kind, shape = "list", ()
            label = base if base.endswith("_tape") else f"{base}_tape"
            fresh = self.builder.name(label)
            tape = Tape(fresh, loop, inner, name, definition, kind, t, shape)
            self.types[tape.name] = tape_type(kind, t, tape.name, len(loops))
            self.tape_of[key] = tape
            self.plan.tapes[loop].append(tape)
        return self.tape_of[key]


def _counts_from(operand: Operand, *, start: bool) -> bool:
    """Whether a number counts from the start of an array, or from its end."""
    if not isinstance(operand, Const) or type(operand.value) is not int:
        return False
    return (operand.value >= 0) is start
