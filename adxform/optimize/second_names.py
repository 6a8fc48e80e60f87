"""Second names of one value: ``a = parts[0]`` names a number, ``y = f(x)`` what f calls its result.

What the user calls something keeps that name; a copy that only hands it on is none.
"""

from __future__ import annotations

from collections import defaultdict

from adxform.core.builder import Builder
from adxform.core.ir import Block, Let, Primitive, Var, walk
from adxform.core.reads import read_counts
from adxform.core.types import Scalar
from adxform.optimize.walk import Rewriter


class SecondNames(Rewriter):
    """Takes out copies of numbers that the user has no name for, which take the name of their
    copies if they have one in common; and copies of what is called the same and not used again.
    """

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.root: dict[str, str] | None = None

    def block(self, block: Block) -> None:
        if self.root is None:
            self.root, labels = self.found(block)
            for source, names in labels.items():
                if len(names) == 1:
                    self.builder.bases[source] = next(iter(names))
        super().block(block)

    def found(self, block: Block) -> tuple[dict[str, str], dict[str, set[str]]]:
        """What each copy is of that goes, and what copies of each nameless number are called."""
        bases, counts = self.builder.bases, read_counts(block)
        root: dict[str, str] = {}
        labels: dict[str, set[str]] = defaultdict(set)
        for stmt in walk(block):
            if not isinstance(stmt, Let) or not _is_copy(stmt) or not isinstance(stmt.args[0], Var):
                continue
            direct = stmt.args[0].name
            source = root.get(direct, direct)
            number = isinstance(self.builder.types.get(source), Scalar)
            if source not in bases and number and stmt.target in bases:
                root[stmt.target] = source
                labels[source].add(bases[stmt.target])
            elif bases.get(source, "") == bases.get(stmt.target) and counts[direct] == 1:
                root[stmt.target] = source
        return root, labels

    def let(self, stmt: Let) -> None:
        if self.root and stmt.target in self.root:
            self.env[stmt.target] = self.sub(Var(self.root[stmt.target]))  # which may be no phi now
        else:
            self.builder.append(stmt)


def _is_copy(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and stmt.op.name == "copy"
