"""What a call calls: functions of the user's, closures, partial applications, methods, classes."""

from __future__ import annotations

import abc
import ast
import functools
import inspect
import sys
import sysconfig
from dataclasses import InitVar, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Generic, Protocol

from adxform.core.forms import Form
from adxform.core.ir import Operand, Tuple
from adxform.frontend.scope import live_function
from adxform.frontend.source import SourceFunction

_LRU_CACHE = type(functools.lru_cache(lambda: None))


@dataclass(frozen=True, eq=False, slots=True)
class Closure:
    """A function that is defined inside the one that is lowered.

    ``home`` lowers the function around it, ``reads`` are the versions of that function's
    variables where it is defined; those that are assigned again are ``rebound``, with the names
    that they have there.
    """

    source: SourceFunction
    home: Any
    reads: dict[str, str]
    rebound: dict[str, str]
    defaults: dict[str, Operand]


@dataclass(frozen=True, eq=False, slots=True)
class Bound:
    """A callable with some arguments given: by ``functools.partial``, or a method's receiver."""

    function: Any
    args: tuple[Operand, ...] = ()
    keywords: dict[str, Operand] = field(default_factory=dict)


def unwrapped(value: Any) -> Any:
    """What a decorator of the standard library or Numba wraps: a cache changes no derivative."""
    while isinstance(value, _LRU_CACHE) or _is_compiled(value):
        value = getattr(value, "__wrapped__", None) or value.py_func
    return value


def _is_compiled(value: Any) -> bool:
    return type(value).__module__.startswith("numba.") and hasattr(value, "py_func")


def function_of_each(value: Any) -> FunctionType | None:
    """The Python function that Numba's ``vectorize`` has made one of arrays of."""
    made = type(value).__module__.startswith("numba.np.ufunc")
    found = getattr(getattr(value, "_dispatcher", None), "py_func", None)
    return found if made and isinstance(found, FunctionType) else None


def function_behind(value: Any) -> tuple[SourceFunction | None, bool]:
    """The Python function that a value calls, and whether the value itself is its receiver; in a
    file that is only read, the function is the value.
    """
    if isinstance(value, SourceFunction):
        return value, False
    if isinstance(value, FunctionType):
        return live_function(value), False
    call = inspect.getattr_static(type(value), "__call__", None)
    if isinstance(call, FunctionType) and not isinstance(value, type):
        return live_function(call), True
    return None, False


def is_compiled_method(value: Any) -> bool:
    """Whether a value is a method of an extension type, which has no source (``rng.normal``)."""
    while isinstance(value, functools.partial):
        value = value.func
    return isinstance(value, MethodType) and function_behind(value.__func__)[0] is None


def implementation(value: Any) -> SourceFunction | None:
    """The Python source of a function of NumPy's that other libraries may override."""
    inner = getattr(value, "_implementation", None)
    if type(value).__name__ != "_ArrayFunctionDispatcher" or not isinstance(inner, FunctionType):
        return None
    return live_function(inner)


def fields_of(value: Any) -> tuple[str, ...] | None:
    """The names of the fields that a class's objects are made of, if that is all there is to it."""
    if not isinstance(value, type):
        return None
    if issubclass(value, tuple) and hasattr(value, "_fields"):
        made = value.__new__.__module__.startswith("namedtuple_")
        return tuple(value._fields) if made else None
    if not is_dataclass(value) or not _is_made_of_fields(value):
        return None
    found = fields(value)
    return tuple(f.name for f in found) if all(f.init for f in found) else None


def _is_made_of_fields(value: type) -> bool:
    """Whether a data class does nothing of its own when an object is made, or read."""
    kind: Any = value
    code = getattr(kind.__init__, "__code__", None)
    every = kind.__dataclass_fields__.values()
    return (
        code is not None
        and code.co_filename == "<string>"
        and not any(isinstance(f.type, InitVar) or f.type is InitVar for f in every)
        and kind.__new__ is object.__new__
        and kind.__getattribute__ is object.__getattribute__
        and not hasattr(value, "__getattr__")
        and not hasattr(value, "__post_init__")
    )


def positional_fields(value: type) -> tuple[str, ...]:
    """The fields that are given by place when an object is made, in order."""
    if issubclass(value, tuple):
        return tuple(value._fields)  # type: ignore[attr-defined]
    return tuple(f.name for f in fields(value) if not f.kw_only)  # type: ignore[arg-type]


def object_class(operand: Operand | None) -> type | None:
    """The class of an object whose attributes are known one by one; None for anything else."""
    if not isinstance(operand, Tuple) or operand.form.kind != "object":
        return None
    kind = operand.form.maker.value
    return kind if isinstance(kind, type) else None


def is_followed(value: Any) -> bool:
    """Whether the objects of a class may be known by their attributes: it is written in Python,
    and attributes of its objects are what they seem to be.
    """
    if not isinstance(value, type):
        return False
    if fields_of(value) is not None:
        return True
    if value.__module__.partition(".")[0] in _OPAQUE:
        return False
    bases = [kind for kind in value.__mro__ if kind not in (object, abc.ABC, Generic, Protocol)]
    plain = all(type(kind) in (type, abc.ABCMeta) and kind.__flags__ & _HEAP for kind in bases)
    own = {name for kind in bases for name in vars(kind)}
    return plain and own.isdisjoint(_OF_ITS_OWN)


def is_made_of_fields(form: Form) -> bool:
    """Whether an object is made again by a call of its class with its attributes."""
    return form.kind != "object" or fields_of(form.maker.value) == form.keys


_OPAQUE = frozenset({"numpy", "scipy", "numba", "adxform", *sys.stdlib_module_names})
_HEAP = 1 << 9
_OF_ITS_OWN = ("__new__", "__setattr__", "__delattr__", "__getattribute__", "__getattr__")


def as_definition(node: ast.Lambda | ast.FunctionDef, name: str) -> ast.FunctionDef:
    """A lambda as a definition of one statement."""
    if isinstance(node, ast.FunctionDef):
        return node
    body = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.FunctionDef(name, node.args, [body], [])
    return ast.copy_location(made, node)


@cache
def is_library(file: str) -> bool:
    """Whether a file belongs to Python, to an installed package, or to this one."""
    path = Path(file)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    standard = Path(sysconfig.get_path("stdlib"))
    return standard in path.parents or Path(__file__).parent.parent in path.parents
