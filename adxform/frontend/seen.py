"""What expressions of the user's stand for, as far as values from outside tell."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from adxform.core.ir import UNKNOWN
from adxform.frontend.callables import is_library
from adxform.frontend.scope import LiveScope
from adxform.frontend.watching import HEAP_TYPE, is_instance, is_steady

Values = Callable[[ast.expr], Any]  # the value from outside that a name stands for, or UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Fresh:
    """An object of a class that a call makes: nothing else holds it."""

    kind: type


@dataclass(frozen=True, slots=True)
class Called:
    """A function that is called, with what is known of its arguments."""

    function: FunctionType
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """What two calls that see the same have in common."""
        named = sorted((name, id(value)) for name, value in self.named.items())
        kinds = (v.kind if isinstance(v, Fresh) else id(v) for v in self.given)
        return id(self.function), tuple(kinds), tuple(named)


@dataclass(slots=True)
class Seen:
    """A tree, and what its names stand for."""

    tree: ast.AST
    values: Values
    scope: LiveScope | None = None
    declared: frozenset[str] = frozenset()  # the names that it rebinds outside
    called: list[Called] | None = None
    assigned: list[tuple[Any, str]] | None = None  # as `written` finds it
    installed: bool = False  # whether it is a package's text

    def value(self, node: ast.expr) -> Any:
        """The value from outside that an expression stands for, or UNKNOWN."""
        match node:
            case ast.Constant(str(text)):
                return text
            case ast.Name():
                return self.values(node)
            case ast.Attribute(owner, name):
                held = self.value(owner)
                if held is UNKNOWN or isinstance(held, str):
                    return UNKNOWN
                kept = held.kind if isinstance(held, Fresh) else held
                found = inspect.getattr_static(kept, name, UNKNOWN)
                return UNKNOWN if hasattr(type(found), "__get__") and _computes(found) else found
            case ast.Subscript(held, ast.Constant(key)):
                return _item(self.value(held), key)
            case ast.Call(ast.Name("getattr"), [owner, name, *_]):
                text = self.value(name)
                known = isinstance(text, str)
                return self.value(ast.Attribute(owner, text, ast.Load())) if known else UNKNOWN
            case ast.Call(func):
                made = self.value(func)
                return Fresh(made) if is_users_class(made) else UNKNOWN
        return UNKNOWN


def _item(held: Any, key: Any) -> Any:
    if type(held) not in (list, tuple, dict):
        return UNKNOWN
    try:
        return held[key]
    except (KeyError, IndexError, TypeError):
        return UNKNOWN


def _computes(found: Any) -> bool:
    """Whether an attribute is what a descriptor gives, and no method."""
    methods = FunctionType, staticmethod, classmethod, type
    return not isinstance(found, methods) and not is_users_object(found)


def is_users_function(found: Any) -> bool:
    """Whether what a class or a module has is a function in Python, and of no package."""
    return isinstance(found, FunctionType) and not is_library(found.__code__.co_filename)


def is_users_class(kind: Any) -> bool:
    """Whether it is a class of the user's, or of a package that is written in Python."""
    heap = isinstance(kind, type) and bool(kind.__flags__ & HEAP_TYPE)
    return heap and not is_steady(kind.__module__)


def is_users_object(value: Any) -> bool:
    """Whether a value is an object of a class of the user's, or of a package in Python."""
    return value is not UNKNOWN and is_instance(value) and is_users_class(type(value))
