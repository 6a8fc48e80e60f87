"""Abstract values: what is known at compile time about the value of a name.

A dimension is an ``int`` or a symbol; a symbol may be known not to be 1, which is what decides
whether NumPy can have broadcast along it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from adxform.core.constant import constant_by_value
from adxform.core.dims import Dim, Sym, may_be_one, unknown_dim
from adxform.core.forms import TUPLE, Form
from adxform.core.ir import UNKNOWN


@constant_by_value
class Scalar:
    """A number: of Python if ``weak`` (it does not widen an array's dtype), else of NumPy.

    ``value`` is the number itself, a symbol for it, or None where it is not known.
    """

    dtype: str
    weak: bool = False
    value: Any = None

    @property
    def dims(self) -> tuple[Dim, ...]:
        return ()


@constant_by_value
class Array:
    """An array; ``dtype`` or ``dims`` is None where it is not known."""

    dtype: str | None
    dims: tuple[Dim, ...] | None


@dataclass(frozen=True, slots=True)
class Struct:
    """A tuple, list, dictionary or object of known length and keys."""

    items: tuple[Type, ...]
    form: Form = TUPLE


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; ``item`` covers what it holds, None if nothing has been put in, and ``size`` is how
    many items it has, if that is known.
    """

    item: Type | None
    size: int | None = None


@constant_by_value
class Known:
    """Something that is not a number, and whose value is known: None, a string, a dtype."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A function, a class or an object of the user's: one certain object, like no other."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Object) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything; what an expression gives that is ``carried`` verbatim may be a dictionary, a set or
    an iterator, too, which have no items by number.
    """

    carried: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number of which no more is known, but that it is no array: it has no memory; and if it is
    ``floating``, that it is a real one of any precision.
    """

    floating: bool = False
    dtype: None = None


@dataclass(frozen=True, slots=True)
class Inert:
    """Something that has no derivative, and of which no more is known.

    What items it may have are ``numbered`` if it is no dictionary or set; a ``sparse`` matrix of
    SciPy's, or one of its linear operators, is known by its products.
    """

    numbered: bool = True
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class Slicing:
    """A slice inside an index."""

    lower: Type | None
    upper: Type | None
    step: Type | None


@dataclass(slots=True, eq=False)
class Taped:
    """What a certain function that calls itself hands over to its pullback: a tuple of values,
    some of which are what its inner calls hand over.
    """

    items: tuple[Type, ...] = ()


Type = (
    Scalar | Array | Struct | ListOf | Known | Object | Slicing | Taped | Unknown | Number | Inert
)

ANY = Unknown()
CARRIED = Unknown(carried=True)
INERT = Inert()
NUMBER = Number()
FLOATING = Number(floating=True)
FLOAT = Scalar("float64", weak=True)
INT = Scalar("int64", weak=True)
BOOL = Scalar("bool", weak=True)
_NUMBERS, _NUMERIC = (Scalar, Number), (Scalar, Number, Array)  # made once for all questions


def is_numeric(t: Type) -> bool:
    """Whether a type is that of a number or an array."""
    return isinstance(t, _NUMERIC)


def is_number(t: Type) -> bool:
    """Whether a value is known to be a number and no array."""
    return isinstance(t, _NUMBERS)


def is_float(dtype: str | None) -> bool:
    """Whether values of a dtype can carry a derivative (an unknown dtype can)."""
    return dtype is None or dtype.startswith(("float", "complex"))


SHORT = frozenset({"int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"})


def wraps(t: Type) -> bool:
    """Whether a value is one of NumPy's short or unsigned integers: modulo a power of two."""
    return getattr(t, "dtype", None) in SHORT


def is_complex(dtype: str | None) -> bool:
    """Whether values of a dtype are known to be complex."""
    return dtype is not None and dtype.startswith("complex")


def differentiable(t: Type) -> bool:
    """Whether a value of this type can have a derivative other than zero."""
    match t:
        case Scalar(dtype) | Array(dtype):
            return is_float(dtype)
        case Struct(items):
            return any(differentiable(item) for item in items)
        case ListOf(item):
            return item is None or differentiable(item)
        case Known() | Object() | Inert() | Slicing():
            return False
        case _:
            return True


def rank(t: Type) -> int | None:
    """The number of dimensions, or None."""
    if is_number(t):
        return 0
    return len(t.dims) if isinstance(t, Array) and t.dims is not None else None


def is_narrow(t: Type) -> bool:
    """Whether numbers are known to have fewer digits than Python's."""
    return isinstance(t, Scalar | Array) and t.dtype in ("float16", "float32", "complex64")


def is_weak(t: Type) -> bool:
    """Whether a value is one of Python's numbers, which do not widen an array's dtype."""
    return isinstance(t, Scalar) and t.weak


def is_sparse(t: Type) -> bool:
    """Whether a type is that of a sparse matrix or of a linear operator."""
    return isinstance(t, Inert) and t.sparse


def value_of(t: Type) -> Any:
    """The value that a type is known to have, or UNKNOWN."""
    match t:
        case Known(value) | Object(value):
            return value
        case Scalar(value=value) if value is not None and not isinstance(value, Sym):
            return value
        case _:
            return UNKNOWN


def unvalued(t: Type) -> Type:
    """A type without the value: what a variable that changes has."""
    if isinstance(t, Scalar) and t.value is not None:
        return Scalar(t.dtype, t.weak)
    if isinstance(t, Struct):
        return Struct(tuple(unvalued(item) for item in t.items), t.form)
    return t


def join(a: Type, b: Type) -> Type:
    """The least type that covers both, as a phi needs it."""
    if a == b:
        return a
    if CARRIED in (a, b):
        return CARRIED
    match a, b:
        case Scalar(), Scalar():
            dtype = promote((a, b))
            if dtype is None:
                return ANY
            if is_narrow(a) != is_narrow(b):  # which one decides what comes of it beside others
                return common_number((a, b))
            return Scalar(dtype, weak=a.weak and b.weak)
        case (Number(), Scalar() | Number()) | (Scalar(), Number()):
            return common_number((a, b))
        case (Array(da, ()), Scalar(db, weak)) | (Scalar(db, weak), Array(da, ())):
            return Array(da if da == db and not weak else None, ())
        case Array(da, na), Array(db, nb):
            return Array(da if da == db else None, join_dims(na, nb))  # which one matters in place
        case (Taped() | ListOf(Taped()) as made, Known(None)) | (
            Known(None), Taped() | ListOf(Taped()) as made
        ):
            return made  # what is recorded on one path only
        case ListOf(x), ListOf(y):
            size = a.size if a.size == b.size else None
            return ListOf(y if x is None else x if y is None else join(x, y), size)
        case Struct(xs, form), Struct(ys, other) if len(xs) == len(ys) and form == other:
            return Struct(tuple(join(x, y) for x, y in zip(xs, ys, strict=True)), form)
        case _:
            if differentiable(a) or differentiable(b):
                return ANY
            both = is_sparse(a) and is_sparse(b)
            return Inert(Inert(numbered=False) not in (a, b) and not both, both)


def common_number(types: Iterable[Type]) -> Number:
    """A number that may be any of these, or comes of them."""
    kinds = [getattr(t, "dtype", None) for t in types if t != FLOATING]
    return FLOATING if all((kind or "").startswith("float") for kind in kinds) else NUMBER


def join_dims(a: tuple[Dim, ...] | None, b: tuple[Dim, ...] | None) -> tuple[Dim, ...] | None:
    """Dimensions that cover both; those that differ become new symbols."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else _either(x, y) for x, y in zip(a, b, strict=True))


def _either(a: Dim, b: Dim) -> Sym:
    """One of two dimensions: which, is decided anew wherever paths meet."""
    return unknown_dim(not_one=not may_be_one(a) and not may_be_one(b))


def promote(types: tuple[Type, ...] | list[Type]) -> str | None:
    """The dtype of NumPy's result for operands of these types (NEP 50), or None."""
    strong: list[str] = []
    weak: list[str] = []
    for t in types:
        if isinstance(t, Scalar) and t.weak:
            weak.append(t.dtype)
        elif isinstance(t, (Scalar, Array)) and t.dtype is not None:
            strong.append(t.dtype)
        else:
            return None
    return _promote(tuple(strong), tuple(weak))


@cache
def _promote(strong: tuple[str, ...], weak: tuple[str, ...]) -> str | None:
    """The dtype of NumPy's result, asked of NumPy once for each combination of names."""
    numbers = [np.dtype(dtype).type(0).item() for dtype in weak]
    if not strong and not weak:
        return None
    if not strong:
        return str(np.result_type(*(np.dtype(type(n)) for n in numbers)).name)
    try:
        return str(np.result_type(*map(np.dtype, strong), *numbers).name)
    except TypeError:
        return None


def broadcast_dims(shapes: list[tuple[Dim, ...] | None]) -> tuple[Dim, ...] | None:
    """The dimensions of operands broadcast together; None where they cannot be told."""
    if any(s is None for s in shapes):
        return None
    known = [s for s in shapes if s is not None]
    size = max((len(s) for s in known), default=0)
    return tuple(
        _broadcast_dim([s[axis - size + len(s)] for s in known if axis - size + len(s) >= 0])
        for axis in range(size)
    )


def _broadcast_dim(dims: list[Dim]) -> Dim:
    """One dimension of a broadcast result: the first that is not 1, merged if none is certain."""
    unlike = [d for d in dict.fromkeys(dims) if d != 1]
    if not unlike:
        return 1
    certain = [d for d in unlike if not may_be_one(d)]
    if certain:
        ints = [d for d in certain if isinstance(d, int)]
        return ints[0] if ints else certain[0]
    return unlike[0] if len(unlike) == 1 else Sym("*".join(str(_name(d)) for d in unlike))


def _name(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) else dim.name


def was_broadcast(operand: Type, result: Type) -> bool | None:
    """Whether an operand was stretched to the result's shape; None where it cannot be told."""
    if is_number(operand) and is_number(result):
        return False
    a, b = dims_of(operand), dims_of(result)
    if a is None or b is None:
        return None
    if len(a) < len(b):
        return True
    unsure = False
    for x, y in zip(a, b, strict=True):
        if x == y or not may_be_one(x):
            continue
        if x == 1 and not may_be_one(y):
            return True
        unsure = True
    return None if unsure else False


def dims_of(t: Type) -> tuple[Dim, ...] | None:
    """The dimensions of a number or array, or None."""
    if is_number(t):
        return ()
    return t.dims if isinstance(t, Array) else None
