"""A function in Core for each signature of arguments, and what was compiled for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from adxform.analysis.mutation import argument_writes
from adxform.compiler import (
    Compiled,
    Lowered,
    Request,
    lower_live,
    namespace_of,
    plain_function,
)
from adxform.core.ir import Function
from adxform.core.types import Type, differentiable
from adxform.errors import ArgumentError, Diagnostic
from adxform.frontend.program import Program
from adxform.pipeline import Options, typed
from adxform.signatures import type_of_argument, type_of_container
from adxform.structures import leaf_types, structured


def is_derivative(function: Any) -> bool:
    """Whether a callable is a derivative that adxform has made, to be differentiated again."""
    return hasattr(type(function), "__adxform__")


def receivers(function: Any) -> tuple[Any, ...]:
    """The objects that a function's first parameters are bound to, as a method's is."""
    if isinstance(function, MethodType):
        return function.__self__, *receivers(function.__func__)
    return receivers(function.function) if is_derivative(function) else ()


class Specialised:
    """A function's derivatives, one for each signature of arguments, made when first needed."""

    def __init__(self, primal: Callable[..., Any], options: Options | None = None) -> None:
        self.primal = primal
        self.options = options or Options()
        self.compiled: dict[Any, Compiled] = {}
        self.lowered: dict[Any, Lowered] = {}

    @property
    def nested(self) -> Any:
        """The derivative that is differentiated again, if it is one."""
        inner = getattr(self.primal, "__func__", self.primal)
        return inner if is_derivative(inner) else None

    def core(self, types: Sequence[Type] | None = None) -> Function:
        """The function in Core, for arguments of these types (without, by its annotations)."""
        if self.nested is not None:
            made: Function = self.nested.core(types)
            return made
        key = None if types is None else tuple(types)
        if key not in self.lowered:
            program = Program(inline=self.options.inline)
            self.lowered[key] = lower_live(self.primal, program, types)
        return self.lowered[key].function

    def types(self, args: Sequence[Any]) -> list[Type]:
        """The types of arguments, the receiver of a method among them."""
        inner: Any = self.primal
        while is_derivative(inner := getattr(inner, "__func__", inner)):
            inner = inner.function
        parameters = inspect.signature(plain_function(inner)).parameters.values()
        collects = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return [
            (type_of_container if p.kind in collects else type_of_argument)(p.name, a)
            for p, a in zip(parameters, args, strict=True)
        ]

    def leaves(self, args: Sequence[Any]) -> list[Any]:
        """What the parameters of Core are given: what containers among the arguments hold."""
        function = self.core(self.types(args))
        shapes = [function.shape_of(place) for place in range(len(args))]
        return [v for s, a in zip(shapes, args, strict=True) for v in structured(s, a)]

    def written(self, types: Sequence[Type]) -> tuple[int, ...]:
        """The places, among what the parameters hold, of arrays that the function writes to."""
        if self.nested is not None:
            inner: tuple[int, ...] = self.nested.specialised.written(types)
            return inner
        function = self.core(types)
        function, known = typed(function, leaf_types(function, types))
        names = {seen.other for seen in argument_writes(function, known)}
        return tuple(i for i, p in enumerate(function.params) if p.name in names)

    def require_apart(self, args: Sequence[Any], written: Sequence[int]) -> None:
        """Refuse arguments that share the memory of one that the function writes to.

        Raises
        ------
        ArgumentError
            With the names of both: a derivative gives each a cotangent of its own.
        """
        if not written:
            return
        if self.nested is not None:
            self.nested.specialised.require_apart(args, written)
            return
        function = self.core(self.types(args))
        given = self.leaves(args)
        for place in written:
            for other, value in enumerate(given):
                if other != place and shares_memory(given[place], value):
                    one, two = (function.params[i].name for i in (place, other))
                    reason = f"{function.name} writes to {one}, whose memory {two} shares"
                    hint = f"Pass a copy, e.g. {one}.copy()."
                    raise ArgumentError(Diagnostic(reason, hint=hint))

    @property
    def namespace(self) -> dict[str, Any]:
        """What the names of the function from outside stand for now."""
        if self.nested is not None:
            inner: dict[str, Any] = self.nested.specialised.namespace
            return inner
        return namespace_of(self.primal)

    def fresh(self) -> None:
        """Forget what was compiled if a name that the function uses has a new meaning."""
        if self.nested is not None:
            self.nested.specialised.fresh()
            if not self.nested.specialised.lowered:
                self.compiled.clear()
        elif any(lowered.stale() for lowered in self.lowered.values()):
            self.compiled.clear()
            self.lowered.clear()


def shares_memory(one: Any, other: Any) -> bool:
    """Whether two values are arrays with an element in common."""
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return np.may_share_memory(one, other) and np.shares_memory(one, other)


def has_real_leaf(function: Function, place: int, types: dict[str, Type]) -> bool:
    """Whether the user's parameter at ``place`` is, or holds, something with a derivative."""
    return any(differentiable(types[name]) for name in function.leaves_of(place))


def request_for(
    kind: str, function: Function, places: Sequence[int], types: dict[str, Type]
) -> Request:
    """What is asked of a function: the derivative in the user's parameters at some places."""
    wrt = [n for i in places for n in function.leaves_of(i) if differentiable(types[n])]
    return Request(kind, tuple(wrt), tuple(function.shape_of(i) for i in places))
