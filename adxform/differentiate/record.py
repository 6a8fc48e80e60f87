"""Recording: how the forward sweep's values reach the reverse sweep.

A value still in scope is used as it is. One that a branch defined leaves the branch by a phi. One
that each iteration of a loop defines anew is computed again where that is cheap, and is otherwise
recorded on a tape: an array allocated before the loop and indexed by the iteration, or a list
where neither the shape nor the trip count is known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder, Names
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Const,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    reads_of,
    substitute,
    uses,
    walk,
)
from adxform.core.types import ANY, INT, Array, Dim, Scalar, Sym, Type
from adxform.differentiate.common import primitive
from adxform.differentiate.reverse import Sweeps

Path = tuple[tuple[Stmt, int], ...]  # the (branch or loop, block number) pairs around a statement
RECOMPUTE_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name is bound: in which blocks, and by which statement (None for a header)."""

    path: Path
    stmt: Stmt | None


@dataclass(eq=False, slots=True)
class Tape:
    """A value recorded in each iteration of a loop."""

    name: str
    loop: For | While
    inner: tuple[For, ...]
    value: str
    definition: Definition
    kind: str
    type: Type
    shape: tuple[Operand, ...] = ()


@dataclass(slots=True)
class Plan:
    """What is to be added to the forward sweep."""

    tapes: dict[Stmt, list[Tape]] = field(default_factory=lambda: defaultdict(list))
    exports: dict[Stmt, list[Phi]] = field(default_factory=lambda: defaultdict(list))


def link(sweeps: Sweeps, absent: Operand = UNDEFINED) -> tuple[Block, Block]:
    """The forward and the reverse sweep with every value of the one within reach of the other.

    ``absent`` stands for a branch's value where another branch is taken.
    """
    return _Link(sweeps, absent).run()


def definitions(block: Block, path: Path = ()) -> dict[str, Definition]:
    """Where each name of a block is bound; loop variables count as bound inside the loop."""
    found: dict[str, Definition] = {}
    for stmt in block:
        for place, inner in enumerate(blocks_of(stmt)):
            found.update(definitions(inner, (*path, (stmt, place))))
        body = len(blocks_of(stmt)) - 1
        for name in binds_of(stmt):
            if isinstance(stmt, For | While):
                found[name] = Definition((*path, (stmt, body)), None)
            else:
                found[name] = Definition(path, stmt)
    return found


class _Link:
    def __init__(self, sweeps: Sweeps, absent: Operand) -> None:
        self.sweeps = sweeps
        self.absent = absent
        self.builder = sweeps.builder
        self.types: Types = sweeps.builder.types
        self.names: Names = sweeps.builder.names
        self.defined = definitions(sweeps.forward)
        self._replaced_bindings()
        self.plan = Plan()
        self.tape_of: dict[tuple[str, Stmt], Tape] = {}
        self.wanted: set[str] = set()
        self.extents = self._find_extents()
        self.header_of = {
            phi.target: phi
            for stmt in walk(sweeps.forward)
            if isinstance(stmt, For | While)
            for phi in stmt.phis
        }

    def _replaced_bindings(self) -> None:
        """Names that are bound only by what replaces a statement, and trip counts."""
        for old, new in self.sweeps.replaced.items():
            for name in binds_of(new):
                self.defined.setdefault(name, Definition(self._path_of(old), old))
        for loop, name in self.sweeps.counters.items():
            outer = self._path_of(loop)
            self.defined[name] = Definition((*outer, (loop, 1)), None)

    def _path_of(self, stmt: Stmt) -> Path:
        return _find(self.sweeps.forward, stmt, ()) or ()

    def run(self) -> tuple[Block, Block]:
        self.wanted = self._mentioned(self.sweeps.reverse)
        backward = self.reverse_block(self.sweeps.reverse, (), {})
        forward = _Rebuild(self).block(self.sweeps.forward)
        return forward, backward

    def _mentioned(self, block: Block) -> set[str]:
        found: set[str] = set()
        for stmt in walk(block):
            found.update(reads_of(stmt))
            for phi in getattr(stmt, "phis", ()):
                found.update(uses((phi.first, phi.second)))
        return found

    # --- the reverse sweep --------------------------------------------------------------------

    def reverse_block(self, block: Block, path: Path, env: dict[str, Operand]) -> Block:
        """A block of the reverse sweep whose names are all within reach.

        ``path`` is the place in the forward sweep that it mirrors, ``env`` what names of the
        forward sweep are called here.
        """
        inner = Builder(self.names, self.types, self.builder.bases)
        for stmt in block:
            inner.origin = getattr(stmt, "origin", None)
            needed = {n for n in reads_of(stmt)} | {
                n for phi in getattr(stmt, "phis", ()) for n in _outer_reads(stmt, phi)
            }
            if isinstance(stmt, For):
                needed |= self.invariant(stmt, path)
            self.fetch(sorted(needed), path, env, inner)
            match stmt:
                case Let():
                    args = tuple(substitute(a, env) for a in stmt.args)
                    inner.append(replace(stmt, args=args))
                case If():
                    inner.append(self.reverse_branch(stmt, path, env))
                case For():
                    inner.append(self.reverse_loop(stmt, path, env))
                case _:
                    inner.append(stmt)
        return inner.block

    def invariant(self, loop: For, path: Path) -> set[str]:
        """What a reverse loop needs from outside the loop that it mirrors: fetched before it."""
        found = self._mentioned((loop,))
        return {
            n for n in found
            if n in self.defined and 0 < len(self.visible(n, path).path) <= len(path)
            and all(around is not loop.mirror for around, _ in self.defined[n].path)
            and self.visible(n, path).path == path[: len(self.visible(n, path).path)]
        }

    def reverse_branch(self, stmt: If, path: Path, env: dict[str, Operand]) -> Stmt:
        sides = []
        for place, block in enumerate(blocks_of(stmt)):
            side_env = dict(env)
            side_path = path if stmt.mirror is None else (*path, (stmt.mirror, place))
            phi_reads = {
                n for phi in stmt.phis for n in uses(((phi.first, phi.second)[place],))
            }
            made = self._with_results(block, side_path, side_env, phi_reads)
            sides.append((made, side_env))
        phis = tuple(
            Phi(p.target, substitute(p.first, sides[0][1]), substitute(p.second, sides[1][1]))
            for p in stmt.phis
        )
        test = substitute(stmt.test, env)
        return replace(stmt, test=test, then=sides[0][0], orelse=sides[1][0], phis=phis)

    def _with_results(
        self, block: Block, path: Path, env: dict[str, Operand], results: set[str]
    ) -> Block:
        """A block, and the names that a phi takes from its end."""
        made = self.reverse_block(block, path, env)
        tail = Builder(self.names, self.types, self.builder.bases)
        self.fetch(sorted(results), path, env, tail)
        return (*made, *tail.block)

    def reverse_loop(self, stmt: For, path: Path, env: dict[str, Operand]) -> Stmt:
        inner_env = dict(env)
        inner_path = path
        if isinstance(stmt.mirror, For):
            inner_env[stmt.mirror.index] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 0))
        elif isinstance(stmt.mirror, While):
            inner_env[self.sweeps.counters[stmt.mirror]] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 1))
        results = {n for phi in stmt.phis for n in uses((phi.second,))}
        body = self._with_results(stmt.body, inner_path, inner_env, results)
        phis = tuple(
            Phi(p.target, substitute(p.first, env), substitute(p.second, inner_env))
            for p in stmt.phis
        )
        bounds = tuple(substitute(b, env) for b in stmt.bounds)
        return replace(stmt, bounds=bounds, phis=phis, body=body)

    # --- fetching one value -------------------------------------------------------------------

    def fetch(
        self, names: list[str], path: Path, env: dict[str, Operand], builder: Builder
    ) -> None:
        """Bring names of the forward sweep within reach, at the end of what is built so far."""
        for name in names:
            if name in env or name not in self.defined:
                continue
            definition = self.visible(name, path)
            if not definition.path:
                continue
            if self.counts(name) and definition.stmt is None:
                loop = definition.path[-1][0]
                assert isinstance(loop, For | While)
                env[name] = substitute(self.position(loop, builder, env), env)
                continue
            if self.recomputable(name, path, env, RECOMPUTE_DEPTH):
                self.recompute(name, path, env, builder)
            else:
                env[name] = self.transport(name, definition, path, env, builder)

    def counts(self, name: str) -> bool:
        """Whether a loop's header counts its iterations: from 0, by 1."""
        phi = self.header_of.get(name)
        if phi is None or phi.first != Const(0) or not isinstance(phi.second, Var):
            return False
        made = self.defined.get(phi.second.name)
        let = None if made is None else made.stmt
        return (
            isinstance(let, Let)
            and isinstance(let.op, Primitive)
            and let.op.text == "Add"
            and let.args == (Var(name), Const(1))
        )

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

    def recomputable(self, name: str, path: Path, env: dict[str, Operand], depth: int) -> bool:
        if name in env or name not in self.defined:
            return True
        definition = self.visible(name, path)
        if not definition.path:
            return True
        stmt = definition.stmt
        if depth == 0 or not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        if not (stmt.op.cheap or self._cheap_here(stmt)):
            return False
        return all(
            n in self.wanted or self.recomputable(n, path, env, depth - 1) for n in uses(stmt.args)
        )

    def _cheap_here(self, stmt: Let) -> bool:
        """Arithmetic on numbers is as cheap as reading a tape; so is reading an element."""
        assert isinstance(stmt.op, Primitive)
        scalar = isinstance(self.types.get(stmt.target, ANY), Scalar)
        return scalar and (
            stmt.op.style in ("infix", "unary", "compare", "subscript") and stmt.op.text != "Pow"
        )

    def recompute(self, name: str, path: Path, env: dict[str, Operand], builder: Builder) -> None:
        """Repeat a cheap operation, and what it reads, in the reverse sweep."""
        stmt = self.visible(name, path).stmt
        assert isinstance(stmt, Let) and isinstance(stmt.op, Primitive)
        self.fetch(uses(stmt.args), path, env, builder)
        base = self.builder.bases.get(name)
        origin, builder.origin = builder.origin, None
        env[name] = builder.emit(stmt.op, [substitute(a, env) for a in stmt.args], base)
        builder.origin = origin

    def transport(
        self,
        name: str,
        definition: Definition,
        path: Path,
        env: dict[str, Operand],
        builder: Builder,
    ) -> Operand:
        """Record a value in the loop around it, or let it leave the branches around it."""
        place = max(
            (i for i, (s, _) in enumerate(definition.path) if isinstance(s, For | While)),
            default=None,
        )
        if place is None:
            return Var(self.export(name, definition.path))
        place, loops = self.nest(name, definition, place)
        tape = self.tape(name, loops, definition)
        outer = Definition(definition.path[:place], loops[0])
        source: Operand = Var(tape.name)
        if outer.path:
            self.defined.setdefault(tape.name, outer)
            self.fetch([tape.name], path, env, builder)
            source = env.get(tape.name, source)
        origin, builder.origin = builder.origin, None
        index = substitute(self.place(tape, builder, env), env)
        read = builder.emit(primitive("[]"), (source, index), self.builder.bases.get(name))
        builder.origin = origin
        self.types[read.name] = self.types.get(name, ANY)
        return read

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
            known = all(len(self.definition_path(n)) <= outer for n in bounds)
            array = isinstance(stmt, For) and self._storage(
                self.types.get(name, ANY), stmt, definition)[0] == "array"
            if not isinstance(stmt, For) or len(inner) < len(loops) or not known or not array:
                break
            loops, place = (stmt, *loops), outer
        return place, loops

    def definition_path(self, name: str) -> Path:
        return self.defined[name].path if name in self.defined else ()

    def place(self, tape: Tape, builder: Builder, env: dict[str, Operand]) -> Operand:
        """The index of the current iteration on a tape."""
        parts = [self.position(loop, builder, env) for loop in (tape.loop, *tape.inner)]
        return parts[0] if len(parts) == 1 else Tuple(tuple(parts))

    def export(self, name: str, path: Path) -> str:
        """The name under which a value leaves the branches that it is defined in."""
        current = name
        for stmt, side in reversed(path):
            assert isinstance(stmt, If)
            target = self.builder.name(self.builder.bases.get(name))
            self.types[target] = self.types.get(name, ANY)
            absent = self.absent
            if absent is not UNDEFINED and isinstance(self.types[target], Scalar):
                absent = Const(0)  # fits in a tape of any dtype
            pair = (Var(current), absent) if side == 0 else (absent, Var(current))
            self.plan.exports[stmt].append(Phi(target, *pair))
            current = target
        return current

    def position(self, loop: For | While, builder: Builder, env: dict[str, Operand]) -> Operand:
        """The number of the iteration, counted from 0, inside the loop."""
        if isinstance(loop, While):
            return Var(self.counter(loop))
        index: Operand = Var(loop.index)
        start = loop.bounds[0] if len(loop.bounds) > 1 else Const(0)
        step = loop.bounds[2] if len(loop.bounds) > 2 else Const(1)
        self.fetch(uses((start, step)), (), env, builder)
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

    def tape(
        self, name: str, loops: tuple[For | While, ...], definition: Definition
    ) -> Tape:
        """The tape of a value in a nest of loops, made at its first request."""
        loop, inner = loops[0], tuple(s for s in loops[1:] if isinstance(s, For))
        key = (name, loop)
        if key not in self.tape_of:
            base = self.builder.bases.get(name, "t")
            t = self.types.get(name, ANY)
            kind, shape = self._storage(t, loop, definition)
            label = base if base.endswith("_tape") else f"{base}_tape"
            fresh = self.builder.name(label)
            tape = Tape(fresh, loop, inner, name, definition, kind, t, shape)
            self.types[tape.name] = _tape_type(kind, t, tape.name, len(loops))
            self.tape_of[key] = tape
            self.plan.tapes[loop].append(tape)
        return self.tape_of[key]

    def _storage(
        self, t: Type, loop: For | While, definition: Definition
    ) -> tuple[str, tuple[Operand, ...]]:
        """An array where the shape of a value is known before the loop, else a list."""
        if isinstance(loop, While):
            return "grow", ()
        if isinstance(t, Scalar):
            return "array", ()
        if isinstance(t, Array) and t.dtype is not None and t.dims is not None:
            shape = [self._extent(dim) for dim in t.dims]
            if all(part is not None for part in shape):
                return "array", tuple(part for part in shape if part is not None)
        return "list", ()

    def _extent(self, dim: Dim) -> Operand | None:
        """A dimension as an operand: a number, or a parameter's ``shape[axis]``."""
        if isinstance(dim, int):
            return Const(dim)
        return self.extents.get(dim)

    def _find_extents(self) -> dict[Sym, Operand]:
        """Where dimensions can be read: integers and shapes among the parameters."""
        found: dict[Sym, Operand] = {}
        for name in self.sweeps.params:
            t = self.types.get(name, ANY)
            if isinstance(t, Scalar) and isinstance(t.value, Sym):
                found.setdefault(t.value, Var(name))
            if isinstance(t, Array) and t.dims is not None:
                for axis, dim in enumerate(t.dims):
                    if isinstance(dim, Sym):
                        found.setdefault(dim, Tuple((Var(name), Const(axis))))
        return found


def _tape_type(kind: str, t: Type, name: str, loops: int) -> Type:
    trips = tuple(Sym(f"len{axis}({name})") for axis in range(loops))
    if kind == "array" and isinstance(t, Scalar):
        return Array(t.dtype, trips)
    if kind == "array" and isinstance(t, Array) and t.dims is not None:
        return Array(t.dtype, (*trips, *t.dims))
    return ANY


def _outer_reads(stmt: Stmt, phi: Phi) -> list[str]:
    """What a phi reads outside the blocks of its statement."""
    return uses((phi.first,)) if isinstance(stmt, For | While) else []


def _find(block: Block, wanted: Stmt, path: Path) -> Path | None:
    for stmt in block:
        if stmt is wanted:
            return path
        for place, inner in enumerate(blocks_of(stmt)):
            found = _find(inner, wanted, (*path, (stmt, place)))
            if found is not None:
                return found
    return None


class _Rebuild:
    """The forward sweep with its tapes, trip counts and exports."""

    def __init__(self, link: _Link) -> None:
        self.link = link
        self.types = link.types
        self.names = link.names
        self.bases = link.builder.bases
        self.current: dict[Tape, str] = {}

    def block(self, block: Block) -> Block:
        builder = Builder(self.names, self.types, self.bases)
        for stmt in block:
            self.allocate(stmt, builder)
            builder.append(self.statement(stmt))
            self.store_after(stmt, builder)
        return builder.block

    def statement(self, stmt: Stmt) -> Stmt:
        match stmt:
            case If():
                return self.branch(stmt)
            case For() | While():
                return self.loop(stmt)
            case _:
                return self.link.sweeps.replaced.get(stmt, stmt)

    # --- tapes --------------------------------------------------------------------------------

    def allocate(self, loop: Stmt, builder: Builder) -> None:
        """The tapes of a loop, empty, before it."""
        if not isinstance(loop, For | While):
            return
        for tape in self.link.plan.tapes.get(loop, ()):
            name = self.version(tape)
            if tape.kind == "grow":
                builder.append(Let((name,), primitive("empty_list"), ()))
            else:
                assert isinstance(loop, For)
                self.allocate_counted(tape, loop, name, builder)
            self.current[tape] = name

    def allocate_counted(self, tape: Tape, loop: For, name: str, builder: Builder) -> None:
        counts = [self.trips(each, builder) for each in (loop, *tape.inner)]
        count = counts[0]
        if tape.kind == "list":
            builder.append(Let((name,), primitive("list_of"), (count,)))
            return
        extents = [self.extent(part, builder) for part in tape.shape]
        whole = (*counts, *extents)
        shape: Operand = Tuple(whole) if len(whole) > 1 else count
        dtype = tape.type.dtype if isinstance(tape.type, Scalar | Array) else None
        args = (shape, Const(None) if dtype == "float64" else Const(dtype))
        builder.append(Let((name,), primitive("np.empty"), args))

    def extent(self, part: Operand, builder: Builder) -> Operand:
        if isinstance(part, Tuple):
            shape = builder.emit(primitive(".shape"), (part.items[0],))
            return builder.emit(primitive("[]"), (shape, part.items[1]))
        return part

    def trips(self, loop: For, builder: Builder) -> Operand:
        """The number of a counted loop's iterations."""
        if len(loop.bounds) == 1 and self.is_count(loop.bounds[0]):
            return loop.bounds[0]
        return builder.emit(primitive("trip_count"), (Tuple(loop.bounds),))

    def is_count(self, bound: Operand) -> bool:
        """Whether a bound is no arithmetic: a parameter, a length or an extent."""
        if isinstance(bound, Const):
            return bool(bound.value >= 0)
        if not isinstance(bound, Var):
            return True
        definition = self.link.defined.get(bound.name)
        stmt = None if definition is None else definition.stmt
        if definition is None or self.link.counts(bound.name):
            return True
        if isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and stmt.op.name == "copy":
            return self.is_count(stmt.args[0])
        return isinstance(stmt, Let) and isinstance(stmt.op, Primitive) and (
            stmt.op.name in ("len", "[]", ".size", "min")
        )

    def version(self, tape: Tape) -> str:
        name = self.names.fresh(tape.name) if tape in self.current or tape.name in self.used else (
            tape.name)
        self.bases[name] = self.bases[tape.name]
        self.types[name] = self.types[tape.name]
        return name

    @property
    def used(self) -> set[str]:
        """Tapes whose own name is the value after the loop, which only the header binds."""
        return {tape.name for tapes in self.link.plan.tapes.values() for tape in tapes}

    def store(self, tape: Tape, builder: Builder) -> None:
        """Record the value in this iteration's place."""
        name = self.version(tape)
        position = self.link.place(tape, builder, {})
        operation = "append" if tape.kind == "grow" and not self.in_branch(tape) else "update"
        if operation == "update" and tape.value in self.used:
            operation = "keep"
        builder.append(
            Let(
                (name,),
                primitive(operation),
                (Var(self.current[tape]), position, Var(tape.value)),
            )
        )
        self.current[tape] = name

    def in_branch(self, tape: Tape) -> bool:
        """Whether only some iterations record a value; the others hold a place for it."""
        return tape.definition.path[-1][0] is not tape.loop

    def store_after(self, stmt: Stmt, builder: Builder) -> None:
        for tape in list(self.current):
            if tape.definition.stmt is stmt:
                self.store(tape, builder)

    # --- structure ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> If:
        before = dict(self.current)
        then = self.block(stmt.then)
        after_then, self.current = self.current, dict(before)
        orelse = self.block(stmt.orelse)
        after_else, self.current = self.current, dict(before)
        phis = [*stmt.phis, *self.link.plan.exports.get(stmt, ())]
        for tape, old in before.items():
            first, second = after_then[tape], after_else[tape]
            if first != old or second != old:
                self.current[tape] = self.version(tape)
                phis.append(Phi(self.current[tape], Var(first), Var(second)))
        return replace(stmt, then=then, orelse=orelse, phis=tuple(phis))

    def loop(self, stmt: For | While) -> Stmt:
        """A loop's headers carry its tapes, and those of the loops around it that it fills."""
        carried = {tape: name for tape, name in self.current.items() if self.fills(stmt, tape)}
        headers = {}
        for tape in carried:
            own = tape.loop is stmt
            headers[tape] = tape.name if own else self.version(tape)
            self.current[tape] = headers[tape]
        counter = self.link.sweeps.counters.get(stmt)
        start = Builder(self.names, self.types, self.bases)
        self.at_start(stmt, start)
        blocks = [self.block(b) for b in blocks_of(stmt)]
        body = (*start.block, *blocks[-1])
        phis = [*stmt.phis]
        for tape, before in carried.items():
            phis.append(Phi(headers[tape], Var(before), Var(self.current[tape])))
            self.current[tape] = headers[tape]
        if isinstance(stmt, For):
            return replace(stmt, phis=tuple(phis), body=body)
        if counter is not None:
            end = Builder(self.names, self.types, self.bases)
            after = end.emit(
                primitive("op.Add"), (Var(counter), Const(1)), self.bases.get(counter)
            )
            self.types[after.name] = self.types[counter] = INT
            phis.append(Phi(counter, Const(0), after))
            body = (*body, *end.block)
        return replace(stmt, phis=tuple(phis), head=blocks[0], body=body)

    def fills(self, loop: Stmt, tape: Tape) -> bool:
        return tape.loop is loop or any(s is loop for s, _ in tape.definition.path)

    def at_start(self, loop: Stmt, builder: Builder) -> None:
        """What is recorded before an iteration begins: the values that the header carries."""
        for tape in self.link.plan.tapes.get(loop, ()):
            if tape.kind == "grow" and self.in_branch(tape):
                name = self.version(tape)
                args = (Var(self.current[tape]), Var(self.link.counter(tape.loop)), Const(0.0))  # type: ignore[arg-type]
                builder.append(Let((name,), primitive("append"), args))
                self.current[tape] = name
        for tape in list(self.current):
            path = tape.definition.path
            if tape.definition.stmt is None and path[-1][0] is loop:
                self.store(tape, builder)


__all__ = ["definitions", "link", "names_in"]
