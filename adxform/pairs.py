"""The sweeps of functions, and functions that others call as pairs: one records, one pulls back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from adxform.analysis.activity import all_active
from adxform.analysis.types import Types, settled
from adxform.core.builder import Builder, type_of
from adxform.core.calls import giving_leaves, is_recursive, reachable_callees
from adxform.core.ir import (
    NONE,
    UNDEFINED,
    Block,
    Callee,
    Const,
    Function,
    Operand,
    Param,
    Tuple,
    leaves,
)
from adxform.core.types import ANY, Array, Taped, Type, differentiable, rank
from adxform.differentiate.handing import TAPE, halves, is_brief
from adxform.differentiate.record import link
from adxform.differentiate.refuse import check
from adxform.differentiate.reverse import reverse
from adxform.differentiate.stack_states import States, joined, stacked_halves
from adxform.differentiate.stacks import Stacking, Unstackable, drop_unpulled
from adxform.differentiate.sweeps import Pullback, Sweeps
from adxform.merging import Merging
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.simplify import Simplify
from adxform.optimize.whole_calls import Apart, Whole, with_whole_calls
from adxform.optimize.written_out import active_in
from adxform.typed import by_name, typed, typed_callee

Key = tuple[object, ...]
Made = TypeVar("Made")


@dataclass
class Pairs(Merging):
    """Makes sweeps, and the pairs that they call."""

    pullbacks: dict[Key, Pullback] = field(default_factory=dict)
    stacks: tuple[str, ...] = ()  # the dtypes of those that functions which call themselves use
    whole: bool = False  # whether those go forward and back in one
    wholes: dict[Callee, Whole] = field(default_factory=dict)  # by what stands for their halves

    # --- sweeps -------------------------------------------------------------------------------

    @property
    def packed(self) -> bool:
        """Whether what loops record of arrays is put in one, as machine code would have it."""
        return self.options.backend == "numba"

    def sweeps(
        self,
        function: Function,
        wrt: tuple[str, ...],
        outputs: list[Operand],
        types: Types,
        *,
        unit: bool = False,
        added: tuple[str, ...] = (),
    ) -> Sweeps:
        pulled = replace(function, result=Tuple(tuple(outputs)))  # no cotangent comes from others
        pulled, activity = active_in(pulled, wrt, types)
        function = replace(pulled, result=function.result)
        check(function, activity, types, reverse=True)
        if not self.options.activity:
            activity = all_active(function, types)
        sown = tuple(o for o in outputs if seeded(o, types))
        unit = unit and len(sown) == 1
        return reverse(
            function, wrt, sown, activity, types, self.pullback_of, unit=unit, added=added
        )

    def reduce(self, sweeps: Sweeps) -> None:
        """Simplify the reverse sweep, and drop what is dead, before deciding what to record."""
        builder = sweeps.builder
        if self.options.optimize:
            walk = Simplify(Builder(builder.names, builder.types, builder.bases))
            walk.block(sweeps.reverse)
            sweeps.reverse = walk.builder.block
            sweeps.bars = tuple(walk.sub(b) for b in sweeps.bars)
            builder.cotangents = walk.renamed(builder.cotangents)
        sweeps.reverse = eliminate_dead_code(sweeps.reverse, sweeps.bars)
        if self.stacks:
            drop_unpulled(sweeps)

    def linked(self, sweeps: Sweeps, absent: Operand = UNDEFINED) -> tuple[Block, Block]:
        first, second = link(sweeps, absent, tbr=self.options.tbr, packed=self.packed)
        if not self.stacks:
            return first, second
        return joined(first, second, self.states(sweeps), apart=absent is NONE)

    def states(self, sweeps: Sweeps) -> States:
        """The stacks as a function uses them."""
        pairs = [pair for pair in self.pullbacks.values() if pair.stacked]
        records, pulls = ({getattr(p, half) for p in pairs} for half in ("record", "pull"))
        return States(sweeps.builder, self.stacks, records, pulls)

    def joined(self, function: Function, sweeps: Sweeps, first: Block, second: Block) -> Function:
        """Both sweeps as one function: value and cotangents."""
        types = sweeps.builder.types
        seeds = tuple(
            Param(name, Const(1.0) if _defaults_to_one(types.get(name, ANY)) else None)
            for name in sweeps.seeds
        )
        if len(seeds) + len(sweeps.added) > 1:
            seeds = tuple(replace(s, default=None) for s in seeds)
        return replace(
            function,
            name=f"{function.name}_reverse",
            params=(*(Param(p.name) for p in function.params), *seeds, *map(Param, sweeps.added)),
            body=(*first, *second),
            result=Tuple((sweeps.value, sweeps.pulled)),
            bases=sweeps.builder.bases,
            derived=True,
            cotangents=sweeps.builder.cotangents,
        )

    # --- pairs --------------------------------------------------------------------------------

    def handing_over(
        self, function: Function, make: Callable[[], Made], *, apart: bool = False
    ) -> Made:
        """What is made where functions that call themselves hand over as little as will do: nothing
        at all, if they may go forward and back in one (not ``apart``); numbers on stacks, one for
        each dtype, where they are compiled; or tapes, which take all values.
        """
        ways: list[tuple[bool, tuple[str, ...]]] = []
        together = self.options.optimize and self.options.merge and not apart
        if any(map(is_recursive, reachable_callees(function))):
            ways += [(True, ())] if together else []
            compiled = self.options.backend == "numba"
            ways += [(False, ("float64",)), (False, ("float64", "int64"))] if compiled else []
        for self.whole, self.stacks in ways:
            names = set(self.names)
            try:
                return make()
            except (Apart, Unstackable):
                self.names &= names
                self.pullbacks, self.wholes = {}, {}
        self.whole, self.stacks = False, ()
        return make()

    def pullback_of(
        self, callee: Callee, active: tuple[int, ...], types: list[Type], looped: bool
    ) -> Pullback:
        """A user's function that a function calls, as a pair of record and pull; ``looped`` says
        that what is handed over has to be recorded.
        """
        types = settled(callee, types)
        looped = looped or is_recursive(callee)  # that is known by name, before its body calls it
        key: Key = (id(callee.function), active, tuple(types), looped)
        if key not in self.pullbacks:
            inner = () if callee.function is None else reachable_callees(callee.function)
            function, found = typed_callee(callee, types)
            if not any(map(is_recursive, inner)) or not (self.whole or self.stacks):
                self._make_pair(key, callee, active, function, found)
            elif self.whole:
                self._make_whole(key, callee, active, function, found)
            else:
                self._make_stacked(key, callee, active, function, found)
        return self.pullbacks[key]

    def _make_whole(
        self, key: Key, callee: Callee, active: tuple[int, ...], function: Function, found: Types
    ) -> None:
        params = [p.name for p in function.params]
        wrt = tuple(params[i] for i in active)
        results = leaves(function.result)
        pulled = seeded_places(results, found)
        compiled = self.options.backend == "numba"
        added = tuple(i for i in active if compiled and rank(found.get(params[i], ANY)))
        record, pull = (Callee(f"{function.name}_{half}") for half in ("record", "pullback"))
        both = Callee(self.unique(f"{function.name}_sweeps"), types=found)
        for half, before, first in ((pull, 0, 1), (both, len(results), len(params))):
            half.takes = tuple(
                (before + active.index(place), first + len(pulled) + i)
                for i, place in enumerate(added)
            )
        self.wholes |= dict.fromkeys((record, pull), Whole(callee, record, pull, both, wrt))
        labels = (f"{function.name}_{TAPE}",)
        self.pullbacks[key] = Pullback(record, pull, (Taped(),), labels, (), pulled, added=added)
        sweeps = self.sweeps(
            function, wrt, results, found, added=tuple(params[i] for i in added)
        )
        self.reduce(sweeps)
        made = giving_leaves(self.joined(function, sweeps, *self.linked(sweeps)))
        given = tuple(Param(p.name) for p in made.params)
        made = replace(made, params=given, owned=frozenset(sweeps.added))
        made = self.merged(self.optimized(made, found), found)
        self.finish(both, with_whole_calls(made, self.wholes), found)

    def _make_stacked(
        self, key: Key, callee: Callee, active: tuple[int, ...], function: Function, found: Types
    ) -> None:
        record = Callee(self.unique(f"{function.name}_record"), types=found)
        pull = Callee(self.unique(f"{function.name}_pullback"), types=found)
        params = [p.name for p in function.params]
        added = tuple(i for i in active if rank(found.get(params[i], ANY)))
        results = leaves(function.result)
        pulled = seeded_places(results, found)
        record.takes = tuple(
            (len(results) + i, len(params) + i) for i in range(len(self.stacks))
        )
        first = len(params) + 2 * len(self.stacks) + len(pulled)
        pull.takes = tuple((active.index(place), first + i) for i, place in enumerate(added))
        self.pullbacks[key] = Pullback(record, pull, (), (), (), pulled, True, added)
        wrt = tuple(params[i] for i in active)
        given = tuple(params[i] for i in added)
        sweeps = self.sweeps(function, wrt, results, found, added=given)
        self.reduce(sweeps)
        blocks = Stacking(sweeps, NONE, tbr=self.options.tbr, packed=self.packed).run()
        for half, made in zip(
            (record, pull), stacked_halves(function, sweeps, *blocks, self.states(sweeps)),
            strict=True,
        ):
            self.finish(half, made, found)

    def pair(self, function: Function, active: tuple[int, ...], types: list[Type]) -> Pullback:
        """A function by itself as a pair of record and pull."""
        self.reserve(function, "reverse")
        callee = Callee(function.name, function)
        key: Key = (id(function), active, tuple(types), is_recursive(callee))

        def make() -> Pullback:
            self._make_pair(key, callee, active, *typed(function, by_name(function, types)))
            return self.pullbacks[key]

        return self.handing_over(function, make, apart=True)

    def _make_pair(
        self, key: Key, callee: Callee, active: tuple[int, ...], function: Function, found: Types
    ) -> None:
        record = Callee(self.unique(f"{function.name}_record"), types=found)
        pull = Callee(self.unique(f"{function.name}_pullback"), types=found)
        results = leaves(function.result)
        pulled = seeded_places(results, found)
        tape = Taped() if is_recursive(callee) else None
        if tape is not None:  # known by name, before its body calls it
            labels = (f"{function.name}_{TAPE}",)
            self.pullbacks[key] = Pullback(record, pull, (tape,), labels, (), pulled)
        wrt = tuple(function.params[i].name for i in active)
        sweeps = self.sweeps(function, wrt, results, found)
        self.reduce(sweeps)
        first, second = self.linked(sweeps, NONE)
        made = halves(function, sweeps, first, second, tape)  # both are handed over
        brief = key[-1] and tape is None and is_brief(function, found, len(made.handed))
        if brief:
            made = halves(function, sweeps, first, (*first, *second), None)
        records = brief or bool(made.handed)
        if records:
            self.finish(record, made.record, found)
        self.finish(pull, made.pull, found)
        if tape is None:
            types = tuple(found.get(n, ANY) for n in made.handed)
            runs = record if records else pull
            self.pullbacks[key] = Pullback(runs, pull, types, made.labels, made.kept, pulled)


def seeded(output: Operand, types: Types) -> bool:
    """Whether a result gets a cotangent."""
    return differentiable(type_of(output, types))


def seeded_places(results: Sequence[Operand], types: Types) -> tuple[int, ...]:
    """The places of the results that get one."""
    return tuple(i for i, leaf in enumerate(results) if seeded(leaf, types))


def _defaults_to_one(t: Type) -> bool:
    return rank(t) == 0 or not isinstance(t, Array)
