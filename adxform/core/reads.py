"""How often names are read, by statements, tests and phis; what names lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Operand,
    Stmt,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)


def read_counts(block: Block, result: Operand | None = None) -> Counter[str]:
    """How often each name is read in a block, and in what a function returns."""
    counts = index(block).reads.copy()
    counts.update(() if result is None else names_in(result))
    return counts


def readers(block: Block) -> dict[str, list[Stmt]]:
    """The statements in a block that read each name, themselves or by their phis."""
    found: dict[str, list[Stmt]] = {}
    for stmt in walk(block):
        merged = uses([o for p in phis_of(stmt) for o in (p.first, p.second)])
        for name in {*reads_of(stmt), *tests_of(stmt), *merged}:
            found.setdefault(name, []).append(stmt)
    return found


def reached(names: Iterable[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    """Names, what follows each of them, what follows that, and so on."""
    found, left = set(names), list(names)
    while left:
        new = [name for name in following.get(left.pop(), ()) if name not in found]
        found.update(new)
        left.extend(new)
    return found
