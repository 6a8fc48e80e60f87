"""Objects as they are now: what their attributes hold after all that was assigned so far.

Core has values, not memory. An object is known by a token; variables and containers hold it as it
was when they met it, and it is read as it is now. One that is one of several, by the path taken, is
an object of its own, and so are they: none of them may change while another is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from adxform.core.ir import UNDEFINED, Effect, Function, If, Let, Operand, Tuple, Var, leaves, walk
from adxform.core.types import ListOf, Type
from adxform.errors import Diagnostic, UnsupportedError
from adxform.frontend.callables import is_made_of_fields, object_class
from adxform.frontend.cells import Cell
from adxform.frontend.program import MIXED, Again
from adxform.frontend.source import SourceFunction

Contents = dict[int, Tuple]
Changed = dict[frozenset[int] | str, Operand]  # what containers are now
Moving = dict[str, set[int]]  # variables that a loop gives other objects, and what these may be


def is_reference(operand: Operand | None) -> bool:
    """Whether an operand is an object that may change."""
    kind = object_class(operand)
    return kind is not None and not issubclass(kind, tuple)


def token_of(held: Tuple) -> int:
    """What tells an object from others."""
    (token,) = held.tokens
    return token


def references(operand: Operand) -> Iterator[Tuple]:
    """The objects in an operand that may change, those that they hold among them."""
    if isinstance(operand, Tuple):
        if is_reference(operand):
            yield operand
        for item in operand.items:
            yield from references(item)


def field(held: Tuple, name: str) -> Operand:
    """An attribute of an object; UNDEFINED where it has none."""
    place = held.place(name)
    return UNDEFINED if place is None else held.items[place]


def base_of(name: str) -> str:
    """What values of an attribute are called in the output."""
    return name.strip("_") or "value"


class Heap:
    """The objects of one function and of those that are lowered in the place of their calls."""

    def __init__(self) -> None:
        self.now: Contents = {}
        self.origins: dict[int, frozenset[int]] = {}  # of one that is one of several: which
        self.dirty: list[int] = []  # objects that have changed, one change after the other
        self.lent: set[int] = set()  # objects of the caller's, who would miss what is changed
        self.sites: dict[int, tuple[Any, ...]] = {}  # where each was made
        self.stored: set[int] = set()  # containers in lists that the generated code has
        self.verbatim: dict[Any, Diagnostic] = {}  # why those of a place are not followed
        self.lists: dict[str, str] = {}  # names of lists of any length that may be one, as a forest

    def same_list(self, name: str, *others: Operand) -> None:
        """A name stands for a list of any length that may be one of some others."""
        for other in others:
            if isinstance(other, Var):
                self.lists.setdefault(other.name, other.name)
                self.lists[self._first_name(name)] = self._first_name(other.name)

    def _first_name(self, name: str) -> str:
        while (other := self.lists.get(name, name)) != name:
            name = other
        return name

    def names_of_list(self, name: str) -> set[str]:
        """All names that a list of any length may go by."""
        first = self._first_name(name)
        return {name, *(n for n in self.lists if self._first_name(n) == first)}

    def add(self, operand: Operand) -> None:
        """Know the objects that an operand holds."""
        for held in references(operand):
            self.now.setdefault(token_of(held), held)

    def current(self, operand: Operand) -> Operand:
        """An operand with the objects that it holds as they are now."""
        if not isinstance(operand, Tuple) or not self.now:
            return operand
        held = self.now.get(token_of(operand), operand) if is_reference(operand) else operand
        items = tuple(map(self.current, held.items))
        same = all(a is b for a, b in zip(items, held.items, strict=True))
        return held if same else held.with_items(items)

    def put(self, known: Type, args: Iterable[Operand]) -> None:
        """Note the containers that an operation, which gives a list of any length, puts into it."""
        if isinstance(known, ListOf):
            self.stored.update(t for arg in args for held, _ in _containers(arg) for t in held)

    def made(self, held: Tuple, site: Any) -> None:
        """An object that was made at a place."""
        self.now[token_of(held)] = held
        self.sites[token_of(held)] = (site,)

    def give_up(self, operand: Operand, reason: Diagnostic) -> None:
        """Follow objects no more, if they were made here: all is to be lowered again."""
        found = [*references(operand)]
        sites = [site for held in found for site in self.sites.get(token_of(held), ())]
        self.verbatim.update(dict.fromkeys(sites, reason))
        if sites:
            raise Again

    def write(self, held: Tuple, instead: Changed | None = None) -> None:
        """An object has other attributes now; others that hold the same containers see what is
        changed in them. ``instead`` says what lists are now, by their tokens or names.
        """
        token = token_of(held)
        before = self.now.get(token)
        old = () if before is None else before.items
        self.now[token] = held
        self.dirty.append(token)
        changed = dict(instead or {})
        for item in held.items:
            if isinstance(item, Tuple) and not any(item is o for o in old):
                changed.update(_containers(item))
        for other, value in self.now.items() if changed else ():
            items = tuple(_with_changed(item, changed) for item in value.items)
            if any(a is not b for a, b in zip(items, value.items, strict=True)):
                self.now[other] = value.with_items(items)
                self.dirty.append(other)

    def mark(self) -> tuple[int, int]:
        """A token that is later than all others, and how often objects have changed."""
        return token_of(Tuple(())), len(self.dirty)

    def one_of(self, held: Tuple, *others: Tuple) -> Tuple:
        """An object that is one of several others."""
        token = token_of(held)
        self.now[token] = held
        self.origins[token] = frozenset().union(*(self.origin(token_of(o)) for o in others))
        sites = [self.sites.get(token_of(other), ()) for other in others]
        self.sites[token] = tuple(dict.fromkeys(s for each in sites for s in each))
        return held

    def may_be(self, held: Tuple, tokens: frozenset[int]) -> None:
        """An object may be one of some others, too."""
        self.origins[token_of(held)] = self.origin(token_of(held)) | tokens

    def origin(self, token: int) -> frozenset[int]:
        """The objects that an object may be."""
        return self.origins.get(token, frozenset((token,)))

    def others(self, held: Tuple) -> set[int]:
        """The objects that may be this one, by another name."""
        own = token_of(held)
        found = self.origin(own)
        return {t for t in self.now if t != own and not found.isdisjoint(self.origin(t))}

    def settle(self, before: Contents, fresh: Callable[[Operand], Operand]) -> None:
        """Read what objects hold that have changed since, at the end of a block."""
        for token, held in self.now.items():
            if before.get(token) is not held:
                made = fresh(held)
                assert isinstance(made, Tuple)
                self.now[token] = made


def cell_site(function: SourceFunction) -> Any:
    """Where a function keeps the variables that functions inside it assign."""
    return "cell", function.text.place(function.node)


def is_sayable(operand: Operand) -> bool:
    """Whether the output can make the objects that an operand holds."""
    return all(is_made_of_fields(held.form) for held in references(operand))


UNLIKE = "a part of this is a tuple or a list on one path, and something else on another"
ALIKE = "Give it one structure on all paths."


def require_sayable(function: Function, heap: Heap, *, whole: bool) -> None:
    """Give up objects that a function would have to make: a call of their class does not give
    what they are here. What is a container on one path only is refused.
    """
    found = [(function.result, function.origin)] if whole else []
    for stmt in walk(function.body):
        match stmt:
            case Let(args=args):
                found.extend((arg, stmt.origin) for arg in args)
            case Effect(reads=reads):
                found.extend((operand, stmt.origin) for _, operand in reads)
            case If(test=test):
                found.append((test, stmt.origin))
    for operand, origin in [*found, (function.result, function.origin)]:
        if any(leaf is MIXED for leaf in leaves(operand)):
            place = None if origin is None else origin.location
            raise UnsupportedError(Diagnostic(UNLIKE, place, ALIKE))
    for operand, origin in found:
        for held in references(operand):
            if not is_made_of_fields(held.form):
                where = None if origin is None else origin.location
                said = Diagnostic(_as_a_whole(held), where, "Use its attributes, one by one.")
                if object_class(held) is Cell:
                    said = Diagnostic(_as_a_whole(held), where, "Call it here, or return values.")
                heap.give_up(held, said)
                raise UnsupportedError(said)


def _as_a_whole(held: Tuple) -> str:
    """What is wrong where the output would have to make an object."""
    kind = object_class(held)
    if kind is Cell:
        names = " and ".join(map(str, held.form.keys))
        return f"a function that changes {names or 'variables around it'} is not followed here"
    return f"an object of {kind.__name__ if kind else '?'} is used as a whole here"


def changed_fields(before: Contents, after: Contents) -> list[tuple[int, str]]:
    """The attributes of objects that are not what they were."""
    found: list[tuple[int, str]] = []
    for token, held in before.items():
        now = after.get(token, held)
        if now is not held:
            names = dict.fromkeys((*held.form.keys, *now.form.keys))
            found += [(token, n) for n in names if not same_value(field(held, n), field(now, n))]
    return found


def same_value(first: Operand, second: Operand) -> bool:
    """Whether two operands are one: objects are by their tokens."""
    if is_reference(first) and is_reference(second):
        return first.tokens == second.tokens  # type: ignore[union-attr]
    if isinstance(first, Tuple) and isinstance(second, Tuple):
        alike = first.form == second.form and len(first.items) == len(second.items)
        return alike and all(map(same_value, first.items, second.items))
    return first == second


def holds_object(value: Operand, tokens: Iterable[int]) -> bool:
    """Whether an operand is one of some objects, or holds one, not by way of another object."""
    wanted = frozenset(tokens)
    if is_reference(value):
        return not wanted.isdisjoint(value.tokens)  # type: ignore[union-attr]
    return isinstance(value, Tuple) and any(holds_object(item, wanted) for item in value.items)


def _containers(value: Operand) -> Iterator[tuple[frozenset[int], Tuple]]:
    """The lists and dictionaries in a value, by their tokens; not those that objects hold."""
    if isinstance(value, Tuple) and not is_reference(value):
        if value.form.kind in ("list", "dict") and len(value.tokens) == 1:
            yield value.tokens, value
        for item in value.items:
            yield from _containers(item)


def _with_changed(value: Operand, changed: Changed) -> Operand:
    """A value with containers in it as they are now."""
    if isinstance(value, Var):
        return changed.get(value.name, value)
    if not isinstance(value, Tuple) or is_reference(value):
        return value
    if value.tokens in changed:
        return changed[value.tokens]
    items = tuple(_with_changed(item, changed) for item in value.items)
    same = all(a is b for a, b in zip(items, value.items, strict=True))
    return value if same else value.with_items(items)
