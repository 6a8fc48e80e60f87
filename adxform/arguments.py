"""Arguments of derivatives: which are meant, whether they can be, and results in their form."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adxform.errors import ArgumentError, Diagnostic, InternalError, SourceNotFoundError
from adxform.structures import is_real, parts, remade, varies

Argnums = int | str | Sequence[int | str]


def resolve_argnums(function: Callable[..., Any], argnums: Argnums) -> tuple[int, ...]:
    """Places of parameters, given by number (from the end if negative) or by name.

    Raises
    ------
    ArgumentError
        If there is no such parameter, or one is named twice.
    """
    parameters = list(signature_of(function).parameters)
    several = isinstance(argnums, Sequence) and not isinstance(argnums, str)
    given = tuple(argnums) if several else (argnums,)  # type: ignore[arg-type]
    places = []
    for item in given:
        if isinstance(item, str):
            if item not in parameters:
                raise ArgumentError(
                    f"there is no parameter {item!r}; there are {', '.join(parameters)}"
                )
            places.append(parameters.index(item))
        elif isinstance(item, bool) or not isinstance(item, int | np.integer):
            raise ArgumentError(f"argnums takes numbers and names, not {item!r}")
        elif not -len(parameters) <= item < len(parameters):
            raise ArgumentError(
                f"argnums {item} is out of range: there are {len(parameters)} parameters"
            )
        else:
            places.append(int(item) % len(parameters))
    if len(set(places)) < len(places):
        raise ArgumentError(f"argnums names a parameter twice: {argnums!r}")
    return tuple(places)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function, or an error that says that it has none."""
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        name = getattr(function, "__name__", type(function).__name__)
        reason = f"{name} is not a function written in Python"
        raise SourceNotFoundError(
            Diagnostic(reason, hint="Wrap it in a function written with def.")
        ) from None


def bound_arguments(
    function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """Arguments in the order of the parameters, defaults filled in.

    Raises
    ------
    ArgumentError
        If the call does not fit the function's signature.
    """
    signature = signature_of(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        name = getattr(function, "__name__", "the function")
        raise ArgumentError(f"{name}{signature}: {error}") from None
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def gathered(function: Callable[..., Any], items: Sequence[Any]) -> tuple[Any, ...]:
    """What belongs to positional arguments, one for each parameter: a tuple for ``*args``."""
    at = _collector(function)
    if at is None or len(items) <= at:
        return tuple(items)
    return (*items[:at], tuple(items[at:]))


def scattered(function: Callable[..., Any], items: Sequence[Any], count: int) -> tuple[Any, ...]:
    """The inverse of `gathered`, for ``count`` arguments."""
    at = _collector(function)
    if at is None or count <= at:
        return tuple(items)
    return (*items[:at], *(items[at] or (None,) * (count - at)))


def _collector(function: Callable[..., Any]) -> int | None:
    """The place of ``*args`` among the parameters."""
    kinds = [p.kind for p in signature_of(function).parameters.values()]
    kind = inspect.Parameter.VAR_POSITIONAL
    return kinds.index(kind) if kind in kinds else None


def require_sequence(name: str, value: Any) -> None:
    """Refuse arguments that are not given as a tuple or list of them."""
    if not isinstance(value, tuple | list):
        raise ArgumentError(
            Diagnostic(
                f"{name} is a tuple with one item for each argument, not {type(value).__name__}",
                hint="For one argument, write (x,).",
            )
        )


def require_float(name: str, value: Any, asked: str) -> None:
    """Refuse to differentiate in something that is not, and holds no, real number or array."""
    if varies(value):
        return
    if isinstance(value, bool | int | np.integer | np.bool_) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biu"
    ):
        kind = (
            f"an array of {value.dtype}"
            if isinstance(value, np.ndarray)
            else (f"of type {type(value).__name__}")
        )
        raise ArgumentError(
            Diagnostic(
                f"{asked} is asked for in {name}, which is {kind}: integers have no derivative",
                hint=f"Pass floating-point numbers, e.g. {name}.astype(float)"
                if isinstance(value, np.ndarray)
                else f"Pass a float, e.g. {float(value)!r}.",
            )
        )
    kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise ArgumentError(
        Diagnostic(
            f"{asked} is asked for in {name}, which is {kind}: not supported yet",
            hint="Pass floats or arrays of floats; leave other parameters out of argnums.",
        )
    )


def like_argument(value: Any, arg: Any, name: str) -> Any:
    """A cotangent in the form of the argument that it belongs to: a float for a float, the
    array's shape and dtype for an array, the same container for a container, with None for what
    has no derivative.
    """
    found = parts(arg)
    if found is not None:
        form, items = found
        keys = form.keys or range(len(items))
        pick: Any = getattr if form.kind == "object" else operator.getitem
        given = [pick(value, key) for key in keys]
        pairs = zip(given, items, keys, strict=True)
        return remade(form, [like_argument(v, a, f"{name}[{k!r}]") for v, a, k in pairs])
    if not is_real(arg):
        return None
    if type(arg) is float:
        return float(value)
    if isinstance(arg, np.ndarray):
        if not isinstance(value, np.ndarray):
            value = np.full_like(arg, value)
        if value.shape != arg.shape:
            raise InternalError(
                f"the gradient in {name} has shape {value.shape}, not {arg.shape}: "
                "please report this function as a bug in adxform"
            )
        return value if value.dtype == arg.dtype else value.astype(arg.dtype)
    return type(arg)(value)
