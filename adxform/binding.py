"""Arguments of a call, put in the order of the parameters: what ``inspect`` does, prepared once."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any

from adxform.errors import ArgumentError, Diagnostic, SourceNotFoundError

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_MISSING: Any = object()


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function, or an error that says that it has none."""
    if isinstance(function, FunctionType) and "__signature__" in vars(function):
        function = _as_written(function)
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        name = getattr(function, "__name__", type(function).__name__)
        reason = f"{name} is not a function written in Python"
        raise SourceNotFoundError(
            Diagnostic(reason, hint="Wrap it in a function written with def.")
        ) from None


def _as_written(function: FunctionType) -> FunctionType:
    """A function whose signature is that of its ``def``, where someone has given it another."""
    made = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__, made.__annotations__ = function.__kwdefaults__, function.__annotations__
    return made


class Binder:
    """Binds calls of one function.

    ``collector`` is the place of ``*args`` among the parameters, ``most`` how many arguments may be
    given by place where nothing is collected.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.renew()

    def renew(self) -> None:
        """Read the signature, with the defaults of now."""
        inner = self.function.__func__ if isinstance(self.function, MethodType) else self.function
        self.inner = inner if isinstance(inner, FunctionType) else None
        self.read = self._defaults()
        self.signature = signature_of(self.function)
        self.parameters = list(self.signature.parameters.values())
        kinds = [p.kind for p in self.parameters]
        collects = inspect.Parameter.VAR_POSITIONAL
        self.collector = kinds.index(collects) if collects in kinds else None
        self.plain = all(kind in _NAMED for kind in kinds)
        self.most = sum(kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds)
        empty = inspect.Parameter.empty
        self.named = [
            (p.name, _MISSING if p.default is empty else p.default) for p in self.parameters
        ]
        self.complete = len(kinds) if self.most == len(kinds) else -1

    def __call__(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Arguments in the order of the parameters, defaults filled in.

        Raises
        ------
        ArgumentError
            If the call does not fit the function's signature.
        """
        count = len(args)
        if count == self.complete and not kwargs:
            return tuple(args)
        now = self._defaults()
        if len(now) != len(self.read) or not all(map(operator.is_, now, self.read)):
            self.renew()
        if not self.plain or count > self.most:
            return self._bound(args, kwargs)
        found = list(args)
        taken = 0
        for name, default in self.named[count:]:
            if name in kwargs:
                taken += 1
                found.append(kwargs[name])
            elif default is _MISSING:
                return self._bound(args, kwargs)
            else:
                found.append(default)
        return tuple(found) if taken == len(kwargs) else self._bound(args, kwargs)

    def _bound(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            name = getattr(self.function, "__name__", "the function")
            raise ArgumentError(f"{name}{self.signature}: {error}") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def gathered(self, items: Sequence[Any]) -> tuple[Any, ...]:
        """What belongs to positional arguments, one for each parameter: a tuple for ``*args``."""
        at = self.collector
        if at is None or len(items) <= at:
            return tuple(items)
        return (*items[:at], tuple(items[at:]))

    def scattered(self, items: Sequence[Any], count: int) -> tuple[Any, ...]:
        """The inverse of `gathered`, for ``count`` arguments."""
        at = self.collector
        if at is None or count <= at:
            return tuple(items)
        return (*items[:at], *(items[at] or (None,) * (count - at)))

    def _defaults(self) -> tuple[Any, ...]:
        """What the function's defaults are kept in: others after someone has set them anew."""
        inner = self.inner
        if inner is None:
            return ()
        named = inner.__kwdefaults__
        kept = inner.__code__, inner.__defaults__
        return (*kept, *named.values()) if named else kept
