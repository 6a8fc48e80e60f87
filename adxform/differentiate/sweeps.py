"""What reverse mode hands on: two sweeps not yet joined, and functions split into pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Function,
    Let,
    Opaque,
    Operand,
    Phi,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    parts_of,
)
from adxform.core.types import FLOAT, Type
from adxform.rules.table import RULES

Bars = dict[str, Operand]


@dataclass(frozen=True, slots=True)
class Pullback:
    """A user's function as a pair: ``record`` runs it and hands over what ``pull`` needs.

    ``record`` returns the function's results followed by ``handed`` values; ``pull`` takes the
    arguments at ``kept`` places, the handed values, and a cotangent for each of ``pulled``
    results, and returns a cotangent for each of the active arguments. Where both are ``stacked``
    they hand over nothing, but use the same stacks; the second takes over cotangents of the
    arguments at ``added`` places, to which it adds.
    """

    record: Callee
    pull: Callee
    handed: tuple[Type, ...]
    labels: tuple[str, ...]
    kept: tuple[int, ...]
    pulled: tuple[int, ...]
    stacked: bool = False
    added: tuple[int, ...] = ()


PullbackOf = Callable[[Callee, tuple[int, ...], list[Type], bool], Pullback]  # whether in a loop


@dataclass(slots=True)
class Sweeps:
    """A function's forward and reverse sweep, not yet joined.

    ``added`` are cotangents that are given, and added to. ``replaced`` maps statements of the
    forward sweep to what stands in their place, ``counters`` while loops to the name of their trip
    count.
    """

    builder: Builder
    params: tuple[str, ...]
    forward: Block
    reverse: Block
    value: Operand
    seeds: tuple[str, ...]
    bars: tuple[Operand, ...]
    added: tuple[str, ...] = ()
    replaced: dict[Stmt, Stmt] = field(default_factory=dict)
    counters: dict[Stmt, str] = field(default_factory=dict)

    @property
    def pulled(self) -> Operand:
        """What the reverse sweep returns: the cotangent, or a tuple of several."""
        return self.bars[0] if len(self.bars) == 1 else Tuple(self.bars)


def is_test(let: Let) -> bool:
    """Whether a condition is cheap to evaluate twice, and pure."""
    if isinstance(let.op, Opaque):
        return let.op.pure
    return isinstance(let.op, Primitive) and let.op.style in ("compare", "unary")


def counts_trips(phi: Phi, made: Stmt | None) -> bool:
    """Whether a loop's phi, of which ``made`` is the next value, counts from 0 by 1."""
    return (
        phi.first == Const(0)
        and isinstance(made, Let)
        and isinstance(made.op, Primitive)
        and made.op.text == "Add"
        and made.args == (Var(phi.target), Const(1))
    )


def whole(index: Operand) -> Operand | None:
    """For an index that only adds axes, such as ``[:, None]``, the one that takes them away."""
    parts = parts_of(index)
    kept = (Slice(), Const(Ellipsis))
    if Const(None) not in parts or any(p not in kept and p != Const(None) for p in parts):
        return None
    back = tuple(Const(0) if p == Const(None) else p for p in parts)
    return back[0] if len(back) == 1 else Tuple(back)


def with_unit_seed(function: Function, types: Types) -> Function:
    """A reverse function without its last parameter, the seed, which is 1."""
    seed = function.params[-1].name
    of_numpy = types.get(seed) == replace(FLOAT, weak=False)
    one = Let((seed,), RULES["np.float64" if of_numpy else "rename"].primitive, (Const(1.0),))
    return replace(function, params=function.params[:-1], body=(one, *function.body))
