"""Products of Jacobians and Hessians with vectors: ``jvp``, ``vjp`` and ``hvp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adxform.arguments import (
    Argnums,
    like_argument,
    not_real,
    number,
    require_float,
    require_sequence,
)
from adxform.compiler import Pair
from adxform.core.types import Object
from adxform.derivatives import Derivative
from adxform.errors import ArgumentError
from adxform.generated import Generated
from adxform.options import Options
from adxform.structures import is_inexact, leaves_of, structured, with_leaves

Function = Callable[..., Any]
_COMPLEX = (complex, np.complexfloating)
_SEQUENCES = (tuple, list)
_NUMBERS = frozenset({float, int, bool, np.float64, np.float32})


def jvp(
    f: Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    directions: int | None = None,
    backend: str = "numpy",
) -> tuple[Any, Any]:
    """The value of ``f`` and its derivative in a direction, by forward mode.

    Parameters
    ----------
    f : callable
        A Python function.
    primals : sequence
        The arguments.
    tangents : sequence
        One direction for each argument, of its shape; None for an argument that is held constant.
    directions : int, optional
        For several directions at once: how many the tangents hold, along a last axis of each
        that comes after those of its argument. ``f`` runs once for all of them.
    backend : {"numpy", "numba"}
        As in `grad`.

    Returns
    -------
    value, tangent
        Both in the structure of the result of ``f``; tangents with ``directions`` have that last
        axis, too.
    """
    require_sequence("primals", primals)
    require_sequence("tangents", tangents)
    if len(primals) != len(tangents):
        raise ArgumentError(f"{len(primals)} primals but {len(tangents)} tangents")
    for i, tangent in enumerate(tangents):
        if tangent is not None and not is_inexact(primals[i]):
            require_float(f"argument {i}", primals[i], "the derivative")
    if directions is not None:
        return several(f, primals, tangents, directions, backend)
    made: Generated = _kept(_generated, f, ("forward", backend))
    whole = made.whole(primals)
    places, given = _given(made, primals, tangents)
    compiled = made.compiled(whole, made.placed(places))
    value, tangent = compiled.call(*whole, *given)
    _require_alike(value, tangent)
    return value, tangent


def several(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], count: int, backend: str
) -> tuple[Any, Any]:
    """The value of ``f`` and its derivative in some directions: all at once, or in turn where the
    compiler does not carry several through what ``f`` does.
    """
    made: Generated = _kept(_generated, f, ("vector", backend))
    whole = made.whole(primals)
    places, given = _given(made, primals, tangents, (count,))
    compiled = made.attempted(whole, made.placed(places)) if given and count else None
    if compiled is not None:
        value, tangent = compiled.call(*whole, *given)
        _require_alike(value, tangent)
        return value, tangent
    found = [
        jvp(f, primals, [_direction(t, j) for t in tangents], backend=backend)
        for j in range(max(count, 1))
    ]
    value, first = found[0]
    each = [list(leaves_of(tangent)) for _, tangent in found]
    stacked = [
        None if parts[0] is None else np.stack(parts, axis=-1)[..., :count]
        for parts in zip(*each, strict=True)
    ]
    return value, with_leaves(first, iter(stacked))


def _direction(tangent: Any, place: int) -> Any:
    """One of the directions that a tangent holds; zero where it holds none."""
    held = [
        None if leaf is None else _one_of(_reals(leaf), place) for leaf in leaves_of(tangent)
    ]
    return with_leaves(tangent, iter(held))


def _one_of(leaf: Any, place: int) -> Any:
    part = leaf[..., place] if leaf.shape[-1] else np.zeros(leaf.shape[:-1], leaf.dtype)
    return np.ascontiguousarray(part) if part.ndim else part.item()


def _given(
    made: Generated, primals: Sequence[Any], tangents: Sequence[Any], along: tuple[int, ...] = ()
) -> tuple[tuple[int, ...], list[Any]]:
    """The places of arguments that move, and the directions of what they hold."""
    if made.bind.collector is not None:
        primals, tangents = made.bind.gathered(primals), made.bind.gathered(tangents)
    places, given = [], []
    for i, tangent in enumerate(tangents):
        if not along and _fits(tangent, primals[i]):
            places.append(i)
            given.append(tangent)
        elif _moves(tangent):
            places.append(i)
            given.extend(_directions(primals[i], tangent, i, along))
    return tuple(places), given


def _require_alike(value: Any, tangent: Any) -> None:
    """Refuse a complex tangent of a real value: a complex number was not known to be one."""
    if isinstance(value, _SEQUENCES):
        for part, moved in zip(value, tangent, strict=True):
            _require_alike(part, moved)
    elif _is_complex(tangent) and is_inexact(value) and not _is_complex(value):
        raise not_real("this direction")


def _is_complex(value: Any) -> bool:
    if type(value) is float:
        return False
    whole = isinstance(value, np.ndarray) and value.dtype.kind == "c"
    return bool(whole) or isinstance(value, _COMPLEX)


def _of_its_kind(moved: Any, value: Any, what: str) -> Any:
    """A tangent or cotangent of the dtype of its value, an array or a number of NumPy."""
    if _is_complex(moved) and not _is_complex(value):
        raise ArgumentError(f"{what} is complex, and its value is real")
    if isinstance(value, np.generic):
        return value.dtype.type(moved)
    if isinstance(moved, np.ndarray) and isinstance(value, np.ndarray):
        return moved.astype(value.dtype, copy=False)
    return moved


def _fits(tangent: Any, primal: Any) -> bool:
    """Whether a tangent is a direction as it stands: a number's, or an array's of its shape."""
    kind = type(tangent)
    if kind is not type(primal):
        return False
    if kind is np.ndarray:
        return bool(tangent.dtype == primal.dtype and tangent.shape == primal.shape != ())
    return kind is float


def _moves(tangent: Any) -> bool:
    """Whether a tangent says a direction for anything."""
    return any(direction is not None for direction in leaves_of(tangent))


def _directions(
    primal: Any, tangent: Any, place: int, along: tuple[int, ...] = ()
) -> list[Any]:
    """The tangents of what an argument holds that can have one, in order; ``along`` is what their
    shapes have besides.
    """
    leaves = list(leaves_of(primal))
    given = list(leaves_of(tangent))
    if len(given) != len(leaves):
        raise ArgumentError(f"tangent {place} has not the structure of its argument")
    found = []
    for leaf, direction in zip(leaves, given, strict=True):
        if not is_inexact(leaf):
            continue
        wanted = (*_shape(leaf), *along)
        if direction is None:
            direction = np.zeros(wanted, np.asarray(leaf).dtype)[()]
        if _shape(direction) != wanted:
            its = f"its argument {np.shape(leaf)}"
            its += f", for {along[0]} directions" if along else ""
            raise ArgumentError(f"tangent {place} has shape {np.shape(direction)}, {its}")
        moved = _reals(direction) if along else _unboxed(direction)
        found.append(_of_its_kind(moved, leaf, f"tangent {place}"))
    return found


def _reals(value: Any) -> Any:
    """An array of floating numbers."""
    made = np.asarray(value)
    return made.astype(float) if made.dtype.kind in "biu" else made


def _shape(value: Any) -> tuple[int, ...]:
    return () if type(value) in _NUMBERS else np.shape(value)


def _unboxed(value: Any) -> Any:
    """A number for an array of rank 0: generated code may write into that, and it is the user's."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def vjp(
    f: Function, *primals: Any, backend: str = "numpy"
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of ``f`` and its pullback, by reverse mode; ``f`` itself runs once.

    The ``backend`` is as in `grad`.

    Returns
    -------
    value
        What ``f`` returns.
    pullback : callable
        Takes a cotangent in the structure of the value and returns a tuple with one cotangent for
        each argument, None for what has no derivative (integers, strings); may be called often.
        Cotangents w of complex values z are such that Re(sum(conj(w) dz)) is the same everywhere.
    """
    asked = primals
    made: Generated = _kept(_generated, f, ("pair", backend))
    whole = made.whole(asked)
    collects = made.bind.collector is not None
    if collects:
        primals = made.bind.gathered(asked)
    pair = made.pair(whole, primals)
    value, leaves, needed = pair.run(whole)
    pullback = Pullback(pair, leaves, needed, primals)
    if not collects:
        return value, pullback
    return value, lambda cotangent: made.bind.scattered(pullback(cotangent), len(asked))


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
                    given[place] = _of_its_kind(seed, leaf, "the cotangent")
        bars = pair.pull(*self.needed, *[_unboxed(given[i]) for i in pair.pulled])
        if not pair.plain:
            return self._refilled(given, bars)
        others = [held for held in (*self.primals, *given) if isinstance(held, np.ndarray)]
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
        others = [o for o in leaves_of([*given, *self.primals]) if isinstance(o, np.ndarray)]
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


def _may_share_memory(one: Any, other: Any) -> bool:
    """Whether arrays may; two that each have memory of their own do not."""
    if one.base is None and other.base is None:
        return one is other
    return np.may_share_memory(one, other)


def _require_likeness(cotangent: Any, value: Any) -> None:
    """Refuse a cotangent of another structure or shape than its value's."""
    if isinstance(value, _SEQUENCES):
        if not isinstance(cotangent, _SEQUENCES) or len(cotangent) != len(value):
            raise ArgumentError("the cotangent must have the structure of the value")
        for part, item in zip(cotangent, value, strict=True):
            _require_likeness(part, item)
    elif _shape(cotangent) != _shape(value):
        raise ArgumentError(
            f"the cotangent has shape {np.shape(cotangent)}, the value {np.shape(value)}"
        )


_CACHE: dict[tuple[Any, ...], Any] = {}
CACHED = 256  # functions whose products are kept; the one asked for first goes first


def _kept(make: Callable[..., Any], f: Function, how: Any) -> Any:
    """``make(f, how)``, kept so that repeated calls compile nothing."""
    try:
        return _CACHE[make, f, how]
    except (KeyError, TypeError):
        return _made(make, f, how)


def _made(make: Callable[..., Any], f: Function, how: Any) -> Any:
    """What was not found at once, made if need be."""
    key: tuple[Any, ...] = (make, f, how)
    try:
        found = _CACHE.get(key)
    except TypeError:  # it has no hash
        key = (make, Object(f), how)
        found = _CACHE.get(key)
    if found is None:
        found = make(f, how)
        while len(_CACHE) >= CACHED:
            del _CACHE[next(iter(_CACHE))]
        _CACHE[key] = found
    return found


def _generated(f: Function, how: tuple[str, str]) -> Generated:
    """The generated functions of ``f`` of a kind, for a backend."""
    kind, backend = how
    return Generated(f, kind, Options.running(backend))


def hvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, backend: str = "numpy"
) -> Any:
    """The Hessian of ``f`` times a vector, by forward over reverse mode, in a few times the cost
    of ``f``.

    Parameters
    ----------
    f : callable
        A function with one real result.
    primals, tangents : sequences
        The arguments, and the vector in the structure of the arguments (None: held constant).
    backend : {"numpy", "numba"}
        As in `grad`.

    Returns
    -------
    array, or tuple of arrays for several arguments
    """
    require_sequence("tangents", tangents)
    places = tuple([i for i, t in enumerate(tangents) if t is not None])
    argnums: Argnums = places[0] if len(places) == 1 else places
    gradient: Derivative = _kept(Derivative, f, argnums)
    return jvp(gradient, primals, tangents, backend=backend)[1]
