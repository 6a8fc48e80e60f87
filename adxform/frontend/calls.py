"""Calls: of primitives, and of the user's functions, which are inlined or lowered by themselves."""

from __future__ import annotations

import ast
from typing import Any

from adxform.core.builder import Names
from adxform.core.ir import (
    Callee,
    Const,
    Function,
    Operand,
    Tuple,
    leaves,
)
from adxform.frontend.desugar import desugar
from adxform.frontend.program import check_signature, params_of
from adxform.frontend.scope import bound_names
from adxform.frontend.source import SourceFunction
from adxform.frontend.ssa import all_args
from adxform.frontend.static import Static
from adxform.rules.expressions import BindError

INLINE_STATEMENTS = 8


class Calls(Static):
    """Lowers calls; how a function is lowered is the subclass's affair."""

    def lowered(self, function: SourceFunction) -> Function:
        """A function in Core."""
        raise NotImplementedError

    def inside(self, function: SourceFunction, env: dict[str, Operand]) -> Calls:
        """What lowers a function's body in the place of its call."""
        raise NotImplementedError

    def function(self, tree: ast.FunctionDef) -> Operand:
        """Lower a desugared function's body and give its result."""
        raise NotImplementedError

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

    def user_call(self, node: ast.Call, function: SourceFunction, base: str | None) -> Operand:
        if function.same in [f.same for f in self.program.open]:
            raise self.unsupported(
                f"{function.name} calls itself; recursion is not supported yet", node
            )
        bound = self._bind(node, function)
        if self._inlines(function, bound):
            return self._inline(function, bound, base)
        callee = self.callee(function)
        assert callee.function is not None
        found = list(leaves(callee.function.result))
        results = self.builder.call(
            callee, tuple(bound.values()), [base] if len(found) == 1 else [None] * len(found)
        )
        return _refill(callee.function.result, iter(results))

    def callee(self, function: SourceFunction) -> Callee:
        """The callee for a function, lowered at its first call."""
        key = id(function.same)
        if key not in self.program.callees:
            callee = Callee(function.name, file=function.text.file)
            callee.function = self.lowered(function)
            self.program.callees[key] = callee
            self.program.origins[key] = function
        return self.program.callees[key]

    def _bind(self, node: ast.Call, function: SourceFunction) -> dict[str, Operand]:
        check_signature(function)
        params = params_of(function)
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
        body = [s for s in function.node.body if not is_docstring(s)]
        return len(body) <= INLINE_STATEMENTS and not any(
            isinstance(s, ast.For | ast.While) for s in body
        )

    def _inline(
        self, function: SourceFunction, bound: dict[str, Operand], base: str | None
    ) -> Operand:
        """The callee's statements in the place of its call, its parameters being the arguments."""
        tree = desugar(function.node, function.text)
        _rename_params(tree, self.builder.names, bound)
        env = dict(bound)
        inner = self.inside(function, env)
        inner.result_name = base
        self.builder.names.reserve(outer_names(tree))
        outer = self.builder.origin
        self.program.open.append(function)
        result = inner.function(tree)
        self.program.open.pop()
        self.builder.origin = outer
        return result


def _rename_params(tree: ast.FunctionDef, names: Names, bound: dict[str, Operand]) -> None:
    """Give a function's parameters names that the caller does not use."""
    new = {old: names.fresh(f"_{old}") for old in bound}
    assigned = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
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


def _refill(shape: Operand, values: Any) -> Operand:
    if isinstance(shape, Tuple):
        return shape.with_items(_refill(item, values) for item in shape.items)
    value: Operand = next(values)
    return value


def is_docstring(stmt: ast.stmt) -> bool:
    """Whether a statement is a string alone."""
    return (
        isinstance(stmt, ast.Expr)
        and isinstance(stmt.value, ast.Constant)
        and isinstance(stmt.value.value, str)
    )
