"""SSA form in Python's own tree, read into Core: one operation per statement, names resolved."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Any

from adxform.core.builder import Builder, Names
from adxform.core.ir import (
    UNDEFINED,
    UNKNOWN,
    Callee,
    Const,
    Effect,
    For,
    Function,
    Global,
    If,
    Let,
    Opaque,
    Operand,
    Origin,
    Param,
    Phi,
    Tuple,
    Var,
    While,
    names_in,
)
from adxform.core.pause import collection_paused
from adxform.core.verify import verify
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.desugar import AUGMENT, UPDATE, desugar
from adxform.frontend.hoist import gives_boolean
from adxform.frontend.scope import LiveScope, Meaning, bound_names
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import PHI, all_args, free_names, to_ssa
from adxform.frontend.ssa import UNDEFINED as UNBOUND
from adxform.rules.expressions import BindError, Expressions
from adxform.rules.table import RULES

MIXED = Global("mixed")  # a variable that is a tuple on one path only: it may not be read
INLINE_STATEMENTS = 8
HARMLESS_CALLS = frozenset({"print", "warnings.warn", "len", "isinstance"})


@dataclass
class Program:
    """The functions lowered so far, so that each is lowered once."""

    inline: bool = True
    callees: dict[int, Callee] = field(default_factory=dict)
    open: list[SourceFunction] = field(default_factory=list)
    origins: dict[int, SourceFunction] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    root: SourceFunction | None = None
    outer: dict[str, Any] = field(default_factory=dict)


@collection_paused
def lower(source: SourceFunction, program: Program | None = None) -> Function:
    """The Core of a function.

    Raises
    ------
    UnsupportedError
        If it uses Python that is not supported, with the place.
    """
    program = program or Program()
    program.root = program.root or source
    _check_signature(source)
    tree = desugar(source.node, source.text)
    names = Names(outer_names(tree))
    builder = Builder(names)
    lowerer = Lowerer(source, builder, program, {})
    params = _params(source)
    program.open.append(source)
    result = lowerer.function(tree)
    program.open.pop()
    made = Function(
        source.name,
        params,
        builder.block,
        result,
        builder.bases,
        ast.get_docstring(source.node),
        Origin(source.name, source.text.location(source.node)),
        dict(program.spelled),
    )
    return verify(made, f"lowering {source.name}")


def _check_signature(source: SourceFunction) -> None:
    args = source.node.args
    for extra, stars in ((args.vararg, "*"), (args.kwarg, "**")):
        if extra is not None:
            raise UnsupportedError(
                Diagnostic(
                    f"{stars}{extra.arg} is not supported yet",
                    source.text.location(extra),
                    "Name the parameters.",
                )
            )


def _params(source: SourceFunction) -> tuple[Param, ...]:
    args = source.node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    pairs = [*zip(positional, [*defaults, *args.defaults], strict=True)]
    keyword = [*zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return tuple(
        Param(
            a.arg,
            None if d is None else _default(d),
            None if a.annotation is None else _annotation(a.annotation),
            i >= len(pairs),
        )
        for i, (a, d) in enumerate([*pairs, *keyword])
    )


def _annotation(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node)


def _default(node: ast.expr) -> Operand:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return Global(ast.unparse(node))
    if isinstance(value, int | float | complex | bool | str | None):
        return Const(value)
    return Global(ast.unparse(node), value)


class Lowerer(Expressions):
    """Lowers one function's statements; ``env`` holds what is not a Core name: tuples, copies."""

    def __init__(
        self, source: SourceFunction, builder: Builder, program: Program, env: dict[str, Operand]
    ) -> None:
        super().__init__(builder)
        self.source = source
        self.program = program
        self.env = env
        self.locals: set[str] = set()
        self.depth = 0
        self.result_name: str | None = "out"
        self.read: set[str] = set()

    # --- statements ---------------------------------------------------------------------------

    def function(self, tree: ast.FunctionDef) -> Operand:
        """Lower a desugared function's body and give its result."""
        body, bases = to_ssa(tree, self.builder.names)
        self.builder.bases.update({k: v for k, v in bases.items() if not v.startswith("_")})
        self.locals = set(bases)
        self.builder.declared.update(bases)
        self._local_imports(body)
        result: Operand = Const(None)
        for place, stmt in enumerate(body):
            if isinstance(stmt, ast.Return):
                self.builder.origin = stmt._origin  # type: ignore[attr-defined]
                result = self.returned(stmt)
                break
            if place == 0 and _is_docstring(stmt):
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
            case _:
                self.effect(stmt)

    def assign(self, name: str, value: ast.expr) -> None:
        """``name = value``; a tuple is remembered item by item, anything else is a statement."""
        result = self.checked(value, name)
        if isinstance(result, Tuple) or result is MIXED:
            self.env[name] = result
        elif not (isinstance(result, Var) and result.name == name):
            self._copy(name, result)

    def _copy(self, name: str, value: Operand) -> None:
        if name not in self.builder.bases:
            self.env[name] = value
            return
        primitive = RULES["copy"].primitive
        self.builder.declared.discard(name)
        self.builder.append(Let((name,), primitive, (value,), self.builder.origin))
        self.builder.types[name] = self.builder.type_of(value)

    def branch(self, stmt: ast.If) -> None:
        origin = self.builder.origin
        test = self.checked(stmt.test, None)
        outer = self.builder
        then, orelse = self._nested(stmt.body), self._nested(stmt.orelse)
        outer.append(If(test, then, orelse, (), origin))

    def _nested(self, body: list[ast.stmt]) -> tuple[Any, ...]:
        outer = self.builder
        self.builder = outer.nested()
        self.block(body)
        made, self.builder = self.builder.block, outer
        return made

    def phi_after_branch(self, target: str, first: Operand, second: Operand) -> None:
        """Add a phi to the branch just lowered; tuples are merged item by item."""
        last = self.builder.stmts[-1]
        assert isinstance(last, If)
        phis = list(last.phis)
        self.env_or_name(target, self._merge(target, first, second, phis))
        self.builder.stmts[-1] = If(
            last.test, last.then, last.orelse, tuple(phis), last.origin, last.mirror
        )

    def env_or_name(self, target: str, merged: Operand) -> None:
        if merged != Var(target):
            self.env[target] = merged

    def _merge(self, target: str, first: Operand, second: Operand, phis: list[Phi]) -> Operand:
        if MIXED in (first, second):
            return MIXED
        if isinstance(first, Tuple) and isinstance(second, Tuple):
            if len(first.items) != len(second.items):
                return MIXED
            pairs = zip(first.items, second.items, strict=True)
            return Tuple(
                tuple(self._merge(self.builder.name(target), a, b, phis) for a, b in pairs),
                first.is_list,
            )
        if isinstance(first, Tuple) or isinstance(second, Tuple):
            if UNDEFINED in (first, second):
                return first if isinstance(first, Tuple) else second
            return MIXED
        phis.append(Phi(target, first, second))
        return Var(target)

    def loop(self, stmt: ast.For) -> None:
        origin = self.builder.origin
        assert isinstance(stmt.iter, ast.Call) and isinstance(stmt.target, ast.Name)
        bounds = self.operands(stmt.iter.args)
        if stmt.target.id not in self.builder.bases or self.builder.bases[stmt.target.id] == "_":
            self.builder.bases[stmt.target.id] = "ijklm"[min(self.depth, 4)]
        headers, body = _split_phis(stmt.body)
        targets = self._open_headers(headers)
        self.depth += 1
        block = self._nested(body)
        self.depth -= 1
        phis = self._close_headers(targets)
        self.builder.append(For(stmt.target.id, bounds, phis, block, origin=origin))

    def while_loop(self, stmt: ast.While) -> None:
        origin = self.builder.origin
        headers, body = _split_phis(stmt.body)
        targets = self._open_headers(headers)
        outer = self.builder
        self.builder = outer.nested()
        test = self.checked(stmt.test, None)
        head, self.builder = self.builder.block, outer
        block = self._nested(body)
        phis = self._close_headers(targets)
        self.builder.append(While(phis, head, test, block, origin))

    def _open_headers(
        self, headers: list[tuple[str, str, str]]
    ) -> list[tuple[Operand, Operand, str]]:
        """What each header name stands for in the body; the items of a tuple are names, too."""
        opened: list[tuple[Operand, Operand, str]] = []
        for target, before, after in headers:
            value = self.value(before)
            shape = self._header_shape(target, value)
            self.env_or_name(target, shape)
            opened.append((shape, value, after))
        return opened

    def _header_shape(self, target: str, value: Operand) -> Operand:
        if isinstance(value, Tuple):
            items = (self._header_shape(self.builder.name(target), i) for i in value.items)
            return Tuple(tuple(items), value.is_list)
        return Var(target)

    def _close_headers(self, opened: list[tuple[Operand, Operand, str]]) -> tuple[Phi, ...]:
        phis: list[Phi] = []
        for shape, before, after in opened:
            self._close(shape, before, self.value(after), phis)
        return tuple(phis)

    def _close(self, shape: Operand, before: Operand, after: Operand, phis: list[Phi]) -> None:
        if isinstance(shape, Tuple):
            if not isinstance(after, Tuple) or len(after.items) != len(shape.items):
                raise self.unsupported(
                    "a tuple changes its length, or becomes something else, in the loop"
                )
            before_items = before.items if isinstance(before, Tuple) else ()
            for s, b, a in zip(shape.items, before_items, after.items, strict=True):
                self._close(s, b, a, phis)
            return
        assert isinstance(shape, Var)
        if isinstance(after, Tuple) or after is MIXED:
            if shape.name in self.read:
                raise self.unsupported("a variable becomes a tuple inside the loop")
            self.env[shape.name] = MIXED
            return
        phis.append(Phi(shape.name, before, after))

    def effect(self, stmt: ast.stmt) -> None:
        reads: dict[str, str] = getattr(stmt, "_reads", {})
        writes: dict[str, str] = getattr(stmt, "_writes", {})
        if isinstance(stmt, ast.Global | ast.Nonlocal | ast.AsyncFor | ast.AsyncWith):
            raise self.unsupported(f"{type(stmt).__name__.lower()} is not supported", stmt)
        if isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant):
            return
        self.builder.append(
            Effect(
                stmt,
                tuple((name, self.value(version)) for name, version in reads.items()),
                tuple(writes.items()),
                self._harmless(stmt),
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
                    "import inside a function is not supported yet", stmt,
                    "Move the import to the top of the file.",
                )

    # --- expressions --------------------------------------------------------------------------

    def checked(self, node: ast.expr, base: str | None) -> Operand:
        """Lower an expression; an argument list that no rule knows is reported at its line."""
        try:
            return self.rooted(node, base)
        except BindError as error:
            raise self.unsupported(str(error), node) from None

    def rooted(self, node: ast.expr, name: str | None) -> Operand:
        """Lower the right side of an assignment, so that its last operation takes ``name``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == PHI:
                first, second = (self.value(a.id) for a in node.args if isinstance(a, ast.Name))
                assert name is not None
                self.phi_after_branch(name, first, second)
                return self.env.get(name, Var(name))
            if node.func.id == AUGMENT:
                return self.augment(node.args[0], name)
            if node.func.id == UPDATE:
                return self.emit("update", *self.operands(node.args), base=name)
        return self.operand(node, name)

    def augment(self, node: ast.expr, name: str | None) -> Operand:
        """``x += y`` as ``x + y``, marked so that other names for the same array are noticed."""
        assert isinstance(node, ast.BinOp)
        old, value = self.operand(node.left), self.operand(node.right)
        if isinstance(old, Tuple):
            return self.on_BinOp(node, name)
        primitive = RULES[f"augment.{type(node.op).__name__}"].primitive
        return self.builder.emit(primitive, (old, value), name)

    def name(self, node: ast.Name) -> Operand:
        if node.id == UNBOUND:
            return UNDEFINED
        if node.id in self.locals or node.id in self.env:
            found = self.value(node.id)
            self.read.update(names_in(found))
            if found is MIXED:
                raise self.unsupported(
                    "this variable is a tuple on one path and something else on another", node
                )
            return found
        meaning = self.lookup(node.id)
        if meaning is None:
            raise self.unsupported(f"the name {node.id} is not defined", node)
        return self.outer(meaning, node)

    def value(self, version: str) -> Operand:
        if version == UNBOUND:
            return UNDEFINED
        return self.env.get(version, Var(version))

    def lookup(self, name: str) -> Meaning | None:
        found: Meaning | None = self.source.scope.lookup(name)
        return found

    def meaning(self, node: ast.expr) -> Meaning | None:
        """What a (dotted) name from outside the function means."""
        if isinstance(node, ast.Name):
            return None if node.id in self.locals or node.id in self.env else self.lookup(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            if owner is None:
                return None
            found: Meaning | None = self.source.scope.attribute(owner, node.attr)
            return found
        return None

    def resolve(self, node: ast.expr) -> str | None:
        meaning = self.meaning(node)
        if meaning is None or meaning.dotted is None:
            return None
        self._remember_spelling(meaning)
        return meaning.dotted

    def _remember_spelling(self, meaning: Meaning) -> None:
        """Keep how the user spells ``np`` (or ``np.sin``) for the output."""
        assert meaning.dotted is not None
        head, _, last = meaning.dotted.rpartition(".")
        spelled, _, spelled_last = meaning.text.rpartition(".")
        if head.startswith("np.") and head.partition(".")[2] == spelled.partition(".")[2]:
            head, spelled = head.partition(".")[0], spelled.partition(".")[0]
        if head and spelled and last == spelled_last:
            meaning_of_head = (head, spelled)
        else:
            meaning_of_head = (meaning.dotted, meaning.text)
        self.program.spelled.setdefault(*meaning_of_head)

    def on_Attribute(self, node: ast.Attribute, base: str | None) -> Operand:
        meaning = self.meaning(node)
        if meaning is None:
            return super().on_Attribute(node, base)
        if meaning.dotted is not None:
            self._remember_spelling(meaning)
        return self.outer(meaning, node)

    def foreign(self, name: str) -> bool:
        """Whether a name means something in this function's module only, not in the root's."""
        assert self.program.root is not None
        root, own = self.program.root.scope, self.source.scope
        if own is root:
            return False
        return not (
            isinstance(own, LiveScope) and isinstance(root, LiveScope) and own.shares(root, name)
        )

    def outer(self, meaning: Meaning, node: ast.expr) -> Operand:
        """A value from outside the function, under a name that means the same in the output."""
        head = meaning.text.split(".")[0]
        if meaning.dotted is not None and meaning.dotted.split(".")[0] in ("np", "math"):
            return Global(meaning.dotted if self.foreign(head) else meaning.text, meaning.value)
        if not self.foreign(head):
            return Global(meaning.text, meaning.value)
        if isinstance(meaning.value, int | float | complex | str | None):
            return Const(meaning.value)
        if meaning.value is UNKNOWN:
            raise self.unsupported(
                f"{meaning.text} in {self.source.text.file} is not known without running the file",
                node, "Pass it as an argument.",
            )
        return Global(self._unique(meaning), meaning.value)

    def _unique(self, meaning: Meaning) -> str:
        """A name in the output for a value of another module's."""
        text = meaning.text.replace(".", "_")
        number = 1
        name = f"_{text}"
        while self.program.outer.setdefault(name, meaning.value) is not meaning.value:
            number += 1
            name = f"_{text}_{number}"
        return name

    def on_BoolOp(self, node: ast.BoolOp, base: str | None) -> Operand:
        return self.other(node, base)

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        meaning = self.meaning(node.func)
        if meaning is not None and meaning.function is not None:
            return self.user_call(node, meaning.function, base)
        if meaning is not None and meaning.dotted == "len" and len(node.args) == 1:
            argument = self.operand(node.args[0])
            if isinstance(argument, Tuple):
                return Const(len(argument.items))
        try:
            return super().on_Call(node, base)
        except BindError as error:
            return self.opaque_call(node, base, str(error))

    def on_Subscript(self, node: ast.Subscript, base: str | None) -> Operand:
        if isinstance(node.value, ast.Call) and self.resolve(node.value.func) == "range":
            return self.opaque(node, base)
        try:
            return super().on_Subscript(node, base)
        except IndexError:
            raise self.unsupported("this index is outside the tuple", node) from None

    def other(self, node: ast.expr, base: str | None) -> Operand:
        if isinstance(node, ast.Call):
            return self.opaque_call(node, base, "")
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            what = {"NamedExpr": "an assignment expression"}.get(
                type(node).__name__, type(node).__name__.lower())
            raise self.unsupported(f"{what} is not supported yet", node)
        return self.opaque(node, base)

    def opaque_call(self, node: ast.Call, base: str | None, reason: str) -> Operand:
        meaning = self.meaning(node.func)
        name = (meaning.dotted or meaning.text) if meaning else ast.unparse(node.func)
        return self.opaque(node, base, reason or name)

    def opaque(self, node: ast.expr, base: str | None, callee: str = "") -> Operand:
        """An expression carried verbatim."""
        reads = tuple(n for n in free_names(node) if self._is_read(n))
        op = Opaque(
            node,
            reads,
            pure=all(isinstance(n, _PURE) for n in ast.walk(node)),
            boolean=gives_boolean(node) or (isinstance(node, ast.BoolOp) and base is None),
            callee=callee,
        )
        self._located_opaque(node)
        values = [self.name(ast.copy_location(ast.Name(n, ast.Load()), node)) for n in reads]
        return self.builder.emit(op, values, base)

    def _is_read(self, name: str) -> bool:
        """Whether a name in an expression carried verbatim is one that the output may lack."""
        if name in self.locals or name in self.env:
            return True
        meaning = self.lookup(name)
        return meaning is not None and not hasattr(builtins, name) and (
            meaning.function is None or self.foreign(name)
        )

    def _located_opaque(self, node: ast.expr) -> None:
        node._location = self.source.text.location(node)  # type: ignore[attr-defined]

    # --- calls of the user's functions ----------------------------------------------------------

    def user_call(self, node: ast.Call, function: SourceFunction, base: str | None) -> Operand:
        if function.node in [f.node for f in self.program.open]:
            raise self.unsupported(f"{function.name} calls itself; recursion is not supported yet",
                                   node)
        bound = self._bind(node, function)
        if self._inlines(function, bound):
            return self._inline(function, bound, base)
        callee = self.callee(function)
        assert callee.function is not None
        leaves = list(_leaves(callee.function.result))
        results = self.builder.call(
            callee, tuple(bound.values()), [base] if len(leaves) == 1 else [None] * len(leaves)
        )
        return _refill(callee.function.result, iter(results))

    def callee(self, function: SourceFunction) -> Callee:
        """The callee for a function, lowered at its first call."""
        key = id(function.node)
        if key not in self.program.callees:
            callee = Callee(function.name, file=function.text.file)
            callee.function = lower(function, self.program)
            self.program.callees[key] = callee
            self.program.origins[key] = function
        return self.program.callees[key]

    def _bind(self, node: ast.Call, function: SourceFunction) -> dict[str, Operand]:
        _check_signature(function)
        params = _params(function)
        positional = [p.name for p in params if not p.keyword_only]
        args = self.operands(node.args)
        if len(args) > len(positional):
            raise self.unsupported(f"{function.name} takes {len(positional)} arguments", node)
        given = dict(zip(positional, args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in {p.name for p in params}:
                raise self.unsupported(f"{function.name} does not take these keywords", node)
            given[keyword.arg] = self.operand(keyword.value)
        bound: dict[str, Operand] = {}
        for p in params:
            if p.name not in given and p.default is None:
                raise self.unsupported(f"{function.name} needs the argument {p.name}", node)
            bound[p.name] = given.get(p.name, p.default or Const(None))
        return bound

    def _inlines(self, function: SourceFunction, bound: dict[str, Operand]) -> bool:
        if any(isinstance(a, Tuple) for a in bound.values()):
            return True
        if not self.program.inline:
            return False
        body = [s for s in function.node.body if not _is_docstring(s)]
        return len(body) <= INLINE_STATEMENTS and not any(
            isinstance(s, ast.For | ast.While) for s in body
        )

    def _inline(
        self, function: SourceFunction, bound: dict[str, Operand], base: str | None
    ) -> Operand:
        """The callee's statements in the place of its call, its parameters being the arguments."""
        tree = desugar(function.node, function.text)
        _rename_params(tree, self.builder.names, bound)
        env = {new: value for new, value in bound.items()}
        inner = Lowerer(function, self.builder, self.program, env)
        inner.result_name = base
        self.builder.names.reserve(outer_names(tree))
        outer = self.builder.origin
        self.program.open.append(function)
        result = inner.function(tree)
        self.program.open.pop()
        self.builder.origin = outer
        return result

    def unsupported(self, reason: str, node: ast.AST | None = None, hint: str = "") -> UnsupportedError:
        origin = self.builder.origin
        location = self.source.text.location(node) if node is not None else (
            origin.location if origin else None)
        return UnsupportedError(Diagnostic(reason, location, hint))


_PURE = (
    ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Name, ast.Constant, ast.operator,
    ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context, ast.Tuple, ast.Subscript,
)


def _rename_params(tree: ast.FunctionDef, names: Names, bound: dict[str, Operand]) -> None:
    """Give a function's parameters names that the caller does not use."""
    new = {old: names.fresh(f"_{old}") for old in bound}
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)
                and isinstance(n.ctx, ast.Store)}
    prelude: list[ast.stmt] = []
    for arg in all_args(tree.args):
        if arg.arg in assigned:
            made = ast.Assign([ast.Name(arg.arg, ast.Store())], ast.Name(new[arg.arg], ast.Load()))
            made._origin = tree.body[0]._origin  # type: ignore[attr-defined]
            prelude.append(ast.fix_missing_locations(ast.copy_location(made, tree.body[0])))
    for node in [n for s in tree.body for n in ast.walk(s)]:
        if isinstance(node, ast.Name) and node.id in new and node.id not in assigned:
            node.id = new[node.id]
    tree.body = prelude + tree.body
    for arg in all_args(tree.args):
        arg.arg = new[arg.arg]
    for old, fresh in new.items():
        bound[fresh] = bound.pop(old)


def outer_names(tree: ast.FunctionDef) -> set[str]:
    """The names that a function takes from outside: the compiler's own must differ from them."""
    own = {a.arg for a in all_args(tree.args)}
    own.update(n for stmt in tree.body for n in bound_names(stmt))
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - own


def _leaves(operand: Operand) -> Any:
    if isinstance(operand, Tuple):
        for item in operand.items:
            yield from _leaves(item)
    else:
        yield operand


def _refill(shape: Operand, values: Any) -> Operand:
    if isinstance(shape, Tuple):
        return Tuple(tuple(_refill(item, values) for item in shape.items), shape.is_list)
    value: Operand = next(values)
    return value


def _is_docstring(stmt: ast.stmt) -> bool:
    return isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant) and isinstance(
        stmt.value.value, str)


def _split_phis(body: list[ast.stmt]) -> tuple[list[tuple[str, str, str]], list[ast.stmt]]:
    """The phis at a loop's head as (target, before, next), and the rest of its body."""
    headers: list[tuple[str, str, str]] = []
    for place, stmt in enumerate(body):
        match stmt:
            case ast.Assign(
                targets=[ast.Name(target)],
                value=ast.Call(func=ast.Name("__phi__"), args=[ast.Name(before), ast.Name(after)]),
            ):
                headers.append((target, before, after))
            case _:
                return headers, body[place:]
    return headers, []
