"""Building Core: fresh names, and statements appended one by one with their types."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from adxform.core.ir import (
    Block,
    Callee,
    Const,
    Function,
    Global,
    Let,
    Opaque,
    Operand,
    Origin,
    Primitive,
    Slice,
    Stmt,
    Tuple,
    Var,
    binds_of,
    walk,
)
from adxform.core.types import ANY, BOOL, CARRIED, Slicing, Struct, Type, is_weak
from adxform.core.values import type_of_value


class Names:
    """A supply of names, each given out once.

    A ``kept`` name belongs to a variable of the user's: it is given out only as itself.
    """

    def __init__(self, taken: Iterable[str] = (), kept: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._kept = set(kept)
        self._next: dict[str, int] = {}

    def reserve(self, names: Iterable[str]) -> None:
        """Take names out of the supply."""
        self._taken.update(names)

    def keep(self, names: Iterable[str]) -> None:
        """Keep names for the variables of the user's that have them."""
        self._kept.update(names)

    def fresh(self, base: str) -> str:
        """``base`` itself if it is free, else ``base_2``, ``base_3``, ..."""
        if base not in self._taken:
            self._taken.add(base)
            return base
        number = self._next.get(base, 2)
        while (name := f"{base}_{number}") in self._taken or name in self._kept:
            number += 1
        self._next[base] = number + 1
        self._taken.add(name)
        return name


class LateNames(Names):
    """A supply that finds out which names are taken when it is asked for one: most passes give
    none out.
    """

    def __init__(self, taken: Callable[[], Iterable[str]], kept: Iterable[str]) -> None:
        super().__init__((), kept)
        self._find: Callable[[], Iterable[str]] | None = taken

    def fresh(self, base: str) -> str:
        if self._find is not None:
            find, self._find = self._find, None
            self.reserve(find())
        return super().fresh(base)


class Declared(str):
    """The name of a variable itself, for the operation that gives its value; any other string is
    one to make a name from.
    """


def all_names(function: Function) -> set[str]:
    """Every name that a function binds."""
    names = {p.name for p in function.params}
    for stmt in walk(function.body):
        names.update(stmt.targets if type(stmt) is Let else binds_of(stmt))
    return names


def type_of(operand: Operand, types: dict[str, Type]) -> Type:
    """The type of an operand, given those of the names."""
    if type(operand) is Var:
        return types.get(operand.name, ANY)
    if type(operand) is Const:
        return type_of_value(operand.value)
    match operand:
        case Var(name):
            return types.get(name, ANY)
        case Const(value):
            return type_of_value(value)
        case Global(_, value):
            return type_of_value(value)
        case Tuple(items, form):
            return Struct(tuple(type_of(item, types) for item in items), form)
        case Slice(lower, upper, step):
            parts = (None if p is None else type_of(p, types) for p in (lower, upper, step))
            return Slicing(*parts)


def result_types(stmt: Let, types: dict[str, Type]) -> tuple[Type, ...]:
    """The types that a Let gives its targets."""
    op = stmt.op
    if isinstance(op, Primitive):
        if op.infer is None:
            return (ANY,)
        return (op.infer(*[type_of(arg, types) for arg in stmt.args]),)
    if isinstance(op, Opaque):
        return (op.known or (_boolean(stmt, types) if op.boolean else CARRIED),)
    return (ANY,) * len(stmt.targets)


def _boolean(stmt: Let, types: dict[str, Type]) -> Type:
    """The type of a boolean carried verbatim: Python's if it is computed of Python's numbers."""
    op = stmt.op
    assert isinstance(op, Opaque)
    if getattr(op.tree, "_tested", False) or not isinstance(op.tree, ast.Compare | ast.BoolOp):
        return BOOL
    return replace(BOOL, weak=all(is_weak(type_of(arg, types)) for arg in stmt.args))


class Builder:
    """Appends statements to a block; ``bases`` and ``types`` are filled in as names appear, and
    in reverse mode ``cotangents``: of which value each is.
    """

    def __init__(
        self,
        names: Names,
        types: dict[str, Type] | None = None,
        bases: dict[str, str] | None = None,
    ) -> None:
        self.names = names
        self.types = {} if types is None else types
        self.bases = {} if bases is None else bases
        self.stmts: list[Stmt] = []
        self.origin: Origin | None = None
        self.declared: set[str] = set()
        self.cotangents: dict[str, str] = {}

    def nested(self) -> Builder:
        """A builder for a block within this one."""
        inner = Builder(self.names, self.types, self.bases)
        inner.origin = self.origin
        inner.declared = self.declared
        inner.cotangents = self.cotangents
        return inner

    @property
    def block(self) -> Block:
        return tuple(self.stmts)

    def append(self, stmt: Stmt) -> None:
        self.stmts.append(stmt)

    def name(self, base: str | None) -> str:
        """A fresh name: one of the user's variable ``base``, or a temporary.

        A name that was declared is given out as it is, once, to whom it was promised.
        """
        if base is None:
            return self.names.fresh("_t")
        plain = str(base)
        if isinstance(base, Declared) and plain in self.declared:
            self.declared.remove(plain)
            return plain
        name = self.names.fresh(plain)
        self.bases[name] = plain
        return name

    @contextmanager
    def declaring(self, name: str) -> Iterator[str]:
        """A name that one operation may take as it is."""
        self.declared.add(name)
        yield Declared(name)
        self.declared.discard(name)

    def emit(self, op: Primitive | Opaque, args: Sequence[Operand], base: str | None = None) -> Var:
        """Append ``name = op(args)`` and give the name."""
        name = self.name(base)
        stmt = Let((name,), op, tuple(args), self.origin)
        if isinstance(op, Primitive):
            known = self.types
            infer = op.infer
            known[name] = ANY if infer is None else infer(*[type_of(a, known) for a in args])
        else:
            (self.types[name],) = result_types(stmt, self.types)
        self.stmts.append(stmt)
        return Var(name)

    def call(
        self, callee: Callee, args: Sequence[Operand], bases: Sequence[str | None]
    ) -> tuple[Var, ...]:
        """Append a call of a function with one name per result."""
        targets = tuple(self.name(base) for base in bases)
        self.stmts.append(Let(targets, callee, tuple(args), self.origin))
        return tuple(Var(t) for t in targets)

    def type_of(self, operand: Operand) -> Type:
        return type_of(operand, self.types)
