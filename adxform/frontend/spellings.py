"""How rules spell modules and the functions in them, and which live objects they mean."""

from __future__ import annotations

import builtins
import importlib
import sys
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from adxform.core.values import attribute_of
from adxform.frontend.equivalents import EQUIVALENTS
from adxform.rules.iterations import HINTS
from adxform.rules.table import RULES

CANONICAL = {"numpy": "np"}


def canonical(module: str) -> str:
    """``numpy.linalg`` as rules spell it: ``np.linalg``."""
    head, dot, rest = module.partition(".")
    return CANONICAL.get(head, head) + dot + rest


def without_autograd(value: Any) -> Any:
    """What a module or a function of autograd's is, where it only lets autograd see a call."""
    if isinstance(value, ModuleType):
        return _plain_module(value.__name__) or value
    if not isinstance(value, FunctionType):
        return value
    traced = getattr(value, "fun", None) if hasattr(value, "_is_autograd_primitive") else None
    module = getattr(traced, "__module__", None) or ("numpy" if traced is not None else "")
    if module.partition(".")[0] in _PLAIN:
        return traced
    home = _plain_module(value.__module__ or "")
    return value if home is None else getattr(home, value.__name__, value)


_PLAIN = ("numpy", "scipy")


def _plain_module(name: str) -> ModuleType | None:
    """The module of NumPy or SciPy that one of autograd's stands for."""
    head, _, plain = name.removesuffix(".numpy_wrapper").partition(".")
    if head != "autograd" or plain.partition(".")[0] not in _PLAIN:
        return None
    try:
        return importlib.import_module(plain)
    except ImportError:
        return None


def spelling_of(value: Any) -> str | None:
    """How rules spell a live object that they speak of."""
    present = sys.modules
    loaded = tuple([module for module in _rule_modules() if module in present])
    known = _known_objects(loaded).get(id(value))
    return None if known is None else known[0]


@cache
def _called() -> tuple[str, ...]:
    """The functions that rules and equivalents speak of, and those that iterate."""
    primitives = (rule.primitive for rule in RULES.values())
    spoken = [primitive.text for primitive in primitives if primitive.style == "call"]
    return (*spoken, *(name for name in (*EQUIVALENTS, *HINTS) if name not in RULES))


@cache
def _rule_modules() -> tuple[str, ...]:
    """The modules of the functions that rules speak of."""
    owners = dict.fromkeys(text.rpartition(".")[0] for text in _called())
    return tuple(_module_name(owner) for owner in owners)


@cache
def _known_objects(loaded: tuple[str, ...]) -> dict[int, tuple[str, Any]]:
    """Live objects that rules speak of, by identity (the first spelling wins); nothing is imported,
    for what a function names has been.
    """
    found: dict[int, tuple[str, Any]] = {}
    for text in _called():
        owner = _module_name(text.rpartition(".")[0])
        if owner in loaded or not owner:
            value = find_object(text)
            if value is not None:
                found.setdefault(id(value), (text, value))
    return found


def _module_name(text: str) -> str:
    """The name under which a module is imported that rules spell in short."""
    head, dot, rest = text.partition(".")
    return {"np": "numpy"}.get(head, head) + dot + rest


def find_object(text: str) -> Any:
    """The object that a canonical dotted name means, or None if it is not installed."""
    head, *rest = text.split(".")
    if not rest:
        return getattr(builtins, head, None)
    parts = _module_name(text).split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            value = attribute_of(value, part, None)
        return value
    return None
