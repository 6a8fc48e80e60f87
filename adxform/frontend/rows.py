"""Lists of tuples that loops fill, as a list for each place: ``rows.append((a, b))``.

That is said where all that is done with such a list is known from the text: it is filled, gone
over, asked for its length or for one of its items.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from adxform.core.trees import Transformer, children, copied, names, nodes

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


def with_columns(tree: ast.FunctionDef) -> None:
    """Say the lists of a function that hold tuples as lists of their items, as far as that goes."""
    for _ in range(3):  # what tuples hold may be tuples
        wide = {name: width for name, width in _widths(tree).items() if _is_known(name, tree)}
        if not wide:
            return
        taken = {*names(tree)}
        columns = {}
        for name, width in wide.items():
            columns[name] = [_unused(f"{name}_{k}", taken) for k in range(width)]
        rewriter = _Columns(columns)
        tree.body = [new for stmt in tree.body for new in rewriter.statements(stmt)]


def _unused(stem: str, taken: set[str]) -> str:
    name = stem
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _widths(tree: ast.FunctionDef) -> dict[str, int]:
    """How many items the tuples have that loops put into lists, where all have as many."""
    found: dict[str, set[int]] = {}
    looped: set[str] = set()
    every = nodes(*tree.body)
    if ast.Expr not in set(map(type, every)):  # nothing is appended
        return {}
    for node in every:
        if isinstance(node, ast.For | ast.While):
            looped.update(n for n, _ in map(_filled, nodes(*node.body)) if n)
        name, item = _filled(node)
        if name:
            plain = isinstance(item, ast.Tuple | ast.List) and not any(
                isinstance(e, ast.Starred) for e in item.elts
            )
            found.setdefault(name, set()).add(len(item.elts) if plain else 0)  # type: ignore[union-attr]
    return {n: max(w) for n, w in found.items() if len(w) == 1 and max(w) > 0 and n in looped}


def _filled(node: ast.AST) -> tuple[str, ast.expr | None]:
    """The list to which a statement appends, and what."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"), [item], [])):
            return name, item
        case _:
            return "", None


def _is_known(name: str, tree: ast.FunctionDef) -> bool:
    """Whether all is understood that a function does with a list."""
    args = (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)
    if name in {a.arg for a in args} or name not in map(_makes, nodes(*tree.body)):
        return False
    items = [item for found, item in map(_filled, nodes(*tree.body)) if found == name]
    lists = any(isinstance(item, ast.List) for item in items)  # which others might change
    understood = _taken_apart if lists else _understood
    allowed = {id(n) for stmt in tree.body for n in understood(stmt)}
    return all(
        id(n) in allowed for n in nodes(*tree.body) if isinstance(n, ast.Name) and n.id == name
    ) and not any(
        isinstance(n, ast.Global | ast.Nonlocal) and name in n.names for n in nodes(*tree.body)
    )


def _makes(node: ast.AST) -> str:
    """The list that a statement makes."""
    match node:
        case ast.Assign([ast.Name(target)], ast.List([])):
            return target
        case _:
            return ""


def _taken_apart(node: ast.AST) -> Iterator[ast.AST]:
    """The places of names of lists where the items of these are taken apart at once."""
    match node:
        case ast.Assign([ast.Name() as target], ast.List([])):
            yield target
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as held, "append"), [ast.List()], [])):
            yield held
        case ast.For(ast.Tuple(), ast.Name() as held) | ast.comprehension(
            ast.Tuple(), ast.Name() as held
        ):
            yield held
        case ast.Subscript(ast.Subscript(ast.Name() as held, index), ast.Constant(int()),
                           ast.Load()) if not isinstance(index, ast.Slice):
            yield held
        case ast.Call(ast.Name("len"), [ast.Name() as held], []):
            yield held
    if not isinstance(node, _SCOPES):
        for child in children(node):
            yield from _taken_apart(child)


def _understood(node: ast.AST) -> Iterator[ast.AST]:
    """The places of names where it is clear what becomes of them; none inside other functions."""
    match node:
        case ast.Assign([ast.Name() as target], ast.List([])):
            yield target
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as held, "append"), [ast.Tuple()], [])):
            yield held
        case ast.For(iter=over) | ast.comprehension(iter=over):
            yield from _gone_over(over)
        case ast.Subscript(ast.Name() as held, index, ast.Load()) if not isinstance(
            index, ast.Slice
        ):
            yield held
        case ast.Call(ast.Name("len"), [ast.Name() as held], []):
            yield held
        case ast.Call(ast.Name("zip"), [ast.Starred(ast.Name() as held)], []):
            yield held
    if isinstance(node, _SCOPES):
        return
    for child in children(node):
        yield from _understood(child)


def _gone_over(over: ast.expr) -> Iterator[ast.AST]:
    match over:
        case ast.Name():
            yield over
        case ast.Call(ast.Name("enumerate" | "zip"), args):
            for arg in args:
                yield from _gone_over(arg)


class _Columns(Transformer):
    """Says one list of tuples as several lists."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        self.columns = columns

    def statements(self, stmt: ast.stmt) -> list[ast.stmt]:
        made = self.visit(stmt)
        return made if isinstance(made, list) else [made]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef  # type: ignore[assignment]

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        match node:
            case ast.Assign([ast.Name(name)], ast.List([])) if name in self.columns:
                return [
                    _placed(ast.Assign([ast.Name(column, ast.Store())], ast.List([], ast.Load())),
                            node)
                    for column in self.columns[name]
                ]
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        name, item = _filled(node)
        self.generic_visit(node)
        if name not in self.columns:
            return node
        assert isinstance(item, ast.Tuple | ast.List)
        return [
            _placed(ast.Expr(ast.Call(ast.Attribute(_load(column), "append", ast.Load()), [e], [])),
                    node)
            for column, e in zip(self.columns[name], item.elts, strict=True)
        ]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """What is gone over; other places are seen by what is around them."""
        if node.id not in self.columns:
            return node
        call = ast.Call(_load("zip"), [_load(c) for c in self.columns[node.id]], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        appended = node.attr == "append" and isinstance(node.value, ast.Name)
        return node if appended else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(ast.Name("len"), [ast.Name(name)], []) if name in self.columns:
                node.args = [ast.copy_location(_load(self.columns[name][0]), node)]
                return node
            case ast.Call(ast.Name("zip"), [ast.Starred(ast.Name(name))], []) if (
                name in self.columns
            ):
                each = [ast.Call(_load("tuple"), [_load(c)], []) for c in self.columns[name]]
                whole = ast.Tuple(list[ast.expr](each), ast.Load())
                return ast.fix_missing_locations(ast.copy_location(whole, node))
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(ast.Subscript(ast.Name(name), index), ast.Constant(int(place))) if (
                name in self.columns and -len(self.columns[name]) <= place < len(self.columns[name])
            ):
                column = self.columns[name][place]
                made: ast.expr = ast.Subscript(_load(column), self.visit(index), ast.Load())
            case ast.Subscript(ast.Name(name), index) if name in self.columns:
                index = self.visit(index)
                made = ast.Tuple(
                    [ast.Subscript(_load(c), copied(index), ast.Load())
                     for c in self.columns[name]], ast.Load())
            case _:
                return self.generic_visit(node)
        return ast.fix_missing_locations(ast.copy_location(made, node))


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _placed(new: ast.stmt, old: ast.stmt) -> ast.stmt:
    new._origin = old._origin  # type: ignore[attr-defined]
    return ast.fix_missing_locations(ast.copy_location(new, old))
