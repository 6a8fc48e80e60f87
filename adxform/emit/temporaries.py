"""Names for temporaries that keep a statement of their own: after what made them."""

from __future__ import annotations

import re

from adxform.core.ir import Callee, Function, Let, Primitive, Var, phis_of, uses, walk
from adxform.emit.nesting import Nested

WORDS = {
    "op.Add": "total",
    "op.Sub": "difference",
    "op.Mult": "product",
    "op.Div": "ratio",
    "op.Pow": "power",
    "op.MatMult": "product",
    "op.USub": "minus",
    "[]": "item",
    ".T": "transposed",
}


def name_temporaries(function: Function, nested: Nested) -> dict[str, str]:
    """What every name is to be called, temporaries included."""
    bases = dict(function.bases)
    stmts = list(walk(function.body))
    for stmt in stmts:
        stop = getattr(stmt, "stop", None)
        if isinstance(stop, Var):
            bases.setdefault(stop.name, "stop")
    for stmt in stmts:
        if not isinstance(stmt, Let):
            continue
        for target in stmt.targets:
            if target not in bases and target not in nested:
                bases[target] = label(stmt, bases)
    for stmt in reversed(stmts):  # inner branches first
        for phi in phis_of(stmt):
            merged = uses((phi.first, phi.second))
            only = bases.get(merged[0]) if len(merged) == 1 else None
            bases.setdefault(phi.target, only or "value")
    return bases


def label(stmt: Let, bases: dict[str, str]) -> str:
    """``exp_logits`` for ``np.exp(logits)``."""
    op = stmt.op
    if isinstance(op, Callee):
        return f"{op.name}_value"
    if not isinstance(op, Primitive):
        return "value"
    if op.name == "[]" and isinstance(stmt.args[0], Var):
        container = bases.get(stmt.args[0].name, "")
        if container.endswith("_tape"):
            return container.removesuffix("_tape")
    if op.style == "compare":
        return "condition"
    if op.name == "np.copy" and isinstance(stmt.args[0], Var) and stmt.args[0].name not in bases:
        return "part"  # of an array, as it was before that is written to
    word = WORDS.get(op.name) or re.sub(r"\W", "", op.text.rpartition(".")[2]).lower()
    if op.name in WORDS:
        return word
    first = stmt.args[0] if stmt.args else None
    if isinstance(first, Var) and first.name in bases and len(bases[first.name]) <= 12:
        return f"{word}_{bases[first.name]}"
    return f"{word}_value"
