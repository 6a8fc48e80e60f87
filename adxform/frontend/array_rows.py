"""Lists of rows that loops fill and NumPy takes as one array: the rows are made arrays.

``path.append([x, y])`` becomes ``path.append(np.array([x, y]))`` where ``np.array(path)`` is what
becomes of the list, beside its length, and single numbers that are read from it.
"""

from __future__ import annotations

import ast

from adxform.core.trees import nodes

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def with_array_rows(tree: ast.FunctionDef) -> None:
    """Mark the rows of such lists for lowering, which tells whether they hold numbers."""
    every = [*nodes(*tree.body)]
    if ast.Expr not in set(map(type, every)):  # nothing is appended
        return
    taken = {a.arg for a in nodes(tree.args) if isinstance(a, ast.arg)}
    for node in every:
        taken.update(node.names if isinstance(node, ast.Global | ast.Nonlocal) else ())
    for name in {name for name, _ in map(_appended, every) if name} - taken:
        _mark(name, _while_a_list(name, tree.body))


def _while_a_list(name: str, body: list[ast.stmt]) -> list[ast.AST]:
    """The nodes of a function up to where it says ``path = np.array(path)``, if it does."""
    for place, stmt in enumerate(body):
        match stmt:
            case ast.Assign([ast.Name(target)], value) if target == name and (
                (held := _given_to_numpy(value)) is not None and held.id == name
            ):
                return [*nodes(*body[:place], value)]
    return [*nodes(*body)]


def _mark(name: str, region: list[ast.AST]) -> None:
    """Mark the rows of a list, if all is understood that is done with it."""
    named = sum(isinstance(n, ast.Name) and n.id == name for n in region)
    inner = {id(n) for scope in region if isinstance(scope, _SCOPES) for n in nodes(scope)}
    seen = {id(n) for node in region if id(node) not in inner for n in _understood(node)
            if n.id == name}
    read = any(n is not None and n.id == name for n in map(_read, region))
    given = any(n is not None and n.id == name for n in map(_given_to_numpy, region))
    if read and any(isinstance(node, ast.Try) for node in region):  # 1 / 0.0 is an error there
        return
    for row in (row for node in region for row in _rows_of(node, name)):
        if given and named == len(seen):
            row._row = read  # type: ignore[attr-defined]


def _is_row(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Tuple | ast.List) and bool(node.elts) and not any(
        isinstance(e, ast.Starred | ast.Tuple | ast.List) for e in node.elts)


def _appended(node: ast.AST) -> tuple[str, ast.expr | None]:
    """The list to which a statement appends a row, and the row."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"), [row], [])) if _is_row(row):
            return name, row
        case _:
            return "", None


def _given_to_numpy(node: ast.AST) -> ast.Name | None:
    match node:
        case ast.Call(ast.Attribute(ast.Name("np" | "numpy"),
                                    "array" | "asarray" | "stack" | "vstack"),
                      [ast.Name() as held], _):
            return held
        case _:
            return None


def _read(node: ast.AST) -> ast.Name | None:
    """The list of which single numbers are read."""
    match node:
        case ast.Subscript(ast.Subscript(ast.Name() as read, index), ast.Constant(int()),
                           ast.Load()) if not isinstance(index, ast.Slice):
            return read
        case ast.For(ast.Tuple(), ast.Name() as read) | ast.comprehension(
            ast.Tuple(), ast.Name() as read
        ):
            return read
        case _:
            return None


def _understood(node: ast.AST) -> list[ast.Name]:
    """The names of lists in it for which it does not matter whether their items are arrays."""
    match node:
        case ast.Assign():
            return [held for held, rows in _made(node) if all(map(_is_row, rows))]
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as held, "append"))) if _appended(node)[0]:
            return [held]
        case ast.Call(ast.Name("len"), [ast.Name() as held], []):
            return [held]
    return [name for name in (_read(node), _given_to_numpy(node)) if name is not None]


def _made(node: ast.Assign) -> list[tuple[ast.Name, list[ast.expr]]]:
    """The lists that an assignment makes, by what they hold."""
    match node:
        case ast.Assign([ast.Name() as held], ast.List(rows)):
            return [(held, rows)]
        case ast.Assign([ast.Tuple(names)], ast.Tuple(values)) if len(names) == len(values):
            pairs = zip(names, values, strict=True)
            return [(n, v.elts) for n, v in pairs
                    if isinstance(n, ast.Name) and isinstance(v, ast.List)]
        case _:
            return []


def _rows_of(node: ast.AST, name: str) -> list[ast.expr]:
    """The rows that a statement puts into a list."""
    filled, row = _appended(node)
    if row is not None and filled == name:
        return [row]
    made = _made(node) if isinstance(node, ast.Assign) else []
    return [row for held, rows in made if held.id == name for row in rows]
