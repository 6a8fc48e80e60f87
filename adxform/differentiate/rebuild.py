"""The forward sweep with what the plan adds to it: tapes, trip counts and exports."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
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
    blocks_of,
    leaves,
    uses,
    walk,
)
from adxform.core.types import ANY, INT, Array, Scalar, Unknown
from adxform.differentiate.common import as_role, copying, primitive
from adxform.differentiate.recording import Recording
from adxform.differentiate.tapes import Like, Tape


class Rebuild:
    """The forward sweep with its tapes, trip counts and exports."""

    def __init__(self, link: Recording) -> None:
        self.link = link
        self.types = link.types
        self.names = link.names
        self.bases = link.builder.bases
        self.current: dict[Tape, str] = {}  # the tapes of the loops around, as they are called
        self.ending: dict[Stmt | None, list[Tape]] = {}  # tapes by what makes their values

    def block(self, block: Block) -> Block:
        builder = Builder(self.names, self.types, self.bases)
        for stmt in block:
            if type(stmt) is Let and not self.concerns(stmt):  # as most are
                builder.stmts.append(stmt)
                continue
            initial = _initial_values(stmt, builder)
            self.allocate(stmt, builder)
            builder.stmts.extend(initial)
            for let in self.link.plan.before.get(stmt, ()):
                builder.append(let)
                self.store_after(let, builder)
            builder.append(self.statement(stmt))
            self.store_after(stmt, builder)
            builder.stmts.extend(self.link.plan.after.get(stmt, ()))
        return builder.block

    def concerns(self, stmt: Let) -> bool:
        """Whether something is to be done at a statement."""
        plan, replaced = self.link.plan, self.link.sweeps.replaced
        return stmt in replaced or stmt in self.ending or stmt in plan.before or stmt in plan.after

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
            self.ending.setdefault(tape.definition.stmt, []).append(tape)

    def allocate_counted(self, tape: Tape, loop: For, name: str, builder: Builder) -> None:
        counts = [self.trips(each, loop, builder) for each in (loop, *tape.inner)]
        count = counts[0]
        if tape.kind == "list":
            builder.append(Let((name,), primitive("list_of"), (count,)))
            return
        dtype = tape.type.dtype if isinstance(tape.type, Scalar | Array) else None
        kind: Operand = Const(None if dtype == "float64" else dtype)
        if isinstance(tape.shape, Like):
            shape = self.like(tape.shape, Tuple(tuple(counts)), builder)
            if dtype is None:
                kind = builder.emit(primitive(".dtype"), (tape.shape.array,))
        else:
            whole = (*counts, *(self.extent(part, builder) for part in tape.shape))
            shape = Tuple(whole) if len(whole) > 1 else count
        builder.append(Let((name,), primitive("np.empty"), (shape, kind)))

    def like(self, part: Like, counts: Operand, builder: Builder) -> Operand:
        """The numbers of iterations, then the shape of a part: ``(n,) + x[1:].shape``."""
        source: Operand = part.array
        if part.index is not None:
            source = builder.emit(primitive("[]"), (source, part.index))
        shape: Operand = builder.emit(primitive(".shape"), (source,))
        if part.skipped:
            index = Slice(Const(part.skipped))
            shape = builder.emit(primitive("[]"), (shape, index))
        return builder.emit(primitive("op.Add"), (counts, shape))

    def extent(self, part: Operand, builder: Builder) -> Operand:
        if isinstance(part, Tuple):
            shape = builder.emit(primitive(".shape"), (part.items[0],))
            return builder.emit(primitive("[]"), (shape, part.items[1]))
        return part

    def trips(self, loop: For, outer: For, builder: Builder) -> Operand:
        """The number of a counted loop's iterations, as it is known before a loop around it."""
        bounds = tuple(self.before(b, outer, builder) for b in loop.bounds)
        if len(bounds) == 1 and self.is_count(loop.bounds[0]):
            return bounds[0]
        return builder.emit(primitive("trip_count"), (Tuple(bounds),))

    def before(self, operand: Operand, loop: For, builder: Builder) -> Operand:
        """A bound's value before a loop: what is computed inside is computed again."""
        if not isinstance(operand, Var) or not self.link.bound_in(operand.name, loop):
            return operand
        storages = self.link.arrays.storages
        if operand.name in storages.of:  # of which only the length is asked
            return next(
                p.first for p in loop.phis if storages.of.get(p.target) is storages.of[operand.name]
            )
        let = storages.regions.made[operand.name]
        assert isinstance(let.op, Primitive)
        return builder.emit(let.op, [self.before(a, loop, builder) for a in let.args])

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
        if stmt is None and definition.path:  # the index of a loop over range(n)
            loop = definition.path[-1][0]
            return isinstance(loop, For) and loop.index == bound.name and len(loop.bounds) == 1
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return False
        if stmt.op.name == "[]":
            return self.is_extent(stmt)
        if stmt.op.name == "min":
            return all(self.is_count(part) for arg in stmt.args for part in leaves(arg))
        return stmt.op.name in ("len", ".size")

    def is_extent(self, stmt: Let) -> bool:
        """Whether an element is one of a shape."""
        source = stmt.args[0]
        found = self.link.defined.get(source.name) if isinstance(source, Var) else None
        made = None if found is None else found.stmt
        return (
            isinstance(made, Let)
            and isinstance(made.op, Primitive)
            and made.op.name in (".shape", "np.shape")
        )

    def version(self, tape: Tape) -> str:
        name = (
            self.names.fresh(tape.name)
            if tape in self.current or tape.name in self.used
            else (tape.name)
        )
        self.bases[name] = self.bases[tape.name]
        self.types[name] = self.types[tape.name]
        return name

    @cached_property
    def used(self) -> set[str]:
        """Tapes whose own name is the value after the loop, which only the header binds."""
        return {tape.name for tapes in self.link.plan.tapes.values() for tape in tapes}

    def store(self, tape: Tape, builder: Builder) -> None:
        """Record the value in this iteration's place."""
        name = self.version(tape)
        position = self.link.place(tape, builder, {}, None)
        value = self.own(tape, builder)
        operation = "append" if tape.kind == "grow" and not self.in_branch(tape) else "update"
        if operation == "update" and tape.value in self.used:
            operation = "keep"
        builder.append(
            Let(
                (name,),
                primitive(operation),
                (Var(self.current[tape]), position, value),
            )
        )
        self.current[tape] = name

    def own(self, tape: Tape, builder: Builder) -> Operand:
        """The value to record: a list would keep the very array, so one that is written to later
        is copied.
        """
        value = Var(tape.value)
        if tape.kind == "array" or tape.value in self.used:
            return value
        written = (
            tape.value in self.link.overwritten
            or self.link.keeping.changes(tape.value, tape.definition)
        )
        if not written:
            return value
        if self.link.keeping.aliases.copied(tape.definition.stmt):
            return value
        known = self.types.get(tape.value, ANY)
        if not isinstance(known, Array | Unknown):
            return value
        return builder.emit(copying(known), (value,), None)

    def in_branch(self, tape: Tape) -> bool:
        """Whether only some iterations record a value; the others hold a place for it."""
        return tape.definition.path[-1][0] is not tape.loop

    def store_after(self, stmt: Stmt, builder: Builder) -> None:
        for tape in self.ending.get(stmt, ()):
            if tape in self.current:
                self.store(tape, builder)

    # --- structure ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> If:
        before = dict(self.current)
        ends = [self.link.plan.ends.get((stmt, side), ()) for side in (0, 1)]
        then = (*self.entered(stmt, 0), *self.block(stmt.then), *ends[0])
        after_then, self.current = self.current, dict(before)
        orelse = (*self.entered(stmt, 1), *self.block(stmt.orelse), *ends[1])
        after_else, self.current = self.current, dict(before)
        phis = [*stmt.phis, *self.link.plan.exports.get(stmt, ())]
        for tape, old in before.items():
            first, second = after_then[tape], after_else[tape]
            if first != old or second != old:
                self.current[tape] = self.version(tape)
                phis.append(Phi(self.current[tape], Var(first), Var(second)))
        return replace(stmt, then=then, orelse=orelse, phis=tuple(phis))

    def entered(self, branch: If, side: int) -> Block:
        """What one side of a branch records first: what has a value only where it is read."""
        builder = Builder(self.names, self.types, self.bases)
        for tape in list(self.current):
            definition = tape.definition
            if definition.stmt is None and definition.path[-1] == (branch, side):
                self.store(tape, builder)
        return builder.block

    def loop(self, stmt: For | While) -> Stmt:
        """A loop's headers carry its tapes, and those of the loops around it that it fills."""
        carried = {tape: name for tape, name in self.current.items() if self.fills(stmt, tape)}
        headers = {}
        for tape in carried:
            own = tape.loop is stmt
            headers[tape] = tape.name if own else self.version(tape)
            self.current[tape] = headers[tape]
        start = Builder(self.names, self.types, self.bases)
        self.at_start(stmt, start)
        blocks = [self.block(b) for b in blocks_of(stmt)]
        blocks[-1] = (*blocks[-1], *self.link.plan.ends.get((stmt, len(blocks) - 1), ()))
        phis = [*stmt.phis]
        body = self.counted(stmt, (*start.block, *blocks[-1]), phis)
        for tape, before in carried.items():
            phis.append(Phi(headers[tape], Var(before), Var(self.current[tape])))
            self.current[tape] = headers[tape]
        for tape in self.link.plan.tapes.get(stmt, ()):  # no other loop fills these
            del self.current[tape]
        if isinstance(stmt, For):
            return replace(stmt, phis=tuple(phis), body=body)
        return replace(stmt, phis=tuple(phis), head=blocks[0], body=body)

    def counted(self, loop: For | While, body: Block, phis: list[Phi]) -> Block:
        """A loop's body with the count of its trips, if the reverse sweep asks for it; before what
        may leave the loop early.
        """
        counter = self.link.sweeps.counters.get(loop)
        if counter is None:
            return body
        count = Builder(self.names, self.types, self.bases)
        if isinstance(loop, For) or loop.stop is None:  # elsewhere it is written with the phis
            count.origin = as_role(loop.origin, "tangent")
        after = count.emit(primitive("op.Add"), (Var(counter), Const(1)), self.bases.get(counter))
        self.types[after.name] = self.types[counter] = INT
        phis.append(Phi(counter, Const(0), after))
        return (*body, *count.block) if loop.stop is None else (*count.block, *body)

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


def _initial_values(stmt: Stmt, builder: Builder) -> list[Stmt]:
    """The constants given to variables right before a loop: its tapes are allocated above them."""
    taken: list[Stmt] = []
    if isinstance(stmt, For | While) and builder.stmts and _is_constant(builder.stmts[-1], []):
        bounds = [n for s in walk((stmt,)) if isinstance(s, For) for n in uses(s.bounds)]
        while builder.stmts and _is_constant(builder.stmts[-1], bounds):
            taken.insert(0, builder.stmts.pop())
    return taken


def _is_constant(stmt: Stmt, bounds: list[str]) -> bool:
    return (
        isinstance(stmt, Let)
        and isinstance(stmt.op, Primitive)
        and stmt.op.name == "copy"
        and isinstance(stmt.args[0], Const)
        and stmt.target not in bounds
    )
