"""SSA form in Python's own tree, read into Core: one operation per statement, names resolved."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.builder import Builder, Names
from adxform.core.ir import (
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Operand,
    Origin,
    Param,
    Tuple,
    Var,
    While,
)
from adxform.core.pause import collection_paused
from adxform.core.types import ANY, Object, Type
from adxform.core.verify import verify
from adxform.frontend.assignments import AUGMENT, UPDATE
from adxform.frontend.calls import is_docstring, outer_names
from adxform.frontend.desugar import desugar
from adxform.frontend.exits import ending
from adxform.frontend.joins import split_phis
from adxform.frontend.parameters import spread
from adxform.frontend.program import MIXED, Program, refuse_collectors, signature_of
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import to_ssa
from adxform.frontend.unroll import Unrolled
from adxform.frontend.unused import drop_unused_functions
from adxform.rules.table import RULES

HARMLESS_CALLS = frozenset({"print", "warnings.warn", "len", "isinstance"})


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
    refuse_collectors(source, types or {})
    return program.settled(lambda: _lowered(source, program, types or {}))


def _lowered(source: SourceFunction, program: Program, types: dict[str, Type]) -> Function:
    tree = desugar(source.node, source.text)
    builder = Builder(Names(outer_names(tree)))
    builder.names.reserve(p.name for p in signature_of(source))
    given, params, env = _parameters(source, builder, types)
    lowerer = Lowerer(source, builder, program, env)
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
    return verify(made, f"lowering {source.name}")


def _parameters(
    source: SourceFunction, builder: Builder, types: dict[str, Type]
) -> tuple[tuple[tuple[Param, Operand], ...], list[Param], dict[str, Operand]]:
    """The user's parameters with their structures, Core's, and what containers stand for."""
    given: list[tuple[Param, Operand]] = []
    params: list[Param] = []
    env: dict[str, Operand] = {}
    for p in signature_of(source):
        before = len(params)
        shape = spread(p.name, types.get(p.name, ANY), builder, params)
        given.append((p, shape))
        if isinstance(shape, Tuple):
            env[p.name] = shape
        else:
            params[before:] = [p]
    return tuple(given), params, env


def _changed_lists(tree: ast.FunctionDef) -> set[str]:
    """The variables whose methods may change them: a list that is one is no tuple of values."""
    return {
        node.func.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name) and node.func.attr in _CHANGING
    }


_CHANGING = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "__setitem__"}
)


class Lowerer(Unrolled):
    """Lowers one function's statements; ``env`` holds what is not a Core name: tuples, copies."""

    def lowered(self, function: SourceFunction, types: dict[str, Type]) -> Function:
        return lower(function, self.program, types)

    def inside(self, function: SourceFunction, env: dict[str, Operand]) -> Lowerer:
        return Lowerer(function, self.builder, self.program, env)

    def function(self, tree: ast.FunctionDef) -> Operand:
        """Lower a desugared function's body and give its result."""
        changed = _changed_lists(tree)
        body, bases = to_ssa(tree, self.builder.names)
        self.changed = {version for version, base in bases.items() if base in changed}
        self.builder.bases.update({k: v for k, v in bases.items() if not v.startswith("_")})
        self.locals = set(bases)
        self._local_imports(body)
        result: Operand = Const(None)
        for place, stmt in enumerate(body):
            if isinstance(stmt, ast.Return):
                self.builder.origin = stmt._origin  # type: ignore[attr-defined]
                result = self.returned(stmt)
                break
            if place == 0 and is_docstring(stmt):
                continue
            self.statement(stmt)
        return result

    def returned(self, stmt: ast.Return) -> Operand:
        return Const(None) if stmt.value is None else self.checked(stmt.value, self.result_name)

    def block(self, body: list[ast.stmt]) -> None:
        for stmt in body:
            self.statement(stmt)

    def statement(self, stmt: ast.stmt) -> None:
        self.builder.origin = stmt._origin  # type: ignore[attr-defined]
        match stmt:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Call(ast.Name("__phi__"), sides)):
                first, second = (self.value(side.id) for side in sides)  # type: ignore[attr-defined]
                self.phi_after_branch(name, first, second)
            case ast.Assign(targets=[ast.Name(name)]):
                self.assign(name, stmt.value)
            case ast.If():
                self.branch(stmt)
            case ast.For():
                self.loop(stmt)
            case ast.While():
                self.while_loop(stmt)
            case ast.Pass() | ast.Import() | ast.ImportFrom():
                pass
            case ast.FunctionDef():
                self.definition(stmt)
            case _:
                self.effect(stmt)

    def assign(self, name: str, value: ast.expr) -> None:
        """``name = value``; a tuple is remembered item by item, anything else is a statement."""
        self.builder.declared.add(name)
        listed = isinstance(value, ast.List) and name in self.changed
        result = self.opaque(value, name) if listed else self.checked(value, name)
        self.builder.declared.discard(name)
        if isinstance(result, Tuple) or result is MIXED:
            self.env[name] = result
        elif not (isinstance(result, Var) and result.name == name):
            self._copy(name, result)

    def _copy(self, name: str, value: Operand) -> None:
        if name not in self.builder.bases:
            self.env[name] = value
            return
        primitive = RULES["copy"].primitive
        self.builder.append(Let((name,), primitive, (value,), self.builder.origin))
        self.builder.types[name] = self.builder.type_of(value)

    def branch(self, stmt: ast.If) -> None:
        origin = self.builder.origin
        self.taken = self.truth(stmt.test)
        if self.taken is not None:  # the signature decides: the other branch is no matter
            taken = self.taken
            self.block(stmt.body if taken else stmt.orelse)
            self.taken = taken
            return
        test = self.checked(stmt.test, None)
        outer = self.builder
        then, orelse = self._nested(stmt.body), self._nested(stmt.orelse)
        outer.append(If(test, then, orelse, (), origin))
        self.taken = None

    def _nested(self, body: list[ast.stmt]) -> tuple[Any, ...]:
        outer = self.builder
        self.builder = outer.nested()
        self.block(body)
        made, self.builder = self.builder.block, outer
        return made

    def loop(self, stmt: ast.For) -> None:
        origin = self.builder.origin
        if self.unrolled(stmt):
            return
        assert isinstance(stmt.iter, ast.Call) and isinstance(stmt.target, ast.Name)
        bounds = self.operands(stmt.iter.args)
        if stmt.target.id not in self.builder.bases or self.builder.bases[stmt.target.id] == "_":
            self.builder.bases[stmt.target.id] = "ijklm"[min(self.depth, 4)]
        headers, body = split_phis(stmt.body)
        targets = self._open_headers(headers)
        self.depth += 1
        block, stop = self._iteration(body)
        self.depth -= 1
        phis = self._close_headers(targets)
        self.builder.append(For(stmt.target.id, bounds, phis, block, origin=origin, stop=stop))

    def while_loop(self, stmt: ast.While) -> None:
        origin = self.builder.origin
        headers, body = split_phis(stmt.body)
        targets = self._open_headers(headers)
        outer = self.builder
        self.builder = outer.nested()
        test = self.checked(stmt.test, None)
        head, self.builder = self.builder.block, outer
        block, stop = self._iteration(body)
        phis = self._close_headers(targets)
        self.builder.append(While(phis, head, test, block, origin, stop))

    def _iteration(self, body: list[ast.stmt]) -> tuple[tuple[Any, ...], Operand | None]:
        """A loop's block, and the condition at its end under which it is left."""
        body, stop = ending(body)
        outer = self.builder
        self.builder = outer.nested()
        self.block(body)
        test = None if stop is None else self.checked(stop, None)
        made, self.builder = self.builder.block, outer
        return made, test

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
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant):
            return
        harmless = self._harmless(stmt)
        operands = {name: self.used(version, stmt) for name, version in reads.items()}
        if not harmless and any(isinstance(o, Tuple) and o.is_list for o in operands.values()):
            raise self.unsupported(
                "this statement may change a list whose items the derivative follows",
                stmt,
                "Use an array, or pass a copy made by list(...).",
            )
        self.builder.append(
            Effect(
                stmt,
                tuple(operands.items()),
                tuple(writes.items()),
                harmless,
                self.builder.origin,
            )
        )

    def _harmless(self, stmt: ast.stmt) -> bool:
        if isinstance(stmt, ast.Assert | ast.Raise):
            return True
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call):
            return self.resolve(stmt.value.func) in HARMLESS_CALLS
        return False

    def _local_imports(self, body: list[ast.stmt]) -> None:
        for stmt in body:
            if isinstance(stmt, ast.Import | ast.ImportFrom):
                raise self.unsupported(
                    "import inside a function is not supported yet",
                    stmt,
                    "Move the import to the top of the file.",
                )

    def rooted(self, node: ast.expr, name: str | None) -> Operand:
        """Lower the right side of an assignment, so that its last operation takes ``name``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == AUGMENT:
                return self.augment(node.args[0], name)
            if node.func.id == UPDATE and isinstance(self.operand(node.args[0]), Tuple):
                raise self.unsupported(
                    "an item of a list or tuple is replaced: not supported yet",
                    None,
                    "Use an array, or build the list anew.",
                )
            if node.func.id == UPDATE:
                return self.emit("update", *self.operands(node.args), base=name)
        return self.operand(node, name)

    def augment(self, node: ast.expr, name: str | None) -> Operand:
        """``x += y`` as ``x + y``, marked so that other names for the same array are noticed."""
        assert isinstance(node, ast.BinOp)
        old, value = self.operand(node.left), self.operand(node.right)
        if isinstance(old, Tuple) and old.is_list:
            raise self.unsupported(
                "a list is changed in place here: not supported yet", node, "Make a new list."
            )
        if isinstance(old, Tuple):
            return self.on_BinOp(node, name)
        primitive = RULES[f"augment.{type(node.op).__name__}"].primitive
        return self.builder.emit(primitive, (old, value), name)
