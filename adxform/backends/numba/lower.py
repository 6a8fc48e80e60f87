"""Core as Numba compiles it: array operations as loop nests, where types say enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from adxform.analysis.aliasing import Aliases
from adxform.analysis.disjoint import Disjoint
from adxform.analysis.types import Types
from adxform.backends.numba.adding import added_in_place
from adxform.backends.numba.ascending import with_ascending_loops
from adxform.backends.numba.checks import with_checks_first
from adxform.backends.numba.elements import Gathered, Pointwise, Reduced, part_written, place_read
from adxform.backends.numba.exact import Exact
from adxform.backends.numba.fusing import fused
from adxform.backends.numba.held import with_elements_held
from adxform.backends.numba.large import Large
from adxform.backends.numba.masks import Masks
from adxform.backends.numba.nests import Nests
from adxform.backends.numba.parallel import NAMES, in_parallel
from adxform.backends.numba.plan import SHAPES, Plan, Planner, adds, merged, read_within
from adxform.backends.numba.respell import Respell
from adxform.backends.numba.rows import Rows
from adxform.backends.numba.shapes import Shapes
from adxform.backends.numba.sums import with_free_sums, with_sums_apart
from adxform.backends.numba.texts import with_texts_refused
from adxform.backends.numba.tiling import tiled
from adxform.backends.numba.vectors import IN_VECTORS, calls_library
from adxform.core.builder import Builder, Names, all_names
from adxform.core.ir import (
    Block,
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Tuple,
    Var,
    While,
    names_in,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import Array, ListOf, Scalar
from adxform.core.verify import verify
from adxform.differentiate.common import outside_names
from adxform.emit.module import Part
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.dead_zeros import margins
from adxform.optimize.walk import Rewriter
from adxform.rules.table import RULES

OVERWRITING = frozenset({"op.Add", "op.Sub", "op.Mult", "op.Div", "accumulate", "accumulate_at"})


def lowered(
    function: Function, types: Types, *, parallel: bool = False, fuse: bool = True
) -> Part:
    """A function as Numba takes it, in several threads where loops can be ``parallel``; its loops
    become one where they can, with ``fuse``.
    """
    names = Names({*all_names(function), *outside_names(function), *function.cotangents})
    types = dict(types)
    bases = dict(function.bases)
    exact = Exact(Builder(names, types, bases), Large(function.body, types))
    exact.block(function.body)
    masks = Masks(Builder(names, types, bases))
    masks.block(exact.builder.block)
    respell = Respell(Builder(names, types, bases), _items(function, types))
    respell.block(masks.builder.block)
    body = with_texts_refused(respell.builder.block, Builder(names, types, bases))
    result = exact.sub(function.result)
    body = added_in_place(body, Builder(names, types, bases), result)
    aliases = Aliases(body, types)
    rows = Rows(body, result, types, aliases)
    counts = read_counts(body, result)
    walk = Lowering(Builder(names, types, bases), Planner(types, aliases), rows, counts)
    body = walk.lower(body, set(names_in(result)))
    result = walk.sub(result)
    body = with_checks_first(replace(function, body=body), Builder(names, types, bases))
    if fuse:
        body, result = fused(body, Builder(names, types, bases), result)
    if fuse:
        body = tiled(body, Builder(names, types, bases), result)
    if not parallel:  # threads add up whole arrays in parts
        held = replace(function, body=body)
        body = with_elements_held(held, Builder(names, types, bases))
    body = with_free_sums(body, Builder(names, types, bases))
    body = with_ascending_loops(body, Builder(names, types, bases))
    body = with_sums_apart(body, Builder(names, types, bases))
    body = eliminate_dead_code(body, (result,))
    if parallel and NAMES.isdisjoint(bases.values()):
        body = in_parallel(body, Builder(names, types, bases))
    made = replace(function, body=body, bases=bases, result=result)
    return verify(made, f"loop nests of {function.name}"), types


def _items(function: Function, types: Types) -> Types:
    """What the items of each list are, once it is filled."""
    aliases = Aliases(function.body, types)
    held = {
        aliases.container(name): known.item
        for name, known in types.items()
        if isinstance(known, ListOf) and known.item is not None
    }
    lists = (s.target for s in walk(function.body) if isinstance(s, Let) and s.targets)
    return {n: held[aliases.container(n)] for n in lists if aliases.container(n) in held}


class Lowering(Rewriter):
    """Rewrites each block with its loop nests."""

    def __init__(
        self, builder: Builder, planner: Planner, rows: Rows, counts: Counter[str]
    ) -> None:
        super().__init__(builder)
        self.planner = planner
        self.rows = rows
        self.disjoint = Disjoint(planner.aliases)
        self.plan = Plan()
        self.in_rows: dict[str, Let] = {}  # what is computed where it is stored
        self.stored: set[Let] = set()  # the statements that store it
        self.nests: Nests
        self.counts = counts  # how often names are read
        self.zeros: dict[Let, tuple[Let, list[Operand]]] = {}  # written over, but for these parts
        self.among = False  # whether a block has loop nests of which others can be part
        self.shapes: Shapes
        self.leaving: set[str] = set()
        self.headed: tuple[Block, set[str]] = (), set()  # a loop's head, and what its body reads

    def lower(self, block: Block, leaving: set[str]) -> Block:
        """A block, of whose names those of ``leaving`` are read after it."""
        kept = self.builder, self.plan, getattr(self, "nests", None), getattr(self, "shapes", None)
        outer, among, zeros = self.in_rows, self.among, self.zeros
        self.builder = self.builder.nested()
        self.plan = self.planner.plan(block, leaving)
        self.in_rows = self.rows.find(block, self.plan)
        self.stored.update(self.in_rows.values())
        self.zeros = margins(block, self.builder.types, self.counts, "np.zeros", "np.zeros_like")
        self.shapes = Shapes(self.builder, self.plan, self.sub)
        self.nests = Nests(self.builder, self.plan, self.shapes)
        self.among = bool(self.plan.lazy)
        for stmt in block:
            self.statement(stmt)
        made = self.builder.block
        self.builder, self.plan, self.nests, self.shapes = kept  # type: ignore[assignment]
        self.in_rows, self.among, self.zeros = outer, among, zeros
        return made

    def let(self, stmt: Let) -> None:
        if stmt.target in self.plan.lazy:
            return
        if isinstance(stmt.op, Primitive) and stmt.op.name == "[]":
            whole, place = stmt.args
            if isinstance(whole, Tuple) and isinstance(place, Const):  # of a shape
                self.env[stmt.target] = whole.items[place.value]
                return
        if stmt in self.stored:
            return
        element = self.plan.elements.get(stmt.target)
        lazy = [n for n in stmt.reads if n in self.plan.lazy]
        if isinstance(stmt.op, Primitive) and stmt.op.name in SHAPES and lazy:
            self.env[stmt.target] = self._shape(stmt.op.name, lazy[0])
        elif stmt.target in self.in_rows:
            self._in_row(stmt, self.in_rows[stmt.target])
        elif stmt in self.zeros:
            self._zeros(stmt, lazy)
        elif lazy and (read := place_read(stmt, self.builder.types)):
            self.nests.element(stmt, *read)
        elif self._puts(stmt, lazy):
            self.nests.put(stmt)
        elif element is None or not (lazy or self._worth(stmt)):
            self.builder.append(self._apart(stmt))
        elif isinstance(element, Reduced) and isinstance(self.builder.types[stmt.target], Scalar):
            self.nests.number(stmt)
        elif adds(stmt) and not set(uses(stmt.args[:1])) & self.plan.lazy:
            self.nests.add(stmt)
            self.shapes.stored.add(stmt.target)
        else:
            self.nests.store(stmt)
            self.shapes.stored.add(stmt.target)

    def _zeros(self, stmt: Let, lazy: list[str]) -> None:
        """Zeros that are written over next, but for some parts."""
        over, parts = self.zeros[stmt]
        known = self.builder.types[stmt.target]
        if lazy:
            sizes = self.shapes.sizes(stmt.target)
            array = self.nests.allocated("np.empty", sizes, known, over)
        else:
            how = stmt.op.name.replace("zeros", "empty")  # type: ignore[union-attr]
            array = Var(self.nests.name_like(over))
            self.builder.types[array.name] = known
            self.builder.append(Let((array.name,), RULES[how].primitive, stmt.args, stmt.origin))
        base, update = self.builder.bases[over.target], RULES["update"].primitive
        for part in parts:
            array = self.builder.emit(update, (array, part, Const(0.0)), base)
        self.env[stmt.target] = array

    def _apart(self, stmt: Let) -> Let:
        """A statement that may be written over its first operand, with copies of what else is in
        that memory: Numba reads and writes element by element, and does not ask.
        """
        op = stmt.op
        if not isinstance(op, Primitive) or not (op.augments or op.name in OVERWRITING):
            return stmt
        first, *others = stmt.args
        types = self.builder.types
        if not isinstance(first, Var) or not isinstance(types.get(first.name), Array):
            return stmt
        for place, other in enumerate(others):
            if not isinstance(other, Var) or not isinstance(types.get(other.name), Array):
                continue
            moved = other != first or op.name == "accumulate_at"  # to other places
            if moved and self.disjoint.share(first.name, other.name):
                others[place] = self.builder.emit(RULES["np.copy"].primitive, (other,))
        return replace(stmt, args=(first, *others))

    def _in_row(self, stmt: Let, stored: Let) -> None:
        """An array is computed where it is stored, and read from there."""
        stored = self.substituted(stored)
        self.plan.lazy.add(stmt.target)
        self.nests.put(stored)
        self.plan.lazy.remove(stmt.target)
        self.shapes.stored.add(stmt.target)
        read = Var(stored.target), stored.args[1]
        self.builder.append(Let((stmt.target,), RULES["[]"].primitive, read, stmt.origin))

    def _puts(self, stmt: Let, lazy: list[str]) -> bool:
        """Whether a statement writes to a part of an array what is no part of it."""
        value = part_written(stmt, self.builder.types)
        if value is None or lazy:
            return value is not None
        aliases = self.planner.aliases
        return aliases.of(value.name) not in map(aliases.of, uses(stmt.args[:1]))

    def _shape(self, how: str, name: str) -> Operand:
        """What is asked of the shape of an array that is never stored."""
        sizes = self.shapes.sizes(name)
        match how.removeprefix("np.").removeprefix("."):
            case "shape":
                return Tuple(sizes)
            case "len":
                return sizes[0]
            case "ndim":
                return Const(len(sizes))
            case _:
                return self.shapes.product(sizes)

    def _worth(self, stmt: Let) -> bool:
        """Whether a loop nest is better than what Numba makes of an operation on arrays that are
        stored.
        """
        element = self.plan.elements[stmt.target]
        if isinstance(element, Pointwise):
            inline = not calls_library(stmt)
            return inline and (self.among or element.op.name.removeprefix("np.") in IN_VECTORS)
        return isinstance(element, Reduced | Gathered)

    # --- blocks within ------------------------------------------------------------------------

    def within(self, block: Block) -> Block:
        head, later = self.headed
        return self.lower(block, self.leaving | later if block is head else self.leaving)

    def branch(self, stmt: If) -> None:
        with self.left_by(stmt):
            super().branch(stmt)

    def loop(self, stmt: For | While) -> None:
        with self.left_by(stmt):
            super().loop(stmt)

    @contextmanager
    def left_by(self, stmt: If | For | While) -> Iterator[None]:
        """The blocks of a statement, of whose names some are read after them."""
        outer, self.leaving = self.leaving, merged(stmt) | set(tests_of(stmt))
        if isinstance(stmt, While):
            within = (read_within(inner) | set(reads_of(inner)) for inner in stmt.body)
            self.headed = stmt.head, set().union(*within)
        yield
        self.leaving = outer
