"""Labels: what a value is called that the user has no name for, after what makes it."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from adxform.core.ir import Callee, Const, Let, Operand, Primitive, Var, parts_of

WORDS = {
    "op.Add": "total",
    "op.Sub": "difference",
    "op.Mult": "product",
    "op.Div": "ratio",
    "op.Pow": "power",
    "op.MatMult": "product",
    "op.USub": "minus",
    "accumulate": "total",
    "accumulate_at": "total",
    "update": "total",
    ".T": "transposed",
}
GENERIC = frozenset({*WORDS.values(), "condition", "item", "part", "value"})
LONGEST = 12  # letters of a name that another is made of


def label(stmt: Let, bases: Mapping[str, str], taken: Container[str] = ()) -> str:
    """``exp_logits`` for ``np.exp(logits)``, ``x_1`` for ``x[1]`` if that is not ``taken``."""
    op = stmt.op
    if isinstance(op, Callee):
        return f"{op.name}_value"
    if not isinstance(op, Primitive):
        return "value"
    if op.style == "compare":
        return "condition"
    first = _name(stmt.args[0], bases) if stmt.args else None
    if op.name == "[]":
        name = _element(first, stmt.args[1], bases)
        return "item" if name in taken else name
    if op.name in ("np.copy", "recorded") and first is None:
        return "part"  # of an array, as it was before that is written to
    if op.name in WORDS:
        return WORDS[op.name]
    word = re.sub(r"\W", "", op.text.rpartition(".")[2]).lower()
    return f"{word}_{first}" if first and len(first) <= LONGEST else f"{word}_value"


def _name(operand: Operand, bases: Mapping[str, str]) -> str | None:
    return bases.get(operand.name) if isinstance(operand, Var) else None


def _element(array: str | None, index: Operand, bases: Mapping[str, str]) -> str:
    """``A_ij`` for ``A[i, j]``; what a tape holds is called as what it recorded."""
    if array is not None and array.endswith("_tape"):
        return array.removesuffix("_tape")
    parts = [_place(part, bases) for part in parts_of(index)]
    if array is None or len(array) > LONGEST or None in parts:
        return "item"
    places = [part for part in parts if part is not None]
    between = "" if all(len(p) == 1 for p in places) else "_"
    return f"{array}_{between.join(places)}"


def _place(index: Operand, bases: Mapping[str, str]) -> str | None:
    """One place of an index, as a word."""
    if isinstance(index, Const) and type(index.value) is int:
        return "last" if index.value == -1 else str(index.value) if index.value >= 0 else None
    name = _name(index, bases)
    return name if name is not None and name.isalnum() and name not in GENERIC else None
