"""Steps: the statements by which loops change what they carry, where nothing else reads it."""

from __future__ import annotations

from adxform.core.index import Index
from adxform.core.ir import For, Let, Var, binds_of


def steps(loop: For) -> dict[str, Let]:
    """By what a loop carries, the one statement in it, or in a loop in it, that reads it, as its
    first operand, and gives its next value: ``x[i] = v``, ``total = total + v``.
    """
    counts = Index(loop.body).reads
    made: dict[str, Let | For] = {}
    for stmt in loop.body:
        if type(stmt) is Let:  # as most are
            for name in stmt.targets:
                made[name] = stmt
        elif isinstance(stmt, For):
            made.update(dict.fromkeys(binds_of(stmt), stmt))
    inner: dict[For, dict[str, Let]] = {}
    found: dict[str, Let] = {}
    for phi in loop.phis:
        last = phi.second
        if not isinstance(last, Var) or counts[phi.target] != 1:
            continue
        last_made = made.get(last.name)
        if counts[last.name] != isinstance(last_made, For):  # a loop within reads what it carries
            continue
        if isinstance(last_made, For):
            if last_made not in inner:
                inner[last_made] = steps(last_made)
            phis = last_made.phis
            begun = any(p.target == last.name and p.first == Var(phi.target) for p in phis)
            last_made = inner[last_made].get(last.name) if begun else None
        elif last_made is not None and last_made.args[:1] != (Var(phi.target),):
            last_made = None
        if last_made is not None:
            found[phi.target] = last_made
    return found
