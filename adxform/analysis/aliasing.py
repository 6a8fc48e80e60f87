"""Aliasing: which names may stand for the same memory.

Names are put in one class when an operation may give a view of (or the very object of) its
operand. Numbers have no memory of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from weakref import WeakKeyDictionary

from adxform.analysis.types import Types
from adxform.core.builder import type_of
from adxform.core.index import index
from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Effect,
    Function,
    Let,
    Opaque,
    Operand,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    binds_of,
    leaves,
    names_in,
    parts_of,
    reads_of,
    uses,
)
from adxform.core.reads import reached
from adxform.core.types import ANY, Array, Inert, Known, ListOf, Number, Object, Scalar, Type
from adxform.rules.table import RULES

STORES = frozenset({"update", "append", "keep"})
IN_PLACE = STORES | {"accumulate", "accumulate_at", "extend", "own"}
REPLACING = IN_PLACE - {"accumulate"}  # a sum that is not in place costs no more than one


_WITHOUT_MEMORY = (Scalar, Number, Known, Object, Inert)


def has_memory(t: Type) -> bool:
    """Whether a value can be changed in place, or be seen to change."""
    return not isinstance(t, _WITHOUT_MEMORY)


def may_repeat(index: Operand, types: Types) -> bool:
    """Whether an index may name an element twice: only integer arrays and lists do."""
    parts = parts_of(index)
    return any(_repeats(part, types) for part in parts)


def _repeats(part: Operand, types: Types) -> bool:
    if isinstance(part, Const | Slice):
        return False
    if isinstance(part, Tuple):
        return True
    known = types.get(part.name, ANY) if isinstance(part, Var) else ANY
    return not isinstance(known, Scalar) and getattr(known, "dtype", None) != "bool"


@cache
def writes(op: Primitive) -> bool:
    """Whether an operation may write into the memory of its first operand."""
    return op.name in IN_PLACE or op.augments


@cache
def _passes_on(op: Primitive) -> bool:
    """Whether the result of an operation may be of an operand's memory."""
    return writes(op) or op.name == "[]" or not (op.fresh or op.name == "tape")


class Aliases:
    """Classes of names that may share memory, as a forest of representatives.

    Without ``stored`` lists are no part of the memory of a list that holds them; without ``merged``
    phis unite nothing.
    """

    def __init__(
        self, block: Block, types: Types, stored: bool = True, merged: bool = True
    ) -> None:
        self.block = block
        self.types = types
        self.parent: dict[str, str] = {}
        self.taken: set[str] = set()  # names whose memory may be that of an operand
        held = index(block)
        for let in (*held.special, *held.where(_passes_on)):
            self._operation(let)
        for stmt in held.others:
            if isinstance(stmt, Effect):
                self._take([name for _, name in stmt.writes], reads_of(stmt))
        for phi in held.phis if merged else ():
            self._take([phi.target], uses((phi.first, phi.second)))
        self.apart = dict(self.parent)
        self.held: set[str] = set()
        self.holding: set[str] = set()  # names of lists that hold what is written to
        if stored:
            self._keep_stored(held.where(writes))

    @cached_property
    def lists(self) -> set[str]:
        """The names of lists made for tapes, before and after values are stored in them."""
        return _lists(self.block)

    @cached_property
    def in_lists(self) -> set[str]:
        """The names of lists, and of what they may share memory with but for what they hold."""
        if not self.lists:
            return self.lists
        families = {self.container(name) for name in self.lists}
        names = {*self.lists, *self.apart, *self.apart.values()}
        return {name for name in names if self.container(name) in families}

    @cached_property
    def shared(self) -> set[str]:
        """The names that are not in a class of their own."""
        return {*self.parent, *self.parent.values()}

    def of(self, name: str) -> str:
        """The representative of a name's class."""
        return root_of(self.parent, name)

    def container(self, name: str) -> str:
        """The same, with what lists hold left apart from the lists."""
        return root_of(self.apart, name)

    def plain_list(self, name: str) -> bool:
        """Whether a name is a list that no other list holds: what is stored in it changes its
        memory, and not that of what it holds.
        """
        return name in self.lists and self.container(name) not in self.held

    def _operation(self, stmt: Let) -> None:
        op = stmt.op
        if isinstance(op, Primitive):
            if writes(op):
                self._take([stmt.target], uses(stmt.args[:1]))
            elif op.name == "[]":
                if not self.copied(stmt):
                    self._take([stmt.target], uses(stmt.args[:1]))
            elif not op.fresh and op.name != "tape":  # it is filled when all is done
                self._take([stmt.target], uses(_handed_on(op, stmt.args)))
        elif isinstance(op, Callee):
            self._call(stmt, op)
        elif isinstance(op, Opaque) and not op.boolean:
            self._take([stmt.target], stmt.reads)

    def _call(self, stmt: Let, op: Callee) -> None:
        """A result may be of any argument's memory, but for what the function takes over, and for
        what a derivative makes.
        """
        derived = op.function is not None and op.function.derived
        made = made_by(stmt, op) if derived else set()
        results = [name for name in stmt.targets if name not in made]
        given = list(stmt.args)
        for place, source in op.takes:
            self._take([stmt.targets[place]], uses((stmt.args[source],)))
            results = [name for name in results if name != stmt.targets[place]]
            given.remove(stmt.args[source])
        self._take(results, uses(given))

    def copied(self, stmt: Stmt | None) -> bool:
        """Whether a statement reads what gives a copy: by an index that is an array, or a slice of
        a list of numbers.
        """
        if not isinstance(stmt, Let) or not isinstance(stmt.op, Primitive) or stmt.op.name != "[]":
            return False
        held = type_of(stmt.args[0], self.types)
        if isinstance(held, ListOf):
            return isinstance(stmt.args[1], Slice) and isinstance(held.item, _WITHOUT_MEMORY)
        parts = parts_of(stmt.args[1])
        return any(
            isinstance(p, Tuple) or isinstance(type_of(p, self.types), Array) for p in parts)

    def _keep_stored(self, writing: list[Let]) -> None:
        """A list keeps the very object that is put in it (an array keeps a copy); that matters
        only if the object is written to.
        """
        written: set[str] = set()
        stored: list[Let] = []
        for stmt in writing:
            assert isinstance(stmt.op, Primitive)
            written.update([self.of(n) for n in uses(stmt.args[:1])])
            container = self.types.get(stmt.target, ANY)
            if stmt.op.name in ("update", "append") and not isinstance(container, Array):
                stored.append(stmt)
        for stmt in stored:
            if any(self.of(n) in written for n in uses(stmt.args[2:])):
                self._unite([stmt.target, *uses(stmt.args[2:])])
                self.held.update(self.container(n) for n in uses(stmt.args[2:]))
                self.holding.add(stmt.target)

    def _take(self, targets: list[str], operands: list[str]) -> None:
        """Some names may stand for memory of operands."""
        if not targets:
            return
        known = self.types.get
        held = [n for n in operands if not isinstance(known(n, ANY), _WITHOUT_MEMORY)]
        if held:
            self._unite([*targets, *held])
            self.taken.update(targets)
        elif len(targets) > 1:
            self._unite(targets)

    def _unite(self, names: list[str]) -> None:
        known = self.types.get
        shared = [n for n in names if not isinstance(known(n, ANY), _WITHOUT_MEMORY)]
        for name in shared[1:]:
            self.parent[self.of(name)] = self.of(shared[0])


def names_in_lists(block: Block, aliases: Aliases) -> set[str]:
    """The names of arrays that lists hold: they may not change from there on."""
    held = {
        aliases.of(name)
        for stmt in index(block).of(*STORES)
        if not isinstance(aliases.types.get(stmt.target, ANY), Array)
        for name in uses(stmt.args[2:])
    }
    names = (n for stmt in index(block).stmts for n in binds_of(stmt)) if held else ()
    return {n for n in names if aliases.of(n) in held}


def root_of(parent: dict[str, str], name: str) -> str:
    """The representative of a name's class; ``parent`` leads there, and is shortened on the way."""
    root = parent.get(name, name)
    if root == name:  # as most are
        return root
    while (up := parent.get(root, root)) != root:
        root = up
    while parent.get(name, name) != root:
        parent[name], name = root, parent.get(name, name)
    return root


def _handed_on(op: Primitive, args: tuple[Operand, ...]) -> tuple[Operand, ...]:
    """The operands whose memory a result may be: of a linear operation only those that it is
    linear in, for with zeros in their place there is nothing of the others in the result.
    """
    rule = RULES[op.name]
    if rule.kind != "linear":
        return args
    pairs = zip(op.params, args, strict=True)
    return tuple(arg for name, arg in pairs if name in rule.linear_in)


def _lists(block: Block) -> set[str]:
    """The names of lists made for tapes, before and after values are stored in them."""
    held = index(block)
    found = {s.target for s in held.of("list_of", "empty_list")}
    if not found:
        return found
    given = [(s.target, uses(s.args[:1])) for s in held.of(*STORES)]
    given += [(p.target, uses((p.first,))) for p in held.phis]
    return _spread(found, given)


class Flows:
    """Where memory comes to: phis hand it on, and what they give is none of what others gave."""

    def __init__(self, block: Block, types: Types) -> None:
        self.classes = Aliases(block, types, merged=False)
        self.following: dict[str, list[str]] = {}
        self.led_to: dict[str, set[str]] = {}
        for phi in index(block).phis:
            for name in uses((phi.first, phi.second)):
                self.following.setdefault(self.classes.of(name), []).append(
                    self.classes.of(phi.target)
                )

    def lead(self, name: str, other: str) -> bool:
        """Whether the memory of one name may be that of another."""
        begin = self.classes.of(name)
        if begin not in self.led_to:
            self.led_to[begin] = reached([begin], self.following)
        return self.classes.of(other) in self.led_to[begin]


def fresh_names(function: Function, types: Types) -> set[str]:
    """Names whose memory no parameter and nothing outside the function can see."""
    fresh = set(function.owned)
    given: dict[str, list[str]] = {}  # what stands for the memory of others, and of which
    held = index(function.body)
    for op, lets in held.primitives.items():
        if op.fresh or op.name in IN_PLACE:
            fresh.update([stmt.target for stmt in lets])
        elif op.name == "copy":
            given.update((s.target, s.reads) for s in lets if isinstance(s.args[0], Var))
    for stmt in held.special:
        if isinstance(stmt.op, Callee):
            given |= {stmt.targets[i]: uses(stmt.args[j : j + 1]) for i, j in stmt.op.takes}
    given.update((p.target, uses((p.first, p.second))) for p in held.phis)
    fresh.update(given)
    takers: dict[str, list[str]] = {}
    for name, sources in given.items():
        for source in sources:
            if has_memory(types.get(source, ANY)):
                takers.setdefault(source, []).append(name)
    seen = [source for source in takers if source not in fresh]
    for source in seen:  # which grows on the way
        lost = fresh.intersection(takers.get(source, ()))
        fresh -= lost
        seen += lost
    return fresh


def made_by(call: Let, callee: Callee) -> set[str]:
    """The names, in a call of a derivative or a part of one, of arrays that it makes, and keeps no
    hold of.
    """
    function = callee.function
    if function is None:
        return set()
    known = _MADE.get(callee)
    if known is None or known[0] is not function:
        _MADE[callee] = known = function, frozenset()  # of calls of itself
        _MADE[callee] = known = function, _made(function, callee.types or {})
    if len(call.targets) != len(leaves(function.result)):
        return set()
    return {call.targets[place] for place in known[1]}


_MADE: WeakKeyDictionary[Callee, tuple[Function, frozenset[int]]] = WeakKeyDictionary()


def _made(function: Function, types: Types) -> frozenset[int]:
    results, counts = leaves(function.result), Counter(names_in(function.result))
    fresh, aliases = fresh_names(function, types), Aliases(function.body, types)
    families = Counter(aliases.of(name) for name in counts)
    return frozenset(
        place
        for place, item in enumerate(results)
        if isinstance(item, Var)
        and item.name in fresh
        and counts[item.name] == families[aliases.of(item.name)] == 1
    )


def shallow_names(function: Function, types: Types, copying: Iterable[Let]) -> set[str]:
    """Names of copies of what may be a list: the items are those of the list. The writes that are
    ``copying`` begin with such a copy.
    """
    held = index(function.body)
    copies = [s.target for s in (*held.of(".copy()"), *copying)]
    shallow = {name for name in copies if not isinstance(types.get(name, ANY), Array)}
    if not shallow:
        return shallow
    lets = [s for s in held.of(*IN_PLACE) if not isinstance(types.get(s.target, ANY), Array)]
    given = [(s.target, uses(s.args[:1])) for s in lets]
    given += [(p.target, uses((p.first, p.second))) for p in held.phis]
    return _spread(shallow, given)


def _spread(found: set[str], given: list[tuple[str, list[str]]]) -> set[str]:
    """Names, and those that are given one of them, however far on."""
    before = -1
    while before < len(found):
        before = len(found)
        found.update(target for target, names in given if not found.isdisjoint(names))
    return found
