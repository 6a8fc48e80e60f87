"""Recording: how the forward sweep's values reach the reverse sweep.

A value still in scope is used as it is. One that a branch defined leaves the branch by a phi. One
that each iteration of a loop defines anew is computed again where that is cheap, and is otherwise
recorded on a tape: an array allocated before the loop and indexed by the iteration, or a list
where neither the shape nor the trip count is known.
"""

from __future__ import annotations

import operator
from dataclasses import replace

from adxform.analysis.storage import Storage
from adxform.core.builder import Builder
from adxform.core.ir import (
    UNDEFINED,
    Block,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    blocks_of,
    phis_of,
    reads_of,
    substitute,
    uses,
    walk,
)
from adxform.core.types import ANY, Scalar
from adxform.differentiate.common import copying, primitive
from adxform.differentiate.rebuild import Rebuild
from adxform.differentiate.recording import Recording
from adxform.differentiate.restoring import Decision, Read, is_marker, shape_operand
from adxform.differentiate.sweeps import Sweeps
from adxform.differentiate.tapes import Definition, Path

RECOMPUTE_DEPTH = 4


def link(
    sweeps: Sweeps, absent: Operand = UNDEFINED, *, tbr: bool = True, packed: bool = True
) -> tuple[Block, Block]:
    """The forward and the reverse sweep with every value of the one within reach of the other.

    ``absent`` stands for a branch's value where another branch is taken. Without ``tbr`` whatever
    the reverse sweep reads of a loop or a branch is recorded, however cheap it is to get otherwise.
    What loops record of arrays is ``packed`` in one where shapes allow, else a list keeps them.
    """
    return Link(sweeps, absent, tbr=tbr, packed=packed).run()


class Link(Recording):
    """Joins the sweeps: rewrites the reverse one, and has the forward one rebuilt."""

    def run(self) -> tuple[Block, Block]:
        self.wanted = self._mentioned(self.sweeps.reverse)
        if self.tbr:
            decision = Decision(
                self.sweeps, self.arrays.storages, self.reads_of, self.is_cheap, self.types
            )
            wanted = self.wanted - self._last_values()
            self.arrays.restore(decision.restored(wanted, RECOMPUTE_DEPTH))
        self.far = {n for n, definition in self.defined.items() if self.is_far(n, definition)}
        self.far.update(self.arrays.storages.of)
        backward = self.reverse_block(self.sweeps.reverse, (), {})
        forward = Rebuild(self).block(self.sweeps.forward)
        return forward, backward

    def _mentioned(self, block: Block) -> set[str]:
        found: set[str] = set()
        for stmt in walk(block):
            if type(stmt) is Let:  # as most are
                if not is_marker(stmt):
                    found.update(self.values_read(stmt))
                continue
            found.update(reads_of(stmt))
            for phi in phis_of(stmt):
                found.update(uses((phi.first, phi.second)))
        return found

    def _last_values(self) -> set[str]:
        """What loops carry and their mirrors do not ask for: it is asked for after the loop."""
        found: set[str] = set()
        for stmt in walk(self.sweeps.reverse):
            if isinstance(stmt, For) and stmt.mirror is not None:
                inside = self._mentioned(stmt.body).union(uses([p.second for p in stmt.phis]))
                found.update(p.target for p in phis_of(stmt.mirror) if p.target not in inside)
        return found

    # --- the reverse sweep --------------------------------------------------------------------

    def reverse_block(self, block: Block, path: Path, env: dict[str, Operand]) -> Block:
        """A block of the reverse sweep whose names are all within reach.

        ``path`` is the place in the forward sweep that it mirrors, ``env`` what names of the
        forward sweep are called here.
        """
        inner = Builder(self.names, self.types, self.builder.bases)
        for stmt in block:
            if is_marker(stmt):
                self.put_back(stmt, path, env, inner)
                continue
            inner.origin = stmt.origin
            if isinstance(stmt, Let):
                if not self.far.isdisjoint(stmt.reads):
                    self.fetch(sorted(set(self.values_read(stmt))), path, env, inner)
                    args = self.here(stmt, env)
                    if not all(map(operator.is_, args, stmt.args)):
                        stmt = Let(stmt.targets, stmt.op, args, stmt.origin)
                inner.append(stmt)
                continue
            needed = set(reads_of(stmt)) | {
                n for phi in phis_of(stmt) for n in _outer_reads(stmt, phi)
            }
            if isinstance(stmt, For):
                needed |= self.invariant(stmt, path)
            self.fetch(sorted(needed), path, env, inner)
            match stmt:
                case If():
                    inner.append(self.reverse_branch(stmt, path, env))
                case For():
                    inner.append(self.reverse_loop(stmt, path, env))
                case _:
                    inner.append(stmt)
        return inner.block

    def here(self, stmt: Let, env: dict[str, Operand]) -> tuple[Operand, ...]:
        """The operands of an operation as they are called at this point."""
        shape = shape_operand(stmt)
        array = None if shape is None else self.arrays.current(shape)
        known = env if array is None or shape is None else {**env, shape: array}
        return tuple(substitute(a, known) for a in stmt.args)

    def put_back(
        self, marker: Stmt, path: Path, env: dict[str, Operand], builder: Builder
    ) -> None:
        """Undo a write, if that was decided: the array is again what it was before."""
        assert isinstance(marker, Let) and isinstance(marker.args[0], Var)
        target, index = marker.args[0].name, marker.args[1]
        if target not in self.arrays.restored:
            return
        old = self.old_value(target)
        self.fetch([*uses((index,)), old], path, env, builder)
        array = self.arrays.current(target)
        assert array is not None
        builder.origin = None
        args = (array, substitute(index, env), substitute(Var(old), env))
        base = self.builder.bases.get(target)
        self.arrays.now[self.arrays.storages.of[target]] = builder.emit(
            primitive("keep"), args, base
        )
        self.arrays.undone.add(target)

    def old_value(self, target: str) -> str:
        """What a write overwrites, read right before it."""
        write = self.arrays.storages.regions.made[target]
        x, index, _ = write.args
        path = self.defined[target].path
        before = Builder(self.names, self.types, self.builder.bases)
        base = self.builder.bases.get(target)
        old = before.emit(primitive("[]"), (x, index), base)
        looped = any(isinstance(stmt, For | While) for stmt, _ in path)
        if not looped and not isinstance(self.types[old.name], Scalar):
            old = before.emit(copying(self.types[old.name]), (old,), base)
        lets = [stmt for stmt in before.stmts if isinstance(stmt, Let)]
        self.plan.before[write].extend(lets)
        self.defined.update((let.target, Definition(path, let)) for let in lets)
        self.overwritten[old.name] = target
        return old.name

    def invariant(self, loop: For, path: Path) -> set[str]:
        """What a reverse loop needs from outside the loop that it mirrors: fetched before it."""
        found = self._mentioned((loop,))
        return {
            n
            for n in found
            if n in self.defined
            and n not in self.gaps
            and not self.within_reach(self.visible(n, path))
            and len(self.visible(n, path).path) <= len(path)
            and all(around is not loop.mirror for around, _ in self.defined[n].path)
            and self.visible(n, path).path == path[: len(self.visible(n, path).path)]
        }

    def reverse_branch(self, stmt: If, path: Path, env: dict[str, Operand]) -> Stmt:
        sides, ends, before = [], [], self.arrays.now
        for place, block in enumerate(blocks_of(stmt)):
            side_env = dict(env)
            side_path = path if stmt.mirror is None else (*path, (stmt.mirror, place))
            phi_reads = {n for phi in stmt.phis for n in uses(((phi.first, phi.second)[place],))}
            self.arrays.now = dict(before)
            made = self._with_results(block, side_path, side_env, phi_reads)
            sides.append((made, side_env))
            ends.append(self.arrays.now)
        phis = tuple(
            Phi(p.target, substitute(p.first, sides[0][1]), substitute(p.second, sides[1][1]))
            for p in stmt.phis
        )
        self.arrays.now = dict(before)
        for storage in dict.fromkeys((*ends[0], *ends[1])):
            first, second = (end.get(storage) or self.arrays.last(storage) for end in ends)
            if first != second:
                merged = self.version(storage)
                phis = (*phis, Phi(merged.name, first, second))
                self.arrays.now[storage] = merged
        test = substitute(stmt.test, env)
        return replace(stmt, test=test, then=sides[0][0], orelse=sides[1][0], phis=phis)

    def version(self, storage: Storage) -> Var:
        """A new name for an array of the reverse sweep."""
        name = self.builder.name(self.builder.bases.get(storage.last))
        self.types[name] = self.types.get(storage.last, ANY)
        return Var(name)

    def _with_results(
        self, block: Block, path: Path, env: dict[str, Operand], results: set[str]
    ) -> Block:
        """A block, and the names that a phi takes from its end."""
        made = self.reverse_block(block, path, env)
        tail = Builder(self.names, self.types, self.builder.bases)
        self.fetch(sorted(results), path, env, tail)
        return (*made, *tail.block)

    def reverse_loop(self, stmt: For, path: Path, env: dict[str, Operand]) -> Stmt:
        carried = {phi.target for phi in phis_of(stmt.mirror)} if stmt.mirror else set()
        inner_env = {n: o for n, o in env.items() if n not in carried}  # outside: the last values
        inner_path = path
        if isinstance(stmt.mirror, For):
            inner_env[stmt.mirror.index] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 0))
        elif isinstance(stmt.mirror, While):
            inner_env[self.sweeps.counters[stmt.mirror]] = Var(stmt.index)
            inner_path = (*path, (stmt.mirror, 1))
        results = {n for phi in stmt.phis for n in uses((phi.second,))}
        changed = [] if stmt.mirror is None else self.arrays.written_in(stmt.mirror)
        before = {storage: self.arrays.current(storage.last) for storage in changed}
        headers = {storage: self.version(storage) for storage in changed}
        self.arrays.now.update(headers)
        if stmt.mirror is not None:
            self.arrays.enter(stmt.mirror)
        body = self._with_results(stmt.body, inner_path, inner_env, results)
        phis = tuple(
            Phi(p.target, substitute(p.first, env), substitute(p.second, inner_env))
            for p in stmt.phis
        )
        for storage, header in headers.items():
            first, second = before[storage], self.arrays.now[storage]
            assert first is not None
            phis = (*phis, Phi(header.name, first, second))
        self.arrays.now.update(headers)
        bounds = tuple(substitute(b, env) for b in stmt.bounds)
        return replace(stmt, bounds=bounds, phis=phis, body=body)

    # --- fetching one value -------------------------------------------------------------------

    def fetch(
        self, names: list[str], path: Path, env: dict[str, Operand], builder: Builder
    ) -> None:
        """Bring names of the forward sweep within reach, at the end of what is built so far; what
        one is computed again from comes before it.
        """
        origin = builder.origin
        work = [(name, origin) for name in reversed(names)]
        again: dict[str, Read | Let] = {}  # what waits for the names above it
        while work:
            name, builder.origin = work.pop()
            if name in again:
                builder.origin = None
                env[name] = self.computed(name, again.pop(name), env, builder)
            elif name not in env and name in self.defined:
                how = self.fetch_one(name, path, env, builder)
                if how is not None:
                    again[name] = how
                    work.append((name, None))
                    work.extend((source, None) for source in reversed(self.sources(how)))
        builder.origin = origin

    def fetch_one(
        self, name: str, path: Path, env: dict[str, Operand], builder: Builder
    ) -> Read | Let | None:
        """Bring a name within reach, or say what is to be computed again for it."""
        definition = self.where_read(name, path)
        if self.tbr and self.read_array(name, definition, path, env):
            return None
        if self.within_reach(definition) and not self.changes_later(name):
            return None
        if self.tbr and self.counts(name) and definition.stmt is None:
            loop = definition.path[-1][0]
            assert isinstance(loop, For | While)
            env[name] = substitute(self.position(loop, builder, env, path), env)
            return None
        how = self.cheap_again(name, definition, path, env) if self.tbr else None
        if how is None and self.within_reach(definition):
            env[name] = self.own_copy(name, definition)
        elif how is None:
            env[name] = self.transport(name, definition, path, env, builder)
        return how

    def cheap_again(
        self, name: str, definition: Definition, path: Path, env: dict[str, Operand]
    ) -> Read | Let | None:
        """The operation that gives a value again, in the reverse sweep, if that is cheap."""
        read = self.read_again(name, path, env, RECOMPUTE_DEPTH)
        if read is not None and read.index is not None:
            return read
        cheap, far = read is not None, not self.within_reach(definition)
        if far and (definition.stmt is not None or definition.path != path):
            cheap = cheap or self.recomputable(name, path, env, RECOMPUTE_DEPTH)
        if not cheap:
            return None
        stmt = self.visible(name, path).stmt
        assert isinstance(stmt, Let)
        return stmt

    def sources(self, how: Read | Let) -> list[str]:
        """What is read to compute a value again."""
        if isinstance(how, Let):
            return self.values_read(how)
        return [] if how.index is None else uses((how.index,))

    def computed(
        self, name: str, how: Read | Let, env: dict[str, Operand], builder: Builder
    ) -> Operand:
        """A cheap operation repeated in the reverse sweep."""
        base = self.builder.bases.get(name)
        if isinstance(how, Let):
            assert isinstance(how.op, Primitive)
            return builder.emit(how.op, self.here(how, env), base)
        array = self.arrays.current(how.array)
        assert array is not None and how.index is not None
        return builder.emit(primitive("[]"), (array, substitute(how.index, env)), base)

    def own_copy(self, name: str, definition: Definition) -> Operand:
        """A copy of a part of an array, made right after it is read."""
        if name not in self.copies:
            after = Builder(self.names, self.types, self.builder.bases)
            copy = after.emit(copying(self.types.get(name, ANY)), (Var(name),))
            assert definition.stmt is not None
            self.plan.after[definition.stmt].extend(after.stmts)
            self.copies[name] = copy
        return self.copies[name]

    def read_array(
        self, name: str, definition: Definition, path: Path, env: dict[str, Operand]
    ) -> bool:
        """Whether an array that is written in place is at this point what a name stands for."""
        storages = self.arrays.storages
        if name not in storages.of:
            return False
        place = storages.places[name]
        if isinstance(definition.stmt, For | While):  # a header, seen from after the loop
            place = storages.ends[definition.stmt]
        array = self.arrays.current(name)
        if array is None or not self.arrays.readable(
            Read(name, None, place, definition.path), path, view=True
        ):
            return False
        env[name] = array
        return True

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
        index = substitute(self.place(tape, builder, env, path), env)
        read = builder.emit(primitive("[]"), (source, index), self.builder.bases.get(name))
        builder.origin = origin
        self.types[read.name] = self.types.get(name, ANY)
        return read


def _outer_reads(stmt: Stmt, phi: Phi) -> list[str]:
    """What a phi reads outside the blocks of its statement."""
    return uses((phi.first,)) if isinstance(stmt, For | While) else []
