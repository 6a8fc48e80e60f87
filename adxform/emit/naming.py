"""Out of SSA: which names of Core become one variable of Python, and what it is called.

Values that a phi merges share a variable where they are not needed at the same time; so do all
values of one variable of the user's. What still collides gets a number.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict

from adxform.analysis.aliasing import IN_PLACE, root_of
from adxform.analysis.liveness import Liveness, Range
from adxform.core.index import index
from adxform.core.ir import Block, Phi, Var, uses

RECENT = 8  # how many of the variables begun last are tried for a new value


class Naming:
    """Gives each name of Core its variable; ``variable[name]`` after construction."""

    def __init__(
        self,
        params: list[str],
        block: Block,
        live: Liveness,
        bases: dict[str, str],
        reserved: set[str],
    ) -> None:
        self.live = live
        self.bases = bases
        self.parent: dict[str, str] = {}
        self.ranges: dict[str, list[Range]] = {n: disjoint(r) for n, r in live.ranges.items()}
        self.params = set(params)
        self._merge_in_place(block)
        for phi in index(block).phis:
            self._merge_phi(phi)
        self.variable = self._assign(params, reserved)

    def find(self, name: str) -> str:
        return root_of(self.parent, name)

    # --- merging ------------------------------------------------------------------------------

    def _merge_in_place(self, block: Block) -> None:
        """What is written in place keeps its variable."""
        for stmt in index(block).of(*IN_PLACE):
            for name in uses(stmt.args[:1]):
                self._try(stmt.target, name)

    def _merge_phi(self, phi: Phi) -> None:
        for operand in (phi.second, phi.first):
            if isinstance(operand, Var):
                self._try(phi.target, operand.name)

    def _try(self, a: str, b: str) -> None:
        """Merge two names if they are never needed at once and may be called the same."""
        a, b = self.find(a), self.find(b)
        if a == b or a not in self.ranges or b not in self.ranges:
            return
        if self._label(a) != self._label(b) and None not in (self._label(a), self._label(b)):
            return
        if a in self.params and b in self.params:
            return
        if overlap(self.ranges[a], self.ranges[b]):
            return
        if b in self.params or (self._label(a) is None and a not in self.params):
            a, b = b, a
        self.parent[b] = a
        few, many = sorted((self.ranges[a], self.ranges.pop(b)), key=len)
        add_ranges(many, few)
        self.ranges[a] = many

    def _label(self, root: str) -> str | None:
        return self.bases.get(root)

    # --- calling ------------------------------------------------------------------------------

    def _assign(self, params: list[str], reserved: set[str]) -> dict[str, str]:
        groups: dict[str, list[str]] = defaultdict(list)
        for root in self.ranges:
            groups[self.bases.get(root) or root].append(root)
        called: dict[str, str] = {}
        taken = {*reserved, *params}
        pending: list[tuple[str, list[list[str]]]] = []
        for base, roots in groups.items():
            pending.append((base, self._colors(roots, params)))
        taken.update(base for base, _ in pending)
        for base, colors in pending:
            free_base = base not in reserved
            for place, color in enumerate(colors):
                plain = place == 0 and free_base
                name = base if plain else _numbered(base, taken, max(place + 1, 2))
                taken.add(name)
                called.update(dict.fromkeys(color, name))
        found = {name: self.find(name) for name in self.live.ranges}
        return {name: called[root] for name, root in found.items() if root in self.ranges}

    def _colors(self, roots: list[str], params: list[str]) -> list[list[str]]:
        """Groups of values of one variable that are never needed at once, in order of text."""
        if len(roots) == 1:
            return [roots]
        order = sorted(roots, key=lambda r: (r not in params, self.ranges[r][0]))
        colors: list[tuple[list[Range], list[str]]] = []
        for root in order:
            own = self.ranges[root]
            for used, members in colors[-RECENT:]:
                if not overlap(used, own):
                    add_ranges(used, own)
                    members.append(root)
                    break
            else:
                colors.append((list(own), [root]))
        return [members for _, members in colors]


def disjoint(ranges: list[Range]) -> list[Range]:
    """Ranges in order, those that meet joined."""
    if len(ranges) == 1:
        return list(ranges)
    result: list[Range] = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def overlap(a: list[Range], b: list[Range]) -> bool:
    """Whether two lists of disjoint ranges in order meet; a range is open at its start."""
    if len(a) < len(b):
        a, b = b, a
    if not b or b[-1][1] <= a[0][0]:  # one is over before the other begins
        return False
    if a[-1][1] <= b[0][0] and a[-1][0] < b[0][0]:
        return False
    for start, end in b:
        place = bisect_right(a, (start, -1))
        if place < len(a) and a[place][0] < end:
            return True
        if place > 0 and a[place - 1][1] > start:
            return True
    return False


def add_ranges(to: list[Range], more: list[Range]) -> None:
    """Put ranges into a list of ranges that they do not meet."""
    for item in more:
        insort(to, item)


def _numbered(base: str, taken: set[str], first: int) -> str:
    number = first
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"
