"""Functions of libraries that are written for every kind of array, said in plain NumPy.

What ``apply_where`` of the array API's extras does through an object that stands for a place in an
array, a few statements do for NumPy's arrays: the compiler reads those in its stead.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np


def equivalent(function: FunctionType) -> FunctionType:
    """What is read in place of a function: itself, or what does the same."""
    if "array_api" not in (function.__module__ or ""):
        return function
    found: FunctionType = _EQUIVALENTS.get(function.__name__, function)
    return found


def reduced(function: Any, items: Any) -> Any:
    """``functools.reduce`` of an array or a list."""
    total = items[0]
    for i in range(1, len(items)):
        total = function(total, items[i])
    return total


def reduced_from(function: Any, items: Any, total: Any) -> Any:
    """``functools.reduce`` of an array or a list that has an initial value."""
    for i in range(len(items)):
        total = function(total, items[i])
    return total


def apply_where(
    cond: Any, args: Any, f1: Any, f2: Any = None, /, *, fill_value: Any = None, xp: Any = None
) -> Any:
    """``f1(*args)`` where ``cond`` holds, elsewhere ``f2(*args)`` or a number."""
    given = args if isinstance(args, tuple) else (args,)
    if max([np.ndim(a) for a in (cond, *given)]) == 0:
        if cond:
            return f1(*given)
        return fill_value if f2 is None else f2(*given)
    shape = np.broadcast_shapes(np.shape(cond), *[np.shape(a) for a in given])
    cond = np.broadcast_to(cond, shape)
    arrays = [np.broadcast_to(a, shape) for a in given]
    inside = f1(*[a[cond] for a in arrays])
    if f2 is None:
        out = np.full(shape, fill_value, dtype=np.result_type(inside, fill_value))
    else:
        outside = f2(*[a[~cond] for a in arrays])
        out = np.empty(shape, dtype=np.result_type(inside, outside))
        out[~cond] = outside
    out[cond] = inside
    return out


_EQUIVALENTS: dict[str, Any] = {"apply_where": apply_where}
