"""The types that a function that calls itself is called with, in terms of its own parameters.

Dimensions are named after the parameter where they are met first, so that a call on a half of an
array has the same types as the call on the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from adxform.core.dims import MANY, Dim, Sym, may_be_one, unknown_dim
from adxform.core.types import Array, ListOf, Scalar, Struct, Type, join, rank, unvalued

_NUMBERED = re.compile(r"\?\d+")  # symbols that are like no others


def canonical(names: Sequence[str], types: Sequence[Type]) -> list[Type]:
    """The types of arguments, dimensions by the names of the parameters.

    >>> canonical(["x", "y"], [Array("float64", (Sym("n"),)), Array("float64", (Sym("n"), 1))])[1]
    Array(dtype='float64', dims=(Sym(name='x.shape[0]', not_one=False), 1))
    """
    first: dict[Sym, Sym] = {}
    found: list[Type] = []
    for name, t in zip(names, types, strict=True):
        if isinstance(t, Array) and t.dims is not None:
            dims: list[Dim] = []
            for axis, dim in enumerate(t.dims):
                if isinstance(dim, Sym):
                    own = Sym(f"{name}.shape[{axis}]", dim.not_one, dim.least // MANY * MANY)
                    dim = first.setdefault(dim, own)
                dims.append(dim)
            found.append(Array(t.dtype, tuple(dims)))
        else:
            found.append(_without_dims(t))
    return found


def _without_dims(t: Type) -> Type:
    match t:
        case ListOf(Array(dtype)):
            return ListOf(Array(dtype, None))
        case Struct(items, form):
            return Struct(tuple(map(_without_dims, items)), form)
        case Array(dtype):
            return Array(dtype, None)
        case _:
            return unvalued(t)


def covering(names: Sequence[str], first: Sequence[Type], second: Sequence[Type]) -> list[Type]:
    """Canonical types that cover the arguments of two calls."""
    found: list[Type] = []
    for name, a, b in zip(names, first, second, strict=True):
        if isinstance(a, Array) and isinstance(b, Array) and rank(a) == rank(b) is not None:
            pairs = enumerate(zip(a.dims or (), b.dims or (), strict=True))
            dims = tuple(_covering_dim(f"{name}.shape[{axis}]", *pair) for axis, pair in pairs)
            dtype = a.dtype if a.dtype == b.dtype else None
            found.append(Array(dtype, dims))
        else:
            found.append(_without_dims(join(a, b)) if a != b else a)
    return found


def _covering_dim(name: str, a: Dim, b: Dim) -> Dim:
    if a == b:
        return a
    if isinstance(a, Sym) and isinstance(b, Sym) and a.name == b.name:
        return Sym(a.name, a.not_one and b.not_one, min(a.least, b.least))
    return Sym(name, not may_be_one(a) and not may_be_one(b))


def instantiated(result: Type, params: Sequence[Type], args: Sequence[Type]) -> Type:
    """The type of a result for certain arguments; dimensions of its own are like no others."""
    if not isinstance(result, Array) or result.dims is None:
        return result
    known: dict[str, Dim] = {}
    for param, arg in zip(params, args, strict=True):
        if isinstance(param, Array) and isinstance(arg, Array) and rank(param) == rank(arg):
            for own, given in zip(param.dims or (), arg.dims or (), strict=True):
                if isinstance(own, Sym):
                    known.setdefault(own.name, given)
    own_dims: dict[str, Dim] = {}
    dims = tuple(
        dim if isinstance(dim, int) else known.get(dim.name) or own_dims.setdefault(
            dim.name, unknown_dim(not_one=dim.not_one))
        for dim in result.dims
    )
    return Array(result.dtype, dims)


def result_of(params: Sequence[Type], result: Type) -> Type:
    """The type of a result in the dimensions of the parameters; others are numbered."""
    if isinstance(result, Scalar):
        return unvalued(result)
    if not isinstance(result, Array) or result.dims is None:
        return _without_dims(result)
    own = {d.name for t in params if isinstance(t, Array) for d in t.dims or () if d != 1
           and isinstance(d, Sym)}
    numbers: dict[str, str] = {}
    dims = tuple(
        dim if isinstance(dim, int) or dim.name in own
        else Sym(numbers.setdefault(dim.name, f"result{len(numbers)}"), dim.not_one)
        for dim in result.dims
    )
    return Array(result.dtype, dims)


def outside(results: Sequence[Type], scope: str, named: dict[str, Type]) -> list[Type]:
    """The types of results as their caller sees them.

    A symbol of the function's own, named within its ``scope`` or by a number, is like no other,
    unless it stands for an argument: those are ``named``.

    >>> inner = Array("float64", (Sym("g:n"), Sym("v.shape[0]")))
    >>> outside([inner], "g:", {"g:n": Scalar("int64", value=3)})
    [Array(dtype='float64', dims=(3, Sym(name='v.shape[0]', not_one=False)))]
    """
    met: dict[str, Dim] = {}
    before = {n for t in named.values() for s in symbols(t) for n in _NUMBERED.findall(s.name)}

    def seen(dim: Dim) -> Dim:
        if isinstance(dim, int):
            return dim
        if scope not in dim.name and before.issuperset(_NUMBERED.findall(dim.name)):
            return dim
        given = named.get(dim.name)
        value = given.value if isinstance(given, Scalar) else None
        if isinstance(value, Sym) or (type(value) is int and value >= 0):
            return value
        return met.setdefault(dim.name, unknown_dim(not_one=dim.not_one))

    def of(t: Type) -> Type:
        match t:
            case Array(dtype, dims) if dims is not None:
                return Array(dtype, tuple(map(seen, dims)))
            case Scalar(dtype, weak, Sym() as value):
                known = seen(value)
                return Scalar(dtype, weak, known if known == value else None)
            case Struct(items, form):
                return Struct(tuple(map(of, items)), form)
            case ListOf(item) if item is not None:
                return ListOf(of(item))
            case _:
                return t

    return list(map(of, results))


def symbols(t: Type) -> list[Sym]:
    """The symbols in a type."""
    match t:
        case Array(dims=dims):
            return [d for d in dims or () if isinstance(d, Sym)]
        case Scalar(value=Sym() as value):
            return [value]
        case Struct(items):
            return [s for item in items for s in symbols(item)]
        case ListOf(item) if item is not None:
            return symbols(item)
        case _:
            return []


def covering_result(first: Type | None, second: Type | None) -> Type | None:
    """A type that covers what two paths return; None is that of a path that returns nothing yet."""
    if first is None or second is None or first == second:
        return second if first is None else first
    return covering(["result"], [first], [second])[0]
