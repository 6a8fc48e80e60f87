"""What each part of a derivative goes through: its name, the passes, the look at a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from adxform.analysis.types import Types
from adxform.core.builder import Builder
from adxform.core.calls import reachable_callees
from adxform.core.ir import Callee, Function
from adxform.core.verify import verify
from adxform.differentiate.common import names_for
from adxform.optimize.common_subexpressions import CommonSubexpressions
from adxform.optimize.contractions import contracted
from adxform.optimize.dead_code import eliminate_dead_code
from adxform.optimize.needless_copies import without_needless_copies
from adxform.optimize.repeat_queries import RepeatQueries
from adxform.optimize.repeated_elements import RepeatedElements
from adxform.optimize.simplify import Simplify
from adxform.optimize.unseen_writes import without_unseen_writes
from adxform.optimize.walk import Rewriter, rewritten
from adxform.options import Options

Observer = Callable[[str, Function, Types], None]


@dataclass
class Optimizing:
    """Names, and optimises, the parts of one derivative."""

    options: Options = field(default_factory=Options)
    observe: Observer | None = None
    names: set[str] = field(default_factory=set)
    swept: Function | None = None  # the last from which dead code was dropped

    def show(self, stage: str, function: Function, types: Types) -> None:
        if self.observe is not None:
            self.observe(stage, function, types)

    def finish(self, callee: Callee, function: Function, types: Types) -> None:
        """Optimise a part, and give it to the callee that has its name."""
        made = self.optimized(replace(function, name=callee.name), types)
        lean = without_unseen_writes(made, types) if self.options.optimize else made
        callee.function = made if lean is made else self.optimized(lean, types)

    def reserve(self, function: Function, mode: str) -> None:
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
