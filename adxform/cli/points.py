"""Arguments to check a function at: those given, their defaults, or random ones."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adxform.core.types import ANY, Array, Scalar, Type
from adxform.errors import ArgumentError
from adxform.signatures import type_of_annotation

SIZES = (3, 4, 2, 5)
Draw = Callable[[tuple[int, ...]], Any]


def literal(text: str) -> tuple[str, Any]:
    """Read ``NAME=LITERAL``; a list becomes an array of floats."""
    name, equals, value = text.partition("=")
    try:
        found = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        equals = ""
    if not equals or not name.strip().isidentifier():
        raise ArgumentError(f"--at takes NAME=LITERAL, such as x=1.5 or 'x=[1, 2]', not {text!r}")
    return name.strip(), np.array(found, float) if isinstance(found, list) else found


def given_point(
    function: Callable[..., Any], values: dict[str, Any], points: Iterator[tuple[Any, ...]]
) -> tuple[Any, ...]:
    """The first of some points at which a function's value is finite.

    Raises
    ------
    ArgumentError
        If an argument is given that the function does not have, or its value is finite nowhere.
    """
    params = list(inspect.signature(function).parameters)
    for name in values:
        if name not in params:
            raise ArgumentError(f"there is no parameter {name}; there are {', '.join(params)}")
    failure: Exception | None = None
    for point in points:
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in point]
        try:
            with np.errstate(all="ignore"):
                if _finite(function(*copies)):
                    return point
        except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError, IndexError) as error:
            failure = error
    if failure is not None:
        raise failure
    raise ArgumentError("the value is not finite at any random point: give one with --at")


def random_points(
    function: Callable[..., Any], values: dict[str, Any], rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    """Points that fit the annotations, normal ones first, then positive ones.

    What has no annotation is a number, then a vector, then a matrix.
    """
    params = inspect.signature(function).parameters.values()
    draws: tuple[Draw, ...] = (
        lambda shape: rng.standard_normal(shape),
        lambda shape: rng.uniform(0.5, 1.5, shape),
        lambda shape: rng.uniform(0.1, 0.9, shape),
    )
    for unknown in ((), (3,), (3, 3)):
        for draw in draws:
            sizes: dict[Any, int] = {}
            yield tuple(
                values[p.name] if p.name in values else _argument(p, draw, sizes, unknown)
                for p in params
            )


def _argument(
    param: inspect.Parameter, draw: Draw, sizes: dict[Any, int], unknown: tuple[int, ...]
) -> Any:
    if param.default is not param.empty:
        return param.default
    annotation = param.annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    known: Type = ANY if annotation is param.empty else type_of_annotation(text)
    if isinstance(known, Array):
        dims = known.dims if known.dims is not None else unknown or (3,)
        shape = tuple(d if isinstance(d, int) else _size(d, sizes) for d in dims)
        made = np.asarray(draw(shape))
        return made.astype(known.dtype or "float64")
    if isinstance(known, Scalar) and np.dtype(known.dtype).kind != "f":
        return {"b": True, "i": 3}.get(np.dtype(known.dtype).kind, 1)
    if isinstance(known, Scalar) or (known is ANY and not unknown):
        return float(draw(()))
    if known is ANY:
        return draw(unknown)
    raise ArgumentError(f"{param.name}: {text} has no random value; give one with --at")


def _size(symbol: Any, sizes: dict[Any, int]) -> int:
    return sizes.setdefault(symbol, SIZES[len(sizes) % len(SIZES)])


def _finite(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_finite(item) for item in value)
    return bool(np.all(np.isfinite(value))) if np.asarray(value).dtype.kind in "fc" else True
