"""Callables that are no plain functions, made into functions of their own parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from adxform.backends.python import compile_text
from adxform.binding import signature_of
from adxform.frontend.callables import unwrapped
from adxform.frontend.distributions import method_of
from adxform.frontend.spellings import spelling_of


def adapted(function: Callable[..., Any]) -> Any:
    """A plain function, a bound method or a derivative as it is; anything else that is called is
    called by a function that takes the parameters that it shows.

    So are objects with ``__call__``, ``functools.partial``, NumPy's own functions, functions that
    have a rule, and those whose decorator hides their parameters behind ``*args``.
    """
    plain = unwrapped(function)
    if hasattr(plain, "__adxform__"):
        return plain
    inner = plain.__func__ if isinstance(plain, MethodType) else plain
    hidden = hasattr(inner, "__wrapped__") or spelling_of(plain) is not None
    of_distribution = inner is not plain and method_of(plain.__self__, inner) is not None
    if isinstance(inner, FunctionType) and not hidden and not of_distribution:
        return plain
    return _caller(plain)


def _caller(function: Callable[..., Any]) -> FunctionType:
    name = getattr(function, "__name__", type(function).__name__)
    parameters = list(signature_of(function).parameters.values())
    if isinstance(function, MethodType) and hasattr(function.__self__, "_parse_args"):
        shown_by_scipy = signature_of(function.__self__._parse_args).parameters.values()
        parameters = [parameters[0], *shown_by_scipy]
    if isinstance(function, np.ufunc):  # its options have defaults, and no rules
        parameters = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if isinstance(function, functools.partial):  # what it is given by name stays as it is
        parameters = [p for p in parameters if p.name not in function.keywords]
    scope: dict[str, Any] = {"_inner": function}
    shown: list[str] = []
    passed: list[str] = []
    for p in parameters:
        default = ""
        if p.default is not p.empty:
            scope[f"_default_{p.name}"] = p.default
            default = f"=_default_{p.name}"
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        if p.kind is p.KEYWORD_ONLY and "*" not in "".join(shown):
            shown.append("*")
        shown.append(f"{stars}{p.name}{default}")
        passed.append(f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else f"{stars}{p.name}")
    plain = name if name.isidentifier() else "call"
    text = f"def {plain}({', '.join(shown)}):\n    return _inner({', '.join(passed)})\n"
    made = compile_text(text, plain, scope)
    assert isinstance(made, FunctionType)
    return made
