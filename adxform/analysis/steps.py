"""Steps: the statements by which loops change what they carry, where nothing else reads it."""

from __future__ import annotations

from adxform.core.ir import For, Let, Var, binds_of
from adxform.core.reads import read_counts


def steps(loop: For) -> dict[str, Let]:
    """By what a loop carries, the one statement in it, or in a loop in it, that reads it, as its
    first operand, and gives its next value: ``x[i] = v``, ``total = total + v``.
    """
    counts = read_counts(loop.body)
    made = {n: s for s in loop.body if isinstance(s, Let | For) for n in binds_of(s)}
    inner: dict[For, dict[str, Let]] = {}
    found: dict[str, Let] = {}
    for phi in loop.phis:
        last = phi.second
        if not isinstance(last, Var) or counts[phi.target] != 1 or counts[last.name]:
            continue
        stmt = made.get(last.name)
        if isinstance(stmt, For):
            if stmt not in inner:
                inner[stmt] = steps(stmt)
            begun = any(p.target == last.name and p.first == Var(phi.target) for p in stmt.phis)
            stmt = inner[stmt].get(last.name) if begun else None
        elif stmt is not None and stmt.args[:1] != (Var(phi.target),):
            stmt = None
        if stmt is not None:
            found[phi.target] = stmt
    return found
