"""Large arrays on large pages of memory, as NumPy has them: the system clears few, not thousands.

Importing this needs Numba.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import overload

LARGE = 2**22  # bytes from which on NumPy asks for large pages
PAGE = 2**12
HUGE = 14  # MADV_HUGEPAGE of Linux

_SIGNATURE: Any = types.int32(types.uintp, types.uintp, types.int32)
_madvise: Any = types.ExternalFunction("madvise", _SIGNATURE)


def on_large_pages(a: Any) -> Any:
    """An array of which no element is written yet, for which large pages are asked."""
    return a


@overload(on_large_pages, strict=False)
def _on_large_pages(a: Any) -> Callable[..., Any]:
    if sys.platform != "linux" or not isinstance(a, types.Array):
        return lambda a: a

    def advised(a: Any) -> Any:
        if a.nbytes >= LARGE:
            start = (a.ctypes.data + PAGE - 1) // PAGE * PAGE
            _madvise(start, a.ctypes.data + a.nbytes - start, HUGE)
        return a

    return advised
