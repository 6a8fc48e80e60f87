"""The way through the house: Core of a function in, Core of its derivative out, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from adxform.analysis.activity import all_active
from adxform.analysis.types import Types, settled
from adxform.core.builder import Builder, type_of
from adxform.core.calls import is_recursive, own_callee, reachable_callees
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
    Var,
    leaves,
    same_places,
)
from adxform.core.pause import collection_paused
from adxform.core.types import ANY, Array, Taped, Type, differentiable, rank
from adxform.core.verify import verify
from adxform.differentiate.common import names_for
from adxform.differentiate.forward import Forward, Tangent, forward
from adxform.differentiate.handing import TAPE, halves, is_brief
from adxform.differentiate.record import link
from adxform.differentiate.refuse import check
from adxform.differentiate.reverse import reverse
from adxform.differentiate.stack_states import States, joined, stacked_halves
from adxform.differentiate.stacks import Stacking, Unstackable, drop_unpulled
from adxform.differentiate.sweeps import Pullback, Sweeps, with_unit_seed
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.contractions import contracted
from adxform.optimize.copies import copy_before_loops
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.guarded_sums import guard_sums
from adxform.optimize.merged_branches import merge_branches
from adxform.optimize.merged_loops import Outcome, merge_loops
from adxform.optimize.needless_copies import without_needless_copies
from adxform.optimize.repeat_queries import RepeatQueries
from adxform.optimize.repeated_elements import RepeatedElements
from adxform.optimize.results import own_results
from adxform.optimize.shape_queries import without_shaped_values
from adxform.optimize.simplify import Simplify
from adxform.optimize.unasked_values import without_value
from adxform.optimize.unread_tapes import without_unread_tapes
from adxform.optimize.unseen_writes import without_unseen_writes
from adxform.optimize.walk import Rewriter, rewritten
from adxform.optimize.written_out import active_in
from adxform.options import Options
from adxform.typed import by_name, typed, typed_callee

Observer = Callable[[str, Function, Types], None]
Key = tuple[object, ...]


@dataclass
class Derivation:
    """One derivative in the making, and those of what it calls; what became of its ``loops``."""

    options: Options = field(default_factory=Options)
    observe: Observer | None = None
    tangents: dict[Key, Tangent] = field(default_factory=dict)
    pullbacks: dict[Key, Pullback] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    loops: list[Outcome] = field(default_factory=list)
    stacks: tuple[str, ...] = ()  # the dtypes of those that functions which call themselves use
    swept: Function | None = None  # the last from which dead code was dropped

    def show(self, stage: str, function: Function, types: Types) -> None:
        if self.observe is not None:
            self.observe(stage, function, types)

    # --- forward ------------------------------------------------------------------------------

    @collection_paused
    def forward(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        how: type[Forward] = Forward,
    ) -> tuple[Function, Types]:
        """The tangent function, optimised, and the types of its names; ``how`` says for one
        direction, or for several at once.
        """
        self._reserve(function, "forward")
        own = self._own_tangent(function, wrt, types) if how is Forward else None
        if own is not None:
            return own
        function, found = typed(function, types)
        function, activity = active_in(function, wrt, found)
        check(function, activity, found)
        inner = partial(self.tangent_of, how=how)
        made = verify(forward(function, wrt, activity, found, inner, how), "forward")
        self.show("forward", made, found)
        made = self.optimized(made, found)
        self.show("optimized", made, found)
        return made, found

    def _own_tangent(
        self, function: Function, wrt: tuple[str, ...], types: dict[str, Type]
    ) -> tuple[Function, Types] | None:
        """The tangent of a function that calls itself, if it serves the inner calls, too."""
        callee = own_callee(function)
        plain = all(isinstance(shape, Var) for _, shape in function.given)
        name = f"{function.name}_forward"
        if callee is None or self.observe is not None or not plain or name in self.roots:
            return None
        if isinstance(function.result, Tuple):
            return None
        names = [p.name for p in function.params]
        active = tuple(names.index(p) for p in wrt)
        made = self.tangent_of(callee, active, [types[n] for n in names])
        assert made.callee.function is not None
        if made.varied != (0,) or active != tuple(sorted(active)):
            return None
        made.callee.name = name
        self.roots.add(name)
        return replace(made.callee.function, name=made.callee.name), made.callee.types

    def tangent_of(
        self,
        callee: Callee,
        active: tuple[int, ...],
        types: list[Type],
        how: type[Forward] = Forward,
    ) -> Tangent:
        """The tangent of a user's function that a function calls."""
        types = settled(callee, types)
        key: Key = (id(callee.function), active, tuple(types), how)
        if key not in self.tangents:
            self._make_tangent(key, callee, active, *typed_callee(callee, types), how)
        return self.tangents[key]

    def _make_tangent(
        self,
        key: Key,
        callee: Callee,
        active: tuple[int, ...],
        function: Function,
        found: Types,
        how: type[Forward],
    ) -> None:
        wrt = tuple(function.params[i].name for i in active)
        function, activity = active_in(function, wrt, found)
        check(function, activity, found)
        results = leaves(function.result)
        own = Callee(self.unique(f"{function.name}_forward"), types=found)
        if is_recursive(callee):  # it calls itself: each result that can have a tangent has one
            varied = tuple(i for i, leaf in enumerate(results) if _seeded(leaf, found))
            self.tangents[key] = Tangent(own, varied)
        else:
            varied = tuple(i for i, leaf in enumerate(results) if activity.operand(leaf))
        made = forward(function, wrt, activity, found, partial(self.tangent_of, how=how), how)
        assert isinstance(made.result, Tuple)
        tangents = leaves(made.result.items[1])
        made = replace(made, result=Tuple((*results, *(tangents[i] for i in varied))))
        self._finish(own, made, found)
        self.tangents[key] = Tangent(own, varied)

    # --- reverse ------------------------------------------------------------------------------

    @collection_paused
    def reverse(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        outputs: list[Operand] | None = None,
        *,
        unit: bool = False,
        valued: bool = True,
    ) -> tuple[Function, Types]:
        """The reverse function, optimised, and the types of its names.

        ``outputs`` are the results that get a cotangent; all of them if it is None. If only
        one does, with ``unit`` that is 1, and no parameter. Without ``valued`` a number as value
        need not be computed, and is None in the result then.
        """
        self._reserve(function, "reverse")
        makes = partial(self._reverse, function, wrt, types, outputs, unit=unit, valued=valued)
        for stacks in self._stacks(function):
            self.stacks = stacks
            names = set(self.names)
            try:
                return makes()
            except Unstackable:
                self.names &= names
                self.pullbacks = {}
        raise AssertionError("tapes take any value")

    def _stacks(self, function: Function) -> list[tuple[str, ...]]:
        """The dtypes of stacks to try, in order; none, that is tapes, last."""
        compiled = self.options.backend == "numba"
        if compiled and any(map(is_recursive, reachable_callees(function))):
            return [("float64",), ("float64", "int64"), ()]
        return [()]

    def _reverse(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        outputs: list[Operand] | None,
        *,
        unit: bool,
        valued: bool,
    ) -> tuple[Function, Types]:
        given, (function, found) = function, typed(function, types)
        outputs = same_places(given.result, function.result, outputs)
        if self.observe is not None:
            sweeps = self.sweeps(function, wrt, outputs, found, unit=unit)
            self.show("reverse", self.joined(function, sweeps, *self.linked(sweeps)), found)
            found = typed(given, types)[1]
        sweeps = self.sweeps(function, wrt, outputs, found, unit=unit)
        self.reduce(sweeps)
        made = verify(self.joined(function, sweeps, *self.linked(sweeps)), "reverse")
        made = with_unit_seed(made, found) if unit and len(sweeps.seeds) == 1 else made
        made = self.optimized(made, found)
        if self.options.optimize:
            made = self.merged(made, found)
        if not valued:
            made = without_shaped_values(without_value(made, found), found)
        made = copy_before_loops(made, found)
        made = own_results(made, wrt, found)  # after copies: one that is the function's own will do
        if made is not self.swept:
            made = replace(made, body=eliminate_dead_code(made.body, (made.result,)))
        self.show("optimized", made, found)
        return made, found

    def merged(self, function: Function, types: Types) -> Function:
        """A reverse function whose sweeps share loops and branches, where they can."""
        made, self.loops = merge_loops(function, types) if self.options.merge else (function, [])
        if made is not function:  # values of both sweeps are now computed in one place
            made = self.optimized(made, types)
        made = guard_sums(merge_branches(made, types), types)
        lean = without_unseen_writes(without_unread_tapes(made, types), types)
        return made if lean is made else self.optimized(lean, types)

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
        seeded = tuple(o for o in outputs if _seeded(o, types))
        unit = unit and len(seeded) == 1
        return reverse(
            function, wrt, seeded, activity, types, self.pullback_of, unit=unit, added=added
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
        first, second = link(sweeps, absent, tbr=self.options.tbr)
        return joined(first, second, self.states(sweeps)) if self.stacks else (first, second)

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
        if len(seeds) > 1:
            seeds = tuple(replace(s, default=None) for s in seeds)
        return replace(
            function,
            name=f"{function.name}_reverse",
            params=(*(Param(p.name) for p in function.params), *seeds),
            body=(*first, *second),
            result=Tuple((sweeps.value, sweeps.pulled)),
            bases=sweeps.builder.bases,
            derived=True,
            cotangents=sweeps.builder.cotangents,
        )

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
            stacked = self.stacks and any(map(is_recursive, reachable_callees(callee.function)))
            make = self._make_stacked if stacked else self._make_pair
            make(key, callee, active, *typed_callee(callee, types))
        return self.pullbacks[key]

    def _make_stacked(
        self, key: Key, callee: Callee, active: tuple[int, ...], function: Function, found: Types
    ) -> None:
        record = Callee(self.unique(f"{function.name}_record"), types=found)
        pull = Callee(self.unique(f"{function.name}_pullback"), types=found)
        params = [p.name for p in function.params]
        added = tuple(i for i in active if rank(found.get(params[i], ANY)))
        results = leaves(function.result)
        pulled = tuple(i for i, leaf in enumerate(results) if _seeded(leaf, found))
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
        blocks = Stacking(sweeps, NONE, tbr=self.options.tbr).run()
        for half, made in zip(
            (record, pull), stacked_halves(function, sweeps, *blocks, self.states(sweeps)),
            strict=True,
        ):
            self._finish(half, made, found)

    def pair(self, function: Function, active: tuple[int, ...], types: list[Type]) -> Pullback:
        """A function by itself as a pair of record and pull."""
        self._reserve(function, "reverse")
        callee = Callee(function.name, function)
        key: Key = (id(function), active, tuple(types), is_recursive(callee))
        self._make_pair(key, callee, active, *typed(function, by_name(function, types)))
        return self.pullbacks[key]

    def _make_pair(
        self, key: Key, callee: Callee, active: tuple[int, ...], function: Function, found: Types
    ) -> None:
        record = Callee(self.unique(f"{function.name}_record"), types=found)
        pull = Callee(self.unique(f"{function.name}_pullback"), types=found)
        results = leaves(function.result)
        pulled = tuple(i for i, leaf in enumerate(results) if _seeded(leaf, found))
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
            self._finish(record, made.record, found)
        self._finish(pull, made.pull, found)
        if tape is None:
            types = tuple(found.get(n, ANY) for n in made.handed)
            runs = record if records else pull
            self.pullbacks[key] = Pullback(runs, pull, types, made.labels, made.kept, pulled)

    # --- shared -------------------------------------------------------------------------------

    def _finish(self, callee: Callee, function: Function, types: Types) -> None:
        """Optimise a part, and give it to the callee that has its name."""
        made = self.optimized(replace(function, name=callee.name), types)
        lean = without_unseen_writes(made, types) if self.options.optimize else made
        callee.function = made if lean is made else self.optimized(lean, types)

    def _reserve(self, function: Function, mode: str) -> None:
        """Leave a function's derivative and what it calls the names that they have."""
        self.names.add(f"{function.name}_{mode}")
        self.names.update(callee.name for callee in reachable_callees(function))

    def unique(self, name: str) -> str:
        """A name for a function that no other part has."""
        candidate, number = name, 2
        while candidate in self.names:
            candidate, number = f"{name}_{number}", number + 1
        self.names.add(candidate)
        return candidate

    def optimized(self, function: Function, types: Types) -> Function:
        """A function after every pass (or only the one that drops dead code)."""
        if self.options.optimize:
            names = names_for(function, types)
            for make in PASSES:
                function = rewritten(function, make(Builder(names, types, function.bases)))
            function = without_needless_copies(contracted(function, types), types)
        body = eliminate_dead_code(function.body, (function.result,))
        self.swept = verify(replace(function, body=body), f"optimized {function.name}")
        return self.swept


PASSES: tuple[Callable[[Builder], Rewriter], ...] = (
    Simplify,  # first: what it makes is worth comparing
    CommonSubexpressions,
    RepeatedElements,  # after these: what they leave is used as often as it will be
    RepeatQueries,  # last: what it repeats is not common any more
)


def _seeded(output: Operand, types: Types) -> bool:
    return differentiable(type_of(output, types))


def _defaults_to_one(t: Type) -> bool:
    return rank(t) == 0 or not isinstance(t, Array)
