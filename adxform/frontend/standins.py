"""Functions that look at nothing but the types of arguments, run while compiling.

``is_numpy_array(x)``, ``array_namespace(x)``, ``np.issubdtype(x.dtype, np.floating)`` give the same
for all arguments of a signature, however they find out: they are called with stand-ins, small
arrays of the same types. Only a function whose whole source shows that it can depend on nothing
else, and that it changes nothing, is called.
"""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from adxform.core.ir import UNKNOWN
from adxform.core.trees import nodes
from adxform.core.types import Array, Known, Object, Scalar, Struct, Type, value_of
from adxform.core.values import attribute_of
from adxform.frontend.callables import unwrapped
from adxform.frontend.program import Program
from adxform.frontend.scope import live_function
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args

_PURE = frozenset(
    {isinstance, issubclass, hasattr, getattr, type, callable, len, any, all, bool, str, repr,
     set, frozenset, tuple, list, dict, min, max, sorted, zip, enumerate, map, filter,
     np.issubdtype, np.isdtype if hasattr(np, "isdtype") else np.issubdtype, np.dtype, np.can_cast,
     np.promote_types}
)
_ASKING = frozenset(
    {isinstance, hasattr, type, callable, iter, np.iscomplexobj, np.isrealobj, np.ndim}
)
_ATTRIBUTES = frozenset({"dtype", "ndim", "__class__"})
_METHODS = frozenset(
    {"append", "add", "get", "lower", "upper", "strip", "startswith", "endswith", "split", "format",
     "join", "items", "keys", "values", "union", "replace"}
)
_REFUSED = (
    ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.Await, ast.With, ast.While, ast.Delete,
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.NamedExpr,
)
_FACTS = (bool, str, type(None), type, np.dtype, ModuleType)
_DEPTH = 6


def stand_in(t: Type) -> Any:
    """A value of a type, or UNKNOWN; its numbers mean nothing."""
    value = value_of(t)
    match t:
        case Known() | Object():
            return value
        case Scalar() if value is not UNKNOWN:
            return value
        case Scalar(dtype, weak):
            made = np.dtype(dtype).type(1)
            return made.item() if weak else made
        case Array(str() as dtype, tuple() as dims):
            return np.ones([1 if d == 1 else 2 for d in dims], dtype)
        case Struct(items, form) if form.kind in ("tuple", "list"):
            found = [stand_in(item) for item in items]
            given = any(item is UNKNOWN for item in found)
            return UNKNOWN if given else list(found) if form.kind == "list" else tuple(found)
        case _:
            return UNKNOWN


def is_fact(value: Any) -> bool:
    """Whether a value says something about types, and is not itself a stand-in."""
    if isinstance(value, tuple):
        return all(is_fact(item) for item in value)
    return isinstance(value, _FACTS)


def fact(
    function: FunctionType, args: list[Any], keywords: dict[str, Any], program: Program
) -> Any:
    """What a function gives for arguments of which the types are known, or UNKNOWN.

    An argument is a value, or a type in a `Typed` where only that is known.
    """
    try:
        bound = inspect.signature(function).bind(*args, **keywords)
    except (TypeError, ValueError):
        return UNKNOWN
    opaque = frozenset(name for name, value in bound.arguments.items() if _holds_typed(value))
    if not asks_types_only(function, opaque, program):
        return UNKNOWN
    try:
        found = function(*map(_stand_in, args), **{k: _stand_in(v) for k, v in keywords.items()})
    except Exception:  # whatever it raises, it raises when it is called
        return UNKNOWN
    return found if is_fact(found) else UNKNOWN


@dataclass(frozen=True, slots=True)
class Typed:
    """An argument of which only the type is known."""

    type: Type


def _holds_typed(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_typed, value))
    if isinstance(value, dict):
        return any(map(_holds_typed, value.values()))
    return isinstance(value, Typed)


def _stand_in(value: Any) -> Any:
    return stand_in(value.type) if isinstance(value, Typed) else value


def asks_types_only(
    function: FunctionType, opaque: frozenset[str], program: Program, depth: int = _DEPTH
) -> bool:
    """Whether a function can depend only on the types of the parameters in ``opaque``."""
    if _is_boilerplate(function):
        return True
    key = function, opaque, depth
    if key not in program.asking:
        source = live_function(function) if depth else None
        program.asking[key] = False if source is None else (
            _Asking(source, opaque, program, depth).holds()
        )
    return program.asking[key]


def _is_boilerplate(function: FunctionType) -> bool:
    """The array API's helpers, which packages carry with them: to ask for types is what they do.

    Those that read a package's configuration (scikit-learn's) give what holds when the derivative
    is made.
    """
    name = function.__name__
    asks = name.startswith("is_") and "writeable" not in name  # that is not decided by types
    return "array_api" in (function.__module__ or "") and (asks or name in _BOILERPLATE)


_BOILERPLATE = frozenset(
    {"array_namespace", "get_namespace", "get_namespace_and_device", "xp_result_type",
     "xp_default_dtype", "xp_result_device", "device", "_compat_module_name"}
)


class _Asking(ast.NodeVisitor):
    """Looks for anything in a function that could see more than types, or change something."""

    def __init__(
        self, function: SourceFunction, opaque: frozenset[str], program: Program, depth: int
    ) -> None:
        self.function = function
        self.program = program
        program.watch_scope(function.scope)
        self.depth = depth
        self.opaque = set(opaque)
        self.own = {a.arg for a in all_args(function.node.args)}
        self.own.update(
            n.id for n in nodes(function.node)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        )
        self.good = True

    def holds(self) -> bool:
        body = self.function.node.body
        for stmt in body:
            if any(isinstance(n, _REFUSED) for n in nodes(stmt)):
                return False
        before = -1
        while before != len(self.opaque):  # names that stand-ins flow into
            before = len(self.opaque)
            for stmt in body:
                self._spread(stmt)
        for stmt in body:
            self.visit(stmt)
        return self.good

    def _spread(self, stmt: ast.stmt) -> None:
        for node in nodes(stmt):
            match node:
                case ast.Assign(targets=targets, value=value) if self._carries(value):
                    self.opaque.update(n.id for t in targets for n in _names(t))
                case (
                    ast.For(target=target, iter=over) | ast.comprehension(target=target, iter=over)
                ) if self._carries(over):
                    self.opaque.update(n.id for n in _names(target))

    def _carries(self, node: ast.expr) -> bool:
        """Whether an expression's value is, or holds, a stand-in."""
        match node:
            case ast.Name(name):
                return name in self.opaque
            case ast.Tuple(items) | ast.List(items) | ast.Set(items):
                return any(self._carries(item) for item in items)
            case ast.Starred(value) | ast.Subscript(value=value):
                return self._carries(value)
            case ast.IfExp(body=body, orelse=orelse):
                return self._carries(body) or self._carries(orelse)
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.SetComp(elt=elt):
                return self._carries(elt)
            case _:
                return False

    def fails(self) -> None:
        self.good = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            return
        if node.id in self.opaque:
            self.fails()
        elif node.id not in self.own:
            found = self.function.scope.lookup(node.id)
            if found is None or not _is_steady(found.value):
                self.fails()

    def visit_Assign(self, node: ast.Assign) -> None:
        if not all(isinstance(n, ast.Name | ast.Tuple) for n in node.targets):
            self.fails()
        self._visit_holding(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """A change of what is given, be it an array or a list, is seen where it comes from."""
        given = {a.arg for a in all_args(self.function.node.args)} | self.opaque
        if not isinstance(node.target, ast.Name) or node.target.id in given:
            self.fails()
        self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_For(self, node: ast.For) -> None:
        self._visit_holding(node.iter)
        for stmt in [*node.body, *node.orelse]:
            self.visit(stmt)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._visit_holding(node.iter)
        for test in node.ifs:
            self.visit(test)

    def _visit_comprehension(self, node: Any) -> None:
        for generator in node.generators:
            self.visit(generator)
        self._visit_holding(node.elt)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = _visit_comprehension

    def _visit_holding(self, node: ast.expr) -> None:
        """An expression that may pass a stand-in on, as long as it does not look inside."""
        match node:
            case ast.Name():
                pass
            case ast.Tuple(items) | ast.List(items):
                for item in items:
                    self._visit_holding(item)
            case ast.Starred(value):
                self._visit_holding(value)
            case ast.IfExp(test, body, orelse):
                self.visit(test)
                self._visit_holding(body)
                self._visit_holding(orelse)
            case _:
                self.visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if all(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            for operand in (node.left, *node.comparators):
                self._visit_holding(operand)
        else:
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.fails()
        owner = self._called(node.value)
        if self._carries(node.value) and node.attr in _ATTRIBUTES:
            self._visit_holding(node.value)
        elif isinstance(owner, ModuleType):
            self.program.watch_attribute(owner, node.attr)
            value = attribute_of(owner, node.attr, None)
            if not (_is_steady(value) or value is sys.modules):
                self.fails()
        else:
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.fails()
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """What is said in an error is of no matter: the function is not used where it raises."""

    def visit_Call(self, node: ast.Call) -> None:
        called = self._called(node.func)
        given = [*node.args, *(k.value for k in node.keywords)]
        carried = any(self._carries(a) for a in given)
        method = isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS
        if called in _ASKING or (_is_exception(called)):
            for argument in given:
                self._visit_holding(argument)
        elif called is getattr and len(given) > 1 and self._carries(given[0]):
            known = isinstance(given[1], ast.Constant) and given[1].value in _ATTRIBUTES
            self._visit_holding(given[0]) if known else self.fails()
        elif called in _PURE or (method and called is None and self._is_own(node.func)):
            self.generic_visit(node)
        elif isinstance(called, FunctionType):
            self._visit_inner(called, node, carried)
        else:
            self.fails()

    def _is_own(self, node: ast.expr) -> bool:
        """Whether a method is not one of an argument's, which it might change."""
        params = {a.arg for a in all_args(self.function.node.args)}
        return isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in params
        )

    def _visit_inner(self, called: FunctionType, node: ast.Call, carried: bool) -> None:
        names = inspect.signature(called).parameters if carried else ()
        if not asks_types_only(called, frozenset(names), self.program, self.depth - 1):
            self.fails()
        for argument in [*node.args, *(k.value for k in node.keywords)]:
            self._visit_holding(argument)

    def _called(self, node: ast.expr) -> Any:
        """The object that is called, if it is one from outside; None for a method of a value."""
        match node:
            case ast.Name(name):
                if name in self.own:
                    return UNKNOWN
                found = self.function.scope.lookup(name)
                value = UNKNOWN if found is None else found.value
            case ast.Attribute(value=inner, attr=attr):
                owner = self._called(inner)
                if not isinstance(owner, ModuleType):
                    return None
                self.program.watch_attribute(owner, attr)
                value = attribute_of(owner, attr, UNKNOWN)
            case _:
                return None
        value = unwrapped(value)
        known = isinstance(value, FunctionType | BuiltinFunctionType | type | ModuleType)
        return value if known else UNKNOWN


def _is_steady(value: Any) -> bool:
    """Whether a value from outside stays as it is."""
    if isinstance(value, tuple):
        return all(map(_is_steady, value))
    return isinstance(value, _STEADY)


_STEADY = (
    *_FACTS, int, float, complex, bytes, frozenset, FunctionType, BuiltinFunctionType, np.ufunc,
    type(int | str), type(np.ndim),
)


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _names(target: ast.expr) -> list[ast.Name]:
    return [n for n in nodes(target) if isinstance(n, ast.Name)]
