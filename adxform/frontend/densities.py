"""What the methods of SciPy's distributions compute, as plain functions of a point and parameters.

SciPy fills an array at each call, under masks for what is invalid or outside the support; here is
the same for all points at once. The compiler reads these functions in place of SciPy's.

``f`` is the method of the standard distribution ``dist`` at a standardised point ``z``. ``valid``
says where the parameters are (True: they cannot be anything else), ``low`` and ``high`` are the
ends of the support, ``middle`` is inside; ``below`` and ``above`` is what there is outside.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def where_valid(dist: Any, f: Any, value: Any, valid: Any) -> Any:
    """A number where the parameters are valid."""
    return value if valid else np.nan


def at_number(
    dist: Any, f: Any, closed: bool, valid: Any, z: Any, low: Any, high: Any, middle: Any,
    below: Any, above: Any, *shapes: Any,
) -> Any:
    """A method of a distribution at a number."""
    if not valid:
        return np.nan
    if closed:
        inside = low <= z if high == np.inf else low <= z <= high
    else:
        inside = low < z if high == np.inf else low < z < high
    if inside:
        return f(dist, z, *shapes)
    if below == above:
        return below if z == z else np.nan
    return below if z <= low else above if z >= high else np.nan


def at_array(
    dist: Any, f: Any, closed: bool, valid: Any, z: Any, low: Any, high: Any, middle: Any,
    below: Any, above: Any, *shapes: Any,
) -> Any:
    """A method of a distribution at each element of an array."""
    if closed:
        inside = low <= z if high == np.inf else (low <= z) & (z <= high)
    else:
        inside = low < z if high == np.inf else (low < z) & (z < high)
    value = f(dist, np.where(inside, z, middle), *shapes)
    if below == above:
        outside = np.where(z == z, below, np.nan)
    else:
        outside = np.where(z <= low, below, np.where(z >= high, above, np.nan))
    value = np.where(inside, value, outside)
    return value if valid is True else np.where(valid, value, np.nan)


def quantile_at_number(
    dist: Any, f: Any, valid: Any, q: Any, first: Any, last: Any, *shapes: Any
) -> Any:
    """An inverse of a distribution function at a number; ``first`` and ``last`` are at 0 and 1."""
    if not valid:
        return np.nan
    if 0 < q < 1:
        return f(dist, q, *shapes)
    return first if q == 0 else last if q == 1 else np.nan


def quantile_at_array(
    dist: Any, f: Any, valid: Any, q: Any, first: Any, last: Any, *shapes: Any
) -> Any:
    """An inverse of a distribution function at each element of an array."""
    inside = (q > 0) & (q < 1)
    value = f(dist, np.where(inside, q, 0.5), *shapes)
    outside = np.where(q == 0, first, np.where(q == 1, last, np.nan))
    value = np.where(inside, value, outside)
    return value if valid is True else np.where(valid, value, np.nan)


def probability(
    dist: Any, f: Any, valid: Any, k: Any, low: Any, high: Any, none: Any, *shapes: Any
) -> Any:
    """The probability of a number or of each element of an array, or its logarithm."""
    inside = (low <= k) & (k <= high) & (np.floor(k) == k)
    value = f(dist, np.where(inside, k, low), *shapes)
    value = np.where(inside, value, np.where(k == k, none, np.nan))
    return value if valid is True else np.where(valid, value, np.nan)
