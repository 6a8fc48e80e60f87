"""The public functions, named as in JAX: gradients, products, Jacobians, source text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from adxform.arguments import (
    Argnums,
    bound_arguments,
    gathered,
    like_argument,
    require_float,
    require_sequence,
    scattered,
)
from adxform.compiler import Pair
from adxform.core.types import Object
from adxform.derivatives import Derivative
from adxform.errors import ArgumentError
from adxform.generated import Generated, source_text
from adxform.pipeline import Options
from adxform.specialised import receivers
from adxform.structures import is_real, leaves_of, structured, varies, with_leaves

Function = Callable[..., Any]


@overload
def grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = ...,
    parallel: bool = ...,
) -> Derivative: ...
@overload
def grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = ...,
    parallel: bool = ...,
) -> Callable[[Function], Derivative]: ...


def grad(
    f: Function | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = "numpy",
    parallel: bool = False,
) -> Derivative | Callable[[Function], Derivative]:
    """The gradient of a function with one real result; also as a decorator.

    Parameters
    ----------
    f : callable, optional
        A Python function of floats and arrays; left out in ``@grad(argnums=...)``.
    argnums : int, str or sequence of these
        The parameters to differentiate in, by place or name.
    has_aux : bool
        Whether ``f`` returns ``(value, aux)``, of which only ``value`` is differentiated.
    backend : {"numpy", "numba"}
        What runs the generated code: NumPy, or machine code that Numba makes of it at the first
        call (extra ``numba``). What Numba cannot compile runs in NumPy, with a `BackendWarning`.
    parallel : bool
        Whether Numba may use several threads.

    Returns
    -------
    Derivative
        Called like ``f``; gives the gradient in the shape and dtype of the argument, or a tuple of
        gradients if ``argnums`` is a sequence; ``(gradient, aux)`` with ``has_aux``.

    Raises
    ------
    UnsupportedError, MissingRuleError, ArgumentError
        At the first call with arguments of a new type.
    """
    options = Options.running(backend, parallel)
    return _derivative(f, argnums, has_aux, options, value=False)


@overload
def value_and_grad(
    f: Function,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = ...,
    parallel: bool = ...,
) -> Derivative: ...
@overload
def value_and_grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = ...,
    parallel: bool = ...,
) -> Callable[[Function], Derivative]: ...


def value_and_grad(
    f: Function | None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: str = "numpy",
    parallel: bool = False,
) -> Derivative | Callable[[Function], Derivative]:
    """The value of a function together with its gradient; also as a decorator.

    Parameters and errors are those of `grad`.

    Returns
    -------
    Derivative
        Called like ``f``; gives ``(value, gradient)``, or ``((value, aux), gradient)`` with
        ``has_aux``.
    """
    options = Options.running(backend, parallel)
    return _derivative(f, argnums, has_aux, options, value=True)


def _derivative(
    f: Function | None, argnums: Argnums, has_aux: bool, options: Options, *, value: bool
) -> Derivative | Callable[[Function], Derivative]:
    if f is not None:
        return Derivative(f, argnums, value=value, has_aux=has_aux, options=options)

    def decorate(function: Function) -> Derivative:
        return Derivative(function, argnums, value=value, has_aux=has_aux, options=options)

    return decorate


def jvp(
    f: Function, primals: Sequence[Any], tangents: Sequence[Any], *, backend: str = "numpy"
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
    backend : {"numpy", "numba"}
        As in `grad`.

    Returns
    -------
    value, tangent
        Both in the structure of the result of ``f``.
    """
    require_sequence("primals", primals)
    require_sequence("tangents", tangents)
    if len(primals) != len(tangents):
        raise ArgumentError(f"{len(primals)} primals but {len(tangents)} tangents")
    for i, tangent in enumerate(tangents):
        if tangent is not None:
            require_float(f"argument {i}", primals[i], "the derivative")
    made = _generated(f, "forward", backend)
    whole, offset = _whole(made.function, primals)
    primals, tangents = gathered(f, primals), gathered(f, tangents)
    places = tuple(i for i, t in enumerate(tangents) if any(d is not None for d in leaves_of(t)))
    compiled = made.compiled(whole, tuple(i + offset for i in places))
    directions = [d for i in places for d in _directions(primals[i], tangents[i], i)]
    value, tangent = compiled.call(*whole, *directions)
    return value, tangent


def _directions(primal: Any, tangent: Any, place: int) -> list[Any]:
    """The tangents of what an argument holds that can have one, in order."""
    leaves = list(leaves_of(primal))
    given = list(leaves_of(tangent))
    if len(given) != len(leaves):
        raise ArgumentError(f"tangent {place} has not the structure of its argument")
    found = []
    for leaf, direction in zip(leaves, given, strict=True):
        if not is_real(leaf):
            continue
        direction = np.zeros_like(leaf)[()] if direction is None else direction
        if np.shape(direction) != np.shape(leaf):
            raise ArgumentError(
                f"tangent {place} has shape {np.shape(direction)}, its argument {np.shape(leaf)}"
            )
        found.append(_unboxed(direction))
    return found


def _whole(f: Function, args: Sequence[Any]) -> tuple[tuple[Any, ...], int]:
    """All arguments, defaults and a method's receiver included; how many stand before ``args``."""
    bound = receivers(f)
    return (*bound, *bound_arguments(f, args, {})), len(bound)


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
    """
    asked = primals
    made = _generated(f, "pair", backend)
    whole, offset = _whole(made.function, asked)
    primals = gathered(f, asked)
    places = tuple(i for i, p in enumerate(primals) if varies(p))
    pair = made.pair(whole, tuple(i + offset for i in places))
    value, leaves, needed = pair.run(whole)
    pullback = Pullback(pair, leaves, needed, primals, places)
    if all(a is b for a, b in zip(primals, asked, strict=False)):
        return value, pullback
    return value, lambda cotangent: scattered(f, pullback(cotangent), len(asked))


class Pullback:
    """Carries a cotangent of a value back to the arguments that it came from."""

    def __init__(
        self,
        pair: Pair,
        leaves: list[Any],
        needed: list[Any],
        primals: tuple[Any, ...],
        places: tuple[int, ...],
    ) -> None:
        self.pair = pair
        self.leaves = leaves
        self.needed = needed
        self.primals = primals
        self.places = places

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """One cotangent for each argument, None for what has no derivative."""
        try:
            given = structured(self.pair.result, cotangent)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise ArgumentError("the cotangent must have the structure of the value") from None
        for seed, leaf in zip(given, self.leaves, strict=True):
            _require_likeness(seed, leaf)
        bars = self.pair.pull(*self.needed, *(_unboxed(given[i]) for i in self.pair.pulled))
        asked = [leaf for i in self.places for leaf in leaves_of(self.primals[i])]
        found = iter((bars,) if sum(map(is_real, asked)) == 1 else bars)
        others = [o for o in leaves_of([*given, *self.primals]) if isinstance(o, np.ndarray)]
        result: list[Any] = [None] * len(self.primals)
        for place in self.places:
            primal = self.primals[place]
            own = [_own(next(found), x, others) if is_real(x) else None for x in leaves_of(primal)]
            result[place] = with_leaves(primal, iter(own))
        return tuple(result)


def _own(bar: Any, primal: Any, others: list[Any]) -> Any:
    """A cotangent in the form of its primal, and in memory that is not in ``others`` so far."""
    bar = like_argument(bar, primal, "an argument")
    if isinstance(bar, np.ndarray):
        if any(np.may_share_memory(bar, other) for other in others):
            bar = bar.copy()
        others.append(bar)
    return bar


def _require_likeness(cotangent: Any, value: Any) -> None:
    """Refuse a cotangent of another structure or shape than its value's."""
    if isinstance(value, tuple | list):
        if not isinstance(cotangent, tuple | list) or len(cotangent) != len(value):
            raise ArgumentError("the cotangent must have the structure of the value")
        for part, item in zip(cotangent, value, strict=True):
            _require_likeness(part, item)
    elif np.shape(cotangent) != np.shape(value):
        raise ArgumentError(
            f"the cotangent has shape {np.shape(cotangent)}, the value {np.shape(value)}"
        )


_CACHE: dict[tuple[Any, Any], Any] = {}
CACHED = 256  # functions whose products are kept; the one asked for first goes first


def _generated(f: Function, kind: str, backend: str) -> Generated:
    """The generated functions of ``f`` of a kind."""
    options = Options.running(backend)
    made: Generated = kept(f, (kind, backend), lambda: Generated(f, kind, options))
    return made


def kept(f: Function, kind: Any, make: Callable[[], Any]) -> Any:
    """What is made of ``f``, kept so that repeated calls compile nothing."""
    same = f if _is_hashable(f) else Object(f)
    found = _CACHE.get((same, kind))
    if found is None:
        found = make()
        while len(_CACHE) >= CACHED:
            del _CACHE[next(iter(_CACHE))]
        _CACHE[same, kind] = found
    return found


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def forward(f: Function, *, backend: str = "numpy") -> Generated:
    """The generated tangent function: ``(x1, x2, dx1, dx2) -> (value, tangent)``."""
    return Generated(f, "forward", Options.running(backend))


def reverse(f: Function, *, backend: str = "numpy") -> Generated:
    """The generated adjoint function: ``(x1, x2, out_bar=1.0) -> (value, (x1_bar, x2_bar))``."""
    return Generated(f, "reverse", Options.running(backend))


def source(
    f: Function,
    mode: str = "reverse",
    argnums: Argnums | None = None,
    *,
    args: Sequence[Any] | None = None,
) -> str:
    """The text of the generated function, ready to be saved as a module of its own.

    Parameters
    ----------
    f : callable
        A Python function, or a derivative made by `grad`.
    mode : {"reverse", "forward"}
        Which function.
    argnums : int, str or sequence of these, optional
        The parameters to differentiate in; all that can have a derivative if left out.
    args : sequence, optional
        Example arguments, from which types and ranks are taken; annotations say them otherwise.
    """
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f"mode is 'reverse' or 'forward', not {mode!r}")
    if isinstance(f, Derivative) and args is None:
        return source_text(f.primal, mode, f.argnums if argnums is None else argnums)
    return source_text(f, mode, argnums, args)
