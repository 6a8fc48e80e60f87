"""The way through the house: Core of a function in, Core of its derivative out, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from adxform.analysis.activity import analyze
from adxform.analysis.types import Types, infer
from adxform.core.builder import Builder, type_of
from adxform.core.ir import (
    NONE,
    Block,
    Callee,
    Const,
    Function,
    Let,
    Operand,
    Param,
    Primitive,
    Tuple,
    Var,
    leaves,
    names_in,
    walk,
)
from adxform.core.pause import collection_paused
from adxform.core.types import ANY, Array, Type, differentiable, rank
from adxform.core.verify import verify
from adxform.differentiate.common import names_for
from adxform.differentiate.forward import Tangent, forward
from adxform.differentiate.record import link
from adxform.differentiate.refuse import check
from adxform.differentiate.reverse import reverse
from adxform.differentiate.sweeps import Pullback, Sweeps
from adxform.optimize.augmented_dtypes import AugmentedDtypes
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.copies import copy_before_loops
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.repeat_queries import RepeatQueries
from adxform.optimize.results import own_results
from adxform.optimize.simplify import Simplify
from adxform.optimize.walk import Rewriter

Observer = Callable[[str, Function, Types], None]
Key = tuple[object, ...]


@dataclass
class Options:
    """What may be turned off, to see what it is worth or to compare results."""

    optimize: bool = True
    inline: bool = True


@dataclass
class Derivation:
    """One derivative in the making; ``parts`` are the functions that its text consists of."""

    options: Options = field(default_factory=Options)
    observe: Observer | None = None
    tangents: dict[Key, Tangent] = field(default_factory=dict)
    pullbacks: dict[Key, Pullback] = field(default_factory=dict)
    parts: list[tuple[Function, Types]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def show(self, stage: str, function: Function, types: Types) -> None:
        if self.observe is not None:
            self.observe(stage, function, types)

    # --- forward ------------------------------------------------------------------------------

    @collection_paused
    def forward(
        self, function: Function, wrt: tuple[str, ...], types: dict[str, Type]
    ) -> tuple[Function, Types]:
        """The tangent function, optimised, and the types of its names."""
        function, found = typed(function, types)
        activity = analyze(function, wrt, found)
        check(function, activity, found)
        made = verify(forward(function, wrt, activity, found, self.tangent_of), "forward")
        self.show("forward", made, found)
        made = self.optimized(made, found)
        self.show("optimized", made, found)
        return made, found

    def tangent_of(self, callee: Callee, active: tuple[int, ...], types: list[Type]) -> Tangent:
        """The tangent of a user's function that a function calls."""
        key: Key = (id(callee.function), active, tuple(types))
        if key not in self.tangents:
            function = callee.function
            assert function is not None
            params = dict(zip((p.name for p in function.params), types, strict=True))
            wrt = tuple(function.params[i].name for i in active)
            function, found = typed(function, params)
            activity = analyze(function, wrt, found)
            check(function, activity, found)
            made = forward(function, wrt, activity, found, self.tangent_of)
            results = leaves(function.result)
            varied = tuple(i for i, leaf in enumerate(results) if activity.operand(leaf))
            assert isinstance(made.result, Tuple)
            tangents = leaves(made.result.items[1])
            name = self.unique(made.name)
            made = replace(
                made, name=name, result=Tuple((*results, *(tangents[i] for i in varied)))
            )
            made = self.optimized(made, found)
            self.parts.append((made, found))
            self.tangents[key] = Tangent(Callee(name, made, found), varied)
        return self.tangents[key]

    # --- reverse ------------------------------------------------------------------------------

    @collection_paused
    def reverse(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        outputs: list[Operand] | None = None,
    ) -> tuple[Function, Types]:
        """The reverse function, optimised, and the types of its names.

        ``outputs`` are the results that get a cotangent; all of them if it is None.
        """
        outputs = leaves(function.result) if outputs is None else outputs
        if self.observe is not None:
            function, found = typed(function, types)
            sweeps = self.sweeps(function, wrt, outputs, found)
            self.show("reverse", self.joined(function, sweeps, *link(sweeps)), found)
        function, found = typed(function, types)
        sweeps = self.sweeps(function, wrt, outputs, found)
        self.reduce(sweeps)
        made = verify(self.joined(function, sweeps, *link(sweeps)), "reverse")
        made = copy_before_loops(self.optimized(made, found), found)
        made = own_results(made, wrt, found)  # after copies: one that is the function's own will do
        made = replace(made, body=eliminate_dead_code(made.body, (made.result,)))
        self.show("optimized", made, found)
        return made, found

    def sweeps(
        self, function: Function, wrt: tuple[str, ...], outputs: list[Operand], types: Types
    ) -> Sweeps:
        pulled = replace(function, result=Tuple(tuple(outputs)))  # no cotangent comes from others
        activity = analyze(pulled, wrt, types)
        check(function, activity, types, reverse=True)
        seeded = tuple(o for o in outputs if _seeded(o, types))
        return reverse(function, wrt, seeded, activity, types, self.pullback_of)

    def reduce(self, sweeps: Sweeps) -> None:
        """Simplify the reverse sweep, and drop what is dead, before deciding what to record."""
        builder = sweeps.builder
        if self.options.optimize:
            walk = Simplify(Builder(builder.names, builder.types, builder.bases))
            walk.block(sweeps.reverse)
            sweeps.reverse = walk.builder.block
            sweeps.bars = tuple(walk.sub(b) for b in sweeps.bars)
        sweeps.reverse = eliminate_dead_code(sweeps.reverse, sweeps.bars)

    def joined(self, function: Function, sweeps: Sweeps, first: Block, second: Block) -> Function:
        """Both sweeps as one function: value and cotangents."""
        types = sweeps.builder.types
        seeds = tuple(
            Param(name, Const(1.0) if _defaults_to_one(types.get(name, ANY)) else None)
            for name in sweeps.seeds
        )
        if len(seeds) > 1:
            seeds = tuple(replace(s, default=None) for s in seeds)
        bars: Operand = sweeps.bars[0] if len(sweeps.bars) == 1 else Tuple(sweeps.bars)
        return replace(
            function,
            name=f"{function.name}_reverse",
            params=(*(Param(p.name) for p in function.params), *seeds),
            body=(*first, *second),
            result=Tuple((sweeps.value, bars)),
            bases=sweeps.builder.bases,
            derived=True,
        )

    def pullback_of(self, callee: Callee, active: tuple[int, ...], types: list[Type]) -> Pullback:
        """A user's function that a function calls, as a pair of record and pull."""
        key: Key = (id(callee.function), active, tuple(types))
        if key not in self.pullbacks:
            self.pullbacks[key] = self._pair(callee, active, types)
        return self.pullbacks[key]

    def _pair(self, callee: Callee, active: tuple[int, ...], types: list[Type]) -> Pullback:
        function = callee.function
        assert function is not None
        params = dict(zip((p.name for p in function.params), types, strict=True))
        wrt = tuple(function.params[i].name for i in active)
        function, found = typed(function, params)
        results = leaves(function.result)
        pulled = [i for i, leaf in enumerate(results) if _seeded(leaf, found)]
        sweeps = self.sweeps(function, wrt, results, found)
        self.reduce(sweeps)
        first, second = link(sweeps, absent=NONE)  # both are handed over
        names = [p.name for p in function.params]
        handed, kept = _crossing(first, second, sweeps, names)
        record = replace(
            function,
            name=self.unique(f"{function.name}_record"),
            body=first,
            result=Tuple((*results, *(Var(n) for n in handed))),
            bases=sweeps.builder.bases,
        )
        pull = replace(
            function,
            name=self.unique(f"{function.name}_pullback"),
            params=tuple(Param(n) for n in (*(names[i] for i in kept), *handed, *sweeps.seeds)),
            body=second,
            result=sweeps.bars[0] if len(sweeps.bars) == 1 else Tuple(sweeps.bars),
            bases=dict(sweeps.builder.bases),
            doc=None,
        )
        made = []
        for part in (record, pull) if handed else (pull,):
            optimized = self.optimized(part, found)
            self.parts.append((optimized, found))
            made.append(Callee(optimized.name, optimized, found))
        handed_types = tuple(found.get(n, ANY) for n in handed)
        labels = tuple(sweeps.builder.bases.get(n, "value") for n in handed)
        return Pullback(made[0], made[-1], handed_types, labels, kept, tuple(pulled))

    # --- shared -------------------------------------------------------------------------------

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
            for make in PASSES:
                walk = make(Builder(names_for(function, types), types, function.bases))
                walk.block(function.body)
                result = walk.sub(function.result)
                function = replace(function, body=walk.builder.block, result=result)
        body = eliminate_dead_code(function.body, (function.result,))
        return verify(replace(function, body=body), f"optimized {function.name}")


def typed(function: Function, params: dict[str, Type]) -> tuple[Function, Types]:
    """A function with the types of its names; in-place operations in the dtypes they have."""
    types = infer(function, params)
    if not any(
        isinstance(s, Let) and isinstance(s.op, Primitive) and s.op.name.startswith("augment.")
        for s in walk(function.body)
    ):
        return function, types
    pass_ = AugmentedDtypes(Builder(names_for(function), types, dict(function.bases)))
    pass_.block(function.body)
    function = replace(function, body=pass_.builder.block, bases=pass_.builder.bases)
    return function, infer(function, params)


PASSES: tuple[Callable[[Builder], Rewriter], ...] = (
    Simplify,  # first: what it makes is worth comparing
    CommonSubexpressions,
    RepeatQueries,  # last: what it repeats is not common any more
)


def _seeded(output: Operand, types: Types) -> bool:
    return differentiable(type_of(output, types))


def _defaults_to_one(t: Type) -> bool:
    return rank(t) == 0 or not isinstance(t, Array)


def _crossing(
    first: Block, second: Block, sweeps: Sweeps, params: list[str]
) -> tuple[list[str], tuple[int, ...]]:
    """The names that the reverse sweep takes from the forward sweep, and the parameters."""
    from adxform.core.ir import binds_of, phis_of, reads_of, uses, walk

    bound = {n for stmt in walk(second) for n in binds_of(stmt)}
    read: list[str] = [n for bar in sweeps.bars for n in names_in(bar)]
    for stmt in walk(second):
        read.extend(reads_of(stmt))
        read.extend(n for p in phis_of(stmt) for n in uses((p.first, p.second)))
    outer = [n for n in dict.fromkeys(read) if n not in bound and n not in sweeps.seeds]
    kept = tuple(i for i, p in enumerate(params) if p in outer)
    return [n for n in outer if n not in params], kept
