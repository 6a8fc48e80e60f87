"""Memory that generated code frees stays with the process, up to a limit, for the next call."""

from __future__ import annotations

from functools import cache

import numpy as np

KEPT = 2**25 - 2**14  # bytes: just below what the C library of GNU takes for its own limit


@cache
def keep_freed_memory() -> None:
    """Let what is freed be used again.

    A derivative allocates the same tapes in each call. What GNU's allocator gives back to the
    system between calls has to be asked for anew, page by page, and that may take longer than all
    that is computed. It keeps blocks up to the size of the largest that it has seen freed, so one
    is shown to it, of which no page is ever touched. Other allocators have rules of their own.
    """
    np.empty(KEPT, np.uint8)
