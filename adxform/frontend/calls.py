"""Calls: of primitives, and of the user's functions, which are inlined or lowered by themselves."""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from types import MethodType, ModuleType
from typing import Any

from adxform.core.calls import is_foreign
from adxform.core.ir import (
    UNKNOWN,
    Const,
    Global,
    Operand,
    Tuple,
    Var,
    walk,
)
from adxform.core.trees import bound_names, copied, names, nodes
from adxform.core.types import ListOf, Object, Scalar
from adxform.errors import UnsupportedError
from adxform.frontend.arguments import Keywords
from adxform.frontend.callables import (
    Bound,
    Closure,
    as_definition,
    fields_of,
    function_behind,
    implementation,
    is_compiled_method,
    unwrapped,
)
from adxform.frontend.desugar import desugar
from adxform.frontend.heap import cell_site
from adxform.frontend.lending import lent_params
from adxform.frontend.lifting import Around, Lifting, versions_read
from adxform.frontend.scope import describe, live_function
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args, free_names
from adxform.frontend.standins import is_fact
from adxform.frontend.writes import writes_params
from adxform.frontend.writing_calls import may_write
from adxform.rules.expressions import BindError

INLINE_STATEMENTS = 8
_CONTAINERS = ("list", "dict")


class Calls(Lifting):
    """Lowers calls; how a function is lowered is the subclass's affair."""

    def inside(self, function: SourceFunction, env: dict[str, Operand]) -> Calls:
        """What lowers a function's body in the place of its call."""
        raise NotImplementedError

    def function(self, tree: ast.FunctionDef) -> Operand:
        """Lower a desugared function's body and give its result."""
        raise NotImplementedError

    def on_Call(self, node: ast.Call, base: str | None) -> Operand:
        known = self.static(node)
        if known is not UNKNOWN and is_fact(known):
            return self.outer_value(ast.unparse(node.func), known)
        meaning = self.meaning(node.func)
        if meaning is not None and meaning.dotted == "functools.partial":
            made = self._partial(node, base)
            if made is not None:
                return made
        if meaning is not None and meaning.function is not None:
            return self.user_call(node, meaning.function, *self.arguments(node), base)
        if meaning is not None and meaning.dotted == "len" and len(node.args) == 1:
            node = self.with_held(node)
            argument = self.operand(node.args[0])
            if isinstance(argument, Tuple):
                return Const(len(argument.items))
        known = meaning is not None and meaning.dotted is not None
        if not known or self.primitive_named(meaning.dotted) is None:  # type: ignore[union-attr,arg-type]
            method = self.method(node.func)
            if method is not None:
                found = live_function(method[0])
                if found is not None:
                    args, keywords = self.arguments(node)
                    return self.user_call(node, found, (*method[1], *args), keywords, base)
            value = meaning.value if meaning is not None and callable(meaning.value) else UNKNOWN
            value = self.callable_value(node.func) if value is UNKNOWN else value
            if value is not UNKNOWN:
                made = self.call_of(value, node, base)
                if made is not None:
                    return made
        try:
            return super().on_Call(node, base)
        except BindError as error:
            return self.opaque_call(node, base, str(error))

    # --- what is called -----------------------------------------------------------------------

    def other(self, node: ast.expr, base: str | None) -> Operand:
        if isinstance(node, ast.Lambda):
            return self._function_value(node, base, self._closure(node, "lambda"))
        return super().other(node, base)

    def _function_value(self, node: ast.expr, base: str | None, value: Any) -> Operand:
        """A function made inside: known where it is called, and carried along for all else."""
        made = self.opaque(node, base)
        assert isinstance(made, Var)
        self.builder.types[made.name] = Object(value)
        return made

    def _partial(self, node: ast.Call, base: str | None) -> Operand | None:
        """``functools.partial(f, ...)`` of a function that is known."""
        function = self.callable_value(node.args[0]) if node.args else UNKNOWN
        if function is UNKNOWN:
            return None
        args, keywords = self.arguments(node)
        self.program.defaults.extend((*args[1:], *keywords.values()))
        return self._function_value(node, base, Bound(function, args[1:], keywords))

    def opaque(
        self, node: ast.expr, base: str | None, callee: str = "", reason: str = ""
    ) -> Operand:
        """An expression carried verbatim; none that calls what writes to the user's arrays: a
        lambda that does may be there as long as nothing but its calls needs it.
        """
        for part in nodes(node):
            meaning = self.meaning(part.func) if isinstance(part, ast.Call) else None
            function = None if meaning is None else meaning.function
            if function is not None and may_write(function) and self._hands_array(part):
                found = f"{function.name} may write to its arguments"
                if not isinstance(node, ast.Lambda):
                    raise self.unsupported(found, part, "Call it in a statement of its own.")
                reason = found
        return super().opaque(node, base, callee, reason)

    def _hands_array(self, node: ast.AST) -> bool:
        """Whether an argument of a call may be an array that has a name."""
        assert isinstance(node, ast.Call)
        named = [a for a in (*node.args, *(k.value for k in node.keywords))
                 if isinstance(a, ast.Name | ast.Subscript | ast.Attribute | ast.Starred)]
        return any(not isinstance(self.known_type(a), Scalar) for a in named)

    def callable_value(self, node: ast.expr) -> Any:
        """The function, method or other callable that an expression stands for, or UNKNOWN."""
        if isinstance(node, ast.Lambda):
            return self._closure(node, "lambda")
        known = self.static(node)
        if known is UNKNOWN and isinstance(node, ast.Call) and self._is_followed(node.func):
            return self.known_value(self.operand(node))  # what it returns may be a function
        return known

    def _is_followed(self, node: ast.expr) -> bool:
        """Whether an expression stands for a function of the user's, or looks one up."""
        if isinstance(node, ast.Attribute) and node.attr == "get":
            return self.container(node.value) is not None
        meaning = self.meaning(node)
        written = meaning is not None and meaning.function is not None
        return written or isinstance(self.static(node), Closure | Bound)

    def call_of(self, value: Any, node: ast.Call, base: str | None) -> Operand | None:
        """A call of a value that is known at compile time; None where it is no such function."""
        value = unwrapped(value)
        if hasattr(value, "__adxform__"):
            raise self.unsupported(f"{ast.unparse(node.func)} has no source to be read", node)
        if isinstance(value, Closure | Bound | functools.partial | MethodType):
            if is_compiled_method(value):  # np.random.normal: carried, or refused if active
                return None
            return self._call_value(value, node, *self.arguments(node), base)
        function, is_receiver = self._behind(value)
        if function is not None:
            args, keywords = self.arguments(node)
            if is_receiver:
                args = (self.operand(node.func), *args)
            return self.user_call(node, function, args, keywords, base)
        meaning = describe("", value)
        if meaning.dotted is None or fields_of(value) is not None:
            return None
        primitive = self.primitive_named(meaning.dotted)
        if primitive is not None:  # under another name
            return self.call_primitive(primitive, node, base)
        return self._library_call(value, node, base)

    def _behind(self, value: Any) -> tuple[SourceFunction | None, bool]:
        """The function that a value calls, and whether the value itself is its receiver."""
        found = function_behind(value)
        if found[1]:
            self.program.watch_attribute(type(value), "__call__")
        return found

    def _library_call(self, value: Any, node: ast.Call, base: str | None) -> Operand | None:
        """A call of a function of NumPy's that has no rule, by its own source if all of it is
        understood: what is not is an error of the call's own line.
        """
        function = implementation(value)
        if function is None:
            return None
        args, keywords = self.arguments(node)
        before = len(self.builder.stmts)
        try:
            made: Operand = self.user_call(node, function, args, keywords, base)
            if not any(map(is_foreign, walk(tuple(self.builder.stmts[before:])))):
                return made
        except (UnsupportedError, BindError):
            pass
        del self.builder.stmts[before:]
        return None

    def _call_value(
        self,
        value: Any,
        node: ast.Call,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand | None:
        value = unwrapped(value)
        if isinstance(value, Bound):
            inner = (*value.args, *args), {**value.keywords, **keywords}
            return self._call_value(value.function, node, *inner, base)
        if isinstance(value, functools.partial):
            given = tuple(self.outer_value("value", a) for a in value.args)
            named = {k: self.outer_value(k, v) for k, v in value.keywords.items()}
            return self._call_value(
                value.func, node, (*given, *args), {**named, **keywords}, base
            )
        if isinstance(value, MethodType):
            receiver = self.outer_value("receiver", value.__self__)
            return self._call_value(value.__func__, node, (receiver, *args), keywords, base)
        if isinstance(value, Closure):
            return self.call_closure(value, node, args, keywords, base)
        function, is_receiver = self._behind(value)
        if function is not None:
            if is_receiver:
                args = (self.outer_value("receiver", value), *args)
            return self.user_call(node, function, args, keywords, base)
        meaning = describe("", value)
        primitive = None if meaning.dotted is None else self.primitive_named(meaning.dotted)
        function = implementation(value) if primitive is None else None
        if function is not None:
            return self.user_call(node, function, args, keywords, base)
        if primitive is None:
            raise self.unsupported(f"{ast.unparse(node.func)} has no source to be read", node)
        return self.emit_call(primitive, args, keywords, base)

    def _closure(self, node: ast.Lambda | ast.FunctionDef, name: str) -> Closure:
        """The function that a definition inside the one that is lowered makes."""
        made = as_definition(node, name)
        reads: dict[str, str] = getattr(node, "_reads", {})
        rebound: set[str] = getattr(node, "_rebound", set())
        variables = {n: n for n in rebound}
        if isinstance(node, ast.FunctionDef):  # it may call itself
            late: dict[str, str] = getattr(node, "_late", {})
            writes: dict[str, str] = getattr(node, "_writes", {})
            own = {n: v for n, v in writes.items() if n in free_names(node)}
            reads = {**late, **reads, **own}
        else:  # its names are versions already
            variables = {version: n for n, version in reads.items() if n in rebound}
            reads = {n: n for n in free_names(node) if n in self.locals or n in self.env}
        args = node.args
        positional = [*args.posonlyargs, *args.args]
        pairs = [
            *zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True),
            *((a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d),
        ]
        defaults = {a.arg: self.operand(d) for a, d in pairs}
        self.program.defaults.extend(defaults.values())
        source = SourceFunction(made, self.source.text, self.source.scope)
        closure = Closure(source, self, reads, variables, defaults)
        self.program.closures.append(closure)
        return closure

    def call_closure(
        self,
        closure: Closure,
        node: ast.Call,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        function = closure.source
        self.refuse_unseen(closure, node)
        bound = self._bind(node, function, args, keywords, closure.defaults)
        if self.calls_itself(function, bound, node):
            return self.call_lifted(closure, bound, node, base)
        reads = {n: closure.home.used(v, node, self.builder)
                 for n, v in versions_read(closure).items()}
        around = closure, versions_read(closure)
        return self._inline(function, bound, base, {**closure.home.captured, **reads}, around)

    # --- functions of the user's ----------------------------------------------------------------

    def user_call(
        self,
        node: ast.Call,
        function: SourceFunction,
        args: tuple[Operand, ...],
        keywords: Keywords,
        base: str | None,
    ) -> Operand:
        if self.yields(function):
            return self.opaque_call(node, base, f"{function.name} is a generator")
        bound = self._bind(node, function, args, keywords)
        if self.calls_itself(function, bound, node):
            return self.call_callee(function, bound, base)
        if self._inlines(function, bound) or self.gives_function(function, bound):
            return self._inline(function, bound, base, {})
        return self.call_callee(function, bound, base)

    def _inlines(self, function: SourceFunction, bound: dict[str, Operand]) -> bool:
        if any(self._is_structured(a) for a in bound.values()) or self._lent(function, bound):
            return True
        told, text = self.program.told, function.node
        return told(writes_params, text) or (self.program.inline and told(_is_short, text))

    def _is_structured(self, operand: Operand) -> bool:
        """Whether an argument is a container or a function: the callee is lowered for it alone."""
        return isinstance(operand, Tuple) or isinstance(self.builder.type_of(operand), Object) or (
            isinstance(operand, Global)
            and (callable(operand.value)
                 or isinstance(operand.value, ModuleType | SourceFunction | tuple))
        )

    def _inline(
        self,
        function: SourceFunction,
        bound: dict[str, Operand],
        base: str | None,
        seen: dict[str, Operand],
        around: Around | None = None,
    ) -> Operand:
        """The callee's statements in the place of its call, its parameters being the arguments.

        ``seen`` are the variables of functions around it that it reads, as they are ``around`` it.
        """
        tree, names = self._tree(function, self._lent(function, bound))
        inner = self.inside(function, {**seen, **bound})
        inner.captured, inner.around = seen, around
        inner.result_name = base
        self.builder.names.reserve(names)
        outer = self.builder.origin
        try:
            with self.program.opening(function):
                return inner.function(tree)
        finally:
            self.builder.origin = outer

    def _lent(self, function: SourceFunction, bound: dict[str, Operand]) -> frozenset[str]:
        """The parameters of a function that are containers of its caller's which it changes."""
        given = {
            name for name, o in bound.items()
            if (isinstance(o, Tuple) and o.form.kind in _CONTAINERS)
            or isinstance(self.builder.type_of(o), ListOf)
        }
        return frozenset(given and given & lent_params(function.node, function.scope))

    def _tree(
        self, function: SourceFunction, lent: frozenset[str]
    ) -> tuple[ast.FunctionDef, set[str]]:
        """A callee, desugared once, for one call, and the names that it takes from outside."""
        cells = cell_site(function) not in self.program.verbatim
        contexts = self.program.contexts
        asked = len(contexts), [*contexts.values()].count(None)  # of which some are given up
        key = id(function.node), id(function.scope), cells, lent, asked
        if key not in self.program.trees:
            tree = desugar(function.node, function.text, function.scope, cells=cells,
                           lent=lent, contexts=contexts)
            self.program.trees[key] = function, tree, outer_names(tree)
        _, tree, names = self.program.trees[key]
        self.program.met.update(getattr(tree, "_grids", ()))
        return copied(tree), names


def outer_names(tree: ast.FunctionDef) -> set[str]:
    """The names that a function takes from outside: the compiler's own must differ from them."""
    own = {a.arg for a in all_args(tree.args)}
    own.update(bound_names(*tree.body))
    return {*names(tree)} - own


def is_docstring(stmt: ast.stmt) -> bool:
    """Whether a statement is a string alone."""
    return (
        isinstance(stmt, ast.Expr)
        and isinstance(stmt.value, ast.Constant)
        and isinstance(stmt.value.value, str)
    )


def _is_short(node: ast.FunctionDef) -> bool:
    """Whether a function is written out where it is called."""
    body = [s for s in node.body if not is_docstring(s)]
    loops = any(isinstance(s, ast.For | ast.While) for s in nodes(*body))
    return not loops and _length(body) <= INLINE_STATEMENTS


def _length(body: Sequence[ast.stmt]) -> int:
    """How many statements a body runs through, at most: of a branch, the longer side."""
    sides = ([getattr(s, part, []) for part in ("body", "orelse", "finalbody")] for s in body)
    return sum(max(1, *map(_length, parts)) for parts in sides)
