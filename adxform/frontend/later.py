"""Which variables what is left of a function's body may still read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from adxform.core.trees import children, names, nodes


class Spots:
    """Where in a body lowering is: the blocks that are open, outermost first, and the statement at
    hand in each.
    """

    def __init__(self) -> None:
        self.open: list[tuple[list[ast.stmt], int]] = []

    @contextmanager
    def entered(self, body: list[ast.stmt]) -> Iterator[None]:
        """A block is begun, before its first statement."""
        self.open.append((body, -1))
        try:
            yield
        finally:
            self.open.pop()

    def at(self, place: int) -> None:
        """The statement of the innermost block that is at hand."""
        self.open[-1] = self.open[-1][0], place

    def read_again(self) -> set[str]:
        """The versions in the statement at hand, and in those that may run after it. What a loop
        around it begins with is not read again: its next iteration begins with what this one gives.
        """
        found: set[str] = set()
        for body, place in self.open:
            found.update(_versions(body[place + 1 :]))
            stmt = body[place] if place >= 0 else None
            if isinstance(stmt, ast.For | ast.While):
                inner = [s for s in stmt.body if not _is_phi(s)]
                found.update((*_versions(inner), *names(getattr(stmt, "test", stmt.body[-1]))))
                found.update(n for s in stmt.body if _is_phi(s) for n in names(s)[3:])
            elif stmt is not None:
                found.update(_versions([stmt]))
        return found

    def read_later(self, *, now: bool) -> set[str]:
        """The names in statements that may run after the one at hand, or in that one, too."""
        found: set[str] = set()
        for depth, (body, place) in enumerate(self.open):
            found.update(_mentioned(body[place + 1 :]))
            innermost = depth == len(self.open) - 1
            stmt = body[place] if place >= 0 else None
            if stmt is not None and (now if innermost else isinstance(stmt, ast.For | ast.While)):
                found.update(_mentioned([stmt]))
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


def _mentioned(body: list[ast.stmt]) -> Iterable[str]:
    yield from names(*body)
    for node in nodes(*body):
        for noted in ("_reads", "_late"):
            yield from getattr(node, noted, {}).values()
