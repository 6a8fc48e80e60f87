"""What Numba lacks to compile generated code as it stands: ``reversed`` of a range.

Numba calls `register` by itself when it first compiles anything (entry point
``numba_extensions``), so that ``numba.njit`` takes generated functions unchanged; where adxform is
not installed but only found, its backend does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def register() -> None:
    """Teach Numba ``reversed(range(...))``."""
    from numba.core import types
    from numba.extending import overload

    @overload(reversed)
    def reversed_range(sequence: Any) -> Callable[[Any], Any] | None:
        if not isinstance(sequence, types.RangeType):
            return None

        def implementation(sequence: Any) -> Any:
            last = sequence.start + (len(sequence) - 1) * sequence.step
            return range(last, sequence.start - sequence.step, -sequence.step)

        return implementation
