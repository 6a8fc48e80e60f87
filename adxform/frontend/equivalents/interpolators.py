"""Calls of SciPy's interpolators, in other words: they hold what is known at points constant."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def piecewise_polynomial(spline: Any, x: Any, nu: int = 0) -> Any:
    """A polynomial on each interval, or a derivative of it: a cubic spline, for example."""
    breaks, coefficients = spline.x, spline.c
    if np.ndim(coefficients) != 2 or spline.extrapolate is not True:
        raise ValueError("a spline is differentiated of numbers only, and with extrapolate=True")
    for _ in range(nu):
        powers = np.arange(len(coefficients) - 1, 0, -1)
        coefficients = coefficients[:-1] * powers[:, None]
    place = np.clip(np.searchsorted(breaks, x, side="right") - 1, 0, len(breaks) - 2)
    distance = x - breaks[place]
    value = 0.0 * distance
    for k in range(len(coefficients)):
        value = value * distance + coefficients[k][place]
    return value


def straight(line: Any, x: Any) -> Any:
    """Straight lines between points."""
    places, values = line.x, line.y
    if np.ndim(values) != 1:
        raise ValueError("interp1d is differentiated of numbers only")
    outside = (x < places[0]) | (x > places[-1])
    if line.bounds_error and np.any(outside):
        raise ValueError("a value is outside the range of interpolation")
    place = np.clip(np.searchsorted(places, x, side="right") - 1, 0, len(places) - 2)
    slopes = (values[place + 1] - values[place]) / (places[place + 1] - places[place])
    inside = values[place] + (x - places[place]) * slopes
    if line._extrapolate:
        return inside
    return np.where(outside, line.fill_value, inside)


def on_grid(table: Any, xi: Any) -> Any:
    """Values between the points of a grid, linear along each axis."""
    where = np.stack(np.broadcast_arrays(*xi), axis=-1) if isinstance(xi, tuple) else xi
    ndim = len(table.grid)
    if np.ndim(table.values) != ndim:
        raise ValueError("RegularGridInterpolator is differentiated of numbers only")
    points, values = np.reshape(where, (-1, ndim)), np.ravel(table.values)
    outside = np.zeros(len(points), dtype=bool)
    total = np.zeros(len(points))
    for corner in range(2**ndim):
        weight, place = np.ones(len(points)), np.zeros(len(points), dtype=int)
        for k in range(ndim):
            axis, along = table.grid[k], points[:, k]
            outside = outside | (along < axis[0]) | (along > axis[-1])
            left = np.clip(np.searchsorted(axis, along, side="right") - 1, 0, len(axis) - 2)
            share = (along - axis[left]) / (axis[left + 1] - axis[left])
            upper = (corner >> k) & 1
            weight = weight * (upper * share + (1 - upper) * (1.0 - share))
            place = place * len(axis) + left + upper
        total = total + weight * values[place]
    if table.bounds_error and np.any(outside):
        raise ValueError("a point is outside the range of interpolation")
    if table.fill_value is not None:
        total = np.where(outside, table.fill_value, total)
    return np.reshape(total, np.shape(where)[:-1])


def called(value: Any) -> Any:
    """What is read where an interpolator of SciPy's is called, or None."""
    module = sys.modules.get("scipy.interpolate")
    if module is None or "interpolate" not in type(value).__module__:
        return None
    if isinstance(value, module.PPoly):
        plain = value.c.ndim == 2 and value.extrapolate is True and value.x[0] < value.x[-1]
        return piecewise_polynomial if plain else None
    if isinstance(value, module.interp1d):
        plain = value._kind == "linear" and np.ndim(value.y) == 1
        return straight if plain else None
    if isinstance(value, module.RegularGridInterpolator):
        plain = value.method == "linear" and value.values.ndim == len(value.grid)
        ascending = all(axis[0] < axis[-1] for axis in value.grid)
        return on_grid if plain and ascending else None
    return None


#: What is read for objects of these classes, and the keyword that is to be as it is by default.
MAKERS = {
    "CubicSpline": (piecewise_polynomial, "extrapolate"),
    "PchipInterpolator": (piecewise_polynomial, "extrapolate"),
    "CubicHermiteSpline": (piecewise_polynomial, "extrapolate"),
    "interp1d": (straight, "kind"),
    "RegularGridInterpolator": (on_grid, "method"),
}


def made_by(kind: Any, places: int, keywords: list[str | None]) -> Any:
    """What is read where an object is called that a class of SciPy's makes of these arguments."""
    if not isinstance(kind, type) or not kind.__module__.startswith("scipy.interpolate."):
        return None
    function, option = MAKERS.get(kind.__name__, (None, ""))
    most = 3 if kind.__name__ == "CubicHermiteSpline" else 2
    return function if places <= most and option not in keywords and None not in keywords else None
