"""``rows = [(a, b) for ...]`` that ``zip(*rows)`` turns, said as a loop that appends."""

from __future__ import annotations

import ast

from adxform.core.trees import Transformer, names, nodes
from adxform.frontend.assignments import assign, load, located


def with_turned_rows(tree: ast.FunctionDef) -> bool:
    """Say such comprehensions of a function as loops; whether there are any."""
    turned = {name for node in nodes(*tree.body) if (name := _turned(node))}
    rewriter = _Loops(turned, [*names(tree)])
    for stmt in [*tree.body]:
        place = tree.body.index(stmt)
        made = rewriter.visit(stmt)
        tree.body[place : place + 1] = made if isinstance(made, list) else [made]
    return rewriter.done


def _turned(node: ast.AST) -> str:
    """The list that ``zip(*rows)`` turns."""
    match node:
        case ast.Call(ast.Name("zip"), [ast.Starred(ast.Name(name))], []):
            return name
        case _:
            return ""


def _is_of_rows(node: ast.AST) -> bool:
    """Whether a comprehension gives tuples of known length, and assigns nothing else."""
    if not isinstance(node, ast.ListComp) or not isinstance(node.elt, ast.Tuple):
        return False
    bound = {*names(*[g.target for g in node.generators])}
    if not bound.isdisjoint(names(node.generators[0].iter)):
        return False
    spread = any(isinstance(item, ast.Starred) for item in node.elt.elts)
    other = (ast.NamedExpr, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    return not spread and not any(g.is_async for g in node.generators) and not any(
        isinstance(part, other) for part in nodes(node) if part is not node)


class _Loops(Transformer):
    def __init__(self, turned: set[str], read: list[str]) -> None:
        self.turned = turned
        self.read = read
        self.done = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        match node:
            case ast.Assign([ast.Name(name)], value) if name in self.turned and _is_of_rows(value):
                return self.loop(name, value, node)  # type: ignore[arg-type]
        return self.hoisted(node)

    def visit_Return(self, node: ast.Return) -> ast.AST | list[ast.stmt]:
        return self.hoisted(node)

    def hoisted(self, node: ast.stmt) -> ast.AST | list[ast.stmt]:
        """``a, b = zip(*[...])`` with a name for the list."""
        found = [part for part in nodes(node) if isinstance(part, ast.Call) and (
            isinstance(part.func, ast.Name) and part.func.id == "zip" and len(part.args) == 1
            and isinstance(part.args[0], ast.Starred) and _is_of_rows(part.args[0].value))]
        if len(found) != 1:
            return node
        starred = found[0].args[0]
        assert isinstance(starred, ast.Starred)
        name = self.unused("rows")
        made = self.loop(name, starred.value, node)  # type: ignore[arg-type]
        starred.value = ast.copy_location(load(name), starred.value)
        return [*made, node]

    def loop(self, name: str, value: ast.ListComp, old: ast.stmt) -> list[ast.stmt]:
        self.done = True
        own = names(value)
        for target in {*names(*[g.target for g in value.generators])}:
            if self.read.count(target) > own.count(target):  # a comprehension's are its own
                new = self.unused(target)
                for part in nodes(value):
                    if isinstance(part, ast.Name) and part.id == target:
                        part.id = new
        call = ast.Call(ast.Attribute(load(name), "append", ast.Load()), [value.elt], [])
        body: ast.stmt = ast.Expr(call)
        for generator in reversed(value.generators):
            for test in reversed(generator.ifs):
                body = ast.If(test, [body], [])
            body = ast.For(generator.target, generator.iter, [body], [])
        return [assign(name, ast.List([], ast.Load()), old), located(body, old)]

    def unused(self, stem: str) -> str:
        number = 2
        while f"{stem}_{number}" in self.read:
            number += 1
        self.read.append(f"{stem}_{number}")
        return f"{stem}_{number}"
