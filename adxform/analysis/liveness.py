"""Liveness: the stretches of a function, in the order of its text, where each name is needed.

Positions count statements; a range ``(a, b)`` means from just after ``a`` to ``b``. Branches are
disjoint: what one side needs is not live on the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from adxform.analysis.aliasing import REPLACING, Aliases, writes
from adxform.analysis.disjoint import Disjoint
from adxform.analysis.steps import steps
from adxform.analysis.types import Types
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    For,
    If,
    Let,
    Operand,
    Phi,
    Primitive,
    Stmt,
    Var,
    While,
    binds_of,
    blocks_of,
    names_in,
    phis_of,
    reads_of,
    tests_of,
    uses,
    walk,
)
from adxform.core.reads import read_counts
from adxform.core.types import Scalar

Range = tuple[int, int]


@dataclass(slots=True)
class Liveness:
    """Ranges of each name, latest first; statements whose first operand dies with them.

    ``exclusive`` holds the Lets that may write to their first operand (``x = x + y`` as ``x += y``
    among them), after which no other name is live that may share its memory: those of numbers,
    which have none, are left out.
    """

    ranges: dict[str, list[Range]] = field(default_factory=dict)
    exclusive: set[Stmt] = field(default_factory=set)
    end: int = 0


def liveness(
    params: list[str],
    block: Block,
    result: Operand,
    *,
    aliases: Aliases,
    expand: Callable[[list[str]], list[str]] = lambda names: names,
    skip: Callable[[str], bool] = lambda name: False,
    owned: Callable[[str], bool] = lambda name: True,
    alike: Callable[[str, str], bool] = lambda one, other: True,
) -> Liveness:
    """Where names are live.

    ``expand`` replaces names that are written inside expressions by what those read, ``skip``
    tells such names, ``aliases`` which names may share memory, and ``owned`` names of memory that
    is the function's own: any other is copied before it is written to. Names that are ``alike`` may
    become one variable.
    """
    walk = _Walk(expand, skip, owned, alike, aliases)
    walk.result.exclusive.update(handed_over(block, result, aliases.types))
    last = walk.number(block, 1)
    walk.result.end = last + 1
    live: dict[str, int] = {}
    walk.read(expand(list(names_in(result))), last + 1, live)
    walk.block(block, live)
    for name in list(live):
        walk.close(name, 0, live)
    for name in params:
        walk.result.ranges.setdefault(name, [(0, 1)])
    return walk.result


class _Walk:
    """Walks backward; ``live`` maps each live name to the end of its current range."""

    def __init__(
        self,
        expand: Callable[[list[str]], list[str]],
        skip: Callable[[str], bool],
        owned: Callable[[str], bool],
        alike: Callable[[str, str], bool],
        aliases: Aliases,
    ) -> None:
        self.expand = expand
        self.skip = skip
        self.owned = owned
        self.alike = alike
        self.aliases = aliases
        self.result = Liveness()
        self.places: dict[Stmt, int] = {}  # of Lets
        self.spans: dict[Stmt, tuple[int, ...]] = {}  # of others
        self.opened: list[str] = []  # names that came to be live in the block that is walked
        self.disjoint = Disjoint(aliases)
        self.families: dict[str, set[str]] = defaultdict(set)  # the live names of each class
        self.containers: Counter[str] = Counter()
        self.kin = aliases.shared | aliases.in_lists  # names that are of one memory with others

    def number(self, block: Block, at: int) -> int:
        """Give every statement its positions: first, boundaries between blocks, last."""
        for stmt in block:
            if type(stmt) is Let:  # as most are
                self.places[stmt] = at
                at += 1
                continue
            marks = [at]
            match stmt:
                case If():
                    marks.append(self.number(stmt.then, at + 1))
                    marks.append(self.number(stmt.orelse, marks[-1] + 1))
                    at = marks[-1] + 1
                case For():  # what it carries is given its first value, then the index
                    marks.append(self.number(stmt.body, at + 2))
                    at = marks[-1] + 1
                case While():
                    marks.append(self.number(stmt.head, at + 1))
                    marks.append(self.number(stmt.body, marks[-1] + 1))
                    at = marks[-1] + 1
                case _:
                    at += 1
            self.spans[stmt] = tuple(marks)
        return at

    def read(self, names: list[str], at: int, live: dict[str, int]) -> None:
        for name in names:
            if name not in live:
                live[name] = at
                self.opened.append(name)
                if name in self.kin:
                    self.begin(name)

    def begin(self, name: str) -> None:
        """A name that is of one memory with others comes to be live."""
        if name in self.aliases.shared:
            self.families[self.aliases.of(name)].add(name)
        if name in self.aliases.in_lists:
            self.containers[self.aliases.container(name)] += 1

    def cease(self, name: str) -> None:
        """Such a name is live no more."""
        if name in self.aliases.shared:
            self.families[self.aliases.of(name)].discard(name)
        if name in self.aliases.in_lists:
            self.containers[self.aliases.container(name)] -= 1

    def close(self, name: str, at: int, live: dict[str, int]) -> None:
        """A name's range begins at ``at``: it is bound there."""
        end = live.pop(name, None)
        if end is None:
            end = at + 1
        elif name in self.kin:
            self.cease(name)
        self.add(name, at, end)

    def block(self, block: Block, live: dict[str, int]) -> None:
        for stmt in reversed(block):
            if type(stmt) is Let:  # as most are
                self.let(stmt, live)
                continue
            match stmt:
                case If():
                    self.branch(stmt, live)
                case For() | While():
                    self.loop(stmt, live)
                case _:
                    at = self.spans[stmt][0]
                    for name in binds_of(stmt):
                        self.close(name, at, live)
                    self.read(self.expand(reads_of(stmt)), at, live)

    def let(self, stmt: Let, live: dict[str, int]) -> None:
        if self.skip(stmt.target):
            return
        at = self.places[stmt]
        late = False
        op = stmt.op
        if type(op) is Primitive:
            if _may_write(op) and not _of_numbers(stmt, self.aliases.types):
                self._exclusive(stmt, live)
            late = op.name in REPLACING and self._in_two(stmt)
        for name in stmt.targets:
            self.close(name, at, live)
        self.read(self.expand(stmt.reads), at + late, live)

    def _in_two(self, stmt: Let) -> bool:
        """Whether a write begins with a new array: its target is bound before what it reads."""
        held = list(names_in(stmt.args[0]))
        copied = stmt not in self.result.exclusive or not all(map(self.owned, held))
        return copied or any(map(self.skip, held))

    def _exclusive(self, stmt: Let, live: dict[str, int]) -> None:
        """Whether a Let's first operand may be overwritten: no other name needs that memory."""
        first = stmt.args[0] if stmt.args else None
        name = first.name if type(first) is Var else next(names_in(first), None)
        if name is None:
            return
        if self._listed(stmt, name, live) if self.aliases.plain_list(name) else (
            self._alone(stmt, name, live)
        ):
            self.result.exclusive.add(stmt)

    def _alone(self, stmt: Let, first: str, live: dict[str, int]) -> bool:
        if first not in self.aliases.shared:
            return first not in live
        others = self.families[self.aliases.of(first)]
        return not any(n != stmt.target and self.disjoint.share(first, n) for n in others)

    def _listed(self, stmt: Let, first: str, live: dict[str, int]) -> bool:
        """The same of a list, which may hold what others need."""
        others = self.containers[self.aliases.container(first)]
        if stmt.target in live:
            others -= self.aliases.container(stmt.target) == self.aliases.container(first)
        return others == 0

    def add(self, name: str, begin: int, end: int) -> None:
        ranges = self.result.ranges
        if name in ranges:
            ranges[name].append((begin, end))
        else:
            ranges[name] = [(begin, end)]

    def branch(self, stmt: If, live: dict[str, int]) -> None:
        """Names that are needed after a branch stay live through it; those that one side needs
        are live on that side alone, and before.
        """
        start, middle, end = self.spans[stmt]
        for phi in stmt.phis:
            self.close(phi.target, end, live)
        before: dict[str, None] = {}
        for block, begin, stop, side in (
            (stmt.orelse, middle, end, 1),
            (stmt.then, start, middle, 0),
        ):
            outer, self.opened = self.opened, []
            self.read(self.expand(_phi_reads(stmt.phis, side)), stop, live)
            self.block(block, live)
            for name in self.opened:
                if name in live:
                    self.add(name, begin, self.leave(name, live))
                    before[name] = None
            self.opened = outer
        self.read(list(before), start, live)
        self.read(self.expand(uses((stmt.test,))), start, live)

    def leave(self, name: str, live: dict[str, int]) -> int:
        """A name is live no more; the end of its range."""
        if name in self.kin:
            self.cease(name)
        return live.pop(name)

    def loop(self, stmt: For | While, live: dict[str, int]) -> None:
        """Names from outside that a loop needs are live throughout it, as are those that are
        needed after it.
        """
        marks = self.spans[stmt]
        start, end = marks[0], marks[-1]
        headers = [phi.target for phi in stmt.phis]
        after = [name for name in headers if name in live]
        for name in after:
            self.add(name, end, self.leave(name, live))
        inside = walk((stmt,))
        bound: set[str] = set()
        for inner in inside:
            bound.update(inner.targets if type(inner) is Let else binds_of(inner))
        self.read([n for n in self.outer_reads(stmt, inside) if n not in bound], end, live)
        outer, self.opened = self.opened, []
        ends = uses((stmt.stop,)) if stmt.stop is not None else []
        self.read(self.expand(_phi_reads(stmt.phis, 1) + ends), end, live)
        self.block(stmt.body, live)
        if isinstance(stmt, While):
            self.read(self.expand(uses((stmt.test,))), marks[1], live)
            self.read(after, marks[1], live)
            self.block(stmt.head, live)
        for name in headers:
            if name not in live:
                self.add(name, start, start + 1)
        index = stmt.index if isinstance(stmt, For) else None
        if index is not None and index not in live:
            self.add(index, start + 1, start + 2)
        for name in self.opened:
            if name in live:
                self.add(name, start + (name == index), self.leave(name, live))
        self.opened = outer
        for name in self.expand(reads_of(stmt)):
            self.read([name], start + self._is_read_late(name, stmt), live)
        self.read(self.expand(_phi_reads(stmt.phis, 0)), start, live)

    def _is_read_late(self, name: str, loop: For | While) -> bool:
        """Whether the bound of a loop reads a name when what is carried has its first value, and
        this is not the name's own.
        """
        carried = [p.target for p in loop.phis if p.first == Var(name)]
        return bool(loop.phis) and not any(self.alike(name, target) for target in carried)

    def outer_reads(self, loop: Stmt, inside: list[Stmt]) -> list[str]:
        """Every name that is read inside a loop, once; ``inside`` are it and its statements."""
        found: list[str] = []
        for stmt in inside:
            if type(stmt) is Let:  # as most are
                found += stmt.reads
                continue
            if stmt is not loop:
                found.extend(reads_of(stmt))
                found.extend(_phi_reads(phis_of(stmt), 0))
            found.extend(tests_of(stmt))
            found.extend(_phi_reads(phis_of(stmt), 1))
        return list(dict.fromkeys(self.expand(list(dict.fromkeys(found)))))


def handed_over(block: Block, result: Operand, types: Types) -> list[Let]:
    """Lets that may write to their first operand, which is new memory and read by them alone."""
    held = index(block)
    writing = [s for s in held.where(_may_write) if not _of_numbers(s, types)]
    if not writing:
        return []
    reads = read_counts(block, result)
    blocks = [inner for stmt in held.others for inner in blocks_of(stmt)]
    place = {s.target: id(b) for b in blocks for s in b if type(s) is Let}  # none at the top
    fresh = [lets for op, lets in held.primitives.items() if op.fresh and not writes(op)]
    new = {stmt.target for lets in fresh for stmt in lets}
    found: list[Let] = []

    def handed(first: Operand, here: int | None) -> bool:
        if not isinstance(first, Var) or first.name not in new:
            return False
        return reads[first.name] == 1 and place.get(first.name) == here

    for let in writing:
        if handed(let.args[0], place.get(let.target)):
            found.append(let)
            if _only_writes(let):
                new.add(let.target)
    for part in (block, *blocks) if held.others else ():
        here = None if part is block else id(part)
        for loop in part:
            if type(loop) is For:
                found += _filling(loop, [p.target for p in loop.phis if handed(p.first, here)])
    return found


def _filling(loop: For, begun: list[str]) -> list[Let]:
    """The writes of a loop, and of loops in it, that fill a new array which nothing else in it
    reads: ``x = np.empty(n)``, then ``x[i] = v`` for each i. The loop has ``begun`` with it.
    """
    found = steps(loop) if begun else {}
    made = (found.get(target) for target in begun)
    return [s for s in made if s is not None and _only_writes(s)]


@cache
def _may_write(op: Primitive) -> bool:
    return op.style == "infix" or writes(op)


def _only_writes(stmt: Let) -> bool:
    return isinstance(stmt.op, Primitive) and writes(stmt.op)


def _of_numbers(stmt: Let, types: Types) -> bool:
    """Whether an operation gives a number, of a number: it writes to no memory."""
    first = stmt.args[0]
    return (
        type(types.get(stmt.target)) is Scalar
        and type(first) is Var
        and type(types.get(first.name)) is Scalar
        and getattr(stmt.op, "name", "") not in REPLACING
    )


def _phi_reads(phis: tuple[Phi, ...], side: int) -> list[str]:
    return [n for p in phis for n in uses(((p.first, p.second)[side],))]
