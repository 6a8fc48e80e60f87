"""Powers of Python's integers in loops are floats where they may be fractions: 2 ** -k."""

from __future__ import annotations

from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    Const,
    Effect,
    For,
    Function,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    leaves,
    phis_of,
    walk,
)
from adxform.core.types import Scalar, Type
from adxform.differentiate.common import primitive
from adxform.optimize.walk import Rewriter

POWERS = frozenset({"op.Pow", "pow", "augment.Pow"})
FOLLOWED = frozenset(
    {"op.Add", "op.Sub", "op.Mult", "op.USub", "op.Pow", "op.Eq", "op.NotEq", "op.Lt", "op.LtE",
     "op.Gt", "op.GtE", "abs", "max", "min", "rename", "copy"}
)  # fmt: skip


def may_make_fractions(function: Function, types: Types) -> set[str]:
    """The powers of integers that loops compute and record, and that nothing uses as integers."""
    looped = [s for loop in walk(function.body) if isinstance(loop, For | While)
              for s in walk((loop,))]  # fmt: skip
    powers = [s for s in looped if isinstance(s, Let) and _is_of_integers(s, types)]
    if not powers:
        return set()
    counted = _counting(function)
    found = [s.target for s in powers if not _is_natural(s.args[1], counted)]
    whole = _asked_whole(function, types) if found else set()
    return {name for name in found if name not in whole}


def _is_of_integers(stmt: Let, types: Types) -> bool:
    named = isinstance(stmt.op, Primitive) and stmt.op.name in POWERS
    return named and all(_is_integer(type_of(arg, types)) for arg in stmt.args)


def _is_integer(t: Type) -> bool:
    return isinstance(t, Scalar) and t.weak and t.dtype == "int64"


def _counting(function: Function) -> set[str]:
    """The indices of loops that count up from a number that is not negative."""
    loops = [s for s in walk(function.body) if isinstance(s, For)]
    return {s.index for s in loops if _is_natural(s.start, set()) and _is_natural(s.step, set())}


def _is_natural(operand: Operand, counted: set[str]) -> bool:
    if isinstance(operand, Const):
        return isinstance(operand.value, int) and operand.value >= 0
    return isinstance(operand, Var) and operand.name in counted


def _asked_whole(function: Function, types: Types) -> set[str]:
    """Names that may have to be integers: all whose uses are not known to take any number."""
    asked = {o.name for o in leaves(function.result) if isinstance(o, Var)}
    merged: list[Phi] = []
    followed: list[Let] = []
    for stmt in walk(function.body):
        merged.extend(phis_of(stmt))
        if isinstance(stmt, Let) and _takes_any(stmt, types):
            followed.append(stmt)
        else:
            asked.update(_read_by(stmt))
    before = -1
    while before != len(asked):
        before = len(asked)
        for phi in merged:
            if phi.target in asked:
                asked.update(o.name for o in (phi.first, phi.second) if isinstance(o, Var))
        for let in followed:
            if let.target in asked and _is_integer(types.get(let.target, Scalar("bool"))):
                asked.update(let.reads)
    return asked


def _takes_any(stmt: Let, types: Types) -> bool:
    """Whether an operation takes floating numbers for integers, and gives what is equal."""
    if not isinstance(stmt.op, Primitive):
        return False
    floating = str(getattr(type_of(Var(stmt.target), types), "dtype", "")).startswith("float")
    named = stmt.op.name in FOLLOWED or stmt.op.name.startswith(("augment.", "op.Div", "math."))
    return named or (floating and stmt.op.name.startswith("np.") and len(stmt.args) == 1)


def _read_by(stmt: Stmt) -> list[str]:
    """The names that a statement itself reads, what its phis merge left out."""
    match stmt:
        case Let():
            return list(stmt.reads)
        case Effect():
            return [o.name for _, o in stmt.reads if isinstance(o, Var)]
        case For():
            return [o.name for o in (*stmt.bounds, stmt.stop) if isinstance(o, Var)]
        case _:
            return []


class Fractions(Rewriter):
    """Makes floating numbers of some."""

    def __init__(self, builder: Builder, powers: set[str]) -> None:
        super().__init__(builder)
        self.powers = powers

    def let(self, stmt: Let) -> None:
        if stmt.target not in self.powers or not isinstance(stmt.op, Primitive):
            self.builder.append(stmt)
            return
        self.builder.origin = stmt.origin
        op = primitive("op.Pow") if stmt.op.augments else stmt.op
        power = self.builder.emit(op, stmt.args)
        self.builder.append(Let(stmt.targets, primitive("float"), (power,), stmt.origin))
