"""Copies of numbers: ``a = parts[0]`` names the number, and a second name for it is none."""

from __future__ import annotations

from collections import defaultdict

from adxform.core.builder import Builder
from adxform.core.ir import Block, Let, Primitive, Var, walk
from adxform.core.types import Scalar
from adxform.optimize.walk import Rewriter


class ScalarCopies(Rewriter):
    """Takes out copies of numbers that the user has no name for; such a number takes the name of
    its copies, if they have one in common.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.copies: dict[str, set[str]] | None = None

    def block(self, block: Block) -> None:
        if self.copies is None:
            self.copies = self.found(block)
            for source, labels in self.copies.items():
                if len(labels) == 1:
                    self.builder.bases[source] = next(iter(labels))
        super().block(block)

    def found(self, block: Block) -> dict[str, set[str]]:
        """What copies of each nameless number are called."""
        bases = self.builder.bases
        root: dict[str, str] = {}
        labels: dict[str, set[str]] = defaultdict(set)
        for stmt in walk(block):
            if not isinstance(stmt, Let) or not _is_copy(stmt) or not isinstance(stmt.args[0], Var):
                continue
            source = root.get(stmt.args[0].name, stmt.args[0].name)
            known = self.builder.types.get(source)
            if source not in bases and isinstance(known, Scalar) and stmt.target in bases:
                root[stmt.target] = source
                labels[source].add(bases[stmt.target])
        self.root = root
        return labels

    def let(self, stmt: Let) -> None:
        if stmt.target in self.root:
            self.env[stmt.target] = self.sub(Var(self.root[stmt.target]))  # which may be no phi now
        else:
            self.builder.append(stmt)


def _is_copy(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and stmt.op.name == "copy"
