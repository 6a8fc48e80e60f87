"""Core as a tree of Python: statements, expressions, comments that quote the primal line."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cached_property

from adxform.analysis.aliasing import (
    IN_PLACE,
    REPLACING,
    Aliases,
    fresh_names,
    names_in_lists,
    shallow_names,
)
from adxform.analysis.liveness import Liveness, liveness
from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.index import index
from adxform.core.ir import (
    UNDEFINED,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Origin,
    Primitive,
    Stmt,
    Var,
    While,
)
from adxform.core.trees import copied, names
from adxform.core.types import Scalar, Taped, rank
from adxform.differentiate.common import outside_names
from adxform.emit.contexts import with_statements
from adxform.emit.expressions import Spelling, Substitution, load
from adxform.emit.iterations import Move, negated
from adxform.emit.markers import without_markers
from adxform.emit.naming import Naming
from adxform.emit.nesting import Nested, nest, use_counts, written_out
from adxform.emit.printer import comment
from adxform.emit.scheduling import schedule
from adxform.emit.temporaries import name_temporaries
from adxform.emit.writes import Writes, is_name
from adxform.optimize.copies import copy_before_loops


def to_python(
    function: Function, types: Types, *, reserved: set[str] | None = None
) -> ast.FunctionDef:
    """A function of Core as a Python definition."""
    return writer_of(function, types, reserved=reserved).definition()


def writer_of(function: Function, types: Types, *, reserved: set[str] | None = None) -> Writer:
    """What writes a function of Core, with the names that it gives to variables."""
    function = copy_before_loops(without_markers(function, types), types)
    aliases = Aliases(function.body, types)
    nested = nest(function, aliases)
    function = schedule(function, nested, aliases)
    bases = name_temporaries(function, nested)
    params = [p.name for p in function.params]
    fresh = fresh_names(function, types)
    live = liveness(
        params,
        function.body,
        function.result,
        expand=lambda names: written_out(names, nested),
        skip=nested.__contains__,
        owned=fresh.__contains__,
        alike=lambda one, other: bases.get(one) == bases.get(other),
        aliases=aliases,
    )
    taken = (reserved or set()) | outside_names(function)
    naming = Naming(params, function.body, live, bases, taken)
    held = names_in_lists(function.body, aliases)
    return Writer(function, types, nested, naming.variable, live, fresh, held)


class Writer(Writes):
    """Writes statements; ``variable`` is what each name is called."""

    def __init__(
        self,
        function: Function,
        types: Types,
        nested: Nested,
        variable: dict[str, str],
        live: Liveness,
        fresh: set[str],
        held: set[str],
    ) -> None:
        super().__init__(nested, variable, Spelling(function.spellings))
        self.function = function
        self.types = types
        self.live = live
        self.fresh = fresh
        self.held = held
        writes = index(function.body).of(*REPLACING)
        copying = {stmt for stmt in writes if self.begins_with_copy(stmt)}
        self.shallow = shallow_names(function, types, copying)
        self.quoted: Origin | None = None

    @cached_property
    def counts(self) -> Counter[str]:  # type: ignore[override]
        return use_counts(self.function)

    def definition(self) -> ast.FunctionDef:
        body = with_statements(self.block(self.function.body))
        body.append(ast.Return(self.operand(self.function.result)))
        if self.function.doc:
            body.insert(0, ast.Expr(ast.Constant(self.function.doc)))
        return ast.FunctionDef(self.function.name, self.arguments(), body, [], None, None, lineno=1)

    def arguments(self) -> ast.arguments:
        params = self.function.params
        positional = [p for p in params if not p.keyword_only]
        keyword = [p for p in params if p.keyword_only]
        return ast.arguments(
            [],
            [ast.arg(self.variable[p.name]) for p in positional],
            None,
            [ast.arg(self.variable[p.name]) for p in keyword],
            [None if p.default is None else self.operand(p.default) for p in keyword],
            None,
            [self.operand(p.default) for p in positional if p.default is not None],
        )

    # --- statements ---------------------------------------------------------------------------

    def block(self, block: Block) -> list[ast.stmt]:
        """The statements of a block; the first of each group of adjoints quotes its line."""
        result: list[ast.stmt] = []
        before, self.quoted = self.quoted, None
        place = 0
        while place < len(block):
            stmt = block[place]
            unpacked = self.unpacking(block, place)
            if unpacked is not None:
                made, length = [unpacked[0]], unpacked[1]
            else:
                made, length = self.statement(stmt), 1
            self.quote(stmt, made)
            result.extend(made)
            place += length
        self.quoted = before
        return result

    def quote(self, stmt: Stmt, made: list[ast.stmt]) -> None:
        if not made or (type(stmt) is not Let and not isinstance(stmt, For)):
            return
        origin = stmt.origin
        if origin is None or origin is self.quoted:
            return
        if isinstance(stmt, For) and stmt.mirror is not None:
            return
        if origin.role == "adjoint" and origin != self.quoted:
            comment(made[0], origin.text)
        self.quoted = origin

    def statement(self, stmt: Stmt) -> list[ast.stmt]:
        if isinstance(stmt, Let):
            nested = stmt.target in self.nested and len(stmt.targets) == 1
            return [] if nested else self.let(stmt)
        match stmt:
            case If():
                return self.branch(stmt)
            case For():
                return self.loop(stmt)
            case While():
                return self.while_loop(stmt)
            case Effect():
                return self.effect(stmt)

    def let(self, stmt: Let) -> list[ast.stmt]:
        if isinstance(stmt.op, Primitive) and stmt.op.name in IN_PLACE:
            return self.write(stmt, stmt.op)
        value = self.operation(stmt)
        if len(stmt.targets) > 1:
            targets: list[ast.expr] = [self.store(t) for t in stmt.targets]
            return [ast.Assign([ast.Tuple(targets, ast.Store())], value, lineno=1)]
        augmented = self.augmented(stmt, value)
        if augmented is not None:
            return [augmented]
        if isinstance(value, ast.Name) and value.id == self.variable[stmt.target]:
            return []
        return [ast.Assign([self.store(stmt.target)], value, lineno=1)]

    def unpacking(self, block: Block, place: int) -> tuple[ast.stmt, int] | None:
        """``n = x.shape[0]; d = x.shape[1]``, unpacked by the user, as ``n, d = x.shape``; and how
        many statements of the block that is. So is all that a tape holds.
        """
        first = block[place]
        if type(first) is not Let or type(first.op) is not Primitive or first.op.name != "[]":
            return None  # as most are not
        tape = self.taped(block, place)
        if tape:
            held: list[ast.expr] = [self.store(let.target) for let in tape]
            whole = self.operand(tape[0].args[0])
            return ast.Assign([ast.Tuple(held, ast.Store())], whole, lineno=1), len(tape)
        found: list[str] = []
        source: Let | None = None
        length = 0
        for at in range(place, len(block)):
            stmt = block[at]
            if isinstance(stmt, Let) and stmt.target in self.nested and found:
                continue
            query = self._element(stmt, len(found))
            if query is None or (source is not None and query.args != source.args):
                break
            assert isinstance(stmt, Let)
            if source is not None and stmt.origin != source.origin:
                break
            source = query
            found.append(stmt.target)
            length = at + 1 - place
        if source is None or len(found) < 2:
            return None
        if rank(type_of(source.args[0], self.types)) not in (None, len(found)):
            return None
        targets: list[ast.expr] = [self.store(name) for name in found]
        value = self.operation(source)
        return ast.Assign([ast.Tuple(targets, ast.Store())], value, lineno=1), length

    def taped(self, block: Block, place: int) -> list[Let]:
        """The statements that take all that a tape holds out of it, one by one."""
        first = block[place]
        source = first.args[0] if isinstance(first, Let) and first.args else None
        known = self.types.get(source.name) if isinstance(source, Var) else None
        if not isinstance(known, Taped) or len(known.items) < 2:
            return []
        found = [s for s in block[place : place + len(known.items)] if isinstance(s, Let)]
        whole = [s.args for s in found] == [(source, Const(i)) for i in range(len(known.items))]
        return found if whole and not any(s.target in self.nested for s in found) else []

    def _element(self, stmt: Stmt, place: int) -> Let | None:
        """The shape query whose element number ``place`` a statement takes."""
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive):
            return None
        if stmt.op.name != "[]" or stmt.args[1] != Const(place) or stmt.target in self.nested:
            return None
        query = self.nested.get(stmt.args[0].name) if isinstance(stmt.args[0], Var) else None
        if query is None or not isinstance(query.op, Primitive) or query.op.name != ".shape":
            return None
        return query

    # --- structure ----------------------------------------------------------------------------

    def branch(self, stmt: If) -> list[ast.stmt]:
        then = self.block(stmt.then) + self.copies([(p.target, p.first) for p in stmt.phis])
        orelse = self.block(stmt.orelse) + self.copies([(p.target, p.second) for p in stmt.phis])
        test = self.operand(stmt.test)
        if not then and orelse:
            then, orelse, test = orelse, [], negated(test)
        return [ast.If(test, then or [ast.Pass()], orelse)]

    def loop(self, stmt: For) -> list[ast.stmt]:
        before = self.copies([(p.target, p.first) for p in stmt.phis])
        body = self.iteration(stmt)
        bounds = [self.operand(b) for b in stmt.bounds]
        iterable: ast.expr = ast.Call(load("prange" if stmt.parallel else "range"), bounds, [])
        if stmt.reverse:
            iterable = ast.Call(load("reversed"), [iterable], [])
        target = self.store(stmt.index)
        return [*before, ast.For(target, iterable, body or [ast.Pass()], [], lineno=1)]

    def while_loop(self, stmt: While) -> list[ast.stmt]:
        before = self.copies([(p.target, p.first) for p in stmt.phis])
        head = self.block(stmt.head)
        body = self.iteration(stmt)
        test = self.operand(stmt.test)
        if not head:
            return [*before, ast.While(test, body or [ast.Pass()], [])]
        stop = ast.If(negated(test), [ast.Break()], [])
        return [*before, ast.While(ast.Constant(True), [*head, stop, *body], [])]

    def copies(self, pairs: list[Move]) -> list[ast.stmt]:
        """What phis need where their variables differ: all read before any is written."""
        moves = [
            (self.variable[target], self.operand(source))
            for target, source in pairs
            if source != UNDEFINED and target in self.variable
        ]
        moves = [(name, value) for name, value in moves if not is_name(value, name)]
        written = {name for name, _ in moves}
        clash = any(not written.isdisjoint({*names(value)} - {name}) for name, value in moves)
        if clash:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name, _ in moves]
            whole = ast.Tuple([value for _, value in moves], ast.Load())
            return [ast.Assign([ast.Tuple(targets, ast.Store())], whole, lineno=1)]
        numbers = {
            self.variable.get(target)
            for target, _ in pairs
            if isinstance(self.types.get(target), Scalar)
        }
        return [_move(name, value, name in numbers) for name, value in moves]

    def effect(self, stmt: Effect) -> list[ast.stmt]:
        reads = {name: self.operand(operand) for name, operand in stmt.reads}
        writes = {name: self.variable.get(new, name) for name, new in stmt.writes}
        before: list[ast.stmt] = [
            ast.Assign([ast.Name(writes[n], ast.Store())], reads[n], lineno=1)
            for n in writes
            if n in reads and not is_name(reads[n], writes[n])
        ]
        reads.update({n: load(new) for n, new in writes.items()})
        tree = Substitution(reads, writes).visit(copied(stmt.tree))
        return [*before, tree]


def _move(name: str, value: ast.expr, number: bool) -> ast.stmt:
    """``name = value``; ``name += v`` for what counts, or adds up numbers."""
    match value:
        case ast.BinOp(ast.Name(own), ast.Add() as op, added) if own == name and (
            number or (isinstance(added, ast.Constant) and isinstance(added.value, int))
        ):
            return ast.AugAssign(ast.Name(name, ast.Store()), op, added)
        case _:
            return ast.Assign([ast.Name(name, ast.Store())], value, lineno=1)
