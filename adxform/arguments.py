"""Arguments of derivatives: which are meant, whether they can be, and results in their form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

import numpy as np

from adxform.binding import signature_of
from adxform.errors import ArgumentError, Diagnostic, InternalError, UnsupportedError
from adxform.structures import is_inexact, items_of, object_form, varies

_COMPLEX = (complex, np.complexfloating)
_SEQUENCES = (tuple, list)
_BUILT_IN = (tuple, list, dict)
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


def collected_items(
    function: Callable[..., Any], argnums: Argnums
) -> tuple[tuple[int, int | str | None], ...] | None:
    """Which arguments are meant where some are among those that ``*args`` or ``**kwargs`` collect:
    the place of the parameter of each, and its own place or name there. None if parameters are.

    A name that no parameter has is a keyword's. Numbers count the arguments by position if one of
    them is that of no parameter.
    """
    parameters = list(signature_of(function).parameters.values())
    several = isinstance(argnums, Sequence) and not isinstance(argnums, str)
    given = tuple(argnums) if several else (argnums,)  # type: ignore[arg-type]
    names = [p.name for p in parameters]
    kinds = [p.kind for p in parameters]
    beyond = any(type(item) is int and item >= len(names) for item in given)
    rest = kinds.index(Parameter.VAR_POSITIONAL) if Parameter.VAR_POSITIONAL in kinds else None
    keywords = Parameter.VAR_KEYWORD in kinds
    named = keywords and any(isinstance(item, str) and item not in names for item in given)
    if not named and not (beyond and rest is not None):
        return None
    found: list[tuple[int, int | str | None]] = []
    for item in given:
        if isinstance(item, str) and item not in names and keywords:
            found.append((kinds.index(Parameter.VAR_KEYWORD), item))
        elif type(item) is int and beyond and rest is not None and item >= rest:
            found.append((rest, item - rest))
        else:
            found.append((resolve_argnums(function, item)[0], None))
    if len(set(found)) < len(found):
        raise ArgumentError(f"argnums names a parameter twice: {argnums!r}")
    return tuple(found)


def item_given(name: str, value: Any, key: int | str) -> Any:
    """One of the arguments that a parameter has collected, if it can have a derivative."""
    if not (key in value if isinstance(key, str) else key < len(value)):
        raise ArgumentError(f"the gradient is asked for in {name}[{key!r}], which is not given")
    require_float(f"{name}[{key!r}]", value[key], "the gradient")
    return value[key]


def require_sequence(name: str, value: Any) -> None:
    """Refuse arguments that are not given as a tuple or list of them."""
    if not isinstance(value, _SEQUENCES):
        raise ArgumentError(
            Diagnostic(
                f"{name} is a tuple with one item for each argument, not {type(value).__name__}",
                hint="For one argument, write (x,).",
            )
        )


def require_float(name: str, value: Any, asked: str) -> None:
    """Refuse to differentiate in something that is not, and holds no, number with a fraction."""
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
    kind = type(arg)
    if kind is float:
        return number(value, name)
    if kind is not np.ndarray:
        items = items_of(arg)
        if items is not None:
            return _like_container(value, arg, items, name)
    if not is_inexact(arg):
        return None
    if isinstance(arg, np.ndarray):
        return _like_array(value, arg, name)
    if isinstance(value, _COMPLEX) and not isinstance(arg, _COMPLEX):
        raise not_real(name)
    return kind(value)


def _like_container(value: Any, arg: Any, items: list[Any], name: str) -> Any:
    kind: Any = type(arg)
    form = None if kind in _BUILT_IN else object_form(kind)
    if value is None:  # it holds nothing that has a derivative
        given = [None] * len(items)
    elif form is not None:
        given = [getattr(value, key) for key in form.keys]
    else:
        given = [value[key] for key in (arg if kind is dict else range(len(items)))]
    made = [like_argument(v, a, name) for v, a in zip(given, items, strict=True)]
    if kind is dict:
        return dict(zip(arg, made, strict=True))
    return kind(made) if form is None else kind(**dict(zip(form.keys, made, strict=True)))


def number(value: Any, name: str) -> float:
    """The cotangent of a float as one."""
    if type(value) is float:
        return value
    if isinstance(value, _COMPLEX):
        raise not_real(name)
    return float(value)


def not_real(name: str) -> UnsupportedError:
    """What says that a derivative came out complex where types had not told that anything is."""
    return UnsupportedError(Diagnostic(
        f"the derivative in {name} came out complex: a complex number has gone into it whose type "
        "was not known",
        hint="Make it with dtype=complex or by .astype(complex), which tells; or keep powers and "
        "roots of Python's negative numbers real.",
    ))


def _like_array(value: Any, arg: Any, name: str) -> Any:
    if not isinstance(value, np.ndarray):
        if isinstance(value, _COMPLEX) and arg.dtype.kind != "c":
            raise not_real(name)
        value = np.full_like(arg, value)
    if value.shape != arg.shape:
        raise InternalError(
            f"the gradient in {name} has shape {value.shape}, not {arg.shape}: "
            "please report this function as a bug in adxform"
        )
    if value.dtype == arg.dtype:
        return value
    if value.dtype.kind == "c":
        raise not_real(name)
    return value.astype(arg.dtype)
