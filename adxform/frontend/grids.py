"""Tables made as lists of lists, as arrays of two axes: ``t = [[0.0] * n for _ in range(m)]``.

Their entries may be computed, too: ``t = [[f(i, j) for j in range(n)] for i in range(m)]``.

That is said where all that is done with such a table is known from the text (it is written and
read item by item, and gone over), and where lowering finds that all its entries are numbers in
double precision, as those of the array are.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any

from adxform.core.trees import Transformer, children, copied, names, nodes
from adxform.frontend.assignments import located
from adxform.frontend.source import Text

GRID = "__grid__"
ENTRY = "__entry__"
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_INSIDE = (ast.Lambda, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
           ast.Await, ast.Tuple, ast.List, ast.Dict)  # what no entry of a table has in it
_IN_PLACE = (ast.Add, ast.Sub, ast.Mult, ast.Div)


def with_grids(tree: ast.FunctionDef, text: Text, contexts: dict[Any, Any]) -> None:
    """Say those tables as arrays for whose places ``contexts`` asks; note the other ones."""
    known = _Tables(tree)
    if known.made:
        tree.body = [_Branches({*known.made, *known.rows}).visit(stmt) for stmt in tree.body]
    found = {name: text.place(made[0]) for name, made in known.made.items()}
    tree._grids = tuple(  # type: ignore[attr-defined]
        # those of whole numbers may be just that
        at for name, at in found.items() if all(map(_is_real, known.made[name])))
    asked = {name for name, at in found.items() if at in contexts and contexts[at] is None}
    places = {name: found[known.rows.get(name, name)] for name in (*found, *known.rows)}
    tree._entries = bool(places)  # type: ignore[attr-defined]
    for part in nodes(*tree.body):
        name = _written(part)
        if name in places:
            part.value._entry = places[name]  # type: ignore[attr-defined]
    for name, made in known.made.items():
        for entry in filter(None, map(_computed, made)):
            entry._entry = found[name]  # type: ignore[attr-defined]
    if asked:
        held = {name: known.rows.get(name, name) for name in places}
        tables = {name: name in known.rows for name, table in held.items() if table in asked}
        arrays = _Arrays(tables, places, known.counters, {*names(tree)})
        tree.body = [new for stmt in tree.body for new in arrays.statements(stmt)]


class _Branches(Transformer):
    """``t[i][j] = a if test else b`` of tables, said as a branch."""

    def __init__(self, tables: set[str]) -> None:
        self.tables = tables

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        value = node.value
        if not isinstance(value, ast.IfExp) or _written(node) not in self.tables:
            return node
        first, second = (
            self.visit_Assign(located(ast.Assign([copied(node.targets[0])], side), node))  # type: ignore[arg-type]
            for side in (value.body, value.orelse)
        )
        return located(ast.If(value.test, [first], [second]), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node


def _written(node: ast.AST) -> str:
    """The table, or row, an entry of which a statement writes to."""
    match node:
        case ast.Assign([ast.Subscript(target)]) | ast.AugAssign(ast.Subscript(target)):
            target = target.value if isinstance(target, ast.Subscript) else target
            return target.id if isinstance(target, ast.Name) else ""
        case _:
            return ""


class _Tables:
    """The tables of a function with the expressions that make them, and the names of rows."""

    def __init__(self, tree: ast.FunctionDef) -> None:
        self.made: dict[str, list[ast.expr]] = {}
        self.rows: dict[str, str] = {}
        self.counters: set[str] = set()
        args = tree.args
        every = [a.arg for a in nodes(args) if isinstance(a, ast.arg)]
        body = [*nodes(*tree.body)]
        named = Counter(n.id for n in body if isinstance(n, ast.Name))
        for node in body:
            match node:
                case ast.Assign([ast.Name(name)], ast.ListComp() as value) if (
                    _sizes(value) and all(name != n.id for n in nodes(value)
                                          if isinstance(n, ast.Name))
                ):
                    self.made.setdefault(name, []).append(value)
        if not self.made or any(isinstance(n, ast.Try) for n in body):  # x / 0.0 is an error there
            self.made.clear()
            return
        self._find_counters(body)
        for node in body:
            if isinstance(node, ast.Global | ast.Nonlocal):
                every += node.names
            for name, table in _named_rows(node):
                if table in self.made and name not in self.made:
                    self.rows[name] = table
        while True:  # what is used in other ways makes others unknown
            seen = Counter(n.id for stmt in tree.body for n in self._understood(stmt))
            bad = {n for n in (*self.made, *self.rows) if named[n] != seen[n] or n in every}
            bad |= {t for n, t in self.rows.items() if n in bad}
            if not bad:
                return
            self.made = {n: v for n, v in self.made.items() if n not in bad}
            self.rows = {n: t for n, t in self.rows.items() if t in self.made and n not in bad}

    def _find_counters(self, body: list[ast.AST]) -> None:
        """Variables that only count: they are no truths, which index arrays otherwise."""
        counted: Counter[str] = Counter()
        stored = Counter(
            n.id for n in body if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        for node in body:
            match node:
                case ast.For(ast.Name(name), over) | ast.comprehension(ast.Name(name), over) if (
                    _counts(over)
                ):
                    counted[name] += 1
                case ast.For(ast.Tuple([ast.Name(name), _]), ast.Call(ast.Name("enumerate"))):
                    counted[name] += 1
        self.counters = {name for name, times in counted.items() if stored[name] == times}

    def _understood(self, node: ast.AST) -> Iterator[ast.Name]:
        """Where names of tables and rows stand, and it is clear what becomes of them."""
        match node:
            case ast.Assign([ast.Name() as target], ast.ListComp() as value) if (
                target.id in self.made and any(value is v for v in self.made[target.id])
            ):
                yield target
            case ast.AugAssign(ast.Subscript(), op) if (
                _written(node) in {*self.made, *self.rows} and not isinstance(op, _IN_PLACE)
            ):
                return
            case ast.Subscript(ast.Subscript(ast.Name() as held, first), last, context) if (
                held.id in self.made and _single(first) and _single(last)
                and not isinstance(context, ast.Del)
            ):
                yield held
                yield from self._understood(first)
                yield from self._understood(last)
                return
            case ast.Subscript(ast.Name() as held, index, context) if (
                held.id in self.rows and _single(index) and not isinstance(context, ast.Del)
            ):
                yield held
            case ast.Call(ast.Name("len"), [ast.Name() as held], []) if held.id in self.made:
                yield held
            case ast.Call(ast.Name("len" | "sum"), [over], []):
                yield from self._plain(over)
        yield from self._gone_over(node)
        if not isinstance(node, _SCOPES):
            for child in children(node):
                yield from self._understood(child)

    def _gone_over(self, node: ast.AST) -> Iterator[ast.Name]:
        for name, table in _named_rows(node):
            if self.rows.get(name) == table:
                match node:
                    case ast.Assign([ast.Name() as target], ast.Subscript(ast.Name() as held)) | (
                        ast.For(ast.Name() as target, ast.Name() as held)
                    ) | ast.comprehension(ast.Name() as target, ast.Name() as held):
                        yield from (target, held)
        match node:
            case ast.For(ast.Name() as target, over) | ast.comprehension(
                ast.Name() as target, over
            ) if target.id not in self.rows and not (
                isinstance(over, ast.Name) and over.id in self.made
            ):
                yield from self._plain(over)

    def _plain(self, over: ast.expr) -> Iterator[ast.Name]:
        """The name of a row, or of a table of which one row is taken."""
        match over:
            case ast.Name(name) if name in self.rows:
                yield over
            case ast.Subscript(ast.Name() as held, index) if held.id in self.made and _single(
                index
            ):
                yield held


def _named_rows(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The name that a statement gives to a row, and what holds the row."""
    match node:
        case ast.Assign([ast.Name(name)], ast.Subscript(ast.Name(table), index)) if _single(index):
            yield name, table
        case ast.For(ast.Name(name), ast.Name(table)) | ast.comprehension(
            ast.Name(name), ast.Name(table)
        ):
            yield name, table


def _single(index: ast.expr) -> bool:
    return not isinstance(index, ast.Slice | ast.Tuple | ast.List | ast.Starred)


def _counts(over: ast.expr) -> bool:
    match over:
        case ast.Call(ast.Name("range")) | ast.Call(
            ast.Name("reversed"), [ast.Call(ast.Name("range"))]
        ):
            return True
        case _:
            return False


def _sizes(made: ast.ListComp) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """How many rows and columns a table has, and what is everywhere in it."""
    match made:
        case ast.ListComp(row, [ast.comprehension(ast.Name(own), ast.Call(
            ast.Name("range"), [rows], []), [])]):
            pass
        case _:
            return None
    match row:
        case ast.BinOp(ast.List([number]), ast.Mult(), columns) | ast.BinOp(
            columns, ast.Mult(), ast.List([number])
        ) | ast.ListComp(number, [ast.comprehension(ast.Name(), ast.Call(
            ast.Name("range"), [columns], []), [])]):
            same = not any(isinstance(n, ast.Name) and n.id == own for n in nodes(columns))
            plain = _fills(number) or (_pure(rows) and isinstance(row, ast.ListComp)
                                       and not any(isinstance(n, _INSIDE) for n in nodes(number)))
            return (rows, columns, number) if same and plain and _pure(columns) else None
    return None


def _computed(made: ast.expr) -> ast.expr | None:
    """The expression of the entries of a table, if each has a value of its own."""
    assert isinstance(made, ast.ListComp)
    sizes = _sizes(made)
    return None if sizes is None or _fills(sizes[2]) else sizes[2]


def _fills(number: ast.expr) -> bool:
    """Whether an expression is a number that is written out, or infinite."""
    match number:
        case ast.Constant(value):
            return type(value) in (int, float)
        case ast.UnaryOp(ast.USub(), inner):
            return _fills(inner)
        case ast.Attribute(ast.Name("math" | "np" | "numpy"), "inf" | "nan"):
            return True
        case ast.Call(ast.Name("float"), [ast.Constant(str())], []):
            return True
        case _:
            return False


def _is_real(made: ast.expr) -> bool:
    """Whether a table is made of numbers that are no integers."""
    assert isinstance(made, ast.ListComp)
    sizes = _sizes(made)
    if sizes is None:
        return False
    number = sizes[2]
    while isinstance(number, ast.UnaryOp):
        number = number.operand
    return not (isinstance(number, ast.Constant) and isinstance(number.value, int))


def _pure(node: ast.expr) -> bool:
    """Whether it is no matter how often an expression is evaluated."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.BinOp(left, _, right):
            return _pure(left) and _pure(right)
        case ast.Call(ast.Name("len"), [ast.Name()], []):
            return True
        case _:
            return False


class _Arrays(Transformer):
    """Says tables as arrays; ``tables`` tells which names are those of rows."""

    def __init__(
        self, tables: dict[str, bool], places: dict[str, Any], counters: set[str],
        taken: set[str],
    ) -> None:
        self.tables = tables
        self.places = places
        self.counters = counters
        self.taken = taken

    def statements(self, stmt: ast.stmt) -> list[ast.stmt]:
        made = self.visit(stmt)
        return made if isinstance(made, list) else [made]

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        name = _written(node)
        match node:
            case ast.Assign([ast.Name(made)], ast.ListComp() as value) if (
                self.tables.get(made) is False and (sizes := _sizes(value))
            ):
                if _computed(value) is not None:
                    return self._filled(node, made, value)
                node.value = self._marked(GRID, [*sizes], value, made)
                return node
        self.generic_visit(node)
        if name in self.tables:
            node.value = self._marked(ENTRY, [node.value], node.value, name)
        return node

    def _filled(self, node: ast.Assign, name: str, value: ast.ListComp) -> list[ast.stmt]:
        """A table, and the loops that compute its entries."""
        rows, columns, number = _sizes(value)  # type: ignore[misc]
        targets = value.generators[0].target, value.elt.generators[0].target  # type: ignore[attr-defined]
        own = {held: self._unused(held) for held in map(ast.unparse, targets)}
        entry = copied(number)
        for part in nodes(entry):
            if isinstance(part, ast.Name):
                part.id = own.get(part.id, part.id)
        first, last = own.values() if len(own) == 2 else (self._unused("_"), *own.values())
        self.counters |= {first, last}
        row = ast.Subscript(ast.Name(name, ast.Load()), ast.Name(first, ast.Load()), ast.Load())
        target = ast.Subscript(row, ast.Name(last, ast.Load()), ast.Store())
        stmt: ast.stmt = _Branches({name}).visit(located(ast.Assign([target], entry), node))
        for counter, count in ((last, columns), (first, rows)):
            over = ast.Call(ast.Name("range", ast.Load()), [copied(count)], [])
            stmt = located(ast.For(ast.Name(counter, ast.Store()), over, [stmt], []), node)
        node.value = self._marked(GRID, [rows, columns, ast.Constant(0.0)], value, name)
        return [node, *self.statements(stmt)]

    def _unused(self, stem: str) -> str:
        """A name for a variable of a comprehension where it is a loop's."""
        name = stem
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        name = _written(node)
        self.generic_visit(node)
        if name in self.tables:
            node.value = self._marked(ENTRY, [node.value], node.value, name)
        return node

    def _marked(self, function: str, args: list[ast.expr], old: ast.expr, name: str) -> ast.expr:
        made = ast.Call(ast.Name(function, ast.Load()), args, [])
        made._place = self.places[name]  # type: ignore[attr-defined]
        return ast.fix_missing_locations(ast.copy_location(made, old))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(ast.Subscript(ast.Name(name) as held, first), last) if (
                self.tables.get(name) is False
            ):
                both = [self._index(first), self._index(last)]
                node.value, node.slice = held, ast.copy_location(
                    ast.Tuple(both, ast.Load()), last)
                return node
            case ast.Subscript(ast.Name(name), index) if name in self.tables:
                node.slice = self._index(index)
                return node
        return self.generic_visit(node)

    def _index(self, index: ast.expr) -> ast.expr:
        """A place in a list: True is 1."""
        index = self.visit(index)
        match index:
            case ast.Constant(int(value)) if type(value) is int:
                return index
            case ast.UnaryOp(ast.USub()) | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()
                                                     | ast.FloorDiv() | ast.Mod()):
                return index
            case ast.Name(name) if name in self.counters:
                return index
        whole = ast.Call(ast.Name("int", ast.Load()), [index], [])
        return ast.fix_missing_locations(ast.copy_location(whole, index))
