"""Pullbacks: a cotangent of a value, carried back to the arguments that the value came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adxform.arguments import like_argument, number
from adxform.compiler import Pair
from adxform.errors import ArgumentError
from adxform.structures import is_inexact, leaves_of, structured, with_leaves

_COMPLEX = (complex, np.complexfloating)
SEQUENCES = (tuple, list)
_NUMBERS = frozenset({float, int, bool, np.float64, np.float32})


class Pullback:
    """Carries a cotangent of a value back to the arguments that it came from."""

    __slots__ = ("leaves", "needed", "pair", "primals")

    def __init__(
        self,
        pair: Pair,
        leaves: Sequence[Any],
        needed: list[Any],
        primals: tuple[Any, ...],
    ) -> None:
        self.pair = pair
        self.leaves = leaves
        self.needed = needed
        self.primals = primals

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """One cotangent for each argument, None for what has no derivative."""
        pair = self.pair
        if pair.numbers and type(cotangent) is float and type(self.leaves[0]) in _NUMBERS:
            bars = pair.pull(*self.needed, cotangent) if pair.pulled else pair.pull(*self.needed)
            if len(self.primals) == 1:
                return (number(bars, "an argument"),)
            return tuple([number(bar, "an argument") for bar in bars])
        given = [cotangent] if pair.single else self._seeds(cotangent)
        for place, (seed, leaf) in enumerate(zip(given, self.leaves, strict=True)):
            if type(seed) is not type(leaf) or type(seed) not in _NUMBERS:
                _require_likeness(seed, leaf)
                if is_inexact(leaf):
                    given[place] = of_its_kind(seed, leaf, "the cotangent")
        bars = pair.pull(*self.needed, *[unboxed(given[i]) for i in pair.pulled])
        if not pair.plain:
            return self._refilled(given, bars)
        seen = *self.primals, *given, *self.needed
        others = [held for held in seen if isinstance(held, np.ndarray)]
        result: list[Any] = [None] * len(self.primals)
        for place, bar in zip(pair.places, (bars,) if len(pair.places) == 1 else bars, strict=True):
            result[place] = _own(bar, self.primals[place], others)
        return tuple(result)

    def _seeds(self, cotangent: Any) -> list[Any]:
        """What a cotangent says for each of the values that the function returns."""
        try:
            return structured(self.pair.result, cotangent)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise ArgumentError("the cotangent must have the structure of the value") from None

    def _refilled(self, given: list[Any], bars: Any) -> tuple[Any, ...]:
        """The cotangents of arguments, some of which are containers."""
        held = [list(leaves_of(self.primals[i])) for i in self.pair.places]
        single = sum(is_inexact(leaf) for leaves in held for leaf in leaves) == 1
        found = iter((bars,) if single else bars)
        seen = *leaves_of([*given, *self.primals]), *self.needed
        others = [o for o in seen if isinstance(o, np.ndarray)]
        result: list[Any] = [None] * len(self.primals)
        for place, leaves in zip(self.pair.places, held, strict=True):
            own = [_own(next(found), x, others) if is_inexact(x) else None for x in leaves]
            result[place] = with_leaves(self.primals[place], iter(own))
        return tuple(result)


def _own(bar: Any, primal: Any, others: list[Any]) -> Any:
    """A cotangent in the form of its primal, and in memory that is not in ``others`` so far."""
    bar = like_argument(bar, primal, "an argument")
    if isinstance(bar, np.ndarray):
        if any(_may_share_memory(bar, other) for other in others):
            bar = bar.copy()
        others.append(bar)
    return bar


def apart_from(needed: list[Any], held: Sequence[Any]) -> list[Any]:
    """What a pullback needs, in memory that is in no array that the caller can write to."""
    arrays = [a for a in held if isinstance(a, np.ndarray) and a.flags.writeable]
    if not arrays:
        return needed
    whole = {id(a) for a in arrays}
    parts = [a for a in arrays if a.base is not None]

    def own(item: Any) -> Any:
        if type(item) is list:
            return [own(part) for part in item]
        if not isinstance(item, np.ndarray):
            return item
        others = parts if item.base is None else arrays
        shared = id(item) in whole or any(np.may_share_memory(item, other) for other in others)
        return item.copy("K") if shared else item

    return [own(item) for item in needed]


def _may_share_memory(one: Any, other: Any) -> bool:
    """Whether arrays may; two that each have memory of their own do not."""
    if one.base is None and other.base is None:
        return one is other
    return np.may_share_memory(one, other)


def _require_likeness(cotangent: Any, value: Any) -> None:
    """Refuse a cotangent of another structure or shape than its value's."""
    if isinstance(value, SEQUENCES):
        if not isinstance(cotangent, SEQUENCES) or len(cotangent) != len(value):
            raise ArgumentError("the cotangent must have the structure of the value")
        for part, item in zip(cotangent, value, strict=True):
            _require_likeness(part, item)
    elif shape_of(cotangent) != shape_of(value):
        raise ArgumentError(
            f"the cotangent has shape {np.shape(cotangent)}, the value {np.shape(value)}"
        )


def is_complex(value: Any) -> bool:
    """Whether a value is a complex number, or an array of some."""
    if type(value) is float:
        return False
    whole = isinstance(value, np.ndarray) and value.dtype.kind == "c"
    return bool(whole) or isinstance(value, _COMPLEX)


def of_its_kind(moved: Any, value: Any, what: str) -> Any:
    """A tangent or cotangent of the dtype of its value, an array or a number of NumPy."""
    if is_complex(moved) and not is_complex(value):
        raise ArgumentError(f"{what} is complex, and its value is real")
    if isinstance(value, np.generic):
        return value.dtype.type(moved)
    if isinstance(moved, np.ndarray) and isinstance(value, np.ndarray):
        return moved.astype(value.dtype, copy=False)
    return moved


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array, or of a number."""
    return () if type(value) in _NUMBERS else np.shape(value)


def unboxed(value: Any) -> Any:
    """A number for an array of rank 0: generated code may write into that, and it is the user's."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
