"""Pausing Python's cyclic garbage collector while much is built that stays reachable.

Its full collections visit every object again and again, which makes work on a function of 10,000
statements quadratic. What is kept of such work to be asked for again is forgotten at its end.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_forgetting: list[Callable[[], None]] = []


def forgotten_afterwards(forget: Callable[[], None]) -> Callable[[], None]:
    """Have something called when such work ends: what is known of a program may be large, and hold
    what the user wants to be let go of.
    """
    _forgetting.append(forget)
    return forget


def collection_paused(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Have a function run without collections; the collector is left as it was found."""

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()
            for forget in _forgetting:
                forget()

    return wrapper
