"""The operands of Core: names, constants, names from outside, and containers of these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any

from adxform.core.constant import constant, constant_by_value
from adxform.core.forms import LIST, TUPLE, Form


class _Marker:
    """A value known by its name alone."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def is_power_of_two(number: float) -> bool:
    """Whether a number is a power of two, or minus one: a product with it is exact."""
    return bool(number) and math.frexp(abs(number))[0] == 0.5


UNKNOWN: Any = _Marker("UNKNOWN")  # the value of a global that only running the file would tell


@constant
class Var:
    """A name that a statement, a parameter or a phi has bound."""

    name: str

    def __eq__(self, other: object) -> bool:
        return type(other) is Var and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@constant
class Const:
    """A literal of Python; equal only to a literal of the same type and text (1 is not 1.0)."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if type(other) is not Const or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


@dataclass(frozen=True, slots=True)
class Global:
    """A name from outside the function, printed as it is reached there: ``np.pi``, ``SIGMA``.

    A ``canonical`` one is spelled as rules spell it, and printed under the user's alias.
    """

    text: str
    value: Any = field(default=UNKNOWN, compare=False)
    canonical: bool = False


_next_token = itertools.count().__next__


def _new_tokens() -> frozenset[int]:
    return frozenset((_next_token(),))


@dataclass(frozen=True, slots=True)
class Tuple:
    """Several operands: a tuple, list, dictionary or object whose items are known one by one.

    ``tokens`` tell one list or dictionary from another with the same items: each that is made has
    its own, and what is one of several, by the path taken, has those of all.
    """

    items: tuple[Operand, ...]
    form: Form = TUPLE
    tokens: frozenset[int] = field(default_factory=_new_tokens, compare=False)

    @property
    def may_grow(self) -> bool:
        """Whether this is a list or a dictionary, or holds one."""
        inner = any(isinstance(item, Tuple) and item.may_grow for item in self.items)
        return inner or self.form.kind in ("list", "dict")

    @property
    def is_list(self) -> bool:
        return self.form == LIST

    def with_items(self, items: Iterable[Operand]) -> Tuple:
        """Other operands in the same container."""
        return Tuple(tuple(items), self.form, self.tokens)

    def place(self, key: Any) -> int | None:
        """Where the item stands that a key, a field's name or an index means."""
        return self.form.place(key, len(self.items))


@constant_by_value
class Slice:
    """``lower:upper:step`` inside an index."""

    lower: Operand | None = None
    upper: Operand | None = None
    step: Operand | None = None


Operand = Var | Const | Global | Tuple | Slice

UNDEFINED = Global("undefined")  # what a phi merges where a path binds no value
NONE = Const(None)


def names_in(operand: Operand | None) -> Iterator[str]:
    """The names that an operand reads, left to right."""
    if isinstance(operand, Var):
        yield operand.name
    elif isinstance(operand, Tuple):
        for item in operand.items:
            yield from names_in(item)
    elif isinstance(operand, Slice):
        for part in (operand.lower, operand.upper, operand.step):
            yield from names_in(part)


def leaves(operand: Operand) -> list[Operand]:
    """The operands inside nested tuples, left to right."""
    if isinstance(operand, Tuple):
        return [leaf for item in operand.items for leaf in leaves(item)]
    return [operand]


def same_places(
    before: Operand, after: Operand, chosen: Sequence[Operand] | None
) -> list[Operand]:
    """What stands in ``after`` where ``chosen`` leaves (all if None) stand in ``before``."""
    pairs = dict(zip(leaves(before), leaves(after), strict=True))
    return [pairs[leaf] for leaf in (leaves(before) if chosen is None else chosen)]


def parts_of(index: Operand) -> tuple[Operand, ...]:
    """What an index says of each axis, one after the other."""
    return index.items if isinstance(index, Tuple) and not index.is_list else (index,)


def uses(args: Sequence[Operand]) -> list[str]:
    """The names that several operands read."""
    found: list[str] = []
    for arg in args:
        if type(arg) is Var:
            found.append(arg.name)
        elif type(arg) is not Const:
            found.extend(names_in(arg))
    return found


def substitute(operand: Operand, env: dict[str, Operand]) -> Operand:
    """An operand with names replaced; the operand itself where none is."""
    if type(operand) is Const:
        return operand
    if type(operand) is Var:
        return env.get(operand.name, operand)
    match operand:
        case Tuple(items):
            made = tuple([substitute(item, env) for item in items])
            return operand if all(map(is_, made, items)) else operand.with_items(made)
        case Slice(lower, upper, step):
            bounds = lower, upper, step
            parts = [None if p is None else substitute(p, env) for p in bounds]
            return operand if all(map(is_, parts, bounds)) else Slice(*parts)
        case _:
            return operand


def begins_at(part: Slice) -> int | None:
    """The number of the first element that a slice in steps of one leaves, if that is known."""
    first = 0 if part.lower in (None, Const(None)) else getattr(part.lower, "value", None)
    one = part.step in (None, Const(None), Const(1))
    return first if one and type(first) is int and first >= 0 else None


def left_out(part: Operand) -> tuple[int, int] | None:
    """How many of the first, and of all, elements a slice leaves out, if that is known."""
    first = begins_at(part) if isinstance(part, Slice) else None
    upper = None if first is None else part.upper  # type: ignore[union-attr]
    last = 0 if upper in (None, Const(None)) else getattr(upper, "value", None)
    counted = type(last) is int and (last < 0 or upper != Const(last))
    return (first, first - last) if counted and first is not None else None  # type: ignore[operator]
