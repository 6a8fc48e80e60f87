"""Integrals of what is known at points, in other words."""

from __future__ import annotations

from typing import Any

import numpy as np

from adxform.core.types import Struct, Type, rank
from adxform.frontend.equivalents.table import reads
from adxform.rules import infer
from adxform.rules.wording import is_none


def _steps(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """The distances between points, so that they broadcast with values along the last axis."""
    if x is None:
        return dx * np.ones_like(np.moveaxis(y, axis, -1)[..., 1:])
    return np.diff(x) if np.ndim(x) == 1 else np.diff(np.moveaxis(x, axis, -1))


@reads("scipy.integrate.trapezoid", "R(4)", "R(4), np.cumsum(P(4))", "R(4, 2), dx=P, axis=0")
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezoidal rule."""
    return np.trapezoid(y, x, dx, axis)


@reads("scipy.integrate.cumulative_trapezoid", "R(4)", "R(4), np.cumsum(P(4))", "R(4), dx=P",
       "R(2, 4), np.cumsum(P(4)), initial=0", "R(4, 2), dx=0.5, axis=0, initial=0",
       "R(2, 4), np.cumsum(P(2, 4), axis=1)", "R(4, 2), np.cumsum(P(4)), axis=0")
def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    """Integrals up to each point, by the trapezoidal rule."""
    values = np.moveaxis(y, axis, -1)
    steps = dx if x is None else _steps(y, x, dx, axis)
    made = np.cumsum(steps * (values[..., 1:] + values[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        made = np.concatenate([np.full_like(values[..., :1], initial), made], axis=-1)
    return np.moveaxis(made, -1, axis)


def _pairs(y: Any, h: Any) -> Any:
    """Simpson's rule for an odd number of values, over pairs of steps."""
    first, second = h[..., :-1:2], h[..., 1::2]
    whole, ratio = first + second, first / second
    left = y[..., :-2:2] * (2.0 - 1.0 / ratio)
    middle = y[..., 1:-1:2] * (whole * whole / (first * second))
    right = y[..., 2::2] * (2.0 - ratio)
    return np.sum(whole / 6.0 * (left + middle + right), axis=-1)


@reads("scipy.integrate.simpson", "R(5)", "R(5), np.cumsum(P(5))", "R(4), np.cumsum(P(4))", "R(4)",
       "R(2, 5), dx=P", "R(4, 2), axis=0", "R(2, 6), np.cumsum(P(2, 6), axis=1)", "R(2)",
       "R(5, 2), np.cumsum(P(5)), axis=0")
def simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral by Simpson's rule; the last step of an odd number by Cartwright's correction."""
    values, h = np.moveaxis(y, axis, -1), _steps(y, x, dx, axis)
    count = np.shape(y)[axis]
    if count % 2 == 1:
        return _pairs(values, h)
    if count == 2:
        return np.sum(0.5 * h * (values[..., 1:] + values[..., :-1]), axis=-1)
    before, last = h[..., -2], h[..., -1]
    end = (2.0 * last**2 + 3.0 * before * last) / (6.0 * (before + last)) * values[..., -1]
    inner = (last**2 + 3.0 * before * last) / (6.0 * before) * values[..., -2]
    start = last**3 / (6.0 * before * (before + last)) * values[..., -3]
    return _pairs(values[..., :-1], h[..., :-1]) + end + inner - start


_along: Any = np.gradient  # along one axis


def _several_axes(f: Type, axis: Type, **_: Type) -> bool:
    """Whether differences are taken along more than one axis."""
    known = rank(infer.as_array(f))
    return isinstance(axis, Struct) or (is_none(axis) and known is not None and known > 1)


@reads("np.gradient", "R(4, 3)", "R(4, 3), 0.5, 2.0", "R(4, 3), 0.5", "R(4, 3), axis=(0, 1)",
       "R(4, 3, 3), axis=(0, 2), edge_order=2",
       "R(3, 4), np.array([0.0, 0.5, 2.0]), np.array([0.0, 0.5, 1.0, 3.0])", "R(3, 4), P, P",
       when=_several_axes)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Differences along each of several axes."""
    if axis is None and len(varargs) < 2:
        return tuple([_along(f, *varargs, axis=i, edge_order=edge_order)
                      for i in range(np.ndim(f))])
    if axis is None:
        return tuple([_along(f, h, axis=i, edge_order=edge_order)
                      for i, h in enumerate(varargs)])
    if len(varargs) < 2:
        return tuple([_along(f, *varargs, axis=i, edge_order=edge_order) for i in axis])
    return tuple([_along(f, h, axis=i, edge_order=edge_order)
                  for i, h in zip(axis, varargs, strict=True)])


@reads("np.interp", "R(4), np.array([-0.9, 0.1, 0.8]), R(3), left=0.0, right=R",
       "R(4), np.array([-0.9, 0.1, 0.8]), R(3), left=R",
       "R(4), np.array([-0.9, 0.8]), R(2), right=2.0",
       "4.0 * R(5), np.array([0.5, -0.3, 1.4]), R(3), period=2.0")
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Values between points, and others beyond the first and the last one, or again and again."""
    if period is not None:
        order = np.argsort(np.mod(xp, period))
        places, values = np.mod(xp, period)[order], np.asarray(fp)[order]
        places = np.concatenate([[places[-1] - period], places, [places[0] + period]])
        values = np.concatenate([values[-1:], values, values[:1]])
        return np.interp(np.mod(x, period), places, values)
    found = np.interp(x, xp, fp)
    if left is not None:
        found = np.where(x < xp[0], left, found)
    if right is not None:
        found = np.where(x > xp[-1], right, found)
    return found
