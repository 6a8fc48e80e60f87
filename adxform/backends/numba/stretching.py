"""The shapes of arrays changed as Numba has it for some ranks and layouts only.

What may be a view in NumPy may be a copy here: generated code writes to no array of which that is
not known. Importing this needs Numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload


def reshape(a: Any, shape: Any) -> Any:
    """``np.reshape``."""
    return np.reshape(a, shape)


@overload(reshape, strict=False)
def _reshape(a: Any, shape: Any) -> Callable[..., Any] | None:
    if not isinstance(a, types.Array):
        return None
    if a.layout == "C":
        return lambda a, shape: a.reshape(shape)
    return lambda a, shape: np.ascontiguousarray(a).reshape(shape)
