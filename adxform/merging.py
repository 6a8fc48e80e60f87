"""Reverse functions whose sweeps run together: in one loop, in one branch, where they can."""

from __future__ import annotations

from dataclasses import dataclass, field

from adxform.analysis.types import Types
from adxform.core.ir import Function
from adxform.optimize.guarded_sums import guard_sums
from adxform.optimize.merged_branches import merge_branches
from adxform.optimize.merged_loops import Outcome, merge_loops
from adxform.optimize.unread_tapes import without_unread_tapes
from adxform.optimize.unseen_writes import without_unseen_writes
from adxform.optimizing import Optimizing


@dataclass
class Merging(Optimizing):
    """Merges sweeps; keeps what became of the ``loops`` of the last function."""

    loops: list[Outcome] = field(default_factory=list)

    def merged(self, function: Function, types: Types) -> Function:
        """A reverse function whose sweeps share loops and branches, where they can."""
        outcomes: dict[int, Outcome] = {}
        loops = self._with_loops_merged if self.options.merge else lambda made, *_: made
        function = loops(function, types, outcomes)
        made = merge_branches(function, types)
        while outcomes and made is not function:  # in one branch, loops may have their pairs
            function = loops(self.together(made, types), types, outcomes)
            made = merge_branches(function, types)
        self.loops = list(outcomes.values())
        made = guard_sums(made, types)
        lean = without_unseen_writes(without_unread_tapes(made, types), types)
        return made if lean is made else self.optimized(lean, types)

    def _with_loops_merged(
        self, function: Function, types: Types, outcomes: dict[int, Outcome]
    ) -> Function:
        while True:  # where a tape is read no more, a loop within may have its pair
            made, found = merge_loops(function, types)
            outcomes.update((id(outcome.origin), outcome) for outcome in found)
            if made is function:
                return function
            function = self.together(made, types)

    def together(self, function: Function, types: Types) -> Function:
        """A function optimised where values of both sweeps have come to stand in one place."""
        function = self.optimized(function, types)
        lean = without_unread_tapes(function, types)
        return function if lean is function else self.optimized(lean, types)
