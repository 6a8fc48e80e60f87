"""Pushes, pops and calls by operations, with a state of the stacks before and another after each.

The state is what makes their order safe: no pass can drop or move one and leave the others.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Param,
    Phi,
    Slice,
    Stmt,
    Tuple,
    Var,
    While,
    binds_of,
    blocks_of,
    leaves,
    uses,
    walk,
)
from adxform.core.types import INT, Array, ListOf, Scalar, Type, rank
from adxform.differentiate.common import primitive
from adxform.differentiate.stacks import POP, PUSH, Unstackable, is_mark, stack_of
from adxform.differentiate.sweeps import Sweeps

NAMES = {"float64": ("stack", "top"), "int64": ("int_stack", "int_top")}

State = tuple[Operand, ...]


class States:
    """Rewrites blocks that use stacks of certain dtypes, as ``records`` and ``pulls`` do.

    A state of the forward sweep is the lists; one of the reverse sweep, which only reads these, is
    the lists and the numbers of items that have not been read yet.
    """

    def __init__(
        self,
        builder: Builder,
        dtypes: Sequence[str],
        records: Container[Callee],
        pulls: Container[Callee],
    ) -> None:
        self.builder = builder
        self.dtypes = tuple(dtypes)
        self.records = records
        self.pulls = pulls
        self.count = len(self.dtypes)

    def new(self, count: int) -> State:
        """Names for the first ``count`` parts of a state, as parameters or headers."""
        return tuple(Var(self.name(place)) for place in range(count))

    def name(self, place: int) -> str:
        dtype = self.dtypes[place % self.count]
        name = self.builder.name(NAMES[dtype][place // self.count])
        self.builder.types[name] = ListOf(Scalar(dtype, weak=True)) if place < self.count else INT
        return name

    def empty(self) -> State:
        """Stacks with nothing on them, made where the builder is."""
        zeros = (Const(0.0 if dtype == "float64" else 0) for dtype in self.dtypes)
        return tuple(self.emitted("empty_stack", (z,), place) for place, z in enumerate(zeros))

    def read(self, state: State) -> State:
        """The state in which the reverse sweep begins, from the last of the forward sweep."""
        tops = (self.emitted("len", (s,), self.count + i) for i, s in enumerate(state))
        return (*state, *tops)

    def as_array(self, place: int, stack: Operand) -> Operand:
        """A stack that nothing is put on any more."""
        base = NAMES[self.dtypes[place]][0]
        return self.builder.emit(primitive("np.array"), (stack, Const(None)), base)

    # --- blocks -------------------------------------------------------------------------------

    def block(self, block: Block, state: State) -> tuple[Block, State]:
        """A block from a state of the stacks, and the state at its end."""
        outer, self.builder = self.builder, self.builder.nested()
        self.builder.origin = None
        for stmt in self.pushing_early(block):
            if isinstance(stmt, Let):
                state = self.let(stmt, state)
            elif isinstance(stmt, If):
                state = self.branch(stmt, state)
            elif isinstance(stmt, For | While):
                state = self.loop(stmt, state)
            else:
                self.builder.append(stmt)
        made, self.builder = self.builder.block, outer
        return made, state

    def pushing_early(self, block: Block) -> Block:
        """A block that pushes its values as soon as all are there, after what others push."""
        push = next((stmt for stmt in block if isinstance(stmt, Let) and stmt.op is PUSH), None)
        if push is None:
            return block
        rest = [stmt for stmt in block if stmt is not push]
        needed = set(push.reads)
        places = (i for i, s in enumerate(rest) if self.touches(s) or needed & set(binds_of(s)))
        at = max(places, default=-1) + 1
        return (*rest[:at], push, *rest[at:])

    def touches(self, stmt: Stmt) -> set[int]:
        """The places of the state that a statement changes."""
        found: set[int] = set()
        for inner in walk((stmt,)):
            if not isinstance(inner, Let):
                continue
            if inner.op is PUSH:
                found |= {self.place_of(d) for n in uses(inner.args) for d in self.dtypes_of(n)}
            elif inner.op is POP:
                held = (d for name in inner.targets for d in self.dtypes_of(name))
                found |= {self.count + self.place_of(dtype) for dtype in held}
            elif self.calls(inner):
                found |= set(self.moved(inner))
        return found

    def calls(self, stmt: Let) -> bool:
        return stmt.op in self.records or stmt.op in self.pulls

    def moved(self, stmt: Let) -> range:
        """The places of the state that a call gives anew."""
        return range(self.count) if stmt.op in self.records else range(self.count, 2 * self.count)

    def dtypes_of(self, name: str) -> list[str]:
        """The dtypes of the stacks that a value goes on; with an array its extents are kept."""
        known = self.builder.types[name]
        own = [stack_of(known)]
        return [*own, "int64"] if _extents(known) else own

    def place_of(self, dtype: str) -> int:
        """The place of a stack in the state."""
        if dtype not in self.dtypes:
            raise Unstackable
        return self.dtypes.index(dtype)

    def let(self, stmt: Let, state: State) -> State:
        if stmt.op is PUSH:
            return self.push(uses(stmt.args), state)
        if stmt.op is POP:
            return self.pop(stmt.targets, state)
        if self.calls(stmt):
            return self.call(stmt, state)
        self.builder.append(stmt)
        return state

    def branch(self, stmt: If, state: State) -> State:
        sides = [self.block(block, state) for block in blocks_of(stmt)]
        phis = [*stmt.phis]
        after = list(state)
        for place, (first, second) in enumerate(zip(sides[0][1], sides[1][1], strict=True)):
            if first != second:
                name = self.name(place)
                phis.append(Phi(name, first, second))
                after[place] = Var(name)
        (then, _), (orelse, _) = sides
        self.builder.append(replace(stmt, then=then, orelse=orelse, phis=tuple(phis)))
        return tuple(after)

    def loop(self, stmt: For | While, state: State) -> State:
        if isinstance(stmt, While) and any(map(self.touches, stmt.head)):
            raise Unstackable
        headers = {place: self.name(place) for place in sorted(self.touches(stmt))}
        inside = tuple(Var(headers[i]) if i in headers else s for i, s in enumerate(state))
        body, after = self.block(stmt.body, inside)
        phis = (Phi(header, state[i], after[i]) for i, header in headers.items())
        self.builder.append(replace(stmt, phis=(*stmt.phis, *phis), body=body))
        return inside

    # --- statements ---------------------------------------------------------------------------

    def call(self, stmt: Let, state: State) -> State:
        """A call takes the state behind the arguments of the user's, in the place of its mark."""
        assert isinstance(stmt.op, Callee)
        at = next(i for i, arg in enumerate(stmt.args) if is_mark(arg))
        args = (*stmt.args[:at], *state, *stmt.args[at + 1 :])
        given = {place: self.name(place) for place in self.moved(stmt)}
        self.builder.append(Let((*stmt.targets, *given.values()), stmt.op, args, stmt.origin))
        return tuple(Var(given[i]) if i in given else s for i, s in enumerate(state))

    def push(self, names: Sequence[str], state: State) -> State:
        """The elements of an array come before its extents."""
        now, types = list(state), self.builder.types
        for name in names:
            dtype = stack_of(types[name])
            self.put(dtype, Var(name), now)
            for axis in _extents(types[name]):
                shape = self.builder.emit(primitive(".shape"), (Var(name),))
                self.put("int64", self.builder.emit(primitive("[]"), (shape, Const(axis))), now)
        return tuple(now)

    def put(self, dtype: str, value: Operand, state: list[Operand]) -> None:
        """An item, or those of an array, on a stack."""
        place, known = self.place_of(dtype), self.builder.type_of(value)
        if isinstance(known, Scalar):
            state[place] = self.emitted("append", (state[place], Const(None), value), place)
            return
        if rank(known) != 1:
            value = self.builder.emit(primitive("np.ravel"), (value, Const("C")))
        state[place] = self.emitted("extend", (state[place], Const(None), value), place)

    def pop(self, names: Sequence[str], state: State) -> State:
        """What was pushed last comes first; the numbers of a stack together, up to an array."""
        now, types = list(state), self.builder.types
        waiting: list[tuple[str, str]] = []  # numbers, the last one first
        for name in reversed(names):
            known = types[name]
            if isinstance(known, Scalar):
                waiting.append((name, stack_of(known)))
                continue
            extents = {axis: self.builder.name(None) for axis in _extents(known)}
            types.update(dict.fromkeys(extents.values(), INT))
            waiting += [(extents[axis], "int64") for axis in reversed(extents)]
            self.take_numbers(waiting, now)
            waiting = []
            self.take_array(name, extents, now)
        self.take_numbers(waiting, now)
        return tuple(now)

    def take_numbers(self, waiting: Sequence[tuple[str, str]], state: list[Operand]) -> None:
        for dtype in self.dtypes:
            names = [name for name, its in reversed(waiting) if its == dtype]
            if not names:
                continue
            place = self.place_of(dtype)
            self.take(place, Const(len(names)), state)
            for i, name in enumerate(names):
                self.item(name, state[place], state[self.count + place], i)

    def take(self, place: int, count: Operand, state: list[Operand]) -> None:
        top = self.count + place
        state[top] = self.emitted("op.Sub", (state[top], count), top)

    def item(self, name: str, stack: Operand, top: Operand, place: int) -> None:
        """One of the numbers that were pushed together."""
        index = self.builder.emit(primitive("op.Add"), (top, Const(place))) if place else top
        read: tuple[Operand, ...] = stack, index
        op = primitive("[]")
        if getattr(self.builder.types[name], "dtype", None) == "bool":
            read, op = (self.builder.emit(op, read), Const(0)), primitive("op.NotEq")
        self.builder.append(Let((name,), op, read))

    def take_array(
        self, name: str, extents: Mapping[int, str], state: list[Operand]
    ) -> None:
        known = self.builder.types[name]
        assert isinstance(known, Array) and known.dims is not None
        shape: list[Operand] = [
            Const(dim) if isinstance(dim, int) else Var(extents[axis])
            for axis, dim in enumerate(known.dims)
        ]
        size = reduce(lambda a, b: self.builder.emit(primitive("op.Mult"), (a, b)), shape)
        place = self.place_of(stack_of(known))
        end = state[self.count + place]
        self.take(place, size, state)
        part = Slice(state[self.count + place], end)
        items = self.builder.emit(primitive("[]"), (state[place], part))
        args: tuple[Operand, ...] = items, Const(None)
        if len(shape) == 1:
            self.builder.append(Let((name,), primitive("np.asarray"), args))
            return
        flat = self.builder.emit(primitive("np.asarray"), args)
        args = flat, Tuple(tuple(shape)), Const("C")
        self.builder.append(Let((name,), primitive("np.reshape"), args))

    def emitted(self, op: str, args: tuple[Operand, ...], place: int) -> Operand:
        name = self.name(place)
        self.builder.append(Let((name,), primitive(op), args))
        return Var(name)


def _extents(known: Type) -> list[int]:
    """The axes of an array whose lengths differ from call to call."""
    dims = known.dims or () if isinstance(known, Array) else ()
    return [axis for axis, dim in enumerate(dims) if not isinstance(dim, int)]


def joined(
    first: Block, second: Block, states: States, *, apart: bool
) -> tuple[Block, Block]:
    """Both sweeps of a function that makes the stacks of what it calls. Where they come to stand
    apart they are given to the second one as arrays.
    """
    check_order(first, second)
    if not any(map(states.touches, first)):
        return first, second
    outer, states.builder = states.builder, states.builder.nested()
    states.builder.origin = None
    empty, made = states.empty(), states.builder.block
    states.builder = outer
    first, state = states.block(first, empty)
    outer, states.builder = states.builder, states.builder.nested()
    if apart:
        state = tuple(states.as_array(place, stack) for place, stack in enumerate(state))
    last, states.builder = states.builder.block, outer.nested()
    state = states.read(state)
    begun, states.builder = states.builder.block, outer
    second, _ = states.block(second, state)
    return (*made, *first, *last), (*begun, *second)


def stacked_halves(
    function: Function, sweeps: Sweeps, first: Block, second: Block, states: States
) -> tuple[Function, Function]:
    """The sweeps apart, as functions that use their caller's stacks: one takes a state behind the
    parameters, and returns one behind its results; the other takes a state behind the parameters,
    then the cotangents, and returns the tops behind its own.
    """
    check_order(first, second)
    params = tuple(Param(p.name) for p in function.params)
    begin = states.new(states.count)
    first, state = states.block(first, begin)
    record = replace(
        function,
        params=(*params, *_as_params(begin)),
        body=first,
        result=Tuple((*leaves(function.result), *state)),
        bases=sweeps.builder.bases,
        owned=frozenset(uses(begin)),
    )
    begin = states.new(2 * states.count)
    second, state = states.block(second, begin)
    given = (*params, *_as_params(begin), *map(Param, (*sweeps.seeds, *sweeps.added)))
    pull = replace(
        function,
        params=given,
        body=second,
        result=Tuple((*sweeps.bars, *state[states.count :])),
        bases=sweeps.builder.bases,
        doc=None,
        cotangents=sweeps.builder.cotangents,
        owned=frozenset(sweeps.added),
    )
    return record, pull


def check_order(first: Block, second: Block) -> None:
    """Refuse sweeps of which the second does not go back the way of the first."""
    if _backward(_marks(first)) != _marks(second):
        raise Unstackable


Marks = tuple["str | tuple[Marks, ...]", ...]


def _marks(block: Block) -> Marks:
    """The marks in a block, those of inner blocks by themselves."""
    found: list[str | tuple[Marks, ...]] = []
    for stmt in block:
        if isinstance(stmt, Let):
            found += [str(a.value) for a in stmt.args if isinstance(a, Const) and is_mark(a)]
        elif any(inner := tuple(map(_marks, blocks_of(stmt)))):
            found.append(inner[1:] if isinstance(stmt, While) and not inner[0] else inner)
    return tuple(found)


def _backward(marks: Marks) -> Marks:
    return tuple(
        m if isinstance(m, str) else tuple(map(_backward, m)) for m in reversed(marks)
    )


def _as_params(state: State) -> list[Param]:
    return [Param(name) for name in uses(state)]
