"""Derivatives compared: forward mode, reverse mode, differences, dual numbers.

Each row of a report is one number four times: the derivative of ``<u, f>`` in a direction ``v``,
for random ``u`` and ``v``. Forward mode gives it as ``<u, f'(x) v>``, reverse mode as
``<f'(x)^T u, v>``; central differences give it without any derivative, and dual numbers without
the compiler.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from adxform import dual
from adxform.adapters import adapted
from adxform.api import jvp, vjp
from adxform.arguments import require_sequence
from adxform.binding import Binder
from adxform.derivatives import Derivative
from adxform.differences import directional
from adxform.errors import ArgumentError, CheckError, Diagnostic
from adxform.structures import (
    holds_inexact,
    is_inexact,
    leaves_of,
    parts,
    remade,
    varies,
    with_leaves,
)

Function = Callable[..., Any]
MODES = ("forward", "reverse")
EXACT = {"float64": 1e-10, "float32": 1e-4, "float16": 3e-2}  # between ways without truncation
MEASURED = {"float64": 1e-6, "float32": 2e-3, "float16": 1e-1}

ONE_TRIANGLE = (
    "they agree where matrices change symmetrically: a function that reads one triangle of a "
    "matrix (cholesky, eigh)\nhas the derivative of one that stays symmetric. Make it so inside, "
    "as in a = (a + a.T) / 2."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One derivative by several ways; ``error`` is the largest relative difference of two."""

    order: int
    argument: str
    numbers: dict[str, float]
    error: float
    tolerance: float
    between: str

    @property
    def passed(self) -> bool:
        """Whether the ways agree (NaN agrees with nothing)."""
        return self.error <= self.tolerance

    def __str__(self) -> str:
        lines = [f"  {way:12s} {number: .12g}" for way, number in self.numbers.items()]
        return "\n".join(
            [
                *lines,
                f"  {self.between} differ by {self.error:.1e} relative, "
                f"more than {self.tolerance:.0e}",
            ]
        )


@dataclass(slots=True)
class CheckReport:
    """What `check_grads` has compared; ``notes`` say what could not be."""

    function: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether everything agrees."""
        return all(row.passed for row in self.rows)

    def require(self) -> None:
        """Raise a `CheckError` that names what differs, with the numbers."""
        failed = [row for row in self.rows if not row.passed]
        if failed:
            raise CheckError(
                *(
                    f"the order-{row.order} derivatives of {self.function} in {row.argument} "
                    f"disagree\n{row}"
                    for row in failed
                ),
                *(note for note in self.notes if note == ONE_TRIANGLE),
            )


def check_grads(
    f: Function,
    args: Sequence[Any],
    order: int = 2,
    *,
    modes: Sequence[str] = MODES,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> CheckReport:
    """Compare the derivatives of ``f`` at a point with each other and with differences.

    Parameters
    ----------
    f : callable
        A function of floats and arrays.
    args : sequence
        The point. Floats and arrays of floats are varied, anything else is held constant. Complex
        numbers are varied in directions that are complex, too.
    order : {1, 2}
        2 checks the derivative of the gradient, too, if ``f`` gives one number.
    modes : sequence of {"forward", "reverse"}
        What is checked.
    rtol, atol : float, optional
        How far derivatives may be from differences; by default what the dtype allows.
    seed : int
        Chooses the random directions.

    Returns
    -------
    CheckReport
        All that was compared.

    Raises
    ------
    CheckError
        If anything disagrees; it is an AssertionError.
    """
    report = compared(f, args, order, modes=modes, rtol=rtol, atol=atol, seed=seed)
    report.require()
    return report


def compared(
    f: Function,
    args: Sequence[Any],
    order: int = 2,
    *,
    modes: Sequence[str] = MODES,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> CheckReport:
    """The report of `check_grads`, whether good or bad."""
    if order not in (1, 2):
        raise ArgumentError(f"order is 1 or 2, not {order!r}")
    if not modes or not set(modes) <= set(MODES):
        raise ArgumentError(f"modes are forward and reverse, not {modes!r}")
    require_sequence("args", args)
    if isinstance(f, np.ufunc):  # by its operands alone
        f = adapted(f)
    args = _with_defaults(f, args)
    places = tuple(i for i, arg in enumerate(args) if varies(arg))
    if not places:
        raise ArgumentError(
            Diagnostic(
                "no argument is a float or an array of floats",
                hint="Integers have no derivative: write 1.0 for 1.",
            )
        )
    report = CheckReport(getattr(f, "__name__", "f"))
    point = _Point(f, args, places, tuple(modes), rtol, atol, np.random.default_rng(seed))
    value = point.value()
    if any(leaf is None for leaf in leaves(value)):
        raise ArgumentError(f"{report.function} returned None, of which there is no derivative")
    report.rows.extend(point.rows(1))
    if not report.passed and all(row.passed for row in replace(point, symmetric=True).rows(1)):
        report.notes.append(ONE_TRIANGLE)
    if order == 1:
        return report
    if isinstance(value, tuple | list | dict) or np.shape(value) or not varies(value):
        report.notes.append("order 2 is checked of functions that return one number")
        return report
    gradient = Derivative(f, places[0] if len(places) == 1 else places)
    report.rows.extend(_Point(gradient, args, places, point.modes, rtol, atol, point.rng).rows(2))
    return report


def _with_defaults(f: Function, args: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments and the defaults of the others that a call by position can give."""
    whole = Binder(f)(args, {})
    unsaid = [place for place, value in enumerate(whole) if value is np._NoValue]
    if unsaid:  # NumPy's word for an argument that is not given
        return tuple(whole[: max(min(unsaid), len(args))])
    kinds = [p.kind for p in inspect.signature(f).parameters.values()]
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not all(kind in by_place for kind in kinds):
        return tuple(args)
    return whole


@dataclass(frozen=True, slots=True)
class _Point:
    """A function at a point, its derivatives there by every way."""

    f: Function
    args: tuple[Any, ...]
    places: tuple[int, ...]
    modes: tuple[str, ...]
    rtol: float | None
    atol: float | None
    rng: np.random.Generator
    symmetric: bool = False

    def value(self) -> Any:
        return self.f(*_copies(self.args))

    def rows(self, order: int) -> Iterator[Row]:
        """A row for each argument, and one for all of them together."""
        names = list(inspect.signature(self.f).parameters)
        names.extend(f"argument {i}" for i in range(len(names), len(self.args)))
        value = self.value()
        weights = [self._random(leaf) for leaf in leaves(value)]
        groups = [(i,) for i in self.places]
        for group in groups if len(groups) == 1 else [*groups, self.places]:
            name = names[group[0]] if len(group) == 1 else "all"
            direction = tuple(
                self._direction(a) if i in group else None for i, a in enumerate(self.args)
            )
            yield self._row(order, name, value, weights, direction)

    def _direction(self, like: Any) -> Any:
        """A random direction; of a square matrix one that is symmetric, if that is asked for."""
        made = self._random(like)
        if not self.symmetric or not isinstance(made, np.ndarray) or made.ndim < 2:
            return made
        square = made.shape[-1] == made.shape[-2]
        return made + np.swapaxes(made, -1, -2) if square else made

    def _random(self, like: Any) -> Any:
        """A random array or number in the form of another; zeros for what does not vary."""
        if holds_inexact(like):
            return with_leaves(like, iter([self._random(leaf) for leaf in leaves_of(like)]))
        if not varies(like):
            return np.zeros(np.shape(like))
        made = self.rng.standard_normal(np.shape(like))
        if np.iscomplexobj(like):
            made = made + 1j * self.rng.standard_normal(np.shape(like))
        if isinstance(like, np.ndarray):
            return made.astype(like.dtype)
        return type(like)(made)

    def _row(
        self, order: int, name: str, value: Any, weights: list[Any], direction: tuple[Any, ...]
    ) -> Row:
        tangents = self._tangents(direction)
        numbers = {way: _inner(weights, found) for way, found in tangents.items()}
        scale = max(_inner(map(np.abs, weights), map(np.abs, t)) for t in tangents.values())
        if "reverse" in self.modes:
            bars = self._pulled(value, weights)
            asked = [(b, v) for b, v in zip(bars, direction, strict=True) if v is not None]
            pairs = [
                (b, v)
                for bar, moved in asked
                for b, v in zip(leaves_of(bar), leaves_of(moved), strict=True)
                if b is not None
            ]
            numbers["reverse"] = _inner(*zip(*pairs, strict=True))
            scale = max(scale, sum(float(np.sum(np.abs(np.multiply(b, v)))) for b, v in pairs))
        order_of_ways = ("forward", "reverse", "differences", "dual")
        numbers = {way: numbers[way] for way in order_of_ways if way in numbers}
        error, tolerance, between = self._worst(value, tangents, numbers, weights, scale)
        return Row(order, name, numbers, error, tolerance, between)

    def _tangents(self, direction: tuple[Any, ...]) -> dict[str, list[Any]]:
        """The derivative in a direction by each way that gives one, as leaves."""
        found = {"differences": self._differences(direction)}
        if "forward" in self.modes:
            found["forward"] = leaves(jvp(self.f, _copies(self.args), direction)[1])
        if not isinstance(self.f, Derivative):
            try:
                of_leaves, flat, moves = self._leaf_by_leaf(direction)
                tangent = dual.derivative(of_leaves, *_copies(flat), direction=tuple(moves))[1]
                found["dual"] = [1.0 * np.asarray(leaf) for leaf in leaves(tangent)]
            except Exception:  # dual numbers go where overloading goes, and no further
                found.pop("dual", None)
        return found

    def _differences(self, direction: tuple[Any, ...]) -> list[Any]:
        """The derivative by differences, with what containers hold one by one."""
        return directional(*self._leaf_by_leaf(direction))

    def _leaf_by_leaf(
        self, direction: tuple[Any, ...]
    ) -> tuple[Callable[..., list[Any]], list[Any], list[Any]]:
        """The function of what its arguments hold, that, and its direction (None: constant)."""
        flat, moves = [], []
        for arg, moved in zip(self.args, direction, strict=True):
            for leaf in leaves_of(arg):
                flat.append(leaf)
            given = list(leaves_of(arg)) if moved is None else list(leaves_of(moved))
            for leaf, move in zip(leaves_of(arg), given, strict=True):
                moves.append(move if moved is not None and is_inexact(leaf) else None)

        def of_leaves(*values: Any) -> list[Any]:
            rest = iter(values)
            return leaves(self.f(*(with_leaves(arg, rest) for arg in self.args)))

        return of_leaves, flat, moves

    def _pulled(self, value: Any, weights: list[Any]) -> tuple[Any, ...]:
        _, pullback = vjp(self.f, *_copies(self.args))
        found: tuple[Any, ...] = pullback(_refilled(value, iter(weights)))
        return found

    def _worst(
        self,
        value: Any,
        tangents: dict[str, list[Any]],
        numbers: dict[str, float],
        weights: list[Any],
        scale: float,
    ) -> tuple[float, float, str]:
        """The pair of ways that agree least, measured by what is allowed to each pair."""
        real = [leaf for i in self.places for leaf in leaves_of(self.args[i]) if is_inexact(leaf)]
        kind = min((np.finfo(np.asarray(leaf).dtype).dtype for leaf in real),
                   key=lambda d: d.itemsize)
        exact, measured = EXACT.get(kind.name, 1e-10), MEASURED.get(kind.name, 1e-6)
        rounding = 1e-10 * _inner(map(np.abs, weights), map(np.abs, leaves(value)))
        atol = rounding if self.atol is None else self.atol
        cancelled = 1e-3 * rounding  # where all terms of a derivative cancel, rounding is left
        scale = scale if np.isfinite(scale) and scale else 1.0
        found = [(0.0, exact, "they")]
        base = next(way for way in numbers if way in self.modes)
        for way, number in numbers.items():
            by_differences = "differences" in (base, way)
            allowed = (self.rtol or measured) if by_differences else exact
            off = abs(number - numbers[base])
            if way in tangents and base in tangents:
                off = max(off, _inner(weights, tangents[way], tangents[base]))
            spare = atol if by_differences else cancelled
            off = max(0.0, off - spare) if np.isfinite(off) else np.inf
            found.append((off / scale, allowed, f"{base} and {way}"))
        return max(found, key=lambda item: item[0] / item[1])


def leaves(value: Any) -> list[Any]:
    """The numbers and arrays inside nested containers, but for what has no derivative."""
    held = parts(value)
    if held is not None:
        return [leaf for item in held[1] if item is not None for leaf in leaves(item)]
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def _refilled(like: Any, items: Iterator[Any]) -> Any:
    held = parts(like)
    if held is not None:
        form, inner = held
        return remade(form, [None if i is None else _refilled(i, items) for i in inner])
    if isinstance(like, tuple | list):
        made = [_refilled(item, items) for item in like]
        return type(like)(*made) if hasattr(like, "_fields") else type(like)(made)
    return next(items)


def _copies(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        with_leaves(a, (x.copy() if isinstance(x, np.ndarray) else x for x in leaves_of(a)))
        for a in args
    )


def _inner(weights: Any, tangents: Any, others: Any = None) -> float:
    """The real inner product of leaves, or that of the absolute weights with a difference."""
    if others is None:
        pairs = zip(weights, tangents, strict=True)
        return float(sum(np.real(np.sum(np.multiply(np.conj(u), t))) for u, t in pairs))
    triples = zip(weights, tangents, others, strict=True)
    return float(sum(np.sum(np.abs(u) * np.abs(t - 1.0 * np.asarray(o))) for u, t, o in triples))
