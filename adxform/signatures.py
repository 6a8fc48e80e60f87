"""The types of arguments: from values, for a specialisation, or from annotations' text."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterable, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from adxform.core.dims import MANY, Dim, Sym, dim_of
from adxform.core.ir import UNKNOWN, Block, Const, For, Function, Param, Var, walk
from adxform.core.types import (
    ANY,
    BOOL,
    FLOAT,
    INERT,
    INT,
    Array,
    Known,
    Object,
    Scalar,
    Slicing,
    Struct,
    Type,
    is_numeric,
)
from adxform.core.values import inert_type, is_sparse_class, plain
from adxform.errors import ArgumentError, Diagnostic
from adxform.frontend.objects import is_object, structure
from adxform.structures import MOST_LEAVES, hold_inexact, holds_inexact, items_of, parts

Key = Any
_PLAIN: dict[type, Type] = {float: FLOAT, int: INT, complex: Scalar("complex128", weak=True)}
_NUMPY = frozenset(kind for kind in np.sctypeDict.values() if issubclass(kind, np.number))
_ALIKE = _NUMPY.union(_PLAIN)  # of which a specialisation depends on the type alone
_SMALL = {n: n != 1 for n in range(MANY)}  # sizes of which a specialisation knows that they are
_VALUED = (str, bool, type(None), bytes, type, np.dtype, enum.Enum)


def keys_of(values: Sequence[Any]) -> tuple[Key, ...]:
    """What of several arguments a specialisation depends on."""
    kinds = tuple(map(type, values))
    return kinds if _ALIKE.issuperset(kinds) else tuple(map(key_of, values))


def key_of(value: Any) -> Key:
    """What of an argument a specialisation depends on: its type, an array's dtype, its rank and
    which of its dimensions are 1, or few; the value of a string, a boolean or None.
    """
    kind = type(value)
    if kind is np.ndarray:
        shape = value.shape
        few = shape and min(shape) < MANY
        return value.dtype, tuple(map(_SMALL.get, shape)) if few else len(shape)
    if kind in _ALIKE:
        return kind
    if kind in _VALUED:
        return kind, value
    if isinstance(value, np.ndarray):
        return kind, value.dtype, tuple(map(_SMALL.get, value.shape))
    items = items_of(value)
    if items is not None and hold_inexact(items):
        return kind, keys_of(items), tuple(value) if kind is dict else None
    if isinstance(value, tuple | list):
        return kind, tuple([key_of(item) for item in value[:MOST_LEAVES]])
    if isinstance(value, _VALUED):
        return kind, value
    if holds_functions(value):
        return kind, tuple(value), tuple([key_of(item) for item in value.values()])
    if is_sparse_class(kind):
        return kind
    if is_object(value):
        return structure(value)
    return Object(value) if callable(value) or kind is ModuleType else kind


def holds_functions(value: Any) -> bool:
    """Whether a tuple, list or dictionary holds functions or objects, and nothing else."""
    if type(value) not in (tuple, list, dict) or not 0 < len(value) <= MOST_LEAVES:
        return False
    items = value.values() if isinstance(value, dict) else value
    functions = FunctionType | BuiltinFunctionType | np.ufunc
    return all(isinstance(item, functions) or is_object(item) for item in items)


def type_of_argument(name: str, value: Any) -> Type:
    """The abstract type of an argument, with a symbol for each dimension that is not 1."""
    kind = type(value)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if holds_inexact(value) or holds_functions(value):
        return type_of_container(name, value)
    if not plain(value):
        raise ArgumentError(Diagnostic(
            f"{name} is a {kind.__name__}, which computes in its own way: not supported",
            hint=f"Pass a plain array, e.g. np.asarray({name}), and weights of 0 for a mask."))
    if is_sparse_class(kind):
        return inert_type(value)
    if isinstance(value, np.ndarray):
        dims = tuple(
            dim_of(f"{name}.shape[{axis}]", n) for axis, n in enumerate(value.shape)
        )
        return Array(value.dtype.name, dims) if value.dtype.kind in "biufc" else INERT
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return Scalar(value.dtype.name)
    if kind is bool:
        return Scalar("bool", weak=True, value=value)
    if isinstance(value, _VALUED):
        return Known(value)
    if kind is slice:
        return Slicing(ANY, ANY, ANY)
    if isinstance(value, int | float):
        return INT if isinstance(value, int) else FLOAT
    known = callable(value) or is_object(value) or kind is ModuleType
    return Object(value) if known else inert_type(value)


def type_of_container(name: str, value: Any) -> Struct:
    """The type of a tuple, list, dictionary or object, by what it holds."""
    found = parts(value)
    if found is None:
        kind = type(value).__name__
        raise ArgumentError(
            f"{name} collects arguments: it is given as a tuple or dict of them, not as {kind}"
        )
    form, items = found
    pairs = zip(form.keys or range(len(items)), items, strict=True)
    return Struct(tuple(type_of_argument(f"{name}[{k!r}]", v) for k, v in pairs), form)


def type_of_annotation(text: str | None) -> Type:
    """The abstract type that an annotation's text says; nothing is imported or evaluated.

    Understood are ``float``, ``int``, ``bool``, ``np.ndarray``, ``npt.NDArray[np.float64]`` and
    jaxtyping's ``Float[np.ndarray, "n d"]``, where a name stands for one size throughout.
    """
    if text is None:
        return ANY
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return ANY
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return type_of_annotation(node.value)
    if isinstance(node, ast.BinOp):
        return ANY
    if isinstance(node, ast.Subscript):
        return _subscripted(node)
    return _NAMED.get(ast.unparse(node).split(".")[-1], ANY)


_NAMED: dict[str, Type] = {
    "float": FLOAT,
    "int": INT,
    "bool": BOOL,
    "complex": Scalar("complex128", weak=True),
    "complex128": Scalar("complex128"),
    "complex64": Scalar("complex64"),
    "str": INERT,
    "bytes": INERT,
    "ndarray": Array("float64", None),
    "float64": Scalar("float64"),
    "float32": Scalar("float32"),
    "int64": Scalar("int64"),
    "int32": Scalar("int32"),
    "Generator": INERT,
}
_ABSTRACT = {"floating": "float64", "float_": "float64", "complexfloating": "complex128"}
_JAXTYPING = {
    "Float": "float64",
    "Float64": "float64",
    "Float32": "float32",
    "Float16": "float16",
    "Int": "int64",
    "Integer": "int64",
    "Int64": "int64",
    "Int32": "int32",
    "UInt8": "uint8",
    "Bool": "bool",
    "Complex": "complex128",
    "Complex128": "complex128",
    "Complex64": "complex64",
    "Real": "float64",
    "Inexact": "float64",
}


def _subscripted(node: ast.Subscript) -> Type:
    name = ast.unparse(node.value).split(".")[-1]
    if name == "NDArray":
        dtype = ast.unparse(node.slice).split(".")[-1]
        known = _ABSTRACT.get(dtype, dtype)
        return Array(known, None) if _is_dtype(known) else Array(None, None)
    if name in _JAXTYPING and isinstance(node.slice, ast.Tuple):
        shape = node.slice.elts[1]
        if isinstance(shape, ast.Constant) and isinstance(shape.value, str):
            dims = _dimensions(shape.value)
            if dims == () and ast.unparse(node.slice.elts[0]).split(".")[-1] != "ndarray":
                return Scalar(_JAXTYPING[name])
            return Array(_JAXTYPING[name], dims)
    if name in ("Annotated", "Final", "Optional"):
        return ANY
    return ANY


def _is_dtype(name: str) -> bool:
    try:
        np.dtype(name)
    except TypeError:
        return False
    return True


def _dimensions(text: str) -> tuple[Dim, ...] | None:
    """``"n d 3"`` as dimensions; None where the rank is not said (``...``, ``*batch``)."""
    dims: list[Dim] = []
    for place, word in enumerate(text.split()):
        if word == "..." or word.startswith("*"):
            return None
        word = word.removeprefix("#") if not word.startswith("#") else "_"
        if word.isdigit():
            dims.append(int(word))
        elif word.startswith("_"):
            dims.append(Sym(f"{text}[{place}]"))
        else:
            dims.append(Sym(word.split("=")[-1]))
    return tuple(dims)


def annotated_types(function: Function) -> dict[str, Type]:
    """The types of a function's parameters by its annotations, and by what it does with them.

    A parameter without annotation that bounds a ``range`` is an integer.
    """
    counted = _bounds(function.body)
    found = annotated_params(function.params)
    return {
        name: INT if t is ANY and name in counted else t for name, t in found.items()
    }


def annotated_params(params: Iterable[Param]) -> dict[str, Type]:
    """The types of parameters by their annotations and defaults alone."""
    return {p.name: _annotated(p) for p in params}


def _annotated(param: Param) -> Type:
    found = type_of_annotation(param.annotation)
    default = param.default.value if isinstance(param.default, Const) else UNKNOWN
    if found is not ANY:
        return ANY if default is None and is_numeric(found) else found
    if default is UNKNOWN or default is None or type(default) in (int, float, complex):
        return ANY
    return BOOL if isinstance(default, bool) else INERT


def _bounds(block: Block) -> set[str]:
    return {
        bound.name
        for stmt in walk(block)
        if isinstance(stmt, For)
        for bound in stmt.bounds
        if isinstance(bound, Var)
    }
