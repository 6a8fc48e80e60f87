"""Calls of functions that write to their arguments, inside tests: made where Python makes them.

A test is carried verbatim where it says ``and``, ``or`` or ``a < b < c``. One that calls such a
function is said by statements, so that what is written is followed.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from adxform.core.trees import Transformer, bound_names, nodes
from adxform.frontend.assignments import located
from adxform.frontend.callables import is_library
from adxform.frontend.control import own_exits
from adxform.frontend.scope import meaning_of
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args
from adxform.frontend.writes import root_of, views_of, writes_params

_LATER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEEPEST = 8  # how many functions, each called by the one before, are looked into


class WritingCalls:
    """Finds such calls, of functions from outside that no variable in ``own`` hides."""

    def __init__(self, scope: Any, own: frozenset[str]) -> None:
        self.scope = scope
        self.own = own

    def within(self, node: ast.AST) -> bool:
        """Whether evaluating an expression may call such a function."""
        later = {id(p) for part in nodes(node) if isinstance(part, _LATER) for p in nodes(part)}
        return any(self.is_one(part) for part in nodes(node) if id(part) not in later)

    def conditional(self, node: ast.AST) -> bool:
        """Whether an expression that is carried verbatim calls one."""
        match node:
            case ast.BoolOp() | ast.Compare(ops=[_, _, *_]):
                return self.within(node)
            case ast.Call(ast.Attribute(attr="partial") | ast.Name("partial"), args, keywords):
                return any(map(self.within, (*args[1:], *(k.value for k in keywords))))
            case _:
                return False

    def may_change(self, node: ast.expr) -> bool:
        """Whether a test calls a function made inside, or a method of what is no array."""
        for part in nodes(node):
            match part:
                case ast.Call(ast.Name(name)) if name in self.own:
                    return True
                case ast.Call(ast.Attribute(value, method)) if not hasattr(np.ndarray, method):
                    while isinstance(value, ast.Attribute | ast.Subscript):
                        value = value.value
                    if isinstance(value, ast.Name) and value.id in self.own:
                        return True
        return False

    def value_of(self, node: ast.expr) -> Any:
        """What a (dotted) name from outside is, if that is known."""
        found = meaning_of(node, self.scope, self.own)
        return None if found is None else found.value

    def is_one(self, node: ast.AST) -> bool:
        """Whether a node is such a call."""
        if not isinstance(node, ast.Call):
            return False
        function = self.function_of(node)
        return function is not None and writes_params(function.node)

    def may_be_one(self, node: ast.AST) -> bool:
        """Whether a node is a call of a function, from outside or made inside, that may write to
        its arguments, itself or by another.
        """
        if not isinstance(node, ast.Call):
            return False
        function = self.function_of(node)
        inside = isinstance(node.func, ast.Name) and node.func.id in self.own
        return inside if function is None else may_write(function)

    def may_write_in(self, node: ast.expr) -> bool:
        """Whether evaluating an expression may call such a function."""
        return any(map(self.may_be_one, nodes(node)))

    def function_of(self, call: ast.Call) -> SourceFunction | None:
        """The function from outside that is called, if it is written in Python."""
        meaning = meaning_of(call.func, self.scope, self.own)
        return None if meaning is None else meaning.function


def may_write(function: SourceFunction, around: tuple[ast.AST, ...] = ()) -> bool:
    """Whether a function may write to its arguments: itself, or by a function it hands them to."""
    if writes_params(function.node):
        return True
    if function.node in around or len(around) >= DEEPEST or is_library(function.text.file):
        return False
    views = views_of(function.node)
    calls = WritingCalls(function.scope, own_variables(function.node))
    for part in nodes(*function.node.body):
        if isinstance(part, ast.Call) and any(
            root_of(a) in views for a in (*part.args, *(k.value for k in part.keywords))
        ):
            inner = calls.function_of(part)
            if inner is not None and may_write(inner, (*around, function.node)):
                return True
    return False


def own_variables(node: ast.FunctionDef) -> frozenset[str]:
    """A function's own variables."""
    params = [a.arg for a in all_args(node.args)]
    return frozenset([*params, *bound_names(*node.body)])


class WritingTests(Transformer):
    """``while a and f(x)`` becomes ``while True: if not (a and f(x)): break``."""

    def __init__(self, calls: WritingCalls) -> None:
        self.calls = calls

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        outward = any(isinstance(e, ast.Break | ast.Continue) for e in own_exits(node.orelse))
        writes = any(map(self.calls.conditional, nodes(node.test)))
        if outward or not (writes or self.calls.may_change(node.test)):
            return node
        end: list[ast.stmt] = [*node.orelse, ast.Break()]
        leave = located(ast.If(ast.UnaryOp(ast.Not(), node.test), end, []), node)
        node.test, node.body, node.orelse = ast.Constant(True), [leave, *node.body], []
        return located(node, node)
