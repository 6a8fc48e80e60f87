"""What a call calls: functions of the user's, closures, partial applications, methods, classes."""

from __future__ import annotations

import ast
import functools
import inspect
from dataclasses import dataclass, field, is_dataclass
from types import FunctionType, MethodType
from typing import Any

from adxform.core.ir import Operand
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


def function_behind(value: Any) -> tuple[SourceFunction | None, bool]:
    """The Python function that a value calls, and whether the value itself is its receiver."""
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
    if not is_dataclass(value) or hasattr(value, "__post_init__"):
        return None
    fields = value.__dataclass_fields__.values()
    return tuple(f.name for f in fields) if all(f.init for f in fields) else None


def as_definition(node: ast.Lambda | ast.FunctionDef, name: str) -> ast.FunctionDef:
    """A lambda as a definition of one statement."""
    if isinstance(node, ast.FunctionDef):
        return node
    body = ast.copy_location(ast.Return(node.body), node.body)
    made = ast.FunctionDef(name, node.args, [body], [])
    return ast.copy_location(made, node)
