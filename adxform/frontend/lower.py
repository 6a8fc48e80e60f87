"""SSA form in Python's own tree, read into Core: one operation per statement, names resolved."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from dataclasses import replace

from adxform.core.builder import Builder, Names
from adxform.core.ir import (
    UNDEFINED,
    UNKNOWN,
    Const,
    Effect,
    Function,
    Global,
    Let,
    Operand,
    Origin,
    Param,
    Tuple,
    Var,
    leaves,
)
from adxform.core.pause import collection_paused
from adxform.core.types import Object, Type
from adxform.core.verify import verify
from adxform.frontend.callables import Closure
from adxform.frontend.calls import is_docstring, outer_names
from adxform.frontend.certainty import is_array
from adxform.frontend.control import changed_lists, tested
from adxform.frontend.desugar import desugar
from adxform.frontend.disturbed import refuse_disturbed
from adxform.frontend.heap import cell_site, references, require_sayable, token_of
from adxform.frontend.hoist import types_bound
from adxform.frontend.imports import import_meaning
from adxform.frontend.iterators import kept_in
from adxform.frontend.joins import split_phis
from adxform.frontend.lifting import Captured, Inward
from adxform.frontend.memory import Memory, Remembering
from adxform.frontend.parameters import spread_parameters
from adxform.frontend.plain import Plain
from adxform.frontend.program import (
    MIXED,
    Program,
    refuse_collectors,
    refuse_generator,
    signature_of,
)
from adxform.frontend.returns import made_result
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import free_names, to_ssa
from adxform.frontend.telling import only_tells
from adxform.frontend.unused import drop_unused_functions, may_change_a_list
from adxform.rules.table import RULES


@collection_paused
def lower(
    source: SourceFunction,
    program: Program | None = None,
    types: dict[str, Type] | None = None,
) -> Function:
    """The Core of a function, for parameters of the types that are given.

    Raises
    ------
    UnsupportedError
        If it uses Python that is not supported, with the place.
    """
    program = program or Program()
    program.root = program.root or source
    refuse_generator(source)
    refuse_collectors(source, types or {})
    made = program.settled(source, lambda: _lowered(source, program, types or {}))
    if source is program.root:
        refuse_disturbed(source, program.scopes.values())
    return made


def _lowered(
    source: SourceFunction,
    program: Program,
    types: dict[str, Type],
    around: Callable[[Builder], Inward] | None = None,
    reads: Iterable[str] = (),
) -> Function:
    """The Core of a function; of one inside another with what it sees ``around`` it."""
    tree = desugar(
        source.node, source.text, source.scope,
        cells=cell_site(source) not in program.verbatim, contexts=program.contexts,
    )
    program.met.update(getattr(tree, "_grids", ()))
    builder = _beginning(program, outer_names(tree) - set(reads))
    heap = builder.memory.heap
    builder.names.reserve(p.name for p in signature_of(source))
    given, params, env = spread_parameters(source, builder, types)
    seen: dict[str, Operand] = {}
    if around is not None:
        inward = around(builder)
        seen = inward.seen()
        params[:] = [*(Param(p.name) for p in params), *inward.params]
        given += tuple((p, Var(p.name)) for p in inward.params)
        behind = inward.outer.operands.values()  # what functions that it calls see, too
        heap.lent.update(token_of(o) for held in behind for o in references(held))
    for operand in (*env.values(), *seen.values()):
        heap.add(operand)
    if program.open:  # the caller has them, and does not see what changes
        heap.lent.update(heap.now)
    for p in params:
        if is_array(builder.types[p.name]):  # of unknown rank, too: it is said to be an array
            builder.memory.arrays.add(builder.memory.add_root(Var(p.name), p.name))
        builder.memory.view(Var(p.name), builder)
    lowerer = Lowerer(source, builder, program, {**seen, **env})
    lowerer.captured = seen
    with program.opening(source):
        result = lowerer.function(tree)
    made = Function(
        source.name,
        tuple(params),
        drop_unused_functions(builder.block, result, builder.types),
        result,
        builder.bases,
        ast.get_docstring(source.node),
        Origin(source.name, source.text.location(source.node)),
        dict(program.spelled),
        given,
    )
    require_sayable(made, heap, whole=source is program.root)
    made = replace(made, doubts=tuple(dict.fromkeys(program.verbatim.values())))
    program.doubtful |= builder.memory.doubtful
    program.given = {p.name: builder.types[p.name] for p in params}
    program.results[id(made)] = made, [builder.type_of(leaf) for leaf in leaves(result)]
    return verify(made, f"lowering {source.name}")


def _beginning(program: Program, taken: set[str]) -> Remembering:
    """A builder that knows nothing yet, and gives out no name that is taken."""
    builder = Remembering(Names(taken))
    builder.memory = Memory()
    builder.memory.dispatching = program.dispatching
    builder.memory.heap.verbatim = program.verbatim
    return builder


class Lowerer(Plain):
    """Lowers one function's statements; ``env`` holds what is not a Core name: tuples, copies."""

    def lowered(self, function: SourceFunction, types: dict[str, Type]) -> Function:
        return lower(function, self.program, types)

    def lowered_inside(
        self, closure: Closure, types: dict[str, Type], captured: Captured
    ) -> Function:
        return _lowered(
            closure.source,
            self.program,
            types,
            lambda builder: Inward(closure, captured, builder),
            closure.reads,
        )

    def inside(self, function: SourceFunction, env: dict[str, Operand]) -> Lowerer:
        return Lowerer(function, self.builder, self.program, env)

    def function(self, tree: ast.FunctionDef) -> Operand:
        """Lower a desugared function's body and give its result."""
        self.program.lowerers.append(self)
        try:
            return self._body(tree)
        finally:  # what cannot be lowered may be done without
            self.program.lowerers.pop()

    def _body(self, tree: ast.FunctionDef) -> Operand:
        changed = changed_lists(tree)
        made = made_result(tree, self.source.node)
        body, bases = to_ssa(tree, self.builder.names)
        self.changed = {version for version, base in bases.items() if base in changed}
        result = str(self.result_name or "_")  # a version of a variable, or a variable
        result = self.builder.bases.get(result, result)
        called = {k: result if v == made else v for k, v in bases.items()}
        named = {k: v for k, v in called.items() if not v.startswith("_")}
        self.builder.bases.update(named)
        self.locals = set(bases)
        self.require_none_kept(self.program.told(kept_in, self.source.node))
        body = body[1:] if body and is_docstring(body[0]) else body
        if getattr(tree, "_entries", False):
            self.ask_for_grids(*body)
        end = next((i for i, s in enumerate(body) if isinstance(s, ast.Return)), len(body))
        with self.spots.entered(body[end:]):
            self.block(body[:end])
            for stmt in body[end : end + 1]:
                assert isinstance(stmt, ast.Return)
                self.builder.origin = stmt._origin  # type: ignore[attr-defined]
                self.seen = stmt._seen  # type: ignore[attr-defined]
                return self.returned(stmt)
        return Const(None)

    def returned(self, stmt: ast.Return) -> Operand:
        return Const(None) if stmt.value is None else self.checked(stmt.value, self.result_name)

    def block(self, body: list[ast.stmt]) -> None:
        with self.spots.entered(body):
            for place, stmt in enumerate(body):
                self.spots.at(place)
                self.seen = stmt._seen  # type: ignore[attr-defined]
                if isinstance(stmt, ast.If):
                    self.builder.origin = stmt._origin  # type: ignore[attr-defined]
                    self.branch(stmt, split_phis(body[place + 1 :])[0])
                else:
                    self.statement(stmt)
                self.seen = {}  # what is asked between statements may come after an assignment

    def statement(self, stmt: ast.stmt) -> None:
        self.builder.origin = stmt._origin  # type: ignore[attr-defined]
        match stmt:
            case ast.Assign() if hasattr(stmt, "_carried"):
                self.effect(stmt)
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call(ast.Name("__phi__"), sides)):
                first, second = (
                    ends.get(side.id, self.value(side.id))  # type: ignore[attr-defined]
                    for side, ends in zip(sides, self.sides, strict=True)
                )
                self.phi_after_branch(name, first, second)
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call(ast.Name("__update__"), args)):
                self.item_assignment(name, args)
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("__change__")) as call):
                self.change(name, call)
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("__store__"), args)):
                self.env[name] = UNDEFINED  # the statement gives no value
                self.store(args, stmt)
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("__nest__"), args)):
                if not self.nested_item_replaced(name, args):
                    self.store(args[1:], stmt)
                    self.env[name] = self.operand(args[0])
            case ast.Assign(targets=[ast.Name(name)]):
                self.assign(name, stmt.value)
            case ast.For():
                self.loop(stmt)
            case ast.While():
                self.while_loop(stmt)
            case ast.Pass():
                pass
            case ast.Import() | ast.ImportFrom():
                self.imported(stmt)
            case ast.FunctionDef():
                self.definition(stmt)
            case ast.Assign([ast.Attribute()]) | ast.AugAssign(ast.Attribute()) if (
                self.attribute_assigned(stmt._renamed)  # type: ignore[union-attr]
            ):
                pass
            case ast.Delete() if hasattr(stmt, "_renamed") and all(
                map(self.deleted, stmt._renamed.targets)
            ):
                pass
            case ast.Expr() if self.written_by(stmt._renamed):  # type: ignore[attr-defined]
                pass
            case _:
                self.effect(stmt)

    def assign(self, name: str, value: ast.expr) -> None:
        """``name = value``; a tuple is remembered item by item, anything else is a statement."""
        with self.builder.declaring(name) as base:
            result = self.assigned(name, value, base)
        result = self.kept_iterator(name, value, result)
        if isinstance(result, Tuple) or result is MIXED:
            self.env[name] = result
        elif self.memory.stale(result):
            self.env[name] = result  # read again, through the view that it is, when it is used
        elif not (isinstance(result, Var) and result.name == name):
            self._copy(name, result)

    def _copy(self, name: str, value: Operand) -> None:
        if name not in self.builder.bases:
            self.env[name] = value
            return
        primitive = RULES["copy"].primitive
        self.builder.append(Let((name,), primitive, (value,), self.builder.origin))
        self.builder.types[name] = self.builder.type_of(value)
        self.memory.made(name, primitive, (value,), self.builder)
        self.heap.same_list(name, value)

    def branch(self, stmt: ast.If, phis: list[tuple[str, str, str]]) -> None:
        origin = self.builder.origin
        self.taken = taken = self.truth(stmt.test)
        if taken is None:
            test = self.as_test(self.checked(tested(stmt.test), None), stmt.test)
            decided = self.known_value(test)  # by what the functions that the test calls give
            taken = decided if isinstance(decided, bool) else None
        if taken is not None:  # the signature decides: the other branch is no matter
            self.block(stmt.body if taken else stmt.orelse)
            self.taken, self.sides = taken, ({}, {})
            return
        with self.trying(getattr(stmt, "_attempt", None)):
            self.sides = self.branched(
                test,
                lambda: self._side(stmt.body, [first for _, first, _ in phis]),
                lambda: self._side(stmt.orelse, [second for _, _, second in phis]),
                origin,
            )

    def _side(self, body: list[ast.stmt], names: list[str]) -> dict[str, Operand]:
        """Lower a block, and give what variables are at its end."""
        self.block(body)
        return self.settled(names)

    def definition(self, stmt: ast.FunctionDef) -> None:
        """A function inside: known where it is called, and carried along for all else."""
        self.effect(stmt)
        if not stmt.decorator_list:
            version = stmt._writes[stmt.name]  # type: ignore[attr-defined]
            self.builder.types[version] = Object(self._closure(stmt, stmt.name))

    def effect(self, stmt: ast.stmt) -> None:
        reads: dict[str, str] = getattr(stmt, "_reads", {})
        writes: dict[str, str] = getattr(stmt, "_writes", {})
        if isinstance(stmt, ast.Global | ast.Nonlocal | ast.AsyncFor | ast.AsyncWith):
            raise self.unsupported(f"{type(stmt).__name__.lower()} is not supported", stmt)
        self.refuse_if_said(stmt)
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant):
            return
        harmless = self._harmless(stmt)
        stmt = self.said(stmt)
        reads = getattr(stmt, "_reads", {})
        operands = {name: self.used(version, stmt) for name, version in reads.items()}
        for name in free_names(stmt):  # the output has no names of another module
            if name not in reads and name not in writes and self._is_foreign_value(name):
                operands[name] = self.name(ast.copy_location(ast.Name(name, ast.Load()), stmt))
        self.note_context(stmt, operands)
        operands.update(self.seen_around(stmt, {*reads, *writes, *operands}))
        if not harmless:
            self.note_changes(stmt)
        lists = any(isinstance(o, Tuple) and o.may_grow for o in operands.values())
        if lists and not harmless and not isinstance(stmt, ast.FunctionDef):
            raise may_change_a_list(self.source.text.location(stmt))
        known = {writes[n]: t for n, t in types_bound(stmt, writes, self.resolve).items()}
        read, bound = tuple(operands.items()), tuple(writes.items())
        made = Effect(stmt, read, bound, harmless, self.builder.origin, tuple(known.items()),
                      self.note_assigned(stmt) if harmless else self.changes(stmt))
        self.builder.append(made)
        self.builder.types.update(known)

    def _is_foreign_value(self, name: str) -> bool:
        meaning = None if self.is_local(name) or name in vars(builtins) else self.lookup(name)
        return meaning is not None and meaning.value is not UNKNOWN and self.foreign(name)

    def _harmless(self, stmt: ast.stmt) -> bool:
        if isinstance(stmt, ast.Assert | ast.Raise) or hasattr(stmt, "_trial"):
            return True
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call):
            return only_tells(self, stmt.value)
        return False

    def imported(self, stmt: ast.Import | ast.ImportFrom) -> None:
        """An import inside a function: what it binds is known, as at the top of a file."""
        for name, version in stmt._writes.items():  # type: ignore[union-attr]
            try:
                found = import_meaning(stmt, name, self.source, self.program)
            except ImportError as error:
                raise self.unsupported(f"this import fails: {error}", stmt) from None
            self.imports[version] = replace(found, text=version)
            if found.value is not UNKNOWN:
                self.env[version] = Global(self._unique(found), found.value)
            elif found.dotted is not None:
                self.env[version] = Global(found.dotted, canonical=True)

    def rooted(self, node: ast.expr, name: str | None) -> Operand:
        """Lower the right side of an assignment, so that its last operation takes ``name``."""
        match node:
            case ast.Call(ast.Name("__augment__"), [change]):
                count = self.static(node)
                return Const(count) if type(count) is int else self.augment(change, name)
            case _:
                return self.operand(node, name)

    def store(self, args: list[ast.expr], stmt: ast.stmt) -> None:
        """``x.y[i] = v``, ``x[i][j] = v``: a write to an array that x holds, or a view."""
        target, index, value = args
        if not self.stored_in_object(target, index, value) and not self.item_store(*args):
            place = ast.Subscript(target, index, ast.Store())
            self.carried_along(ast.Assign([place], value), stmt)

    def change(self, name: str, call: ast.Call) -> None:
        """``x.append(v)``: a new list, or a call carried verbatim where x is no list of ours."""
        if self.changed_by(name, call):
            return
        held, method, *rest = call.args
        assert isinstance(method, ast.Constant) and isinstance(method.value, str)
        called = ast.Call(ast.Attribute(held, method.value, ast.Load()), rest, call.keywords)
        self.env[name] = self.operand(held)
        if method.value != "sort" or not self.written_by(called):
            self.carried_along(ast.Expr(called), call)

    def carried_along(self, stmt: ast.stmt, old: ast.AST) -> None:
        """A statement that stays as it is, its names being versions already."""
        ast.fix_missing_locations(ast.copy_location(stmt, old))
        stmt._reads = {n: n for n in free_names(stmt) if n in self.locals}  # type: ignore[attr-defined]
        self.effect(stmt)
