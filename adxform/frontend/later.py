"""Which variables what is left of a function's body may still read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from adxform.core.trees import names, nodes


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


def _mentioned(body: list[ast.stmt]) -> Iterable[str]:
    yield from names(*body)
    for node in nodes(*body):
        for noted in ("_reads", "_late"):
            yield from getattr(node, noted, {}).values()
