"""Functions that put arrays together and take them apart, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.frontend.equivalents.table import reads


@reads("np.diff", "R(5), prepend=0.0", "R(5), append=R", "R(5), n=2, prepend=R(2), append=R",
       "R(2, 4), prepend=R(2, 1)", "R(3, 2), axis=0, append=R(2, 2)")
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, the first or the last ones with what is given."""
    ends = np.shape(np.take(a, [0], axis))
    if prepend is not None:
        before = np.broadcast_to(prepend, ends) if np.ndim(prepend) == 0 else prepend
        a = np.concatenate([before, a], axis=axis)
    if append is not None:
        behind = np.broadcast_to(append, ends) if np.ndim(append) == 0 else append
        a = np.concatenate([a, behind], axis=axis)
    return np.diff(a, n, axis)
