"""Products of Jacobians and Hessians with vectors: ``jvp``, ``vjp`` and ``hvp``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adxform.arguments import (
    Argnums,
    not_real,
    require_float,
    require_sequence,
)
from adxform.core.types import Object
from adxform.derivatives import Derivative
from adxform.errors import ArgumentError
from adxform.generated import Generated
from adxform.options import Options
from adxform.pullbacks import (
    SEQUENCES,
    Pullback,
    apart_from,
    is_complex,
    of_its_kind,
    shape_of,
    unboxed,
)
from adxform.structures import is_inexact, leaves_of, with_leaves

Function = Callable[..., Any]


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
    made: Generated = kept(_generated, f, ("forward", backend))
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
    made: Generated = kept(_generated, f, ("vector", backend))
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
    if isinstance(value, SEQUENCES):
        for part, moved in zip(value, tangent, strict=True):
            _require_alike(part, moved)
    elif is_complex(tangent) and is_inexact(value) and not is_complex(value):
        raise not_real("this direction")


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
        wanted = (*shape_of(leaf), *along)
        if direction is None:
            direction = np.zeros(wanted, np.asarray(leaf).dtype)[()]
        if shape_of(direction) != wanted:
            its = f"its argument {np.shape(leaf)}"
            its += f", for {along[0]} directions" if along else ""
            raise ArgumentError(f"tangent {place} has shape {np.shape(direction)}, {its}")
        moved = _reals(direction) if along else unboxed(direction)
        found.append(of_its_kind(moved, leaf, f"tangent {place}"))
    return found


def _reals(value: Any) -> Any:
    """An array of floating numbers."""
    made = np.asarray(value)
    return made.astype(float) if made.dtype.kind in "biu" else made


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

    Notes
    -----
    The pullback is that of the arguments as they were: what it needs of arrays that the caller
    holds, arguments or values, is copied.
    """
    return linearized(f, primals, backend)


def linearized(
    f: Function, primals: tuple[Any, ...], backend: str, *, apart: bool = True
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """What `vjp` gives; without ``apart`` the pullback may share memory with arguments and values,
    which nobody writes to as long as it is called.
    """
    asked = primals
    made: Generated = kept(_generated, f, ("pair", backend))
    whole = made.whole(asked)
    collects = made.bind.collector is not None
    if collects:
        primals = made.bind.gathered(asked)
    pair = made.pair(whole, primals)
    value, leaves, needed = pair.run(whole)
    if apart:
        needed = apart_from(needed, [*leaves_of([*whole]), *leaves])
    pullback = Pullback(pair, leaves, needed, primals)
    if not collects:
        return value, pullback
    return value, lambda cotangent: made.bind.scattered(pullback(cotangent), len(asked))


_CACHE: dict[tuple[Any, ...], Any] = {}
CACHED = 256  # functions whose products are kept; the one asked for first goes first


def kept(make: Callable[..., Any], f: Function, how: Any) -> Any:
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
    gradient: Derivative = kept(Derivative, f, argnums)
    return jvp(gradient, primals, tangents, backend=backend)[1]
