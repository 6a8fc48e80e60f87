"""Handing over: how what a pullback needs reaches it from what recorded it.

A function that calls itself hands over one value, a tape that holds all that its pullback needs:
what the inner calls hand over is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.ir import (
    Block,
    Const,
    Function,
    Let,
    Operand,
    Origin,
    Param,
    Primitive,
    Tuple,
    Var,
    binds_of,
    leaves,
    names_in,
    phis_of,
    reads_of,
    uses,
    walk,
)
from adxform.core.labels import label
from adxform.core.types import ANY, Scalar, Taped
from adxform.differentiate.common import primitive
from adxform.differentiate.sweeps import Sweeps

TAPE = "tape"
UNPACKED = Origin("tape")  # by one statement, with a name for each value


@dataclass(frozen=True, slots=True)
class Halves:
    """A function's sweeps as two functions: one records, the other pulls back.

    The first returns what is ``handed`` over behind its results, which callers call by ``labels``;
    the second takes the parameters ``kept``, then that, then the cotangents.
    """

    record: Function
    pull: Function
    handed: tuple[str, ...]
    labels: tuple[str, ...]
    kept: tuple[int, ...]


def halves(
    function: Function, sweeps: Sweeps, first: Block, second: Block, known: Taped | None
) -> Halves:
    """The two sweeps apart; all is handed over on one tape if its type is ``known``."""
    names = [p.name for p in function.params]
    handed, kept = _crossing(second, sweeps, names)
    users = sweeps.builder.bases
    bases = {**_words(handed, first, users), **users}
    if known is not None:
        held = [*(names[i] for i in kept), *reversed(handed)]  # as the forward sweep has them
        tape = _tape_of(sweeps.builder, held, known)
        first, second = (*first, tape.filled(sweeps.builder)), (*tape.read(), *second)
        handed, kept, bases = [tape.name], (), tape.named(sweeps.builder.bases)
    results = (*leaves(function.result), *(Var(n) for n in handed))
    record = replace(
        function,
        body=first,
        result=results[0] if len(results) == 1 else Tuple(results),
        bases=sweeps.builder.bases,
    )
    pull = replace(
        function,
        params=tuple(Param(n) for n in (*(names[i] for i in kept), *handed, *sweeps.seeds)),
        body=second,
        result=sweeps.pulled,
        bases=bases,
        doc=None,
        cotangents=sweeps.builder.cotangents,
    )
    labels = tuple(f"{function.name}_{users[n]}" if n in users else bases[n] for n in handed)
    return Halves(record, pull, tuple(handed), labels, kept)


def _words(handed: Sequence[str], first: Block, bases: dict[str, str]) -> dict[str, str]:
    """What values are called that the user has no name for: after what makes them."""
    made = {s.target: s for s in walk(first) if isinstance(s, Let)}
    return {n: label(made[n], bases) if n in made else "value" for n in handed}


def is_brief(function: Function, types: Types, handed: int) -> bool:
    """Whether it takes no longer to compute numbers again than to record those ``handed`` over: a
    function without branches, loops and calls, of which they are a good part.
    """
    plain = all(
        isinstance(stmt, Let) and isinstance(stmt.op, Primitive)
        and isinstance(types.get(stmt.target), Scalar)
        for stmt in function.body
    )
    return plain and handed > 2 and len(function.body) < 3 * handed


def _crossing(
    second: Block, sweeps: Sweeps, params: list[str]
) -> tuple[list[str], tuple[int, ...]]:
    """The names that the reverse sweep takes from the forward sweep, and the parameters."""
    bound = {n for stmt in walk(second) for n in binds_of(stmt)}
    read: list[str] = [n for bar in sweeps.bars for n in names_in(bar)]
    for stmt in walk(second):
        read.extend(reads_of(stmt))
        read.extend(n for p in phis_of(stmt) for n in uses((p.first, p.second)))
    outer = [n for n in dict.fromkeys(read) if n not in bound and n not in sweeps.seeds]
    kept = tuple(i for i, p in enumerate(params) if p in outer)
    return [n for n in outer if n not in params], kept


@dataclass(frozen=True, slots=True)
class Tape:
    """The name of a tape and what it holds."""

    name: str
    items: tuple[str, ...]

    def filled(self, builder: Builder) -> Let:
        """The tape, made at the end of the forward sweep."""
        known = builder.types[self.name]
        assert isinstance(known, Taped)
        known.items = tuple(builder.types.get(n, ANY) for n in self.items)
        made = replace(primitive("tape"), infer=lambda *_: known)
        held: tuple[Operand, ...] = (Tuple(tuple(Var(n) for n in self.items)),)
        return Let((self.name,), made, held)

    def named(self, bases: dict[str, str]) -> dict[str, str]:
        """What names stand for where all that it holds has a name."""
        return {**dict.fromkeys(self.items, "value"), **bases}

    def read(self) -> Block:
        """What it holds, taken out at the beginning of the reverse sweep."""
        taken = primitive("[]")
        args = ((Var(self.name), Const(i)) for i in range(len(self.items)))
        return tuple(Let((n,), taken, a, UNPACKED) for n, a in zip(self.items, args, strict=True))


def _tape_of(builder: Builder, items: Sequence[str], known: Taped) -> Tape:
    """A tape for certain values."""
    name = builder.name(TAPE)
    builder.types[name] = known
    return Tape(name, tuple(items))
