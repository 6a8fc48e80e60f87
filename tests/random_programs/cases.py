"""A program at a point: loaded as a user's would be, run, and differentiated by dual numbers."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import importlib.util
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adxform import dual
from adxform.dual.number import Dual
from adxform.errors import ArgumentError
from tests.random_programs.forms import FLOAT, INT, MATRIX, VECTOR, Kind, Shape
from tests.random_programs.generator import Program

UNWRITABLE = (  # what raises in Python, too
    "read-only",  # np.diag and np.broadcast_to give such arrays
    "with casting rule 'same_kind'",  # floats are not added to integers in place
    "is not iterable",  # a loop over what turns out to be a number
)
LIMIT = 1e4  # values and derivatives beyond this say nothing at 1e-8
_numbers = itertools.count()


class Meaningless(Exception):
    """A program raises at this point, or has no derivative there, or a huge one."""


@contextlib.contextmanager
def loaded(program: Program) -> Iterator[Any]:
    """The program's module, imported from a file as a user's would be."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"random_program_{next(_numbers)}"
        path = Path(folder) / f"{name}.py"
        path.write_text(program.text)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            del sys.modules[name]


# --- nested values -------------------------------------------------------------------------------


def items_of(value: Any) -> list[Any] | None:
    """What a container holds; None for what is none."""
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if dataclasses.is_dataclass(value) and not isinstance(value, Dual):
        return [getattr(value, f.name) for f in dataclasses.fields(value)]
    return None


def parts(value: Any) -> list[Any]:
    """The numbers, arrays and Nones in a nest of containers."""
    items = items_of(value)
    return [value] if items is None else [leaf for item in items for leaf in parts(item)]


def mapped(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """A nest with other leaves, made from those at the same places of several nests."""
    items = items_of(value)
    if items is None:
        return function(value, *others)
    columns = [items_of(other) or [None] * len(items) for other in others]
    made = [mapped(function, *row) for row in zip(items, *columns, strict=True)]
    if isinstance(value, dict):
        return dict(zip(value, made, strict=True))
    return type(value)(*made) if dataclasses.is_dataclass(value) else type(value)(made)


def same(a: Any, b: Any) -> bool:
    """Whether two results agree in every bit, in their shapes and in their dtypes."""
    return len(parts(a)) == len(parts(b)) and all(
        np.shape(x) == np.shape(y)
        and np.asarray(x).dtype == np.asarray(y).dtype
        and np.array_equal(x, y)
        for x, y in zip(parts(a), parts(b), strict=True)
    )


def size(value: Any) -> float:
    """The largest number in a result; NaN where there is one."""
    sizes = [np.max(np.abs(p), initial=0.0) for p in parts(value) if p is not None]
    return float(np.max(sizes, initial=0.0))


def distance(a: Any, b: Any) -> float:
    """The largest difference between two results of the same structure, or inf."""
    worst = 0.0
    if len(parts(a)) != len(parts(b)):
        return np.inf
    for x, y in zip(parts(a), parts(b), strict=True):
        if (x is None) != (y is None) or np.shape(x) != np.shape(y):
            return np.inf
        if x is not None:
            gap = np.max(np.abs(np.asarray(x, float) - y), initial=0.0)
            worst = max(worst, np.inf if np.isnan(gap) else float(gap))
    return worst


def close(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    return distance(a, b) <= tolerance * max(1.0, size(a), size(b))


def inner(a: Any, b: Any) -> float:
    return float(sum(np.sum(np.multiply(x, y)) for x, y in zip(parts(a), parts(b), strict=True)
                     if x is not None and y is not None))


# --- a point and what a program is worth there ---------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A program at a point where it is smooth, and what it is worth there.

    The tangent is that of dual numbers, or, if not ``exact``, of central differences.
    """

    program: Program
    f: Callable[..., Any]
    args: tuple[Any, ...]
    dx: tuple[Any, ...]
    value: Any
    tangent: Any = None
    exact: bool = field(default=True)

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(i for i, (_, kind) in enumerate(self.program.params) if kind != INT)

    @property
    def given(self) -> list[Any]:
        """Tangents of the arguments that have one, and of what containers among them hold."""
        return parts([self.dx[i] for i in self.places])

    @property
    def scalar(self) -> bool:
        return items_of(self.value) is None and np.shape(self.value) == ()


def argument(kind: Kind, rng: np.random.Generator, module: Any, low: float = -1.2) -> Any:
    """A value of a kind: floats and array elements in (low, -low), integers from 0 to 3."""
    if isinstance(kind, Shape):
        return kind.filled([argument(part, rng, module, low) for _, part in kind.parts], module)
    if kind == INT:
        return int(rng.integers(0, 4))
    shape = {FLOAT: None, VECTOR: 3, MATRIX: (2, 3)}[kind]
    made = rng.uniform(low, -low, shape)
    return float(made) if kind == FLOAT else made


def arguments(program: Program, module: Any, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(argument(kind, rng, module) for _, kind in program.params)


def directions(program: Program, module: Any, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed + 1)
    return tuple(None if kind == INT else argument(kind, rng, module, -1.0)
                 for _, kind in program.params)


def moved(args: Sequence[Any], direction: Sequence[Any], step: float) -> tuple[Any, ...]:
    return tuple(mapped(lambda a, d: a if d is None else a + step * d, a, d)
                 for a, d in zip(args, direction, strict=True))


def difference(f: Callable[..., Any], args: Sequence[Any], direction: Sequence[Any]) -> Any:
    """The derivative of ``f`` by central differences; None where they do not settle (a kink)."""
    found = []
    for step in (1e-4, 5e-5):
        ahead, behind = f(*moved(args, direction, step)), f(*moved(args, direction, -step))
        found.append([np.subtract(p, q) / (2 * step)
                      for p, q in zip(parts(ahead), parts(behind), strict=True)])
    return found[1] if distance(*found) < 1e-4 * max(1.0, size(found[1])) else None


# --- by dual numbers -----------------------------------------------------------------------------


class DualNumpy:
    """NumPy, whose ``array`` and ``full`` can hold dual numbers."""

    array = asarray = staticmethod(dual.array)

    @staticmethod
    def full(shape: Any, value: Any) -> Any:
        return np.ones(shape) * value

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _at(h: Callable[..., Any], args: Sequence[Any], place: int) -> Callable[[Any], Any]:
    return lambda x: h(*args[:place], x, *args[place + 1 :])


DERIVATIVES: dict[str, Any] = {  # of adxform, by dual numbers
    "grad": lambda h, place=0: lambda *args: dual.gradient(_at(h, args, place), args[place]),
    "value_and_grad": lambda h, place=0: lambda *args: (
        h(*args), dual.gradient(_at(h, args, place), args[place])),
    "jvp": lambda h, args, dx: dual.derivative(h, *args, direction=dx),
    "hessian": lambda h: lambda x: dual.hessian(h, x),
}


def by_dual_numbers(program: Program, args: tuple[Any, ...], dx: tuple[Any, ...]) -> Any:
    """The value and the tangent of a program by dual numbers."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(program.text, scope)
    scope.update({name: made for name, made in DERIVATIVES.items() if name in scope})
    scope["np"] = DualNumpy()
    leaves, tangents = parts(args), parts(tuple(
        mapped(lambda a, d: d, a, d) for a, d in zip(args, dx, strict=True)))

    def of_leaves(*given: Any) -> Any:
        fresh = iter(given)
        return scope["f"](*mapped(lambda _: next(fresh), args))

    return dual.derivative(of_leaves, *leaves, direction=tuple(tangents))


def prepared(program: Program, module: Any, seed: int) -> Case:
    """Run a program by itself and by dual numbers, or else by differences."""
    args, dx = arguments(program, module, seed), directions(program, module, seed)
    try:
        with np.errstate(invalid="raise", divide="raise"):  # not even where nothing comes of it
            value = module.f(*copy.deepcopy(args))
    except (AssertionError, ArithmeticError, LookupError, ArgumentError) as error:
        raise Meaningless from error
    except (TypeError, ValueError) as error:
        if not any(words in str(error) for words in UNWRITABLE):
            raise
        raise Meaningless from error
    case = Case(program, module.f, args, dx, value)
    if not size(value) < LIMIT:
        raise Meaningless
    try:
        found, tangent = by_dual_numbers(program, copy.deepcopy(args), dx)
    except (AttributeError, TypeError, ValueError):  # arrays of floats hold no dual numbers
        found = np.nan
    if np.isnan(size(found)):  # as an array is that was to hold some by `out=`
        tangent = _by_differences(case)
        case = dataclasses.replace(case, exact=False)
    else:
        assert close(found, value), f"dual numbers give {found}, not {value}"
    if not size(tangent) < LIMIT:
        raise Meaningless
    return dataclasses.replace(case, tangent=tangent)


def _by_differences(case: Case) -> Any:
    try:
        estimate = difference(lambda *a: case.f(*copy.deepcopy(a)), case.args, case.dx)
    except (AssertionError, ArithmeticError) as error:
        raise Meaningless from error
    if estimate is None:
        raise Meaningless
    found = iter(estimate)
    return mapped(lambda _: next(found), case.value)
