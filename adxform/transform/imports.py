"""Import statements of a file: what generated code needs is added, what it needed is dropped."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from adxform.core.trees import bound_names
from adxform.frontend.ssa import all_args
from adxform.transform.splice import Edits

Import = ast.Import | ast.ImportFrom


def runtime_names(tree: ast.Module) -> set[str]:
    """The names that a file binds at its top when it runs, not only for type checkers."""
    return {
        name
        for stmt in tree.body
        if not (isinstance(stmt, ast.If) and "TYPE_CHECKING" in ast.unparse(stmt.test))
        for name in bound_names(stmt)
    }


def add_imports(edits: Edits, tree: ast.Module, statements: list[str], before: int) -> None:
    """Import statements after the last import above line ``before``, or else at the top."""
    if not statements:
        return
    page, text = edits.page, "\n".join(statements)
    above = [s for s in tree.body if isinstance(s, Import) and s.lineno < before]
    if above:
        last = above[-1].end_lineno or above[-1].lineno
        edits.replace(page.ends[last - 1], page.ends[last - 1], f"\n{text}")
        return
    first = tree.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        line = first.end_lineno or first.lineno
        edits.replace(page.ends[line - 1], page.ends[line - 1], f"\n\n{text}")
        return
    line = 1
    while page.line(line).startswith("#"):  # '#!', the encoding, a licence
        line += 1
    if line > 1 and not page.line(line).strip():
        edits.replace(page.ends[line - 2], page.ends[line - 2], f"\n\n{text}")
    else:
        line = 1 if not page.line(1).startswith("#!") else 2
        edits.replace(page.starts[line - 1], page.starts[line - 1], f"{text}\n\n\n")


def adxform_names(tree: ast.Module) -> dict[str, Import]:
    """The names that a file's imports take from adxform, each with its statement."""
    found: dict[str, Import] = {}
    for stmt in tree.body:
        for alias in _from_adxform(stmt):
            found[alias.asname or alias.name.split(".")[0]] = stmt  # type: ignore[assignment]
    return found


def _from_adxform(stmt: ast.stmt) -> list[ast.alias]:
    if isinstance(stmt, ast.ImportFrom) and not stmt.level:
        ours = (stmt.module or "").split(".")[0] == "adxform"
        return stmt.names if ours else []
    if isinstance(stmt, ast.Import):
        return [a for a in stmt.names if a.name.split(".")[0] == "adxform"]
    return []


def mentioned(nodes: Iterable[ast.AST]) -> set[str]:
    """The names from outside that trees speak of, also as a string: ``__all__ = ["grad"]``."""
    found: set[str] = set()
    for tree in nodes:
        found |= _mentioned(tree)
    return found


def _mentioned(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return mentioned(ast.iter_child_nodes(node))
    declared = {n for s in ast.walk(node) if isinstance(s, ast.Global) for n in s.names}
    own = {a.arg for a in all_args(node.args)}.union(*(bound_names(s) for s in node.body))
    head = [node.args, *node.decorator_list, *([node.returns] if node.returns else [])]
    return mentioned(head) | (mentioned(node.body) - (own - declared))


def drop_imports(edits: Edits, tree: ast.Module, names: set[str]) -> None:
    """Take names out of the imports from adxform; a statement left empty goes as a whole."""
    for stmt in tree.body:
        aliases = _from_adxform(stmt)
        dropped = [a for a in aliases if (a.asname or a.name.split(".")[0]) in names]
        if not dropped:
            continue
        assert isinstance(stmt, Import)
        if len(dropped) == len(stmt.names):
            _drop_statement(edits, tree, stmt)
        else:
            _drop_aliases(edits, stmt, dropped)


def _drop_aliases(edits: Edits, stmt: Import, dropped: list[ast.alias]) -> None:
    page, names = edits.page, stmt.names
    lines = [page.line(alias.lineno).partition("#")[0].strip(" \t,") for alias in dropped]
    if all(line == ast.unparse(alias) for line, alias in zip(lines, dropped, strict=True)):
        for alias in dropped:  # each on a line of its own
            edits.replace(page.starts[alias.lineno - 1], page.starts[alias.lineno], "")
        return
    kept = [place for place, alias in enumerate(names) if alias not in dropped]
    for place, alias in enumerate(names):
        if alias in dropped and place < kept[-1]:
            edits.replace(page.start(alias), page.start(names[place + 1]), "")
    if kept[-1] < len(names) - 1:
        edits.replace(page.end(names[kept[-1]]), page.end(names[-1]), "")


def _drop_statement(edits: Edits, tree: ast.Module, stmt: Import) -> None:
    page, place = edits.page, tree.body.index(stmt)
    assert stmt.end_lineno is not None
    if place + 1 < len(tree.body) and tree.body[place + 1].lineno == stmt.end_lineno:
        edits.replace(page.start(stmt), page.start(tree.body[place + 1]), "")  # import a; b
        return
    if place and tree.body[place - 1].end_lineno == stmt.lineno:
        edits.replace(page.end(tree.body[place - 1]), page.end(stmt), "")  # b; import a
        return
    first, last = stmt.lineno, stmt.end_lineno
    if last < len(page.starts) and not page.line(last + 1).strip():
        while first > 1 and not page.line(first - 1).strip():
            first -= 1  # one of the gaps above and below is enough
    end = page.starts[last] if last < len(page.starts) else len(page.text)
    edits.replace(page.starts[first - 1], end, "")


def still_needed(tree: ast.Module, file: str) -> list[str]:
    """A note for each import of adxform that a file still has."""
    return [
        f"{file}:{stmt.lineno}: {name} of adxform is still used"
        for name, stmt in adxform_names(tree).items()
    ]


def has_star(tree: ast.Module) -> bool:
    """Whether a file imports names that are not written in it."""
    return any(
        isinstance(s, ast.ImportFrom) and any(a.name == "*" for a in s.names) for s in tree.body
    )
