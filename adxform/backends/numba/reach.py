"""How far whole numbers reach: the greatest and the least of an index, as sums of other numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

from adxform.analysis.aliasing import Aliases, writes
from adxform.analysis.types import Types
from adxform.core.builder import Builder, type_of
from adxform.core.dims import Dim, Sym
from adxform.core.ir import (
    Const,
    For,
    Function,
    If,
    Let,
    Operand,
    Primitive,
    Stmt,
    Tuple,
    Var,
    While,
    parts_of,
    uses,
    walk,
)
from adxform.core.types import ANY, Array, Scalar, Struct, Type, dims_of
from adxform.differentiate.common import primitive

STEPS = 16  # at most, on the way to the bounds of a number
WHOLE = ("int64", "uint64")  # shorter numbers start again from below

SIZED = frozenset({"np.empty", "np.zeros", "np.ones", "np.full"})

OF_TAPE = re.compile(r"len\d+\(.*\)")  # the name of a size, of whichever axis that was at first

Term = str | Sym  # a name, or the size of an array


@dataclass(frozen=True, slots=True)
class Sum:
    """Names and sizes, each so many times, and a number."""

    terms: frozenset[tuple[Term, int]] = frozenset()
    more: int = 0

    def plus(self, other: Sum, times: int = 1) -> Sum:
        """The sum with another one, so many times."""
        found = dict(self.terms)
        for term, count in other.terms:
            found[term] = found.get(term, 0) + times * count
        terms = frozenset((term, count) for term, count in found.items() if count)
        return Sum(terms, self.more + times * other.more)

    def adds_up(self, sizes: set[Term]) -> bool:
        """Whether it is made of sizes and a number, none of them negative."""
        return self.more >= 0 and all(term in sizes and n > 0 for term, n in self.terms)


class Reach:
    """Bounds of whole numbers in a function; ``order`` says what comes before what."""

    def __init__(self, function: Function, types: Types) -> None:
        self.types = types
        self.function = function
        self.sizes: set[Term] = set()  # of what is given
        for param in function.params:
            self._sized(types.get(param.name, ANY))
        self.made: dict[str, Let] = {}
        self.loops: dict[str, For] = {}
        self.order: dict[str, int] = {}
        self.outside: dict[str, Operand] = {}  # what is no variable: numbers from outside
        for place, stmt in enumerate(walk(function.body)):
            if type(stmt) is Let:
                self.made[stmt.target] = stmt
                self.order[stmt.target] = place
            elif isinstance(stmt, For):
                self.loops[stmt.index] = stmt
                self.order[stmt.index] = place
        self.made_once: dict[Term, Operand] = {}  # sizes of arrays, outside of loops
        for stmt in function.body:
            dims = dims_of(types.get(stmt.target, ANY)) if type(stmt) is Let else None
            for axis, dim in enumerate(dims or ()):
                size = made_with(stmt, axis)
                if isinstance(dim, Sym) and size is not None:
                    self.made_once.setdefault(Sym(dim.name), size)

    @cached_property
    def given(self) -> set[str]:
        """The arguments that are never written to."""
        lets = [stmt for stmt in self.made.values() if isinstance(stmt.op, Primitive)]
        written = [n for s in lets if writes(s.op) for n in uses(s.args[:1])]
        aliases = Aliases(self.function.body, self.types)
        families = {aliases.of(name) for name in written}
        others = any(not isinstance(s, Let | For | While | If) for s in walk(self.function.body))
        called = len(lets) < len(self.made)
        names = (param.name for param in self.function.params)
        return {n for n in names if not (others or called) and aliases.of(n) not in families}

    def key(self, found: Sum) -> Hashable:
        """What is the same for sums that are: what is read of what is given has no name in it."""
        return frozenset((self._key_of(term), count) for term, count in found.terms), found.more

    def _key_of(self, term: Term) -> Hashable:
        let = self.made.get(term) if is_name(term) else None
        read = isinstance(let, Let) and getattr(let.op, "name", "") == "[]"
        if not read or let is None or not isinstance(let.args[0], Var):
            return term
        array, parts = let.args[0].name, parts_of(let.args[1])
        if array not in self.given or not all(map(self.whole, parts)):
            return term
        return array, *(self.key(self.sum_of(part)) for part in parts)

    def sizes_of(self, dim: Dim) -> list[Sum]:
        """What types have as the size along an axis, and what that was made with."""
        size = self.made_once.get(Sym(dim.name)) if isinstance(dim, Sym) else None
        return [size_of(dim)] if size is None else [size_of(dim), self.sum_of(size)]

    def _sized(self, kind: Type) -> None:
        if isinstance(kind, Struct):
            for item in kind.items:
                self._sized(item)
        dims = dims_of(kind) or ()
        self.sizes.update(Sym(dim.name) for dim in dims if isinstance(dim, Sym))

    def sum_of(self, operand: Operand, known: Callable[[str], bool] = lambda name: False) -> Sum:
        """A whole number as a sum; what is ``known`` stays as it is."""
        if isinstance(operand, Const) and type(operand.value) is int:
            return Sum(more=operand.value)
        if not isinstance(operand, Var):
            self.outside[repr(operand)] = operand
            return Sum(frozenset({(repr(operand), 1)}))
        itself = Sum(frozenset({(operand.name, 1)}))
        if known(operand.name):
            return itself
        let = self.made.get(operand.name)
        found = self._added(let, known) if let is not None and self.whole(operand) else None
        if found is not None:
            return found
        kind = type_of(operand, self.types)
        value = kind.value if isinstance(kind, Scalar) else None
        if type(value) is int:
            return Sum(more=value)
        return size_of(value) if isinstance(value, Sym) else itself

    def whole(self, operand: Operand) -> bool:
        """Whether an operand is a whole number of full length."""
        kind = type_of(operand, self.types)
        return isinstance(kind, Scalar) and kind.dtype in WHOLE

    def _added(self, let: Let, known: Callable[[str], bool]) -> Sum | None:
        """What a statement adds up, or takes away."""
        match let.op:
            case Primitive(name="op.Add" | "op.Sub" as name):
                one, other = (self.sum_of(arg, known) for arg in let.args)
                return one.plus(other, 1 if name == "op.Add" else -1)
            case Primitive(name="op.USub"):
                return Sum().plus(self.sum_of(let.args[0], known), -1)
            case Primitive(name="op.Mult"):
                numbers = [arg.value for arg in let.args if isinstance(arg, Const)]
                others = [arg for arg in let.args if not isinstance(arg, Const)]
                if len(others) == 1 and type(numbers[0]) is int:
                    return Sum().plus(self.sum_of(others[0], known), numbers[0])
            case Primitive(name="rename" | "copy"):
                return self.sum_of(let.args[0], known)
        return None

    def least(self, found: Sum, known: Callable[[str], bool] | None = None) -> Iterator[Sum]:
        """Sums that a sum is not below; with ``known`` those of what is known alone that it comes
        down to in some iteration of the loops around it, if each of these has one.
        """
        left = [found]
        for _ in range(STEPS):
            if not left:
                return
            one = left.pop()
            open_terms = [(t, n) for t, n in one.terms if not (known and is_name(t) and known(t))]
            open_terms.sort(key=lambda term: -self.order.get(str(term[0]), -1))
            bounded = ((t, n, self._bounds(t, n < 0, known)) for t, n in open_terms)
            term, count, bounds = next((b for b in bounded if b[2]), ("", 0, []))
            if bounds:
                rest = one.plus(Sum(frozenset({(term, 1)})), -count)
                left.extend(rest.plus(bound, count) for bound in reversed(bounds))
            elif known is None or not open_terms:
                yield one

    def _bounds(
        self, term: Term, upper: bool, known: Callable[[str], bool] | None
    ) -> list[Sum]:
        """What a number is not above, or not below."""
        if not is_name(term):
            return []
        if term in self.loops:
            return self._of_index(self.loops[term], upper, known)
        let = self.made.get(term)
        if known or let is None or not isinstance(let.op, Primitive) or not self.whole(Var(term)):
            return []  # what is known of these is no more than a bound
        match let.op.name, let.args:
            case ("max" | "np.maximum" | "min" | "np.minimum") as name, args:
                chosen = upper == ("min" in name) and all(map(self.whole, args))
                return [self.sum_of(arg) for arg in args] if chosen else []
            case "op.Mod", (_, size) if self.not_negative(self.sum_of(size)):
                return [self.sum_of(size).plus(Sum(more=-1))] if upper else [Sum()]
            case "op.FloorDiv", (one, Const(int(n))) if n > 0:
                whole = self.sum_of(one)
                return ([whole] if upper else [Sum()]) if self.not_negative(whole) else []
        return []

    def _of_index(
        self, loop: For, upper: bool, known: Callable[[str], bool] | None
    ) -> list[Sum]:
        step = loop.step.value if isinstance(loop.step, Const) else None
        if type(step) is not int:
            return []
        told = known or (lambda name: False)
        if upper == (step < 0):
            return [self.sum_of(loop.start, told)]
        if known and abs(step) != 1:
            return []  # the last number may be another
        stop = self.sum_of(loop.bounds[1 if len(loop.bounds) > 1 else 0], told)
        return [stop.plus(Sum(more=1 if step < 0 else -1))]

    def not_negative(self, found: Sum) -> bool:
        """Whether a sum is sure not to be negative."""
        return any(bound.adds_up(self.sizes) for bound in (found, *self.least(found)))

    def emitted(self, found: Sum, builder: Builder) -> Operand:
        """A sum of names, as an operand."""
        total: Operand | None = None
        for term, count in sorted(found.terms, key=lambda pair: (-pair[1], str(pair[0]))):
            part = self.outside.get(str(term), Var(str(term)))
            if abs(count) != 1:
                part = builder.emit(primitive("op.Mult"), (Const(abs(count)), part))
            if total is None:
                total = part if count > 0 else builder.emit(primitive("op.USub"), (part,))
            else:
                how = primitive("op.Add" if count > 0 else "op.Sub")
                total = builder.emit(how, (total, part))
        if total is None:
            return Const(found.more)
        if found.more:
            how = primitive("op.Add" if found.more > 0 else "op.Sub")
            total = builder.emit(how, (total, Const(abs(found.more))))
        return total


def is_name(term: Term) -> TypeGuard[str]:
    """Whether a term is no size."""
    return isinstance(term, str)


def size_of(dim: Dim) -> Sum:
    """What types have as the size along an axis."""
    return Sum(frozenset({(Sym(dim.name), 1)})) if isinstance(dim, Sym) else Sum(more=dim)


def made_with(let: Stmt | None, axis: int) -> Operand | None:
    """The size along an axis that a new array is made with."""
    if not isinstance(let, Let) or getattr(let.op, "name", "") not in SIZED:
        return None
    shape = let.args[0]
    sizes = shape.items if isinstance(shape, Tuple) else (shape,)
    return sizes[axis] if axis < len(sizes) else None


def is_tape(kind: object, axis: int) -> bool:
    """Whether a type is that of a tape, which is only read and written where its own loops are."""
    if not isinstance(kind, Array) or kind.dims is None or axis >= len(kind.dims):
        return False
    dim = kind.dims[axis]
    return isinstance(dim, Sym) and OF_TAPE.fullmatch(dim.name) is not None
