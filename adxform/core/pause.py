"""Pausing Python's cyclic garbage collector while much is built that stays reachable.

Its full collections visit every object again and again, which makes work on a function of 10,000
statements quadratic.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


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

    return wrapper
