"""Which variables what is left of a function's body may still read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

from adxform.core.trees import children, names, nodes


class _Open:
    """A block that is open, and the statement in it that is at hand; -1 is before the first."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self.body = body
        self.place = -1

    @property
    def stmt(self) -> ast.stmt | None:
        return self.body[self.place] if self.place >= 0 else None

    @cached_property
    def mentioned(self) -> dict[str, int]:
        """Where each name stands last."""
        return {n: at for at, stmt in enumerate(self.body) for n in _mentioned(stmt)}

    @cached_property
    def versions(self) -> dict[str, int]:
        """Where each version is read last."""
        return {n: at for at, stmt in enumerate(self.body) for n in _versions([stmt])}


class Spots:
    """Where in a body lowering is: the blocks that are open, outermost first."""

    def __init__(self) -> None:
        self.open: list[_Open] = []

    @contextmanager
    def entered(self, body: list[ast.stmt]) -> Iterator[None]:
        """A block is begun, before its first statement."""
        self.open.append(_Open(body))
        try:
            yield
        finally:
            self.open.pop()

    def at(self, place: int) -> None:
        """The statement of the innermost block that is at hand."""
        self.open[-1].place = place

    def read_again(self) -> set[str]:
        """The versions in the statement at hand, and in those that may run after it. What a loop
        around it begins with is not read again: its next iteration begins with what this one gives.
        """
        found: set[str] = set()
        for block in self.open:
            stmt, first = block.stmt, block.place
            if isinstance(stmt, ast.For | ast.While):
                first += 1
                inner = [s for s in stmt.body if not _is_phi(s)]
                found.update((*_versions(inner), *names(getattr(stmt, "test", stmt.body[-1]))))
                found.update(n for s in stmt.body if _is_phi(s) for n in names(s)[3:])
            found.update(n for n, at in block.versions.items() if at >= first)
        return found

    def read_later(self, *, now: bool) -> set[str]:
        """The names in statements that may run after the one at hand, or in that one, too."""
        found: set[str] = set()
        for block in self.open:
            again = now if block is self.open[-1] else isinstance(block.stmt, ast.For | ast.While)
            first = block.place if again else block.place + 1
            found.update(n for n, at in block.mentioned.items() if at >= first)
        return found


def _versions(trees: Iterable[ast.AST]) -> Iterator[str]:
    """The versions that trees read, where their names may be those of variables, too."""
    for tree in trees:
        if isinstance(tree, ast.stmt) and hasattr(tree, "_reads"):
            yield from (*tree._reads.values(), *getattr(tree, "_late", {}).values())
        elif isinstance(tree, ast.Name):
            yield tree.id
        else:
            yield from getattr(tree, "_late", {}).values()
            yield from _versions(children(tree))


def _is_phi(stmt: ast.stmt) -> bool:
    value = stmt.value if isinstance(stmt, ast.Assign) else None
    return isinstance(value, ast.Call) and names(value.func) == ["__phi__"]


def _mentioned(stmt: ast.stmt) -> Iterator[str]:
    for node in nodes(stmt):
        if type(node) is ast.Name:
            yield node.id
        for noted in ("_reads", "_late"):
            yield from getattr(node, noted, {}).values()
