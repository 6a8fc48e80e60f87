"""The way through the house: Core of a function in, Core of its derivative out, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from adxform.analysis.types import Types, settled
from adxform.core.calls import calling_itself, is_recursive, own_callee
from adxform.core.ir import (
    Callee,
    Function,
    Let,
    Operand,
    Param,
    Tuple,
    Var,
    leaves,
    same_places,
    substitute,
)
from adxform.core.pause import collection_paused
from adxform.core.types import Type
from adxform.core.verify import verify
from adxform.differentiate.forward import Forward, Tangent, forward
from adxform.differentiate.refuse import check
from adxform.differentiate.sweeps import Sweeps, with_unit_seed
from adxform.optimize.copies import copy_before_loops
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.results import own_results
from adxform.optimize.shape_queries import without_shaped_values
from adxform.optimize.unasked_values import without_value
from adxform.optimize.whole_calls import with_whole_calls
from adxform.optimize.written_out import active_in
from adxform.pairs import Key, Pairs, seeded_places
from adxform.typed import typed, typed_callee


@dataclass
class Derivation(Pairs):
    """One derivative in the making, and those of what it calls."""

    tangents: dict[Key, Tangent] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)

    # --- forward ------------------------------------------------------------------------------

    @collection_paused
    def forward(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        how: type[Forward] = Forward,
        *,
        alone: bool = False,
    ) -> tuple[Function, Types]:
        """The tangent function, optimised, and the types of its names; ``how`` says for one
        direction, or for several at once. One that is ``alone`` is none that inner calls call.
        """
        self.reserve(function, "forward")
        serves = how is Forward and not alone
        own = self._own_tangent(function, wrt, types) if serves else None
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
            varied = seeded_places(results, found)
            self.tangents[key] = Tangent(own, varied)
        else:
            varied = tuple(i for i, leaf in enumerate(results) if activity.operand(leaf))
        made = forward(function, wrt, activity, found, partial(self.tangent_of, how=how), how)
        assert isinstance(made.result, Tuple)
        tangents = leaves(made.result.items[1])
        made = replace(made, result=Tuple((*results, *(tangents[i] for i in varied))))
        self.finish(own, made, found)
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
        self.reserve(function, "reverse")
        make = partial(self._reverse, function, wrt, types, outputs, unit=unit, valued=valued)
        return self.handing_over(function, make)

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
        if self.observe is not None:
            self._show_sweeps(function, wrt, types, outputs, unit=unit)
        function, found, sweeps = self._swept(function, wrt, types, outputs, unit=unit)
        self.reduce(sweeps)
        made = verify(self.joined(function, sweeps, *self.linked(sweeps)), "reverse")
        made = with_unit_seed(made, found) if unit and len(sweeps.seeds) == 1 else made
        made = self.optimized(made, found)
        if self.options.optimize:
            made = self.merged(made, found)
        if self.whole:
            made, found = self._called_whole(made, found)
        if not valued:
            made = without_value(made, found)
        if self.options.optimize:
            made = without_shaped_values(made, found)
        made = copy_before_loops(made, found)
        made = own_results(made, wrt, found)  # after copies: one that is the function's own will do
        if made is not self.swept:
            made = replace(made, body=eliminate_dead_code(made.body, (made.result,)))
        self.show("optimized", made, found)
        return made, found

    def _swept(
        self,
        given: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        outputs: list[Operand] | None,
        *,
        unit: bool,
    ) -> tuple[Function, Types, Sweeps]:
        """A function, typed, the types of its names, and its sweeps."""
        function, found = typed(calling_itself(given) if self.whole else given, types)
        outputs = same_places(given.result, function.result, outputs)
        return function, found, self.sweeps(function, wrt, outputs, found, unit=unit)

    def _called_whole(self, function: Function, types: Types) -> tuple[Function, Types]:
        """A reverse function that calls wholes, or the one that is all that it calls."""
        made = self.optimized(with_whole_calls(function, self.wholes), types)
        first = made.body[0] if len(made.body) == 1 else None
        called = first.op if isinstance(first, Let) else None
        if not isinstance(first, Let) or not isinstance(called, Callee) or called.function is None:
            return made, types
        given = tuple(Var(param.name) for param in made.params)
        if first.args != given or called.function.result != substitute(
            made.result, dict(zip(first.targets, leaves(called.function.result), strict=True))
        ):
            return made, types
        defaults = [param.default for param in made.params]
        params = map(Param, (p.name for p in called.function.params), defaults)
        called.name = made.name
        called.function = replace(called.function, name=made.name, params=tuple(params))
        return called.function, called.types

    def _show_sweeps(
        self,
        function: Function,
        wrt: tuple[str, ...],
        types: dict[str, Type],
        outputs: list[Operand] | None,
        *,
        unit: bool,
    ) -> None:
        """Show both sweeps as they are before they are optimised and merged."""
        whole, names, self.whole = self.whole, set(self.names), False
        function, found, sweeps = self._swept(function, wrt, types, outputs, unit=unit)
        self.show("reverse", self.joined(function, sweeps, *self.linked(sweeps)), found)
        if whole:
            self.whole, self.names, self.pullbacks = whole, names, {}
