"""Derivatives without a derivative: central differences, extrapolated to step zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEPS = 14
LARGEST = 0.1


def directional(
    f: Callable[..., list[Any]], args: Sequence[Any], direction: Sequence[Any]
) -> list[Any]:
    """The derivative of ``f`` at ``args`` in a direction (None: held constant), leaf by leaf.

    Central differences for halved steps are extrapolated by Richardson's scheme, and the entry
    that its neighbours in the tableau agree on best is taken (Ridders 1982). Narrow floats are
    widened first.
    """
    wide = [_wide(a) if v is not None else a for a, v in zip(args, direction, strict=True)]
    moves = [None if v is None else _wide(v) for v in direction]
    largest = max(float(np.max(np.abs(v), initial=0.0)) for v in moves if v is not None)
    sizes = [
        float(np.max(np.abs(a), initial=0.0))
        for a, v in zip(wide, moves, strict=True)
        if v is not None
    ]
    step = LARGEST * min(1.0, max(sizes) or 1.0) / (largest or 1.0)

    def difference(h: float) -> list[Any]:
        ahead, back = (_vector(f(*_moved(wide, moves, s))) for s in (h, -h))
        return (ahead - back) / (2.0 * h)  # type: ignore[no-any-return]

    found = [np.asarray(leaf) for leaf in f(*_moved(wide, moves, 0.0))]
    with np.errstate(all="ignore"):
        flat = extrapolated(difference, step)
    ends = np.cumsum([leaf.size for leaf in found])[:-1]
    pairs = zip(np.split(flat, ends), found, strict=True)
    return [_in_form(part, leaf) for part, leaf in pairs]


def _in_form(part: Any, leaf: Any) -> Any:
    """A stretch of a vector in the shape of an array; real, where that is."""
    part = part if np.iscomplexobj(leaf) else np.real(part)
    return part.reshape(leaf.shape)


def extrapolated(difference: Callable[[float], Any], step: float) -> Any:
    """The limit of a difference quotient as its step, halved again and again, goes to zero."""
    above: list[Any] = [difference(step)]
    best, smallest = above[0], np.inf
    for row in range(1, STEPS):
        current = [difference(step / 2.0**row)]
        for place in range(1, row + 1):
            factor = 4.0**place
            current.append((factor * current[-1] - above[place - 1]) / (factor - 1.0))
            spread = max(_size(current[-1] - current[-2]), _size(current[-1] - above[place - 1]))
            if spread < smallest:
                best, smallest = current[-1], spread
        above = current
    return best


def _size(values: Any) -> float:
    largest = float(np.max(np.abs(values), initial=0.0))
    return largest if np.isfinite(largest) else np.inf


def _wide(value: Any) -> Any:
    """A number or array in double precision."""
    kind = complex if np.iscomplexobj(value) else float
    return value.astype(kind) if isinstance(value, np.ndarray) else kind(value)


def _moved(args: list[Any], moves: list[Any], h: float) -> list[Any]:
    return [
        (a.copy() if isinstance(a, np.ndarray) else a) if v is None else a + h * v
        for a, v in zip(args, moves, strict=True)
    ]


def _vector(values: list[Any]) -> Any:
    kind = complex if any(map(np.iscomplexobj, values)) else float
    return np.concatenate([np.ravel(np.asarray(leaf, kind)) for leaf in values])
