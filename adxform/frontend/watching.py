"""Where what lowering relies on is kept: names of functions, attributes of modules and classes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

ABSENT: Any = object()  # the value of a name that a namespace does not have
Place = tuple[Mapping[str, Any], str, Any]  # a namespace, a name, and its value there
_STEADY = frozenset({"numpy", "scipy", "adxform", *sys.stdlib_module_names})
HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class that a class statement has made


def places(owner: Any, name: str) -> Iterator[Place]:
    """The namespaces in which an attribute is sought, with its value: as long as each has the same,
    the attribute is the same. NumPy and the standard library are taken to stay as they are; what an
    object of a class written in Python has of its own is read where it is used.
    """
    for namespace in _namespaces(owner):
        value = namespace.get(name, ABSENT)
        yield namespace, name, value
        if value is not ABSENT:
            return


def _namespaces(owner: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(owner, ModuleType | FunctionType):
        module = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
        if not is_steady(module):
            yield vars(owner)
        return
    if not isinstance(owner, type) and hasattr(owner, "__dict__") and not is_instance(owner):
        yield vars(owner)
    for cls in owner.__mro__ if isinstance(owner, type) else type(owner).__mro__:
        if not is_steady(cls.__module__):
            yield vars(cls)


def is_instance(value: Any) -> bool:
    """Whether a value is an object of a class that is written in Python."""
    return not isinstance(value, type) and bool(type(value).__flags__ & HEAP_TYPE)


def is_computed(owner: Any, name: str) -> bool:
    """Whether a descriptor gives an attribute, such as an enumeration's ``value``: the object that
    is kept is another.
    """
    found = inspect.getattr_static(owner, name, None)
    own = hasattr(owner, "__dict__") and vars(owner).get(name, ABSENT) is found
    return hasattr(type(found), "__get__") and not own


def is_steady(module: str | None) -> bool:
    """Whether what is in a module is taken to stay as it is."""
    return module is None or module.partition(".")[0] in _STEADY
